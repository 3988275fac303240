/* fixup - what is added, removed and kept in a header. */

#include "fixupcase.h"

#include <time.h>

#define FROM "From: alice@example.org\r\n"
#define KEPT FROM DATED /* a header that needs nothing */
#define A60  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define A480 A60 A60 A60 A60 A60 A60 A60 A60

/* A whole content, what becomes of it behind our Received, and its names. */
/* clang-format off */
static const struct {
	struct slice	 in;
	struct slice	 out;
	const char	*names;
	const char	*message_id;
} cases[] = {
	/* nothing to do: byte for byte */
	{ S(KEPT "\r\nbody\r\n"), S(KEPT "\r\nbody\r\n"), "", "<m@x>" },
	{ S(KEPT "\r\n"), S(KEPT "\r\n"), "", "<m@x>" },
	{ S(KEPT), S(KEPT), "", "<m@x>" },
	{ S(KEPT "Subject: \xe4 \xff\r\n\ta\r\n  b  \r\nX:\r\n\r\nFrom: x\r\n"),
	  S(KEPT "Subject: \xe4 \xff\r\n\ta\r\n  b  \r\nX:\r\n\r\nFrom: x\r\n"), "", "<m@x>" },
	{ S("DKIM-Signature: a\r\n\tb=c\r\n" KEPT "Subject: x\r\nSubject: y\r\nTo: a@b.c\r\nTO : d@e.f\r\n\r\nx"),
	  S("DKIM-Signature: a\r\n\tb=c\r\n" KEPT "Subject: x\r\nSubject: y\r\nTo: a@b.c\r\nTO : d@e.f\r\n\r\nx"), "", "<m@x>" },
	{ S("Received: x\r\n" KEPT "Received: y\r\n\r\n"), S("Received: x\r\n" KEPT "Received: y\r\n\r\n"), "", "<m@x>" },

	/* Date and Message-ID */
	{ S(FROM "\r\nbody"), S(ADDED_DATE ADDED_ID FROM "\r\nbody"), "date,message-id", "<0id@our.example>" },
	{ S(FROM "Date: Mon, 23 Nov 26 10:00 EST\r\n\r\n"), S(ADDED_ID FROM "Date: Mon, 23 Nov 26 10:00 EST\r\n\r\n"), "message-id", "<0id@our.example>" },
	{ S(FROM "Date : x\r\nMESSAGE-ID  :<a@b>\r\n\r\n"), S(FROM "Date : x\r\nMESSAGE-ID  :<a@b>\r\n\r\n"), "", "<a@b>" },
	{ S(FROM "Date: yesterday\r\nMessage-ID: <a@b>\r\n\r\n"), S(FROM "Date: yesterday\r\nMessage-ID: <a@b>\r\n\r\n"), "", "<a@b>" },
	{ S("Date:\r\n" FROM "Message-ID: <a@b>\r\n\r\n"), S(ADDED_DATE FROM "Message-ID: <a@b>\r\n\r\n"), "date", "<a@b>" },
	{ S("Date: (now)\r\n \r\nMessage-ID:\r\n <a@b>\r\n" FROM "\r\n"), S(ADDED_DATE "Message-ID:\r\n <a@b>\r\n" FROM "\r\n"), "date", "<a@b>" },
	{ S(FROM "Date: x\r\nMessage-ID: <a b@c>\r\nSubject: x\r\n\r\n"), S(ADDED_ID FROM "Date: x\r\nSubject: x\r\n\r\n"), "message-id", "<0id@our.example>" },
	{ S(FROM "Date: x\r\nMessage-ID:\r\n\r\n"), S(ADDED_ID FROM "Date: x\r\n\r\n"), "message-id", "<0id@our.example>" },
	{ S(FROM "Date: x\r\nMessage-ID: a\r\nMessage-ID: <b@c>\r\n\r\n"), S(FROM "Date: x\r\nMessage-ID: a\r\nMessage-ID: <b@c>\r\n\r\n"), "", "<b@c>" },

	/* Bcc */
	{ S(KEPT "To: b@c.d\r\nBcc: e@f.g\r\nSubject: x\r\n\r\n"), S(KEPT "To: b@c.d\r\nSubject: x\r\n\r\n"), "bcc", "<m@x>" },
	{ S(KEPT "Cc: b@c.d\r\nBCC :\r\n e@f.g,\r\n\th@i.j\r\n\r\n"), S(KEPT "Cc: b@c.d\r\n\r\n"), "bcc", "<m@x>" },
	{ S(KEPT "Bcc: e@f.g\r\nX: y\r\n\r\n"), S(KEPT "Bcc: \r\nX: y\r\n\r\n"), "bcc", "<m@x>" },
	{ S(KEPT "Bcc: e@f.g\r\nX: y\r\nBcc: h@i.j\r\n\r\n"), S(KEPT "Bcc: \r\nX: y\r\n\r\n"), "bcc", "<m@x>" },
	{ S(KEPT "Bcc:\r\nTo: b@c.d\r\n\r\n"), S(KEPT "To: b@c.d\r\n\r\n"), "bcc", "<m@x>" },
	{ S("Bcc: e@f.g\r\n" KEPT "To: b@c.d\r\nBcc: e@f.g"), S(KEPT "To: b@c.d\r\n"), "bcc", "<m@x>" },

	/* others that do not stay */
	{ S("Return-Path: <x@y>\r\n" KEPT "return-path : <>\r\n\r\n"), S(KEPT "\r\n"), "return-path", "<m@x>" },
	{ S(KEPT "Authentication-Results: our.example; auth=pass\r\n smtp.auth=ceo\r\nX: y\r\n\r\n"), S(KEPT "X: y\r\n\r\n"), "authentication-results", "<m@x>" },
	{ S("authentication-RESULTS: (c) OUR.Example/1 ; x\r\n" KEPT "\r\n"), S(KEPT "\r\n"), "authentication-results", "<m@x>" },
	{ S("Authentication-Results: other.example; x\r\n" KEPT "\r\n"), S("Authentication-Results: other.example; x\r\n" KEPT "\r\n"), "", "<m@x>" },

	/* no header, half of one, no empty line */
	{ S(KEPT "hello\r\nworld: x\r\n"), S(KEPT "\r\nhello\r\nworld: x\r\n"), "blank-line", "<m@x>" },
	{ S(KEPT "hello"), S(KEPT "\r\nhello"), "blank-line", "<m@x>" },
	{ S(FROM "x y: z\r\n"), S(ADDED_DATE ADDED_ID FROM "\r\nx y: z\r\n"), "date,message-id,blank-line", "<0id@our.example>" },

	/* sent again: only what is of now (RFC 5322, 3.6.6) */
	{ S("Resent-From: alice@example.org\r\n" FROM "Date: x\r\n\r\n"),
	  S("Resent-Date: Wed, 25 Nov 2026 03:20:28 +0000\r\nResent-Message-ID: <0id@our.example>\r\nResent-From: alice@example.org\r\n" FROM "Date: x\r\n\r\n"),
	  "date,message-id", "" },
	{ S("Resent-From: alice@example.org\r\nResent-Date: x\r\nResent-Message-ID: y\r\nResent-Bcc: b@c.d\r\n" FROM "Date: x\r\nMessage-ID: z\r\n\r\n"),
	  S("Resent-From: alice@example.org\r\nResent-Date: x\r\nResent-Message-ID: y\r\n" FROM "Date: x\r\nMessage-ID: z\r\n\r\n"),
	  "bcc", "" },

	{ S("Resent-To: b@c.d\r\nResent-Date: x\r\nResent-Message-ID: y\r\n" FROM "\r\n"),
	  S("Resent-To: b@c.d\r\nResent-Date: x\r\nResent-Message-ID: y\r\n" FROM "\r\n"), "", "" },

	/* address fields that hold none */
	{ S(KEPT "To:\r\nCc: \r\nReply-To: (x)\r\n\r\n"), S(KEPT "To:\r\nCc: \r\nReply-To: (x)\r\n\r\n"), "", "<m@x>" },
	{ S(KEPT "To: undisclosed-recipients:;\r\n\r\n"), S(KEPT "To: undisclosed-recipients:;\r\n\r\n"), "", "<m@x>" },
};

/* A header behind KEPT that is refused, and how. */
static const struct {
	const char	*in;
	enum reply	 refusal;
	const char	*detail;
} refused[] = {
	{ "To: broken@@x\r\n", R_554_HEADER_SYNTAX, "To: no whole domain behind the @ at character 9: @x" },
	{ "To: a@b.c; d@e.f\r\n", R_554_HEADER_SYNTAX, "To: a ; that ends no group at character 7: ; d@e.f" },
	{ "CC : a b\r\n", R_554_HEADER_SYNTAX, "Cc: a name without an address at character 5" },
	{ "Bcc: <\r\n", R_554_HEADER_SYNTAX, "Bcc: no address at character 3" },
	{ "Reply-To: x@\r\n", R_554_HEADER_SYNTAX, "Reply-To: no whole domain behind the @ at character 4" },
	{ "Resent-To: (\r\n", R_554_HEADER_SYNTAX, "Resent-To: a comment does not end at character 3" },
	{ "Resent-Cc: ,;\r\n", R_554_HEADER_SYNTAX, "Resent-Cc: a ; that ends no group at character 3: ;" },
	{ "Resent-Bcc: a:b@c.d\r\n", R_554_HEADER_SYNTAX, "Resent-Bcc: a group that does not end at character 9" },
	{ "Resent-Reply-To: a@b.c d\r\n", R_554_HEADER_SYNTAX, "Resent-Reply-To: text behind an address at character 8: d" },
	{ "To: bob@sales\r\n", R_554_HEADER_DOMAIN, "To <bob@sales>" },
	{ "To: a@b.c, bob\r\n", R_554_HEADER_DOMAIN, "To <bob>" },
	{ "Cc: root@localhost\r\n", R_554_HEADER_DOMAIN, "Cc <root@localhost>" },
};

/* With complete_domain = corp.example; both behind KEPT. */
static const struct {
	const char	*in;
	const char	*out;
} completed[] = {
	{ "To: bob\r\n", "To: bob@corp.example\r\n" },
	{ "To: bob@sales\r\n", "To: bob@sales.corp.example\r\n" },
	{ "To: Bob <bob>\r\n", "To: Bob <bob@corp.example>\r\n" },
	{ "To: bob (Bob)\r\n", "To: bob@corp.example (Bob)\r\n" },
	{ "To: < bob >\r\n", "To: < bob@corp.example >\r\n" },
	{ "To: \"b b\"@sales\r\n", "To: \"b b\"@sales.corp.example\r\n" },
	{ "To: bob @ sales (x)\r\n", "To: bob @ sales.corp.example (x)\r\n" },
	{ "To: a, b@c.d,\r\n\te@f\r\n", "To: a@corp.example, b@c.d,\r\n\te@f.corp.example\r\n" },
	{ "To: g: a, b@c;\r\nCc:  d\r\n", "To: g: a@corp.example, b@c.corp.example;\r\nCc:  d@corp.example\r\n" },
	{ "To: x@y.z\r\nCc: a\r\n", "To: x@y.z\r\nCc: a@corp.example\r\n" },
	{ "To: a@[1.2.3.4], a@x.sales\r\n", "To: a@[1.2.3.4], a@x.sales\r\n" },
	{ "Reply-To: bob\r\nSubject: bob\r\n", "Reply-To: bob@corp.example\r\nSubject: bob\r\n" },
	{ "To: bob\r\nBcc: carol\r\n", "To: bob@corp.example\r\n" },
	{ "To: bob, " A480 A480 " <carol>\r\n", "To: bob@corp.example, \r\n " A480 A480 " <carol@corp.example>\r\n" },
};
/* clang-format on */

static void
test_each_case_at_every_split(void **state)
{
	struct fixupcase c;
	struct buf names;
	size_t i, cut;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		for (cut = 0; cut <= cases[i].in.n; cut++) {
			fixupcase_begin(&c);
			fixupcase_run(&c, cases[i].in, cut);
			assert_written(&c, cases[i].out);
			names = buf_new(256);
			fixup_add_names(&names, c.fixup.done);
			assert_slice(
			    buf_slice(&names), slice_of(cases[i].names));
			assert_string_equal(
			    c.fixup.message_id, cases[i].message_id);
			buf_free(&names);
			fixupcase_end(&c);
		}
}

static struct buf
behind_kept(const char *head)
{
	struct buf b = buf_new(65536);

	buf_str(&b, KEPT);
	buf_str(&b, head);
	buf_str(&b, "\r\nbody\r\n");
	return b;
}

static void
test_bad_addresses_are_refused(void **state)
{
	struct fixupcase c;
	struct buf in;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(refused); i++) {
		in = behind_kept(refused[i].in);
		fixupcase_begin(&c);
		fixupcase_run(&c, buf_slice(&in), in.n);
		assert_refused(&c, refused[i].refusal, refused[i].detail);
		fixupcase_end(&c);
		buf_free(&in);
	}
}

static void
test_bad_addresses_can_be_let_through(void **state)
{
	struct fixupcase c;
	struct buf in;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(refused); i++) {
		if (strncasecmp(refused[i].in, "Resent", 6) == 0 ||
		    strncmp(refused[i].in, "Bcc", 3) == 0)
			continue; /* do not stay as they are anyway */
		in = behind_kept(refused[i].in);
		fixupcase_begin(&c);
		c.rules.check.syntax = HEADER_SYNTAX_LOG;
		fixupcase_run(&c, buf_slice(&in), in.n);
		assert_written(&c, buf_slice(&in));
		assert_string_equal(c.fixup.notes.fault, refused[i].detail);
		fixupcase_end(&c);
		buf_free(&in);
	}
}

static void
test_domains_are_completed_where_told(void **state)
{
	struct buf in, want;
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(completed); i++) {
		in = behind_kept(completed[i].in);
		want = behind_kept(completed[i].out);
		fixupcase_begin(&c);
		c.rules.check.complete_domain = slice_of("corp.example");
		fixupcase_run(&c, buf_slice(&in), in.n);
		assert_written(&c, buf_slice(&want));
		fixupcase_end(&c);
		buf_free(&in);
		buf_free(&want);
	}
}

/* Who one is, is asked of the completed address. */
static void
test_a_completed_author_is_judged(void **state)
{
	static const char own[] = DATED "From: Alice <alice>\r\n\r\n";
	static const char foreign[] = DATED "From: boss@example\r\n\r\n";
	struct fixupcase c;

	(void)state;
	fixupcase_begin(&c);
	c.rules.check.complete_domain = slice_of("example.org");
	fixupcase_run(&c, slice_of(own), 0);
	assert_written(
	    &c, slice_of(DATED "From: Alice <alice@example.org>\r\n\r\n"));
	fixupcase_end(&c);

	fixupcase_begin(&c);
	c.rules.check.complete_domain = slice_of("example.org");
	fixupcase_run(&c, slice_of(foreign), 0);
	assert_refused(&c, R_550_HEADER_NOT_YOURS,
	    "From <boss@example.example.org>; you may use alice@example.org, "
	    "sales@example.net");
	fixupcase_end(&c);

	fixupcase_begin(&c); /* both at once */
	c.rules.check.complete_domain = slice_of("example.org");
	c.rules.check.from = HEADER_FROM_REWRITE;
	fixupcase_run(&c,
	    slice_of(DATED "From: boss\r\nSender: alice\r\nTo: bob\r\n"), 0);
	assert_written(&c, slice_of(DATED "From: <alice@example.org>\r\n"
					  "Original-From: boss\r\n"
					  "Sender: alice@example.org\r\n"
					  "To: bob@example.org\r\n"));
	fixupcase_end(&c);
}

static void
test_headerless_content_is_told_so(void **state)
{
	static const char *const rows[] = { "", "\r\n", "hello\r\nworld\r\n",
		" From: alice@example.org\r\n", "Subject: x\r\n\r\n" };
	struct fixupcase c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		fixupcase_begin(&c);
		fixupcase_run(&c, slice_of(rows[i]), 0);
		assert_refused(&c, R_554_NO_FROM, "");
		fixupcase_end(&c);
	}
	fixupcase_begin(&c);
	c.rules.check.from = HEADER_FROM_OFF;
	fixupcase_run(&c, slice_of("hello\r\n"), 0);
	assert_written(&c, slice_of(ADDED_DATE ADDED_ID
			       "From: <alice@example.org>\r\n\r\nhello\r\n"));
	fixupcase_end(&c);
}

static void
test_a_loop_ends_at_the_limit(void **state)
{
	struct buf in = buf_new(65536);
	struct fixupcase c;
	unsigned i;

	(void)state;
	buf_str(&in, KEPT);
	for (i = 1; i < LIMIT_RECEIVED; i++)
		buf_str(&in, i % 2 ? "Received: x\r\n" : "RECEIVED : x\r\n");
	buf_str(&in, "X-Received: x\r\n Received: x\r\n\r\nReceived: x\r\n");
	fixupcase_begin(&c);
	fixupcase_run(&c, buf_slice(&in), 0);
	assert_written(&c, buf_slice(&in));
	fixupcase_end(&c);

	fixupcase_begin(&c);
	buf_clear(&in);
	for (i = 0; i < LIMIT_RECEIVED; i++)
		buf_str(&in, "received:x\r\n");
	fixupcase_run(&c, buf_slice(&in), 0);
	assert_refused(&c, R_554_LOOP, "");
	fixupcase_end(&c);
	buf_free(&in);
}

/* Lines we write are of legal length, whatever the client's were. */
static void
test_rewritten_lines_are_not_too_long(void **state)
{
	struct buf in = buf_new(65536);
	struct fixupcase c;
	const char *p, *lf;
	size_t n;

	(void)state;
	for (n = 880; n <= 992 - strlen(" <a@b.c>"); n++) {
		buf_clear(&in);
		buf_str(&in, DATED "From: ");
		while (in.n < strlen(DATED "From: ") + n)
			buf_str(&in, "x");
		buf_str(&in, " <a@b.c>\r\n\r\n");
		fixupcase_begin(&c);
		c.rules.check.from = HEADER_FROM_REWRITE;
		fixupcase_run(&c, buf_slice(&in), 0);
		assert_true(c.fine);
		for (p = c.out.p; p < c.out.p + c.out.n; p = lf + 1) {
			lf = memchr(p, '\n', (size_t)(c.out.p + c.out.n - p));
			assert_true(lf - p + 1 <= 1000);
		}
		fixupcase_end(&c);
	}
	buf_free(&in);
}

/* Headers whose end stands at each place around each edge, split there. */
static void
test_the_rest_is_byte_for_byte_at_every_edge(void **state)
{
	static const size_t edges[] = { 64, 4096, 16384, 65536 };
	struct buf in = buf_new(1 << 20);
	struct fixupcase c;
	size_t i, at, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(edges); i++)
		for (at = edges[i] - 6; at <= edges[i] + 6; at++) {
			buf_clear(&in);
			buf_str(&in, KEPT);
			for (n = 0; in.n + 4 < at; n++)
				buf_str(&in, n == 0   ? "X:"
					     : n % 70 ? "y"
						      : "\r\n ");
			buf_str(&in, n > 0 ? "\r\n" : "");
			buf_str(&in, "\r\nbody\r\n.\r\n");
			fixupcase_begin(&c);
			fixupcase_run(&c, buf_slice(&in), edges[i]);
			assert_written(&c, buf_slice(&in));
			fixupcase_end(&c);
		}
	buf_free(&in);
}

static double
seconds_for(const char *field, size_t size)
{
	struct buf in = buf_new(1 << 20);
	struct timespec a, b;
	struct fixupcase c;

	buf_str(&in, KEPT);
	while (in.n + strlen(field) < size)
		buf_str(&in, field);
	fixupcase_begin(&c);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	fixupcase_run(&c, buf_slice(&in), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	fixupcase_end(&c);
	buf_free(&in);
	return (double)(b.tv_sec - a.tv_sec) +
	       (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* A quadratic scan of these would take minutes. */
static void
test_the_largest_headers_take_no_time(void **state)
{
	static const char *const fields[] = { "a:\r\n", "a: b\r\n c\r\n",
		"To:a@b.c\r\n", "Bcc:a@b.c\r\n", "Return-Path:\r\n",
		"Message-ID:\r\n", "Date:\r\n", "To:(((((((\r\n",
		"Resent-From:alice@example.org\r\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(fields); i++)
		assert_true(seconds_for(fields[i], LIMIT_HEADER) < 1.0);
}

/* A content that has come whole. */
static void
collect(struct headerblock *h, struct slice in)
{
	enum headerblock_status st = headerblock_take(h, &in);

	if (st == HEADERBLOCK_MORE)
		st = headerblock_finish(h);
	assert_int_not_equal(st, HEADERBLOCK_MORE);
}

static void
survive(struct slice in)
{
	struct headerblock_field f;
	struct headerblock again;
	struct fixupcase c;
	size_t at = 0;

	fixupcase_begin(&c);
	c.rules.check.grant = &c.grant;
	c.rules.check.syntax = HEADER_SYNTAX_LOG;
	c.rules.check.from = in.n % 2 ? HEADER_FROM_OFF : HEADER_FROM_REWRITE;
	c.rules.check.complete_domain = slice_of("corp.example");
	collect(&c.block, in);
	if (c.block.status == HEADERBLOCK_END &&
	    fixup_header(&c.rules, &c.block, &c.fixup, &c.out)) {
		/* What goes out has a From, and none of what had to go. */
		unsigned count[FIELD_COUNT] = { 0 };

		headerblock_begin(&again);
		collect(&again, buf_slice(&c.out));
		assert_int_equal(again.status, HEADERBLOCK_END);
		assert_false(again.is_open);
		while (headerblock_next(&again, &at, &f)) {
			count[f.id]++;
			assert_true(f.id != FIELD_BCC || f.body.n == 1);
		}
		assert_int_equal(count[FIELD_FROM], 1);
		assert_true(count[FIELD_SENDER] <= 1);
		assert_int_equal(count[FIELD_RETURN_PATH], 0);
		assert_int_equal(count[FIELD_RESENT_BCC], 0);
		headerblock_free(&again);
	}
	fixupcase_end(&c);
}

static void
test_spoilt_headers_come_out_sound(void **state)
{
	struct buf in;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, survive);
		mutated(cases[i].in, survive);
	}
	for (i = 0; i + 1 < ARRAY_LEN(completed); i++) {
		in = behind_kept(completed[i].in);
		mutated(buf_slice(&in), survive);
		buf_free(&in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_at_every_split),
		cmocka_unit_test(test_bad_addresses_are_refused),
		cmocka_unit_test(test_bad_addresses_can_be_let_through),
		cmocka_unit_test(test_domains_are_completed_where_told),
		cmocka_unit_test(test_a_completed_author_is_judged),
		cmocka_unit_test(test_headerless_content_is_told_so),
		cmocka_unit_test(test_a_loop_ends_at_the_limit),
		cmocka_unit_test(test_rewritten_lines_are_not_too_long),
		cmocka_unit_test(test_the_rest_is_byte_for_byte_at_every_edge),
		cmocka_unit_test(test_the_largest_headers_take_no_time),
		cmocka_unit_test(test_spoilt_headers_come_out_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
