/* line - CRLF ends a line, and nothing else does. */

#include "cases.h"

#include "line.h"

/* clang-format off */
static const struct {
	struct slice	in;
	size_t		max;
	enum line_status status;
	struct slice	line;
} cases[] = {
	{ S(""),		 5, LINE_PARTIAL, S("") },
	{ S("\r\n"),		 5, LINE_WHOLE, S("") },
	{ S("\r\n"),		 0, LINE_WHOLE, S("") },
	{ S("NOOP\r\n"),	 5, LINE_WHOLE, S("NOOP") },
	{ S("NOOP\r\nQUIT\r\n"), 5, LINE_WHOLE, S("NOOP") },
	{ S("NOOP\r\n\n"),	 5, LINE_WHOLE, S("NOOP") },
	{ S("a\x80\xff\t\x7f\r\n"), 5, LINE_WHOLE, S("a\x80\xff\t\x7f") },
	{ S("a\v\f\x85\r\n"),	 5, LINE_WHOLE, S("a\v\f\x85") },
	{ S("12345\r\n"),	 5, LINE_WHOLE, S("12345") },
	{ S("NOOP"),		 5, LINE_PARTIAL, S("") },
	{ S("NOOP\r"),		 5, LINE_PARTIAL, S("") },
	{ S("12345"),		 5, LINE_PARTIAL, S("") },
	{ S("12345\r"),		 5, LINE_PARTIAL, S("") },
	{ S("\r"),		 0, LINE_PARTIAL, S("") },
	{ S("123456"),		 5, LINE_TOO_LONG, S("") },
	{ S("123456\r\n"),	 5, LINE_TOO_LONG, S("") },
	{ S("1\r\n"),		 0, LINE_TOO_LONG, S("") },
	{ S("123456\n"),	 5, LINE_TOO_LONG, S("") },
	{ S("\n"),		 5, LINE_BARE, S("") },
	{ S("NOOP\n"),		 5, LINE_BARE, S("") },
	{ S("NOOP\n\r\n"),	 5, LINE_BARE, S("") },
	{ S("NO\rOP\r\n"),	 5, LINE_BARE, S("") },
	{ S("NOOP\r\r\n"),	 5, LINE_BARE, S("") },
	{ S("NOOP\0\r\n"),	 5, LINE_BARE, S("") },
	{ S("\0"),		 5, LINE_BARE, S("") },
	{ S("12345\n"),		 5, LINE_BARE, S("") },
	{ S("12345\0"),		 5, LINE_BARE, S("") },
	{ S("12345\rx"),	 5, LINE_BARE, S("") },
};
/* clang-format on */

static void
test_each_case_whole(void **state)
{
	struct slice line;
	size_t i, scan;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		scan = 0;
		if (line_find(cases[i].in, cases[i].max, &scan, &line) !=
		    cases[i].status)
			fail_msg("case '%s'", shown(cases[i].in));
		assert_slice(line, cases[i].line);
	}
}

/* Offer in growing by step octets until there is an answer. */
static enum line_status
find_growing(struct slice in, size_t max, size_t step, struct slice *line)
{
	enum line_status st = LINE_PARTIAL;
	size_t n, scan = 0;

	for (n = 0; st == LINE_PARTIAL && n <= in.n; n += step) {
		st = line_find((struct slice){ in.p, n }, max, &scan, line);
		/* What was looked at is not looked at again. */
		if (st == LINE_PARTIAL)
			assert_true(scan + 1 >= n);
	}
	if (st == LINE_WHOLE)
		assert_int_equal(scan, 0);
	return st;
}

static void
test_each_case_octet_by_octet(void **state)
{
	struct slice line;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		if (find_growing(cases[i].in, cases[i].max, 1, &line) !=
		    cases[i].status)
			fail_msg("case '%s'", shown(cases[i].in));
		assert_slice(line, cases[i].line);
	}
}

/*
 * The same by definition: a line is what stands before the first CRLF, if it
 * is short and clean enough; the first thing that is wrong decides.
 */
static enum line_status
judge(struct slice in, size_t max, struct slice *line)
{
	const char *end = in.n == 0 ? NULL : memmem(in.p, in.n, "\r\n", 2);
	size_t i, n = end == NULL ? in.n : (size_t)(end - in.p);
	bool cr_waits = end == NULL && n > 0 && in.p[n - 1] == '\r';

	*line = (struct slice){ "", 0 };
	for (i = 0; i < n - (cr_waits ? 1 : 0); i++) {
		if (memchr("\r\n", in.p[i], 3) != NULL)
			return LINE_BARE;
		if (i >= max)
			return LINE_TOO_LONG;
	}
	if (end == NULL)
		return LINE_PARTIAL;
	*line = (struct slice){ in.p, n };
	return LINE_WHOLE;
}

static void
agree(struct slice in)
{
	struct slice got, want;
	size_t max, step;

	for (max = 0; max <= 4; max++)
		for (step = 1; step <= in.n; step++) {
			if (in.n % step != 0)
				continue;
			if (find_growing(in, max, step, &got) !=
			    judge(in, max, &want))
				fail_msg("'%s', at most %zu, %zu at a time",
				    shown(in), max, step);
			assert_slice(got, want);
		}
}

static void
test_all_short_inputs_agree_with_the_definition(void **state)
{
	static const char octets[] = { '\r', '\n', '\0', 'a' };
	char text[6];
	unsigned v, i;

	(void)state;
	for (v = 0; v < 1U << (2 * sizeof(text)); v++) {
		for (i = 0; i < sizeof(text); i++)
			text[i] = octets[v >> (2 * i) & 3];
		exactly((struct slice){ text, sizeof(text) }, agree);
	}
}

static void
test_pipelined_lines_come_one_by_one(void **state)
{
	struct slice in = S("EHLO a\r\n\r\nQUIT\r\nrest");
	static const char *const want[] = { "EHLO a", "", "QUIT" };
	struct slice line;
	size_t i, scan = 0;

	(void)state;
	for (i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(line_find(in, 80, &scan, &line), LINE_WHOLE);
		assert_slice(line, slice_of(want[i]));
		in = slice_from(in, line.n + 2);
	}
	assert_int_equal(line_find(in, 80, &scan, &line), LINE_PARTIAL);
	assert_slice(in, slice_of("rest"));
}

static void
survive(struct slice in)
{
	struct slice line;
	size_t scan = 0;

	if (line_find(in, 5, &scan, &line) == LINE_WHOLE)
		assert_true(is_inside(line, in) && line.n <= 5);
}

static void
test_spoilt_lines_stay_inside_the_input(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, survive);
		mutated(cases[i].in, survive);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_whole),
		cmocka_unit_test(test_each_case_octet_by_octet),
		cmocka_unit_test(
		    test_all_short_inputs_agree_with_the_definition),
		cmocka_unit_test(test_pipelined_lines_come_one_by_one),
		cmocka_unit_test(test_spoilt_lines_stay_inside_the_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
