/* utf8 - RFC 3629's table, at its edges. */

#include "cases.h"

#include "compiler.h"
#include "utf8.h"

/* clang-format off */
static const struct {
	struct slice	in;
	size_t		length;	/* of the first character */
} cases[] = {
	{ S(""),			0 },
	{ S("\0"),			1 },
	{ S("\x7f"),			1 },
	{ S("\x80"),			0 },
	{ S("\xbf"),			0 },
	{ S("\xc0\x80"),		0 },	/* overlong NUL */
	{ S("\xc1\xbf"),		0 },
	{ S("\xc2\x80"),		2 },
	{ S("\xdf\xbf"),		2 },
	{ S("\xdf\xc0"),		0 },
	{ S("\xe0\x9f\xbf"),		0 },	/* overlong */
	{ S("\xe0\xa0\x80"),		3 },
	{ S("\xed\x9f\xbf"),		3 },
	{ S("\xed\xa0\x80"),		0 },	/* surrogate */
	{ S("\xef\xbf\xbf"),		3 },
	{ S("\xf0\x8f\xbf\xbf"),	0 },	/* overlong */
	{ S("\xf0\x90\x80\x80"),	4 },
	{ S("\xf4\x8f\xbf\xbf"),	4 },
	{ S("\xf4\x90\x80\x80"),	0 },	/* beyond U+10FFFF */
	{ S("\xf5\x80\x80\x80"),	0 },
	{ S("\xff"),			0 },
	{ S("\xe4\xbe\x8b" "x"),	3 },
};
/* clang-format on */

static void
test_each_form_at_its_edges(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		if (utf8_length(cases[i].in) != cases[i].length)
			fail_msg("'%s'", shown(cases[i].in));
}

/* What is valid, cut anywhere, is valid only between characters. */
static void
cut_is_no_character(struct slice in)
{
	size_t n = utf8_length(in);

	assert_true(n <= in.n && n <= 4);
	if (n > 0)
		assert_true(utf8_is_valid((struct slice){ in.p, n }));
	if (utf8_is_ascii(in))
		assert_true(utf8_is_valid(in));
}

static void
test_no_octet_too_many_is_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, cut_is_no_character);
		mutated(cases[i].in, cut_is_no_character);
	}
}

static void
test_strings(void **state)
{
	(void)state;
	assert_true(utf8_is_valid(slice_of("")));
	assert_true(utf8_is_valid(slice_of("J\xc3\xb6rg <\xe2\x82\xac>")));
	assert_false(utf8_is_valid(slice_of("J\xf6rg")));
	assert_false(utf8_is_valid(slice_of("J\xc3")));
	assert_true(utf8_is_ascii(slice_of("Joerg")));
	assert_false(utf8_is_ascii(slice_of("J\xc3\xb6rg")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_form_at_its_edges),
		cmocka_unit_test(test_no_octet_too_many_is_read),
		cmocka_unit_test(test_strings),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
