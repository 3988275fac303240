/* words - any octets survive the line, and no other line is taken. */

#include "cases.h"

#include "limits.h"
#include "words.h"

static void
test_words_survive_the_line(void **state)
{
	struct buf line = buf_new(LIMIT_CONTROL_LINE * 4);
	struct buf packed = buf_new(LIMIT_CONTROL_LINE * 4);
	char all[256];
	uint32_t count;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	words_add(&line, slice_of("user"));
	words_add(&line, slice_of("50% off\n"));
	words_add(&line, (struct slice){ all, sizeof(all) });
	assert_null(memchr(line.p, '\n', line.n));
	assert_int_equal(words_parse(buf_slice(&line), &packed, &count), 0);
	assert_int_equal(count, 3);
	assert_true(
	    slice_eq(words_at(buf_slice(&packed), count, 0), slice_of("user")));
	assert_true(slice_eq(
	    words_at(buf_slice(&packed), count, 1), slice_of("50% off\n")));
	assert_true(slice_eq(words_at(buf_slice(&packed), count, 2),
	    (struct slice){ all, sizeof(all) }));
	assert_int_equal(words_at(buf_slice(&packed), count, 3).n, 0);
	buf_free(&line);
	buf_free(&packed);
}

static void
test_other_lines_are_none(void **state)
{
	static const char *const rows[] = { "", " ", " user", "user ",
		"user  show", "user\tshow", "user\r", "us\xc3\xa9r", "a%",
		"a%2", "a%2g", "a%2a", "%",
		"1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf packed = buf_new(LIMIT_CONTROL_LINE);
		uint32_t count;

		if (words_parse(slice_of(rows[i]), &packed, &count) != -1)
			fail_msg("\"%s\" was taken", rows[i]);
		buf_free(&packed);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_survive_the_line),
		cmocka_unit_test(test_other_lines_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
