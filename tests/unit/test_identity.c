/* identity - whose name a message may bear, in each mode; and who gets round.
 */

#include "fixupcase.h"

#define USE "; you may use alice@example.org, sales@example.net"

/* What reject says; NULL: it passes. */
#define NOT_YOURS(text)   R_550_HEADER_NOT_YOURS, text USE
#define SYNTAX(text)      R_554_HEADER_SYNTAX, text
#define UNQUALIFIED(text) R_554_HEADER_DOMAIN, text
#define PASSES            REPLY_COUNT, NULL
#define SAME              NULL

/*
 * A header whole but for DATED in front: what reject says, and what follows
 * DATED in the modes rewrite and log (SAME: the header as it was; "": these
 * refuse, too).
 */
/* clang-format off */
static const struct {
	const char	*in;
	enum reply	 refusal;
	const char	*detail;
	const char	*rewritten;
	const char	*sender; /* added by log; NULL: none */
} cases[] = {
	/* one's own */
	{ "From: alice@example.org\r\n", PASSES, SAME, NULL },
	{ "From: Alice <ALICE@Example.Org>\r\n", PASSES, SAME, NULL },
	{ "From: sales@example.net\r\n", PASSES, SAME, NULL },
	{ "From:<alice@example.org>\r\n", PASSES, SAME, NULL },
	{ "From: \"alice\"@example.org\r\n", PASSES, SAME, NULL },
	{ "From: \"a\\lice\"@example.org\r\n", PASSES, SAME, NULL },
	{ "From: < alice@example.org > (Alice)\r\n", PASSES, SAME, NULL },
	{ "From : alice@example.org\r\n", PASSES, SAME, NULL },
	{ "FROM:\r\n alice@example.org\r\n", PASSES, SAME, NULL },
	{ "From: us: alice@example.org;\r\n", PASSES, SAME, NULL },
	{ "From: \"boss@example.org\" <alice@example.org>\r\n", PASSES, SAME, NULL },
	{ "From: =?utf-8?q?boss=40example.org?= <alice@example.org>\r\n", PASSES, SAME, NULL },
	{ "From: alice@example.org\r\nSender: sales@example.net\r\n", PASSES, SAME, NULL },
	{ "From: alice@example.org\r\nSender: alice@example.org\r\n", PASSES, SAME, NULL },

	/* somebody else's */
	{ "From: boss@example.org\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: boss@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: The Boss <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: The Boss <alice@example.org>\r\nOriginal-From: The Boss <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: =?utf-8?q?alice=40example.org?= <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: =?utf-8?q?alice=40example.org?= <alice@example.org>\r\nOriginal-From: =?utf-8?q?alice=40example.org?= <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: A. Boss <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: \"A. Boss\" <alice@example.org>\r\nOriginal-From: A. Boss <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: \"B (x)\" <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: \"B (x)\" <alice@example.org>\r\nOriginal-From: \"B (x)\" <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: \"B\" (<boss@example.org>) C <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: \"B\" (<boss@example.org>) C <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: \"B \\\" (x)\" <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: \"B \\\" (x)\" <alice@example.org>\r\nOriginal-From: \"B \\\" (x)\" <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: B (x) C <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: B (x) C <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: The\r\n Boss <boss@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: The\r\n Boss <alice@example.org>\r\nOriginal-From: The\r\n Boss <boss@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: boss@example.org (alice)\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: boss@example.org (alice)\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: \"alice@example.org\"@evil.example\r\n",
	    NOT_YOURS("From <\"alice@example.org\"@evil.example>"),
	    "From: <alice@example.org>\r\nOriginal-From: \"alice@example.org\"@evil.example\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: alice@example.org.evil.example\r\n",
	    NOT_YOURS("From <alice@example.org.evil.example>"),
	    "From: <alice@example.org>\r\nOriginal-From: alice@example.org.evil.example\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: \xd0\xb0lice@example.org\r\n", /* a Cyrillic a */
	    NOT_YOURS("From <\xd0\xb0lice@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: \xd0\xb0lice@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },

	/* several */
	{ "From: alice@example.org, boss@example.org\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: alice@example.org, boss@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: <boss@example.org>, <alice@example.org>\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: <boss@example.org>, <alice@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: us: alice@example.org, boss@example.org;\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: us: alice@example.org, boss@example.org;\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: alice@example.org\r\n\t, boss@example.org\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: alice@example.org\r\n\t, boss@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: nobody:;\r\n",
	    NOT_YOURS("From names nobody"),
	    "From: <alice@example.org>\r\nOriginal-From: nobody:;\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: boss@example.org\r\nSender: alice@example.org\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: boss@example.org\r\nSender: alice@example.org\r\n",
	    NULL },

	/* Sender */
	{ "From: alice@example.org\r\nSender: boss@example.org\r\n",
	    NOT_YOURS("Sender <boss@example.org>"),
	    "From: alice@example.org\r\n", NULL },
	{ "Sender: boss@example.org\r\nFrom: alice@example.org\r\n",
	    NOT_YOURS("Sender <boss@example.org>"),
	    "From: alice@example.org\r\n", NULL },
	{ "From: alice@example.org\r\nSender: nobody:;\r\n",
	    NOT_YOURS("Sender names nobody"),
	    "From: alice@example.org\r\n", NULL },
	{ "From: alice@example.org\r\nSender : boss@example.org\r\n",
	    NOT_YOURS("Sender <boss@example.org>"),
	    "From: alice@example.org\r\n", NULL },

	/* the same for who sends again */
	{ "Resent-From: boss@example.org\r\nResent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    NOT_YOURS("Resent-From <boss@example.org>"),
	    "Resent-From: <alice@example.org>\r\nResent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    NULL },
	{ "Resent-From: alice@example.org\r\nResent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    PASSES, SAME, NULL },
	{ "Resent-Sender: boss@example.org\r\nResent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    NOT_YOURS("Resent-Sender <boss@example.org>"),
	    "Resent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    NULL },
	{ "Resent-From: alice@example.org\r\nResent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: boss@example.org\r\n",
	    NOT_YOURS("From <boss@example.org>"),
	    "Resent-From: alice@example.org\r\nResent-Date: x\r\nResent-Message-ID: <r@x>\r\nFrom: <alice@example.org>\r\nOriginal-From: boss@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },

	/* one's own, but not for everybody who reads it */
	{ "From: alice @ example.org\r\n",
	    SYNTAX("From: an address that others may read differently at character 2: alice @ example.org"),
	    "From: <alice@example.org>\r\nOriginal-From: alice @ example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: <@boss.example:alice@example.org>\r\n",
	    SYNTAX("From: an address that others may read differently at character 17: alice@example.org>"),
	    "From: <alice@example.org>\r\nOriginal-From: <@boss.example:alice@example.org>\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: (<boss@example.org>) alice@example.org\r\n",
	    SYNTAX("From: a comment that others may read as an address at character 1: (<boss@example.org>) ali"),
	    "From: <alice@example.org>\r\nOriginal-From: (<boss@example.org>) alice@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: alice(@evil.example)@example.org\r\n",
	    SYNTAX("From: an address that others may read differently at character 2: alice(@evil.example)@exa"),
	    "From: <alice@example.org>\r\nOriginal-From: alice(@evil.example)@example.org\r\n",
	    "Sender: <alice@example.org>\r\n" },
	{ "From: alice@example.org,\r\n g: (boss@x.y);\r\n",
	    SYNTAX("From: a comment that others may read as an address at character 1: alice@example.org,\r\n g: "),
	    "From: <alice@example.org>\r\nOriginal-From: alice@example.org,\r\n g: (boss@x.y);\r\n",
	    "Sender: <alice@example.org>\r\n" },

	/* no address, or no one's: refused in every mode but off */
	{ "From: boss@example.org <alice@example.org>\r\n",
	    SYNTAX("From: text behind an address at character 19: <alice@example.org>"), "", NULL },
	{ "From: <alice@example.org> boss@example.org\r\n",
	    SYNTAX("From: text behind an address at character 22: boss@example.org"), "", NULL },
	{ "From: =?utf-8?q?boss=40example.org?=, alice@example.org\r\n",
	    SYNTAX("From: an encoded word instead of an address at character 32: , alice@example.org"), "", NULL },
	{ "From: broken@@x\r\n",
	    SYNTAX("From: no whole domain behind the @ at character 9: @x"), "", NULL },
	{ "From:\r\n", SYNTAX("From: no address at character 1"), "", NULL },
	{ "From: (nobody)\r\n", SYNTAX("From: no address at character 10"), "", NULL },
	{ "From: ,\r\n", SYNTAX("From: no address at character 3"), "", NULL },
	{ "From: Alice\r\n", UNQUALIFIED("From <Alice>"), "", NULL },
	{ "From: alice@example\r\n", UNQUALIFIED("From <alice@example>"), "", NULL },
	{ "From: J\xf6rg <alice@example.org>\r\n",
	    SYNTAX("From: not UTF-8 at character 3: \xf6rg <alice@example.org>"), "", NULL },
	{ "From: alice@example.org\r\nSender: alice@example.org, sales@example.net\r\n",
	    SYNTAX("Sender: more than one address at character 1: alice@example.org, sales"), "", NULL },
	{ "From: alice@example.org\r\nSender:\r\n",
	    SYNTAX("Sender: no address at character 1"), "", NULL },
	{ "From: alice@example.org\r\nFrom: alice@example.org\r\n",
	    R_554_HEADER_TWICE, "From", "", NULL },
	{ "From: alice@example.org\r\nFROM : boss@example.org\r\n",
	    R_554_HEADER_TWICE, "From", "", NULL },
	{ "From: alice@example.org\r\nSender: alice@example.org\r\nsender: alice@example.org\r\n",
	    R_554_HEADER_TWICE, "Sender", "", NULL },
	{ "Subject: x\r\n", R_554_NO_FROM, "", "", NULL },
	{ "X-From: alice@example.org\r\n", R_554_NO_FROM, "", "", NULL },
	{ "Resent-From: alice@example.org\r\n", R_554_NO_FROM, "", "", NULL },
	{ "Subject: x\r\n From: alice@example.org\r\n", R_554_NO_FROM, "", "", NULL },
};
/* clang-format on */

static void
run(struct fixupcase *c, enum header_from mode, const char *head)
{
	struct buf in = buf_new(65536);

	c->rules.check.from = mode;
	buf_str(&in, DATED);
	buf_str(&in, head);
	buf_str(&in, "\r\nbody\r\n");
	fixupcase_run(c, buf_slice(&in), in.n);
	buf_free(&in);
}

/* front, DATED, head, and the rest of what run() sent. */
static void
assert_whole(struct fixupcase *c, const char *front, const char *head)
{
	struct buf want = buf_new(65536);

	buf_str(&want, front);
	buf_str(&want, DATED);
	buf_str(&want, head);
	buf_str(&want, "\r\nbody\r\n");
	assert_written(c, buf_slice(&want));
	buf_free(&want);
}

static void
test_reject_refuses_who_is_not_the_user(void **state)
{
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		fixupcase_begin(&c);
		run(&c, HEADER_FROM_REJECT, cases[i].in);
		if (cases[i].refusal == REPLY_COUNT)
			assert_whole(&c, "", cases[i].in);
		else
			assert_refused(&c, cases[i].refusal, cases[i].detail);
		fixupcase_end(&c);
	}
}

static void
test_rewrite_puts_the_user_there(void **state)
{
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		fixupcase_begin(&c);
		run(&c, HEADER_FROM_REWRITE, cases[i].in);
		if (cases[i].rewritten == SAME)
			assert_whole(&c, "", cases[i].in);
		else if (cases[i].rewritten[0] == '\0')
			assert_refused(&c, cases[i].refusal, cases[i].detail);
		else
			assert_whole(&c, "", cases[i].rewritten);
		fixupcase_end(&c);
	}
}

static void
test_log_adds_a_sender_and_tells(void **state)
{
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		fixupcase_begin(&c);
		run(&c, HEADER_FROM_LOG, cases[i].in);
		if (cases[i].rewritten != SAME && cases[i].rewritten[0] == '\0')
			assert_refused(&c, cases[i].refusal, cases[i].detail);
		else
			assert_whole(&c,
			    cases[i].sender == NULL ? "" : cases[i].sender,
			    cases[i].in);
		assert_int_equal(c.fixup.notes.foreign[0] != '\0',
		    cases[i].rewritten != SAME &&
			cases[i].rewritten[0] != '\0');
		fixupcase_end(&c);
	}
}

static void
test_off_looks_at_nothing_but_the_grammar(void **state)
{
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		fixupcase_begin(&c);
		c.rules.check.syntax = HEADER_SYNTAX_LOG;
		run(&c, HEADER_FROM_OFF, cases[i].in);
		if (cases[i].refusal == R_554_HEADER_TWICE)
			assert_refused(&c, cases[i].refusal, cases[i].detail);
		else
			assert_true(c.fine);
		assert_string_equal(c.fixup.notes.foreign, "");
		fixupcase_end(&c);
	}
}

static void
test_several_own_authors_get_a_sender(void **state)
{
	static const char two[] =
	    "From: alice@example.org, sales@example.net\r\n";
	static const char group[] =
	    "From: us: alice@example.org, sales@example.net;\r\n";
	enum header_from mode;
	struct fixupcase c;

	(void)state;
	for (mode = HEADER_FROM_REJECT; mode <= HEADER_FROM_LOG; mode++) {
		fixupcase_begin(&c);
		run(&c, mode, two);
		assert_whole(&c, "Sender: <alice@example.org>\r\n", two);
		assert_int_equal(c.fixup.done, 1U << FIXUP_SENDER);
		fixupcase_end(&c);

		fixupcase_begin(&c);
		run(&c, mode, group);
		assert_whole(&c, "Sender: <alice@example.org>\r\n", group);
		fixupcase_end(&c);
	}
	fixupcase_begin(&c);
	run(&c, HEADER_FROM_OFF, two);
	assert_whole(&c, "", two);
	fixupcase_end(&c);

	fixupcase_begin(&c); /* a foreign Sender that goes leaves a gap */
	run(&c, HEADER_FROM_REWRITE,
	    "From: alice@example.org, sales@example.net\r\n"
	    "Sender: boss@example.org\r\n");
	assert_whole(&c, "Sender: <alice@example.org>\r\n", two);
	fixupcase_end(&c);
}

static void
test_who_has_no_address_is_nobody(void **state)
{
	static const struct {
		enum header_from mode;
		enum reply refusal;
	} rows[] = {
		{ HEADER_FROM_REJECT, R_550_HEADER_NOT_YOURS_NONE },
		{ HEADER_FROM_REWRITE, R_550_HEADER_NOT_YOURS_NONE },
	};
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		fixupcase_begin(&c);
		c.grant.address_count = 0;
		c.grant.addresses.n = 0;
		c.rules.check.own.n = 0;
		run(&c, rows[i].mode, "From: boss@example.org\r\n");
		assert_refused(&c, rows[i].refusal, "From <boss@example.org>");
		fixupcase_end(&c);
	}
	fixupcase_begin(&c); /* no Sender is invented (RFC 6409, 8.1) */
	c.grant.address_count = 0;
	c.grant.addresses.n = 0;
	c.rules.check.own.n = 0;
	run(&c, HEADER_FROM_LOG, "From: boss@example.org\r\n");
	assert_whole(&c, "", "From: boss@example.org\r\n");
	fixupcase_end(&c);

	fixupcase_begin(&c);
	c.rules.check.own.n = 0;
	run(&c, HEADER_FROM_OFF, "Subject: x\r\n");
	assert_refused(&c, R_554_NO_FROM, "");
	fixupcase_end(&c);
}

static void
test_off_adds_a_from(void **state)
{
	struct fixupcase c;

	(void)state;
	fixupcase_begin(&c);
	run(&c, HEADER_FROM_OFF, "Subject: x\r\n");
	assert_whole(&c, "From: <alice@example.org>\r\n", "Subject: x\r\n");
	assert_int_equal(c.fixup.done, 1U << FIXUP_FROM);
	fixupcase_end(&c);
}

static void
test_the_own_address_is_the_sender_or_the_first(void **state)
{
	struct fixupcase c;

	(void)state;
	fixupcase_begin(&c);
	c.addresses.n = c.grant.address_count = 0;
	fixupcase_own(&c, "not an address");
	fixupcase_own(&c, "alice");
	fixupcase_own(&c, "alice@example");
	fixupcase_own(&c, "alice@example.org>\r\nBcc: <boss@example.org");
	fixupcase_own(&c, "second@example.org");
	assert_slice(identity_address(&c.grant, slice_of("")),
	    slice_of("second@example.org"));
	assert_slice(identity_address(&c.grant, slice_of("ALICE@example")),
	    slice_of("ALICE@example"));
	assert_slice(identity_address(&c.grant, slice_of("office@b.c")),
	    slice_of("second@example.org"));
	c.grant.address_count = 0;
	c.grant.addresses.n = 0;
	assert_int_equal(identity_address(&c.grant, slice_of("")).n, 0);
	fixupcase_end(&c);
}

static void
test_five_addresses_are_named(void **state)
{
	struct fixupcase c;
	struct buf b = buf_new(4096);
	int i;

	(void)state;
	fixupcase_begin(&c);
	for (i = 0; i < 6; i++)
		fixupcase_own(&c, "x@y.z");
	identity_add_names(&b, &c.grant);
	assert_slice(buf_slice(&b),
	    slice_of("alice@example.org, sales@example.net, x@y.z, x@y.z, "
		     "x@y.z and 3 more"));
	buf_free(&b);
	fixupcase_end(&c);
}

static void
test_too_many_authors_are_refused(void **state)
{
	struct buf in = buf_new(1 << 20);
	struct fixupcase c;
	unsigned i;

	(void)state;
	buf_str(&in, "From: alice@example.org");
	for (i = 1; i < LIMIT_FIELD_AUTHORS; i++)
		buf_str(&in, ",alice@example.org");
	for (i = 0; i < 2; i++) {
		fixupcase_begin(&c);
		buf_str(&in, i == 0 ? "\r\n" : "");
		fixupcase_run(&c, buf_slice(&in), in.n);
		if (i == 0)
			assert_true(c.fine);
		else
			assert_refused(&c, R_554_HEADER_SYNTAX, NULL);
		fixupcase_end(&c);
		in.n -= 2;
		buf_str(&in, ",alice@example.org\r\n");
	}
	buf_free(&in);
}

static void
survive(struct slice in)
{
	enum header_from mode;
	struct fixupcase c;
	enum headerblock_status st;

	for (mode = HEADER_FROM_REJECT; mode <= HEADER_FROM_OFF; mode++) {
		fixupcase_begin(&c);
		c.rules.check.from = mode;
		c.rules.check.grant = &c.grant;
		c.rules.check.syntax = HEADER_SYNTAX_LOG;
		st = headerblock_take(&c.block, &in);
		if (st == HEADERBLOCK_MORE)
			st = headerblock_finish(&c.block);
		if (st == HEADERBLOCK_END)
			c.fine =
			    fixup_header(&c.rules, &c.block, &c.fixup, &c.out);
		fixupcase_end(&c);
	}
}

static void
test_spoilt_headers_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		mutated(slice_of(cases[i].in), survive);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reject_refuses_who_is_not_the_user),
		cmocka_unit_test(test_rewrite_puts_the_user_there),
		cmocka_unit_test(test_log_adds_a_sender_and_tells),
		cmocka_unit_test(test_off_looks_at_nothing_but_the_grammar),
		cmocka_unit_test(test_several_own_authors_get_a_sender),
		cmocka_unit_test(test_who_has_no_address_is_nobody),
		cmocka_unit_test(test_off_adds_a_from),
		cmocka_unit_test(
		    test_the_own_address_is_the_sender_or_the_first),
		cmocka_unit_test(test_five_addresses_are_named),
		cmocka_unit_test(test_too_many_authors_are_refused),
		cmocka_unit_test(test_spoilt_headers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
