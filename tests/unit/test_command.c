/* command - every verb with every kind of argument. */

#include "cases.h"

#include "command.h"

/*
 * Each verb alone, behind it a blank, an argument (a good one where the verb
 * wants a special one), 8-bit octets, a NUL, and a TAB.
 */
/* clang-format off */
static const struct {
	enum verb	verb;
	const char	*name;
	const char	*good;
	enum parse	alone, blank, arg, eight_bit;
} verbs[] = {
	{ VERB_EHLO, "EHLO", "a.example",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK, PARSE_OK },
	{ VERB_HELO, "HELO", "a.example",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK, PARSE_OK },
	{ VERB_STARTTLS, "STARTTLS", "now",
	    PARSE_OK, PARSE_OK, PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT },
	{ VERB_AUTH, "AUTH", "PLAIN AGEAYg==",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK, PARSE_OK },
	{ VERB_MAIL, "MAIL", "FROM:<a@b.example>",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK,
	    PARSE_BAD_ARGUMENT },
	{ VERB_RCPT, "RCPT", "TO:<a@b.example>",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK,
	    PARSE_BAD_ARGUMENT },
	{ VERB_DATA, "DATA", "now",
	    PARSE_OK, PARSE_OK, PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT },
	{ VERB_RSET, "RSET", "now",
	    PARSE_OK, PARSE_OK, PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT },
	{ VERB_NOOP, "NOOP", "now",
	    PARSE_OK, PARSE_OK, PARSE_OK, PARSE_OK },
	{ VERB_VRFY, "VRFY", "someone",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK, PARSE_OK },
	{ VERB_EXPN, "EXPN", "list",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK, PARSE_OK },
	{ VERB_HELP, "HELP", "MAIL",
	    PARSE_OK, PARSE_OK, PARSE_OK, PARSE_OK },
	{ VERB_QUIT, "QUIT", "now",
	    PARSE_OK, PARSE_OK, PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT },
	{ VERB_BDAT, "BDAT", "5 LAST",
	    PARSE_BAD_ARGUMENT, PARSE_BAD_ARGUMENT, PARSE_OK, PARSE_OK },
	{ VERB_BURL, "BURL", "imap://a@b.example/c LAST",
	    PARSE_OK, PARSE_OK, PARSE_OK, PARSE_OK },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(verbs) == VERB_UNKNOWN, "every verb has its case");

static void
expect(enum verb verb, enum parse want, struct slice line)
{
	struct command cmd;
	enum parse got = command_parse(line, &cmd);

	if (got != want || cmd.verb != verb)
		fail_msg("'%s': got %d, verb %d; want %d, verb %d", shown(line),
		    got, cmd.verb, want, verb);
}

/* name, then tail, in upper and in lower case */
static void
expect_verb(size_t row, enum verb verb, enum parse want, struct slice tail)
{
	size_t i, n = strlen(verbs[row].name);
	char line[80];

	assert_true(n + tail.n <= sizeof(line));
	memcpy(line, verbs[row].name, n);
	memcpy(line + n, tail.p, tail.n);
	expect(verb, want, (struct slice){ line, n + tail.n });
	for (i = 0; i < n; i++)
		line[i] = (char)tolower((unsigned char)line[i]);
	expect(verb, want, (struct slice){ line, n + tail.n });
}

static void
test_every_verb_with_every_kind_of_argument(void **state)
{
	static const struct slice eight_bit = S(" \xc3\xa4"), nul = S(" \0"),
				  tab = S(" \ta"), glued_tab = S("\ta"),
				  glued_nul = S("\0"), ends = S("\t \t");
	char good[40];
	size_t i;
	enum verb v;

	(void)state;
	for (i = 0; i < ARRAY_LEN(verbs); i++) {
		v = verbs[i].verb;
		snprintf(good, sizeof(good), " %s", verbs[i].good);
		expect_verb(i, v, verbs[i].alone, slice_of(""));
		expect_verb(i, v, verbs[i].blank, slice_of(" "));
		expect_verb(i, v, verbs[i].arg, slice_of(good));
		expect_verb(i, v, verbs[i].eight_bit, eight_bit);
		expect_verb(i, v, verbs[i].alone, ends);
		expect_verb(i, v, PARSE_BAD_OCTET, nul);
		expect_verb(i, v, PARSE_BAD_OCTET, tab);
		/* no space, no verb */
		v = VERB_UNKNOWN;
		expect_verb(i, v, PARSE_UNKNOWN_VERB, glued_tab);
		expect_verb(i, v, PARSE_UNKNOWN_VERB, glued_nul);
		expect_verb(i, v, PARSE_UNKNOWN_VERB, slice_of("X"));
	}
}

static void
test_names_are_what_is_parsed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(verbs); i++)
		assert_string_equal(command_name(verbs[i].verb), verbs[i].name);
	assert_string_equal(command_name(VERB_UNKNOWN), "unknown");
}

/* clang-format off */
static const struct {
	struct slice	line;
	enum parse	status;
	enum verb	verb;
	const char	*arg;	/* only where PARSE_OK */
} cases[] = {
	{ S("MAIL FROM:<a@b> SIZE=1"), PARSE_OK, VERB_MAIL, "<a@b> SIZE=1" },
	{ S("mAiL fRoM:<>"),	PARSE_OK, VERB_MAIL, "<>" },
	{ S("MAIL FROM: <a@b>"), PARSE_OK, VERB_MAIL, "<a@b>" },
	{ S("MAIL FROM:\t<a@b>"), PARSE_OK, VERB_MAIL, "<a@b>" },
	{ S("RCPT TO: \t <a@b>"), PARSE_OK, VERB_RCPT, "<a@b>" },
	{ S("MAIL FROM:\t<a@b>\tSIZE=1"), PARSE_BAD_OCTET, VERB_MAIL, NULL },
	{ S("NOOP \ta"),	PARSE_BAD_OCTET, VERB_NOOP, NULL },
	{ S("MAIL   FROM:<a@b>  "), PARSE_OK, VERB_MAIL, "<a@b>" },
	{ S("MAIL FROM:\xc3\xa4"), PARSE_OK, VERB_MAIL, "\xc3\xa4" },
	{ S("RCPT TO:<a@b>"),	PARSE_OK, VERB_RCPT, "<a@b>" },
	{ S("RCPT to: <a b@c>"), PARSE_OK, VERB_RCPT, "<a b@c>" },
	{ S("NOOP  a  b  "),	PARSE_OK, VERB_NOOP, "a  b" },
	{ S("NOOP a\t \t"),	PARSE_OK, VERB_NOOP, "a" },
	{ S("NOOP a\tb\t"),	PARSE_BAD_OCTET, VERB_NOOP, NULL },
	{ S("MAIL FROM:<a@b.c>\t"),	PARSE_OK, VERB_MAIL, "<a@b.c>" },
	{ S("\t"),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("  "),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("EHLO a\x85z"),	PARSE_OK, VERB_EHLO, "a\x85z" },
	{ S("EHLO a\xe2\x80\xa8z"), PARSE_OK, VERB_EHLO, "a\xe2\x80\xa8z" },
	{ S("QUIT     "),	PARSE_OK, VERB_QUIT, "" },
	{ S("AUTH PLAIN ="),	PARSE_OK, VERB_AUTH, "PLAIN =" },
	{ S("QUIT\t"),		PARSE_OK, VERB_QUIT, "" },
	{ S("DATA \t "),	PARSE_OK, VERB_DATA, "" },
	{ S("RCPT TO:<a@b>\t"),	PARSE_OK, VERB_RCPT, "<a@b>" },
	{ S("BDAT 5 LAST \t"),	PARSE_OK, VERB_BDAT, "5 LAST" },
	{ S("NOOP a\tb"),	PARSE_BAD_OCTET, VERB_NOOP, NULL },

	{ S("MAIL FROM:"),	PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("MAIL FROM:   "),	PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("MAIL FROM"),	PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("MAIL FROM <a@b>"),	PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("MAIL FROM :<a@b>"), PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("MAIL <a@b>"),	PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("MAIL TO:<a@b>"),	PARSE_BAD_ARGUMENT, VERB_MAIL, NULL },
	{ S("RCPT FROM:<a@b>"),	PARSE_BAD_ARGUMENT, VERB_RCPT, NULL },
	{ S("RCPT TO:"),	PARSE_BAD_ARGUMENT, VERB_RCPT, NULL },

	{ S("EHLO a\rb"),	PARSE_BAD_OCTET, VERB_EHLO, NULL },
	{ S("EHLO a\nb"),	PARSE_BAD_OCTET, VERB_EHLO, NULL },
	{ S("EHLO a\vb"),	PARSE_BAD_OCTET, VERB_EHLO, NULL },
	{ S("EHLO a\fb"),	PARSE_BAD_OCTET, VERB_EHLO, NULL },
	{ S("EHLO a\x1b[2Jb"),	PARSE_BAD_OCTET, VERB_EHLO, NULL },
	{ S("EHLO a\x7f"),	PARSE_BAD_OCTET, VERB_EHLO, NULL },
	{ S("MAIL FROM:<\"a\rRCPT TO:<x@y>\"@d>"),
				PARSE_BAD_OCTET, VERB_MAIL, NULL },
	{ S("MAIL FROM:<a@b>\0 SIZE=1"), PARSE_BAD_OCTET, VERB_MAIL, NULL },

	{ S(""),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S(" "),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S(" NOOP"),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("NOO"),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("MAI\0 FROM:<>"),	PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("MAILFROM:<a@b>"),	PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("unknown"),		PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("XCLIENT ADDR=1"),	PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("GET / HTTP/1.1"),	PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("\xff\xff"),	PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
	{ S("\x16\x03\x01\x02"), PARSE_UNKNOWN_VERB, VERB_UNKNOWN, NULL },
};
/* clang-format on */

static void
test_each_case(void **state)
{
	struct command cmd;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		expect(cases[i].verb, cases[i].status, cases[i].line);
		if (command_parse(cases[i].line, &cmd) == PARSE_OK)
			assert_slice(cmd.arg, slice_of(cases[i].arg));
	}
}

static void
check_result(struct slice line)
{
	struct command cmd;
	enum parse st = command_parse(line, &cmd);
	size_t i;

	assert_true(is_inside(cmd.arg, line));
	assert_int_equal(st == PARSE_UNKNOWN_VERB, cmd.verb == VERB_UNKNOWN);
	if (st != PARSE_OK)
		return;
	for (i = 0; i < cmd.arg.n; i++)
		assert_false(iscntrl((unsigned char)cmd.arg.p[i]));
	if (cmd.arg.n > 0) {
		assert_true(cmd.arg.p[0] != ' ');
		assert_true(cmd.arg.p[cmd.arg.n - 1] != ' ');
	}
}

static void
test_spoilt_lines_give_clean_arguments_or_none(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].line, check_result);
		mutated(cases[i].line, check_result);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_verb_with_every_kind_of_argument),
		cmocka_unit_test(test_names_are_what_is_parsed),
		cmocka_unit_test(test_each_case),
		cmocka_unit_test(
		    test_spoilt_lines_give_clean_arguments_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
