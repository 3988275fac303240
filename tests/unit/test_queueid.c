/* queueid - one name for a message, in order, there and back. */

#include "cases.h"

#include <time.h>

#include "compiler.h"
#include "queueid.h"

static void
test_ids_only_grow(void **state)
{
	uint64_t last = queueid_new(), id;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++, last = id) {
		id = queueid_new();
		assert_true(id > last);
	}
}

static void
test_an_id_tells_when_it_was_made(void **state)
{
	time_t before = time(NULL) - 1;
	uint64_t s = queueid_time_s(queueid_new());

	(void)state;
	assert_true(s >= (uint64_t)before && s <= (uint64_t)time(NULL) + 1);
}

static const uint64_t numbers[] = { 0, 1, 31, 32, 0xfff, 0x1000,
	0x0123456789abcdef, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffffffffffe, 0xffffffffffffffff };

static void
test_text_reads_back_and_sorts_as_the_number(void **state)
{
	struct queueid_text text, last = { "" };
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(numbers); i++) {
		text = queueid_format(numbers[i]);
		assert_int_equal(strlen(text.s), QUEUEID_LEN);
		assert_true(strcmp(text.s, last.s) > 0);
		assert_int_equal(queueid_parse(slice_of(text.s), &id), 0);
		assert_true(id == numbers[i]);
		last = text;
	}
}

/* clang-format off */
static const struct slice refused[] = {
	S(""),
	S("0"),
	S("000000000000"),	/* one digit short */
	S("00000000000000"),	/* one too many */
	S("g000000000000"),	/* 65 bits */
	S("vvvvvvvvvvvvv"),
	S("000000000000w"),
	S("000000000000V"),	/* one spelling for one id */
	S("000000000000 "),
	S("000000000000\0"),
	S("000000000000/"),
	S("../0000000000"),
	S("-000000000000"),
};
/* clang-format on */

static void
test_what_is_no_id_is_refused(void **state)
{
	uint64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(refused); i++) {
		id = 1;
		if (queueid_parse(refused[i], &id) != -1)
			fail_msg("'%s' was taken", shown(refused[i]));
		assert_true(id == 0);
	}
}

/* No two texts mean the same: what is taken is what would be written. */
static void
is_canonical(struct slice in)
{
	uint64_t id;

	if (queueid_parse(in, &id) == 0)
		assert_slice(slice_of(queueid_format(id).s), in);
}

static void
test_spoilt_text_is_refused_or_another_id(void **state)
{
	struct queueid_text text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(numbers); i++) {
		text = queueid_format(numbers[i]);
		truncated(slice_of(text.s), is_canonical);
		mutated(slice_of(text.s), is_canonical);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_only_grow),
		cmocka_unit_test(test_an_id_tells_when_it_was_made),
		cmocka_unit_test(test_text_reads_back_and_sorts_as_the_number),
		cmocka_unit_test(test_what_is_no_id_is_refused),
		cmocka_unit_test(test_spoilt_text_is_refused_or_another_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
