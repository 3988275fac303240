/*
 * saslprep: the samples of RFC 4013, each kind of character, and what must
 * not get through.
 */

#include "saslprep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* clang-format off */
static const struct {
	const char	*what;
	struct slice	 in;
	const char	*out;	/* "": refused */
} rows[] = {
	/* RFC 4013, 3 */
	{ "soft hyphen",		S("I\xc2\xadX"),	"IX" },
	{ "no change",			S("user"),		"user" },
	{ "case is kept",		S("USER"),		"USER" },
	{ "ordinal indicator",		S("\xc2\xaa"),		"a" },
	{ "roman nine",			S("\xe2\x85\xa8"),	"IX" },
	{ "bell",			S("\x07"),		"" },
	{ "bidi: digit at the end",	S("\xd8\xa7\x31"),	"" },
	/* RFC 4013, 2.1 and 2.2: mapping and NFKC */
	{ "composed already",		S("p\xc3\xa4ss"),	"p\xc3\xa4ss" },
	{ "composed by us",		S("pa\xcc\x88ss"),	"p\xc3\xa4ss" },
	{ "no-break space",		S("a\xc2\xa0" "b"),	"a b" },
	{ "ideographic space",		S("a\xe3\x80\x80" "b"),	"a b" },
	{ "fullwidth letters",		S("\xef\xbc\xa1\xef\xbd\x82"),	"Ab" },
	{ "zero width joiner",		S("a\xe2\x80\x8d" "b"),	"ab" },
	/* in both tables, B.1 and C.1.2; spaces are mapped first */
	{ "zero width space",		S("a\xe2\x80\x8b" "b"),	"a b" },
	{ "byte order mark",		S("\xef\xbb\xbf" "a"),	"a" },
	{ "nothing is left",		S("\xc2\xad\xe2\x80\x8d"),	"" },
	{ "it grows",			S("\xef\xb7\xba"),
	    "\xd8\xb5\xd9\x84\xd9\x89 \xd8\xa7\xd9\x84\xd9\x84\xd9\x87 "
	    "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x87 \xd9\x88\xd8\xb3\xd9\x84\xd9\x85" },
	/* ASCII is not touched */
	{ "punctuation",	S(" \"'\\*()+,;<>=#%:&|/ "),
	    " \"'\\*()+,;<>=#%:&|/ " },
	/* RFC 4013, 2.3 */
	{ "tab",			S("a\tb"),		"" },
	{ "delete",			S("a\x7f"),		"" },
	{ "NUL",			S("a\0b"),		"" },
	{ "C1 control",			S("a\xc2\x85"),		"" },
	{ "private use",		S("\xee\x80\x80"),	"" },
	{ "non-character",		S("\xef\xbf\xbe"),	"" },
	{ "inappropriate",		S("\xef\xbf\xbd"),	"" },
	{ "right-to-left override",	S("a\xe2\x80\xae" "b"),	"" },
	{ "tag",			S("a\xf3\xa0\x80\x81"),	"" },
	/* RFC 4013, 2.4 */
	{ "bidi: all Arabic",	S("\xd8\xa7\xd8\xa8"),	"\xd8\xa7\xd8\xa8" },
	{ "bidi: mixed",		S("\xd8\xa7" "a\xd8\xa8"),	"" },
	/* RFC 4013, 2.5: younger than Unicode 3.2, but only asked for */
	{ "emoji",		S("\xf0\x9f\x98\x80"),	"\xf0\x9f\x98\x80" },
	/* not UTF-8 */
	{ "Latin-1",			S("p\xe4ss"),		"" },
	{ "overlong",			S("a\xc0\x80"),		"" },
	{ "surrogate",			S("a\xed\xa0\x80"),	"" },
	{ "beyond Unicode",		S("\xf4\x90\x80\x80"),	"" },
	{ "cut",			S("a\xc3"),		"" },
	{ "no octet of it",		S("\xff"),		"" },
	{ "empty",			S(""),			"" },
};
/* clang-format on */

static void
test_each_row(void **state)
{
	char out[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(out, 'x', sizeof(out));
		n = saslprep(rows[i].in, out, sizeof(out));
		if (n != strlen(rows[i].out) || strcmp(out, rows[i].out) != 0)
			fail_msg(
			    "%s: %zu octets, \"%s\"", rows[i].what, n, out);
	}
}

/* What is prepared stays as it is: one spelling, not a chain of them. */
static void
test_twice_is_once(void **state)
{
	char once[256], twice[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = saslprep(rows[i].in, once, sizeof(once));
		assert_int_equal(
		    saslprep((struct slice){ once, n }, twice, sizeof(twice)),
		    n);
		assert_string_equal(once, twice);
	}
}

static void
test_what_does_not_fit_is_nothing(void **state)
{
	static const struct slice grows = S("\xef\xb7\xba"); /* to 33 octets */
	char out[64];
	size_t size;

	(void)state;
	for (size = 1; size < sizeof(out); size++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(
		    saslprep(grows, out, size), size > 33 ? 33 : 0);
		assert_int_equal(out[size], 'x'); /* not beyond it */
		if (size <= 33)
			assert_int_equal(out[0], '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row),
		cmocka_unit_test(test_twice_is_once),
		cmocka_unit_test(test_what_does_not_fit_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
