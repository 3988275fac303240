/* smtpreply - where a reply ends and what it says, in whatever pieces. */

#include "cases.h"

#include "compiler.h"
#include "smtpreply.h"

/* What became of an input: how many replies, how it ended, the last one. */
struct result {
	enum smtpreply_status status; /* of the last feed: MORE, DONE or BAD */
	size_t replies;
	size_t lines;
	struct smtpreply last;
};

/* One chunk in memory of its own.  False: nothing more is to be fed. */
static bool
feed(struct smtpreply_parser *p, struct slice chunk, struct result *r)
{
	char *copy = malloc(chunk.n);
	struct slice in = { copy, chunk.n };
	size_t used;

	if (chunk.n > 0)
		memcpy(copy, chunk.p, chunk.n);
	while (in.n > 0 && r->status != SMTPREPLY_BAD) {
		r->status = smtpreply_feed(p, in, &used);
		assert_true(used > 0 && used <= in.n);
		if (r->status == SMTPREPLY_MORE)
			assert_int_equal(used, in.n);
		in = slice_from(in, used);
		r->lines +=
		    r->status == SMTPREPLY_LINE || r->status == SMTPREPLY_DONE;
		if (r->status == SMTPREPLY_DONE) {
			r->replies++;
			r->last = p->reply;
			smtpreply_start(p);
		}
	}
	free(copy);
	return r->status != SMTPREPLY_BAD;
}

static struct result
parse(struct slice in, size_t step)
{
	struct result r = { .status = SMTPREPLY_MORE };
	struct smtpreply_parser p;
	size_t i, n;

	smtpreply_start(&p);
	for (i = 0; i < in.n; i += n) {
		n = in.n - i < step ? in.n - i : step;
		if (!feed(&p, (struct slice){ in.p + i, n }, &r))
			break;
	}
	return r;
}

/* clang-format off */
static const struct {
	struct slice	in;
	unsigned	code;
	const char	*enhanced;
	const char	*text;
} good[] = {
	{ S("250 ok\r\n"),			250, "", "ok" },
	{ S("250\r\n"),				250, "", "" },
	{ S("250 \r\n"),			250, "", "" },
	{ S("250 2.1.0 ok\r\n"),		250, "2.1.0", "ok" },
	{ S("250 2.1.0\r\n"),			250, "2.1.0", "" },
	{ S("250 5.1.0 ok\r\n"),		250, "", "5.1.0 ok" },
	{ S("550 5.123.123 x\r\n"),		550, "5.123.123", "x" },
	{ S("550 5.1234.1 x\r\n"),		550, "", "5.1234.1 x" },
	{ S("550 5.1 x\r\n"),			550, "", "5.1 x" },
	{ S("550 5.1. x\r\n"),			550, "", "5.1. x" },
	{ S("550 5.1.1x\r\n"),			550, "", "5.1.1x" },
	{ S("550-5.1.1 a\r\n550 5.1.1 b\r\n"),	550, "5.1.1", "a b" },
	{ S("550-5.1.1 a\r\n550 b\r\n"),	550, "5.1.1", "a b" },
	{ S("550-\r\n550-a\r\n550\r\n"),	550, "", "a" },
	{ S("354 go\r\n"),			354, "", "go" },
	{ S("599 x\r\n"),			599, "", "x" },
	{ S("200 x\r\n"),			200, "", "x" },
	{ S("250 ok\n"),			250, "", "ok" },
	{ S("250-a\n250 b\n"),			250, "", "a b" },
	{ S("250 a\rb\r\n"),			250, "", "a?b" },
	{ S("250 a\tb\x7f\x80\xff\x1b\r\n"),	250, "", "a?b????" },
};

static const struct slice bad[] = {
	S("\r\n"),
	S("\n"),
	S("25\r\n"),
	S("2500 x\r\n"),
	S("250x\r\n"),
	S("250\tx\r\n"),
	S("+250 x\r\n"),
	S(" 250 x\r\n"),
	S("2 50 x\r\n"),
	S("150 x\r\n"),
	S("099 x\r\n"),
	S("600 x\r\n"),
	S("2a0 x\r\n"),
	S("25o x\r\n"),
	S("ok\r\n"),
	S("HTTP/1.1 400 Bad Request\r\n"),
	S("\0" "250 ok\r\n"),
	S("250 o\0k\r\n"),
	S("250-a\r\n251 b\r\n"),	/* which one counts? */
	S("250-a\r\n550 b\r\n"),
	S("250-a\r\n\r\n"),
	S("250-a\r\nb\r\n"),
	S("\x16\x03\x01\x02\x00\r\n"),
};
/* clang-format on */

static void
assert_reply(const struct smtpreply *got, unsigned code, const char *enhanced,
    const char *text)
{
	assert_int_equal(got->code, code);
	assert_string_equal(got->enhanced, enhanced);
	assert_string_equal(got->text, text);
}

static void
test_replies_are_read_alike_in_any_pieces(void **state)
{
	struct result r;
	size_t i, step;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++)
		for (step = 1; step <= good[i].in.n; step++) {
			r = parse(good[i].in, step);
			if (r.status != SMTPREPLY_DONE || r.replies != 1)
				fail_msg("'%s': %d, %zu replies",
				    shown(good[i].in), r.status, r.replies);
			assert_reply(&r.last, good[i].code, good[i].enhanced,
			    good[i].text);
		}
}

static void
test_what_is_no_reply_is_bad_in_any_pieces(void **state)
{
	struct result r;
	size_t i, step;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++)
		for (step = 1; step <= bad[i].n; step++) {
			r = parse(bad[i], step);
			if (r.status != SMTPREPLY_BAD || r.replies != 0)
				fail_msg("'%s': %d, %zu replies", shown(bad[i]),
				    r.status, r.replies);
		}
}

static void
test_a_reply_cut_short_is_no_reply(void **state)
{
	struct result r;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++)
		for (n = 0; n < good[i].in.n; n++) {
			r = parse((struct slice){ good[i].in.p, n }, n + 1);
			assert_int_equal(r.replies, 0);
			assert_int_not_equal(r.status, SMTPREPLY_BAD);
		}
}

static void
test_replies_behind_one_another_stay_apart(void **state)
{
	static const struct slice in =
	    S("250 a\r\n250-b\r\n250 c\r\n550 5.1.1 d\r\n354 e\r\n");
	struct result r;
	size_t step;

	(void)state;
	for (step = 1; step <= in.n; step++) {
		r = parse(in, step);
		assert_int_equal(r.status, SMTPREPLY_DONE);
		assert_int_equal(r.replies, 4);
		assert_int_equal(r.lines, 5);
		assert_reply(&r.last, 354, "", "e");
	}
}

/* lines lines of n octets of text each. */
static struct result
long_reply(size_t lines, size_t n, size_t step)
{
	size_t len = 0, i;
	char *p = malloc(lines * (n + 6));
	struct result r;

	for (i = 1; i <= lines; i++) {
		memcpy(p + len, i == lines ? "250 " : "250-", 4);
		memset(p + len + 4, 'a' + (int)(i % 26), n);
		memcpy(p + len + 4 + n, "\r\n", 2);
		len += n + 6;
	}
	r = parse((struct slice){ p, len }, step);
	free(p);
	return r;
}

static void
test_a_reply_has_so_many_lines_and_no_more(void **state)
{
	struct result r;

	(void)state;
	r = long_reply(100, 60, 7);
	assert_int_equal(r.status, SMTPREPLY_DONE);
	assert_int_equal(r.lines, 100);
	assert_int_equal(strlen(r.last.text), LIMIT_REPLY_TEXT);
	r = long_reply(LIMIT_REPLY_LINES, 1, 1);
	assert_int_equal(r.status, SMTPREPLY_DONE);
	r = long_reply(LIMIT_REPLY_LINES + 1, 1, 1);
	assert_int_equal(r.status, SMTPREPLY_BAD);
}

static void
test_of_a_long_line_the_front_is_kept(void **state)
{
	struct result r;
	size_t n;

	(void)state;
	for (n = LIMIT_REPLY_LINE - 8; n <= LIMIT_REPLY_LINE + 8; n++) {
		r = long_reply(1, n, 100);
		assert_int_equal(r.status, SMTPREPLY_DONE);
		assert_int_equal(strspn(r.last.text, "b"),
		    n < LIMIT_REPLY_LINE - 4 ? n : LIMIT_REPLY_LINE - 4);
	}
	/* More than all lines could hold together: it never ends. */
	r = long_reply(1, (size_t)LIMIT_REPLY_LINES * LIMIT_REPLY_LINE, 1000);
	assert_int_equal(r.status, SMTPREPLY_BAD);
}

static void
test_each_line_can_be_looked_at(void **state)
{
	static const struct slice in = S("250-hello\r\n250-SIZE 10\r\n250\r\n");
	static const char *const lines[] = { "hello", "SIZE 10", "" };
	struct smtpreply_parser p;
	struct slice rest = in;
	size_t used, i;

	(void)state;
	smtpreply_start(&p);
	for (i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(smtpreply_feed(&p, rest, &used),
		    i == 2 ? SMTPREPLY_DONE : SMTPREPLY_LINE);
		assert_slice(smtpreply_line(&p), slice_of(lines[i]));
		rest = slice_from(rest, used);
	}
	assert_int_equal(rest.n, 0);
}

static void
agree(struct slice in)
{
	struct result whole = parse(in, in.n + 1), octets = parse(in, 1);

	assert_int_equal(whole.replies, octets.replies);
	assert_int_equal(
	    whole.status == SMTPREPLY_BAD, octets.status == SMTPREPLY_BAD);
	assert_reply(&whole.last, octets.last.code, octets.last.enhanced,
	    octets.last.text);
	assert_true(whole.replies == 0 ||
		    (whole.last.code >= 200 && whole.last.code < 600));
}

static void
test_spoilt_replies_are_judged_alike_in_any_pieces(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		truncated(good[i].in, agree);
		mutated(good[i].in, agree);
	}
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		truncated(bad[i], agree);
		mutated(bad[i], agree);
	}
}

static void
test_a_reply_of_our_own_is_cut_to_size(void **state)
{
	char longer[LIMIT_REPLY_TEXT + 100];
	struct smtpreply r;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	smtpreply_set(&r, 451, "4.4.1", "%s", longer);
	assert_int_equal(r.code, 451);
	assert_string_equal(r.enhanced, "4.4.1");
	assert_int_equal(strlen(r.text), LIMIT_REPLY_TEXT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies_are_read_alike_in_any_pieces),
		cmocka_unit_test(test_what_is_no_reply_is_bad_in_any_pieces),
		cmocka_unit_test(test_a_reply_cut_short_is_no_reply),
		cmocka_unit_test(test_replies_behind_one_another_stay_apart),
		cmocka_unit_test(test_a_reply_has_so_many_lines_and_no_more),
		cmocka_unit_test(test_of_a_long_line_the_front_is_kept),
		cmocka_unit_test(test_each_line_can_be_looked_at),
		cmocka_unit_test(
		    test_spoilt_replies_are_judged_alike_in_any_pieces),
		cmocka_unit_test(test_a_reply_of_our_own_is_cut_to_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
