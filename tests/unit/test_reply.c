/* reply - every row, with nothing, little, much and evil put into it. */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "reply.h"

/* A reply read the way a client reads it. */
struct parsed {
	unsigned code;
	unsigned lines;
	char enhanced[12];
	struct buf text; /* of all lines, joined */
};

static unsigned
take_digits(struct slice *in)
{
	unsigned v = 0;

	assert_true(in->n > 0 && isdigit((unsigned char)in->p[0]));
	while (in->n > 0 && isdigit((unsigned char)in->p[0])) {
		v = v * 10 + (unsigned)(in->p[0] - '0');
		*in = slice_from(*in, 1);
	}
	return v;
}

/* "x.y.z " of RFC 3463 with the class of code, cut from *line. */
static void
take_enhanced(struct slice *line, unsigned code, char out[12])
{
	struct slice start = *line;
	unsigned i;

	assert_int_equal(take_digits(line), code / 100);
	for (i = 0; i < 2; i++) {
		assert_true(line->n > 0 && line->p[0] == '.');
		*line = slice_from(*line, 1);
		assert_in_range(take_digits(line), 0, 999);
	}
	snprintf(out, 12, "%.*s", (int)(start.n - line->n), start.p);
	assert_true(line->n > 0 && line->p[0] == ' ');
	*line = slice_from(*line, 1);
}

/* One line without CRLF: code, '-' or ' ', enhanced code, printable text. */
static bool
parse_line(struct slice line, bool enhanced, struct parsed *r)
{
	struct slice rest = line;
	char code[12];
	unsigned n = take_digits(&rest);
	bool more;
	size_t i;

	assert_int_equal(line.n - rest.n, 3);
	assert_in_range(n, 200, 599);
	assert_true(r->lines == 0 || n == r->code);
	r->code = n;
	assert_true(rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '-'));
	more = rest.p[0] == '-';
	rest = slice_from(rest, 1);
	if (enhanced) {
		take_enhanced(&rest, n, code);
		assert_true(r->lines == 0 || strcmp(code, r->enhanced) == 0);
		memcpy(r->enhanced, code, sizeof(r->enhanced));
	}
	for (i = 0; i < rest.n; i++)
		assert_in_range(rest.p[i], 0x20, 0x7e);
	buf_add(&r->text, rest.p, rest.n);
	r->lines++;
	return more;
}

/* The whole of out is one reply; every line keeps to 512 octets. */
static struct parsed
parse(struct slice out, bool enhanced, size_t line_max)
{
	struct parsed r = { .text = buf_new(LIMIT_OUTPUT) };
	const char *eol;
	bool more = true;
	size_t n;

	while (more) {
		eol = out.n == 0 ? NULL : memmem(out.p, out.n, "\r\n", 2);
		assert_non_null(eol);
		n = (size_t)(eol - out.p);
		assert_true(n + 2 <= line_max);
		more = parse_line((struct slice){ out.p, n }, enhanced, &r);
		out = slice_from(out, n + 2);
	}
	assert_int_equal(out.n, 0);
	return r;
}

/* RFC 2034, 3: greeting, HELO's answer and 3xx are without. */
static bool
has_enhanced(enum reply r)
{
	return r != R_220_GREETING && r != R_250_HELO &&
	       reply_code(r) / 100 != 3;
}

static bool
takes_argument(enum reply r)
{
	struct buf with = buf_new(LIMIT_OUTPUT), without = with;
	bool differ;

	reply_add(&with, r, slice_of("x"));
	reply_add(&without, r, slice_of(""));
	differ = !slice_eq(buf_slice(&with), buf_slice(&without));
	buf_free(&with);
	buf_free(&without);
	return differ;
}

static struct parsed
assert_well_formed(enum reply r, struct slice arg)
{
	struct buf b = buf_new(LIMIT_OUTPUT);
	struct parsed p;

	reply_add(&b, r, arg);
	assert_true(buf_ok(&b));
	/* RFC 4954, 4: a challenge is one line, however long. */
	p = parse(buf_slice(&b), has_enhanced(r),
	    r == R_334_CHALLENGE ? LIMIT_OUTPUT : LIMIT_REPLY_LINE);
	assert_int_equal(p.code, reply_code(r));
	buf_free(&b);
	return p;
}

static void
test_every_reply_is_well_formed_whatever_it_is_given(void **state)
{
	static const struct slice args[] = {
		S(""),
		S("x"),
		S("$"),
		S("$$ %s %n %99999d"),
		S("a\r\n250 2.0.0 Ok"),
		S("a\nb\rc\0d\te\x1b[2J\x7f\x80\xff"),
	};
	struct parsed p;
	size_t i;
	int r;

	(void)state;
	for (r = 0; r < REPLY_COUNT; r++)
		for (i = 0; i < ARRAY_LEN(args); i++) {
			p = assert_well_formed((enum reply)r, args[i]);
			assert_int_equal(p.lines, 1);
			assert_true(i == 0 || p.text.n > 0);
			buf_free(&p.text);
		}
}

static void
test_a_long_argument_is_split_over_lines_and_whole(void **state)
{
	char arg[5000];
	struct parsed p;
	size_t gap, i;
	int r;

	(void)state;
	for (r = 0; r < REPLY_COUNT; r++)
		for (gap = 1; gap <= 5001; gap += 500) {
			memset(arg, 'a', sizeof(arg));
			for (i = gap; i < sizeof(arg); i += gap)
				arg[i] = ' ';
			p = assert_well_formed(
			    (enum reply)r, (struct slice){ arg, sizeof(arg) });
			if (r == R_334_CHALLENGE)
				assert_int_equal(p.lines, 1);
			if (takes_argument((enum reply)r))
				assert_non_null(memmem(
				    p.text.p, p.text.n, arg, sizeof(arg)));
			buf_free(&p.text);
		}
}

static void
test_no_line_is_too_long_wherever_its_space_stands(void **state)
{
	static const struct slice enhanced[] = { S(""), S("5.7.1"),
		S("5.100.100") };
	char text[1200];
	struct parsed p;
	struct buf b;
	size_t at, i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(enhanced); i++)
		for (at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = ' ';
			b = buf_new(LIMIT_OUTPUT);
			reply_add_foreign(&b, 550, enhanced[i],
			    (struct slice){ text, sizeof(text) });
			p = parse(buf_slice(&b), i > 0, LIMIT_REPLY_LINE);
			assert_int_equal(p.lines, 3);
			assert_slice(buf_slice(&p.text),
			    (struct slice){ text, sizeof(text) });
			buf_free(&p.text);
			buf_free(&b);
		}
}

static void
test_text_that_just_fits_is_one_line(void **state)
{
	char text[LIMIT_REPLY_LINE];
	struct parsed p;
	struct buf b;
	size_t n, room = LIMIT_REPLY_LINE - sizeof("550 5.7.1 \r\n") + 1;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (n = 0; n < sizeof(text); n++) {
		b = buf_new(LIMIT_OUTPUT);
		reply_add_foreign(
		    &b, 550, slice_of("5.7.1"), (struct slice){ text, n });
		p = parse(buf_slice(&b), true, LIMIT_REPLY_LINE);
		assert_int_equal(p.lines, n <= room ? 1 : 2);
		assert_int_equal(p.text.n, n);
		buf_free(&p.text);
		buf_free(&b);
	}
}

static void
test_a_smarthosts_words_cannot_forge_a_second_reply(void **state)
{
	static const struct slice text =
	    S("no\r\n250 2.0.0 Ok\r\n\0 such \xc3\xa4");
	struct buf b = buf_new(LIMIT_OUTPUT);

	(void)state;
	reply_add_foreign(&b, 550, slice_of("5.1.1"), text);
	assert_slice(buf_slice(&b),
	    slice_of("550 5.1.1 no??250 2.0.0 Ok??? such ??\r\n"));
	buf_free(&b);
}

static void
test_replies_say_what_clients_look_for(void **state)
{
	/* clang-format off */
	static const struct {
		enum reply	 reply;
		const char	*arg;
		const char	*want;
	} cases[] = {
		{ R_220_GREETING, "mx.example", "220 mx.example ESMTP submitd\r\n" },
		{ R_250_HELO, "mx.example", "250 mx.example\r\n" },
		{ R_334_CHALLENGE, "", "334 \r\n" },
		{ R_334_CHALLENGE, "VXNlcm5hbWU6", "334 VXNlcm5hbWU6\r\n" },
		{ R_354_GO_AHEAD, "", "354 Send the message; end with <CRLF>.<CRLF>\r\n" },
		{ R_501_ARGUMENT, "MAIL", "501 5.5.4 Syntax error in the argument of MAIL\r\n" },
		{ R_552_TOO_BIG, "100", "552 5.3.4 Message too big; at most 100 octets\r\n" },
	};
	/* clang-format on */
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		b = buf_new(LIMIT_OUTPUT);
		reply_add(&b, cases[i].reply, slice_of(cases[i].arg));
		assert_slice(buf_slice(&b), slice_of(cases[i].want));
		buf_free(&b);
	}
}

static void
test_our_own_trouble_is_never_for_good(void **state)
{
	static const enum reply ours[] = { R_421_SHUTDOWN, R_421_TOO_MANY,
		R_421_TROUBLE, R_454_AUTH_TROUBLE, R_451_NO_RELAY,
		R_451_STORAGE, R_452_FULL, R_452_TOO_MANY_RCPT };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(ours); i++)
		assert_int_equal(reply_code(ours[i]) / 100, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_every_reply_is_well_formed_whatever_it_is_given),
		cmocka_unit_test(
		    test_a_long_argument_is_split_over_lines_and_whole),
		cmocka_unit_test(
		    test_no_line_is_too_long_wherever_its_space_stands),
		cmocka_unit_test(test_text_that_just_fits_is_one_line),
		cmocka_unit_test(
		    test_a_smarthosts_words_cannot_forge_a_second_reply),
		cmocka_unit_test(test_replies_say_what_clients_look_for),
		cmocka_unit_test(test_our_own_trouble_is_never_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
