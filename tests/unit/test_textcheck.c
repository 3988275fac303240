/* textcheck - the first fault of content, and its line, in any pieces. */

#include "cases.h"

#include "compiler.h"
#include "textcheck.h"

#define LINE_MAX_OCTETS 8

/* clang-format off */
static const struct {
	struct slice	in;
	enum text_fault	fault;
	unsigned long	lines;
} cases[] = {
	{ S(""),			TEXT_CLEAN, 0 },
	{ S("a"),			TEXT_CLEAN, 0 },
	{ S("a\r\n"),			TEXT_CLEAN, 1 },
	{ S("\r\n\r\n"),		TEXT_CLEAN, 2 },
	{ S("a\r\nb\r\n"),		TEXT_CLEAN, 2 },
	{ S(".\r\n..\r\n"),		TEXT_CLEAN, 2 },
	{ S("12345678\r\n"),		TEXT_CLEAN, 1 },
	{ S("\xff\x85\xe2\x80\xa8\r\n"), TEXT_CLEAN, 1 },
	{ S("123456789\r\n"),		TEXT_LONG_LINE, 0 },
	{ S("a\r\n123456789"),		TEXT_LONG_LINE, 1 },
	{ S("a\n"),			TEXT_BARE_LF, 0 },
	{ S("a\r\nb\nc\r\n"),		TEXT_BARE_LF, 1 },
	{ S("\n"),			TEXT_BARE_LF, 0 },
	{ S("a\r\n\n"),			TEXT_BARE_LF, 1 },
	{ S("a\r"),			TEXT_BARE_CR, 0 },
	{ S("\r"),			TEXT_BARE_CR, 0 },
	{ S("a\rb\r\n"),		TEXT_BARE_CR, 0 },
	{ S("a\r\r\n"),			TEXT_BARE_CR, 0 },
	{ S("a\r\n\r\r\n"),		TEXT_BARE_CR, 1 },
	{ S("a\r\0\n"),			TEXT_BARE_CR, 0 },
	{ S("\0"),			TEXT_NUL, 0 },
	{ S("a\r\nb\0\r\n"),		TEXT_NUL, 1 },
	{ S("\0\n\r\n123456789"),	TEXT_NUL, 0 },
};
/* clang-format on */

static struct textcheck
check(struct slice in, size_t a, size_t b)
{
	struct textcheck t;

	textcheck_begin(&t, LINE_MAX_OCTETS);
	textcheck_run(&t, (struct slice){ in.p, a });
	textcheck_run(&t, (struct slice){ in.p + a, b - a });
	textcheck_run(&t, (struct slice){ in.p + b, in.n - b });
	textcheck_end(&t);
	return t;
}

static void
test_each_case_in_any_pieces(void **state)
{
	struct textcheck t;
	size_t i, a, b;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		for (a = 0; a <= cases[i].in.n; a++)
			for (b = a; b <= cases[i].in.n; b++) {
				t = check(cases[i].in, a, b);
				if (t.fault != cases[i].fault ||
				    t.lines != cases[i].lines)
					fail_msg("'%s': fault %d, line %lu",
					    shown(cases[i].in), t.fault,
					    t.lines);
			}
}

/* Clean is what falls into lines of allowed octets, and nothing else. */
static bool
is_clean(struct slice in)
{
	const char *eol;
	size_t n;

	for (; in.n > 0; in = slice_from(in, n + 2)) {
		eol = memmem(in.p, in.n, "\r\n", 2);
		n = eol == NULL ? in.n : (size_t)(eol - in.p);
		if (n > LINE_MAX_OCTETS || memchr(in.p, '\r', n) != NULL ||
		    memchr(in.p, '\n', n) != NULL ||
		    memchr(in.p, '\0', n) != NULL)
			return false;
	}
	return true;
}

static void
agree(struct slice in)
{
	struct textcheck t = check(in, 0, in.n), u = check(in, in.n / 2, in.n);

	if ((t.fault == TEXT_CLEAN) != is_clean(in) || t.fault != u.fault ||
	    t.lines != u.lines)
		fail_msg("'%s': %d", shown(in), t.fault);
}

static void
test_spoilt_content_agrees_with_the_definition(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, agree);
		mutated(cases[i].in, agree);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_in_any_pieces),
		cmocka_unit_test(
		    test_spoilt_content_agrees_with_the_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
