/* dot - CRLF.CRLF ends a message, nothing else does, whatever the split. */

#include "cases.h"

#include "buf.h"
#include "dot.h"
#include "stuff.h"

#define LINE_MAX_OCTETS 40

/* What became of an input. */
struct result {
	bool ended;
	enum text_fault fault;
	unsigned long lines;
	size_t used; /* octets up to and with the end of data */
	struct buf content;
};

/* Give the decoder one chunk in memory of its own; true at the end. */
static bool
feed(struct dot *d, struct slice chunk, struct result *r)
{
	char *p = malloc(chunk.n);
	struct slice in = { p, chunk.n }, run;
	enum dot_status st;

	if (chunk.n > 0)
		memcpy(p, chunk.p, chunk.n);
	while ((st = dot_next(d, &in, &run)) == DOT_RUN) {
		assert_true(is_inside(run, (struct slice){ p, chunk.n }));
		buf_add(&r->content, run.p, run.n);
	}
	r->ended = st == DOT_END;
	r->used += chunk.n - (r->ended ? in.n : 0);
	free(p);
	return r->ended;
}

/* Decode in, cut into chunks at a and b. */
static struct result
decode(struct slice in, size_t a, size_t b)
{
	const size_t cut[] = { 0, a, b, in.n };
	struct result r = { .content = buf_new(4096) };
	struct dot d;
	size_t i;

	dot_begin(&d, LINE_MAX_OCTETS);
	for (i = 0; i < 3; i++)
		if (feed(&d,
			(struct slice){ in.p + cut[i], cut[i + 1] - cut[i] },
			&r))
			break;
	r.fault = d.text.fault;
	r.lines = d.text.lines;
	return r;
}

static struct result
decode_octets(struct slice in)
{
	struct result r = { .content = buf_new(4096) };
	struct dot d;
	size_t i;

	dot_begin(&d, LINE_MAX_OCTETS);
	for (i = 0; i < in.n; i++)
		if (feed(&d, (struct slice){ in.p + i, 1 }, &r))
			break;
	r.fault = d.text.fault;
	r.lines = d.text.lines;
	return r;
}

/* Does one line, without its CRLF, hold what must not stand alone? */
static enum text_fault
line_fault(const char *p, size_t n)
{
	if (memchr(p, '\r', n) != NULL)
		return TEXT_BARE_CR;
	return memchr(p, '\n', n) != NULL ? TEXT_BARE_LF : TEXT_CLEAN;
}

/*
 * The same the slow way: look for the first CRLF.CRLF (the CRLF that ends the
 * DATA command line counts as its start), then go through the lines.
 */
static struct result
reference(struct slice in)
{
	struct result r = { .content = buf_new(4096), .used = in.n };
	char text[256] = "\r\n", *p = text + 2, *end, *eol;
	bool dot, cr;

	assert_true(in.n + 2 <= sizeof(text));
	memcpy(p, in.p, in.n);
	if ((end = memmem(text, in.n + 2, "\r\n.\r\n", 5)) != NULL) {
		r.ended = true;
		r.used = (size_t)(end - text) + 3;
	}
	end = r.ended ? end + 2 : p + in.n; /* of the content */
	while ((eol = memmem(p, (size_t)(end - p), "\r\n", 2)) != NULL) {
		p += *p == '.';
		r.fault |= line_fault(p, (size_t)(eol - p));
		buf_add(&r.content, p, (size_t)(eol + 2 - p));
		p = eol + 2;
	}
	/* A line that is not whole yet; its last CR may still get an LF. */
	dot = p < end && *p == '.';
	p += dot;
	cr = p < end && end[-1] == '\r';
	r.fault |= line_fault(p, (size_t)(end - p) - cr);
	/* Behind a lone dot, that CR may be no content: it is kept back. */
	buf_add(
	    &r.content, p, dot && end - p == 1 && cr ? 0 : (size_t)(end - p));
	return r;
}

/* The octet for octet comparison; got's memory is freed. */
static void
assert_result(struct result got, const struct result *want, struct slice in)
{
	if (got.ended != want->ended || got.used != want->used ||
	    (got.fault == TEXT_CLEAN) != (want->fault == TEXT_CLEAN))
		fail_msg("'%s': ended %d, used %zu, fault %d", shown(in),
		    got.ended, got.used, got.fault);
	if (want->fault == TEXT_CLEAN)
		assert_slice(
		    buf_slice(&got.content), buf_slice(&want->content));
	buf_free(&got.content);
}

/* Every way to cut in into one, two or three chunks, and octet by octet. */
static void
assert_every_split(struct slice in, const struct result *want)
{
	size_t a, b;

	for (a = 0; a <= in.n; a++)
		for (b = a; b <= in.n; b++)
			assert_result(decode(in, a, b), want, in);
	assert_result(decode_octets(in), want, in);
}

static void
test_all_short_inputs_agree_with_the_reference(void **state)
{
	static const char octets[] = { '\r', '\n', '.', 'a' };
	static const struct slice before[] = { S(""), S("a"), S("a\r\n"),
		S("a\r"), S(".") };
	static const struct slice behind[] = { S(""), S("\r\n.\r\nQUIT\r\n"),
		S(".\r\nQUIT\r\n"), S("\n.\r\n") };
	char text[32];
	struct result want;
	struct slice in;
	unsigned v, i, j, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(before); i++)
		for (j = 0; j < ARRAY_LEN(behind); j++)
			for (v = 0; v < 256; v++) {
				in = (struct slice){ text, before[i].n };
				memcpy(text, before[i].p, in.n);
				for (k = 0; k < 4; k++)
					text[in.n++] = octets[v >> 2 * k & 3];
				memcpy(text + in.n, behind[j].p, behind[j].n);
				in.n += behind[j].n;
				want = reference(in);
				assert_every_split(in, &want);
				buf_free(&want.content);
			}
}

#define SECOND                                                                 \
	"MAIL FROM:<ceo@example.com>\r\nRCPT TO:<all@example.com>\r\nDATA\r\n" \
	"Subject: mail 2\r\n\r\nforged\r\n.\r\n"

/* What broke other servers: an end of data that is none, and a second mail. */
/* clang-format off */
static const struct {
	struct slice	in;
	enum text_fault	fault;
} smuggled[] = {
	{ S("mail 1\n.\n" SECOND),		TEXT_BARE_LF },
	{ S("mail 1\r.\r" SECOND),		TEXT_BARE_CR },
	{ S("mail 1\r.\r\n" SECOND),		TEXT_BARE_CR },
	{ S("mail 1\r\n.\r" SECOND),		TEXT_BARE_CR },
	{ S("mail 1\r\n.\n" SECOND),		TEXT_BARE_LF },
	{ S("mail 1\n.\r\n" SECOND),		TEXT_BARE_LF },
	{ S("mail 1\n.\r" SECOND),		TEXT_BARE_LF },
	{ S("mail 1\r.\n" SECOND),		TEXT_BARE_CR },
	{ S("mail 1\r\r\n.\r\r\n" SECOND),	TEXT_BARE_CR },
	{ S("mail 1\r\n.\r\r\n" SECOND),	TEXT_BARE_CR },
	{ S("mail 1\r\n\0.\r\n" SECOND),	TEXT_NUL },
	{ S("mail 1\r\n.\0\r\n" SECOND),	TEXT_NUL },
	{ S("mail 1\r\n. \r\n" SECOND),		TEXT_CLEAN },
	{ S("mail 1\r\n.\t\r\n" SECOND),	TEXT_CLEAN },
	{ S("mail 1\r\n..\r\n" SECOND),		TEXT_CLEAN },
	{ S("mail 1\x85.\x85" SECOND),		TEXT_CLEAN },
	{ S("mail 1\v.\v" SECOND),		TEXT_CLEAN },
	{ S("mail 1\f.\f" SECOND),		TEXT_CLEAN },
	{ S("mail 1\xe2\x80\xa8.\xe2\x80\xa8" SECOND), TEXT_CLEAN },
};
/* clang-format on */

static void
test_no_smuggled_end_starts_a_second_mail(void **state)
{
	struct result want;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(smuggled); i++) {
		want = reference(smuggled[i].in);
		want.fault = smuggled[i].fault; /* a NUL, too */
		/* All of it is one message: the true end is at the end. */
		assert_true(want.ended);
		assert_int_equal(want.used, smuggled[i].in.n);
		assert_every_split(smuggled[i].in, &want);
		buf_free(&want.content);
	}
}

static void
assert_fault(struct slice in, enum text_fault fault, unsigned long lines)
{
	struct result r;
	size_t a;

	for (a = 0; a <= in.n; a++) {
		r = decode(in, a, a);
		if (r.fault != fault || r.lines != lines)
			fail_msg("'%s': fault %d behind %lu lines", shown(in),
			    r.fault, r.lines);
		buf_free(&r.content);
	}
}

static void
test_the_first_fault_and_its_line_are_told(void **state)
{
	size_t i;
	/* clang-format off */
	static const struct {
		struct slice	in;
		enum text_fault	fault;
		unsigned long	lines;
	} cases[] = {
		{ S("a\r\nb\r\n.\r\n"),		TEXT_CLEAN, 2 },
		{ S("a\nb\r\n.\r\n"),		TEXT_BARE_LF, 0 },
		{ S("a\r\nb\r\nc\n"),		TEXT_BARE_LF, 2 },
		{ S("a\r\nb\rc\r\n"),		TEXT_BARE_CR, 1 },
		{ S("a\r\n\0\r\n\n"),		TEXT_NUL, 1 },
		{ S("a\rb\nc\r\n"),		TEXT_BARE_CR, 0 },
		{ S("a\r\r\n"),			TEXT_BARE_CR, 0 },
		{ S("a\r\0\r\n"),		TEXT_BARE_CR, 0 },
		{ S("a\0\n\r\n"),		TEXT_NUL, 0 },
		{ S("\n.\r\n"),			TEXT_BARE_LF, 0 },
		{ S(".\n"),			TEXT_BARE_LF, 0 },
	};
	/* clang-format on */

	(void)state;
	for (i = 0; i < ARRAY_LEN(smuggled); i++)
		if (smuggled[i].fault == TEXT_BARE_LF ||
		    smuggled[i].fault == TEXT_NUL)
			assert_fault(smuggled[i].in, smuggled[i].fault,
			    memcmp(smuggled[i].in.p + 6, "\r\n", 2) == 0);
	for (i = 0; i < ARRAY_LEN(cases); i++)
		assert_fault(cases[i].in, cases[i].fault, cases[i].lines);
}

static void
test_a_line_may_be_as_long_as_the_limit_and_no_longer(void **state)
{
	char text[LINE_MAX_OCTETS + 8];
	size_t n, dots;

	(void)state;
	for (n = LINE_MAX_OCTETS - 1; n <= LINE_MAX_OCTETS + 1; n++)
		for (dots = 0; dots < 2; dots++) {
			/* The dot that stuffing put there does not count. */
			memset(text, 'a', sizeof(text));
			memset(text, '.', dots);
			memcpy(text + dots + n, "\r\n", 2);
			assert_fault((struct slice){ text, dots + n + 2 },
			    n > LINE_MAX_OCTETS ? TEXT_LONG_LINE : TEXT_CLEAN,
			    n <= LINE_MAX_OCTETS);
		}
}

static void
test_an_empty_message_ends_at_once(void **state)
{
	struct slice in = S(".\r\nMAIL FROM:<>\r\n");
	struct result want = { .ended = true, .used = 3 };

	(void)state;
	want.content = buf_new(1);
	assert_every_split(in, &want);
}

/* Stuff m, cut at every place, and decode: m again, and nothing left over. */
static void
assert_round_trip(struct slice m)
{
	char wire[256];
	struct stuff s;
	struct result want, got;
	size_t cut, n, k;

	for (cut = 0; cut <= m.n; cut++) {
		s = (struct stuff){ STUFF_LINE_START };
		assert_int_equal(
		    stuff_run(&s, (struct slice){ m.p, cut }, wire, &n), 0);
		assert_int_equal(
		    stuff_run(&s, slice_from(m, cut), wire + n, &k), 0);
		assert_null(memmem(wire, n + k, "\r\n.\r\n", 5));
		n += k;
		assert_int_equal(stuff_end(&s, wire + n, &k), 0);
		n += k;
		want = (struct result){ .ended = true, .used = n };
		want.content = buf_new(256);
		buf_add(&want.content, m.p, m.n);
		got = decode((struct slice){ wire, n }, n / 2, n);
		assert_result(got, &want, (struct slice){ wire, n });
		buf_free(&want.content);
	}
}

static void
test_what_is_stuffed_comes_out_the_same(void **state)
{
	static const char *const words[] = { "\r\n", ".", "a" };
	char text[32];
	unsigned v, rest, i;
	size_t n;

	(void)state;
	for (v = 0; v < 3 * 3 * 3 * 3 * 3 * 3; v++) {
		for (n = 0, rest = v, i = 0; i < 6; i++, rest /= 3) {
			memcpy(
			    text + n, words[rest % 3], strlen(words[rest % 3]));
			n += strlen(words[rest % 3]);
		}
		memcpy(text + n, "\r\n", 2);
		assert_round_trip((struct slice){ text, n + 2 });
	}
	assert_round_trip(slice_of(""));
}

static void
agree(struct slice in)
{
	struct result got = decode_octets(in), want = decode(in, 0, in.n);

	assert_int_equal(got.fault, want.fault);
	assert_int_equal(got.lines, want.lines);
	assert_result(got, &want, in);
	buf_free(&want.content);
}

static void
test_spoilt_content_is_judged_alike_in_any_pieces(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(smuggled); i++) {
		truncated(smuggled[i].in, agree);
		mutated(smuggled[i].in, agree);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_all_short_inputs_agree_with_the_reference),
		cmocka_unit_test(test_no_smuggled_end_starts_a_second_mail),
		cmocka_unit_test(test_the_first_fault_and_its_line_are_told),
		cmocka_unit_test(
		    test_a_line_may_be_as_long_as_the_limit_and_no_longer),
		cmocka_unit_test(test_an_empty_message_ends_at_once),
		cmocka_unit_test(test_what_is_stuffed_comes_out_the_same),
		cmocka_unit_test(
		    test_spoilt_content_is_judged_alike_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
