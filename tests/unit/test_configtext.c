/* configtext - comments go, everything else stays where it was. */

#include <string.h>

#include "cases.h"
#include "configtext.h"

static void
assert_becomes(const char *text, const char *want)
{
	char *copy = strdup(text);

	assert_int_equal(strlen(text), strlen(want)); /* of the test itself */
	if (configtext_blank_comments(copy, strlen(copy)) != 0)
		fail_msg("'%s' is said not to end", text);
	if (strcmp(copy, want) != 0)
		fail_msg("'%s' becomes '%s'", text, copy);
	free(copy);
}

static void
test_comments_become_spaces(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ "#", " " },
		{ "# a\nb", "   \nb" },
		{ "a#b\nc", "a  \nc" },
		{ "// a\nb", "    \nb" },
		{ "a // b\nc", "a     \nc" },
		{ "a = 1 /* b\nc */ d", "a = 1     \n     d" },
		{ "/**/a", "    a" },
		{ "/***/a", "     a" },
		{ "/*/ */a", "      a" },
		{ "{a, # b, c\n d}", "{a,       \n d}" },
		{ "{a,/*b*/c}", "{a,     c}" },
		{ "/* # */ a", "        a" },
		{ "# /*\na", "    \na" },
		{ "# \"\na", "   \na" },
		{ "#a\r\nb", "   \nb" },
		{ "\"a\"#b", "\"a\"  " },
		{ "\"a\"//b", "\"a\"   " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_becomes(rows[i].text, rows[i].want);
}

static void
test_what_only_looks_like_a_comment_stays(void **state)
{
	static const char *const rows[] = {
		"\"#a\"",
		"\"// a\"",
		"'/* a'",
		"\"https://example.net/#top\"",
		"https://example.net",
		"a//b",
		"a/*b*/",
		"/etc/submitd",
		"\"a\\\"# b\"",
		"'a\\'# b'",
		"\"'\" '#' \"'\"",
		"\"never ends # a\n// b",
		"\"\\",
		"/",
		"a /",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_becomes(rows[i], rows[i]);
}

static void
test_comment_without_end_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} rows[] = {
		{ "/*", 1 },
		{ "/*/", 1 },
		{ "a\n\n  /* b\nc\n* /", 3 },
		{ "/* a\n */ # b\n{ /*", 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		char *copy = strdup(rows[i].text);

		assert_int_equal(configtext_blank_comments(copy, strlen(copy)),
		    rows[i].line);
		free(copy);
	}
}

static void
test_a_brace_that_is_never_closed_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} rows[] = {
		{ "", 0 },
		{ "a = b", 0 },
		{ "a { b = {c, d} }", 0 },
		{ "a { '}' }", 0 },
		{ "a = '{'", 0 },
		{ "a = \"\\\"{\"", 0 },
		{ "a = ${HOME}", 0 },
		{ "a } b", 0 }, /* another complaint's */
		{ "{", 1 },
		{ "a {\n b = {c\n}\n", 1 },
		{ "a { }\nb {\n c = d\n", 2 },
		{ "a { }\nb { '}'\n", 2 },
		{ "a }\n b {", 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (configtext_open_brace(rows[i].text, strlen(rows[i].text)) !=
		    rows[i].line)
			fail_msg("'%s'", rows[i].text);
}

/* Whatever it is: same length, same lines, an octet is itself or a space. */
static void
assert_shape(struct slice in)
{
	char *copy = malloc(in.n);
	size_t i;

	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	(void)!configtext_blank_comments(copy, in.n);
	(void)!configtext_open_brace(copy, in.n);
	for (i = 0; i < in.n; i++)
		assert_true(
		    copy[i] == in.p[i] || (copy[i] == ' ' && in.p[i] != '\n'));
	free(copy);
}

static void
test_shape_is_kept_whatever_comes(void **state)
{
	static const struct slice rows[] = {
		S("a = \"b\\\"#\" # c\n// d\nx { y = {1, /* 2\n */ 3} } 'z#'"),
		S("/*/*/ */ \"\\\\\" #\0\n'\\"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		truncated(rows[i], assert_shape);
		mutated(rows[i], assert_shape);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments_become_spaces),
		cmocka_unit_test(test_what_only_looks_like_a_comment_stays),
		cmocka_unit_test(
		    test_comment_without_end_is_told_with_its_line),
		cmocka_unit_test(
		    test_a_brace_that_is_never_closed_is_told_with_its_line),
		cmocka_unit_test(test_shape_is_kept_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
