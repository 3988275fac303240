/*
 * report - what comes back of the message, addresses of any script, and
 * whatever servers and messages may try to smuggle in.
 */

#include "reportmake.h"

/* -- what comes back ------------------------------------------------------- */

#define HEAD   "Subject: hello\r\n\r\n"
#define UMLAUT "\xc3\xbc"

static void
test_what_is_returned_is_labelled(void **state)
{
	/* clang-format off */
	static const struct {
		const char	*name;
		uint32_t	 ret;
		bool		 smtputf8;
		struct slice	 content;
		const char	*part;	/* and its content, to the end */
		uint32_t	 body;
	} cases[] = {
		{ "whole", RET_FULL, false, S(HEAD "Text.\r\n"),
		  "message/rfc822\r\n\r\n" HEAD "Text.\r\n", BODY_7BIT },
		{ "headers", RET_HDRS, false, S(HEAD "Text.\r\n"),
		  "text/rfc822-headers\r\n\r\nSubject: hello\r\n", BODY_7BIT },
		{ "8-bit body", RET_UNSET, false, S(HEAD UMLAUT "\r\n"),
		  "message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
		  HEAD UMLAUT "\r\n", BODY_8BITMIME },
		{ "8-bit body, headers", RET_HDRS, false,
		  S(HEAD UMLAUT "\r\n"),
		  "text/rfc822-headers\r\n\r\nSubject: hello\r\n", BODY_7BIT },
		{ "UTF-8 header", RET_UNSET, true,
		  S("Subject: " UMLAUT "\r\n\r\nText.\r\n"),
		  "message/global\r\nContent-Transfer-Encoding: "
		  "quoted-printable\r\n\r\nSubject: =C3=BC\r\n\r\nText.\r\n",
		  BODY_7BIT },
		{ "UTF-8 header, headers", RET_HDRS, true,
		  S("Subject: " UMLAUT "\r\n\r\nText.\r\n"),
		  "message/global-headers\r\nContent-Transfer-Encoding: "
		  "quoted-printable\r\n\r\nSubject: =C3=BC\r\n", BODY_7BIT },
		{ "8-bit header", RET_UNSET, false,
		  S("Subject: \xfc\r\n\r\nText.\r\n"),
		  "text/rfc822-headers\r\nContent-Transfer-Encoding: "
		  "quoted-printable\r\n\r\nSubject: =FC\r\n", BODY_7BIT },
		{ "binary body", RET_FULL, false, S(HEAD "a\0b\r\n"),
		  "text/rfc822-headers\r\n\r\nSubject: hello\r\n", BODY_7BIT },
		{ "bare LF", RET_FULL, false, S(HEAD "a\nb\r\n"),
		  "text/rfc822-headers\r\n\r\nSubject: hello\r\n", BODY_7BIT },
		{ "bare CR", RET_FULL, false, S(HEAD "a\r"),
		  "text/rfc822-headers\r\n\r\nSubject: hello\r\n", BODY_7BIT },
		{ "binary header", RET_FULL, false,
		  S("Subject: a\nb\r\r\n\r\n"),
		  "text/rfc822-headers\r\nContent-Transfer-Encoding: "
		  "quoted-printable\r\n\r\nSubject: a=0Ab=0D\r\n",
		  BODY_7BIT },
		{ "no header", RET_FULL, false, S("\r\nText.\r\n"),
		  "message/rfc822\r\n\r\n\r\nText.\r\n", BODY_7BIT },
		{ "no body", RET_HDRS, false, S("Subject: x\r\n"),
		  "text/rfc822-headers\r\n\r\nSubject: x\r\n", BODY_7BIT },
		{ "no end", RET_HDRS, false, S("Subject: x"),
		  "text/rfc822-headers\r\n\r\nSubject: x", BODY_7BIT },
	};
	/* clang-format on */
	struct buf expected;
	struct make m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].name);
		m = good();
		m.options.ret = cases[i].ret;
		m.options.smtputf8 = cases[i].smtputf8;
		m.content = cases[i].content;
		make(&m);
		expected = buf_new(4096);
		buf_printf(&expected,
		    "\r\n--=_6bfvdk9f00k00.0\r\nContent-Type: %s"
		    "\r\n--=_6bfvdk9f00k00.0--\r\n",
		    cases[i].part);
		buf_add(&expected, "", 1);
		assert_has(expected.p);
		assert_int_equal(made.env->options.body, cases[i].body);
		buf_free(&expected);
	}
}

/* Whoever could not take 8-bit content cannot take it back, either. */
static void
test_a_form_that_was_refused_does_not_come_back(void **state)
{
	struct make m = good();

	(void)state;
	m.content = (struct slice)S(HEAD UMLAUT "\r\n");
	smtpreply_set(&m.reply, 554, "5.6.3", "No 8BITMIME here");
	make(&m);
	assert_has("text/rfc822-headers\r\n\r\nSubject: hello\r\n");
	assert_int_equal(made.env->options.body, BODY_7BIT);
}

static void
test_large_messages_come_back_as_their_header(void **state)
{
	static const size_t sizes[] = { LIMIT_REPORT_CONTENT,
		LIMIT_REPORT_CONTENT + 1 };
	char *big = malloc(sizes[1]);
	struct make m = good();
	size_t i, n = strlen(HEAD);

	(void)state;
	memcpy(big, HEAD, n);
	for (i = n; i < sizes[1]; i++)
		big[i] = (i - n) % 78 == 76   ? '\r'
			 : (i - n) % 78 == 77 ? '\n'
					      : 'x';
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		big[sizes[i] - 1] = '\n';
		big[sizes[i] - 2] = '\r';
		m.content = (struct slice){ big, sizes[i] };
		make(&m);
		if (i == 0)
			assert_has("message/rfc822\r\n\r\n" HEAD "xxx");
		else
			assert_has("text/rfc822-headers\r\n\r\n"
				   "Subject: hello\r\n\r\n--");
		assert_true(i == 0 || made.n < 4096);
		big[sizes[i] - 1] = 'x'; /* as it was, nearly */
		big[sizes[i] - 2] = 'x';
	}
	free(big);
}

/* A header beyond the limit is cut at a line. */
static void
test_large_headers_are_cut_at_a_line(void **state)
{
	size_t n = LIMIT_REPORT_HEADER * 2, i;
	char *big = malloc(n);
	struct make m = good();

	(void)state;
	for (i = 0; i < n; i++)
		big[i] = i % 100 == 98 ? '\r' : i % 100 == 99 ? '\n' : 'x';
	m.content = (struct slice){ big, n };
	m.options.ret = RET_HDRS;
	make(&m);
	assert_has("xxx\r\n\r\n--=_");
	assert_true(made.n > LIMIT_REPORT_HEADER);
	assert_true(made.n < LIMIT_REPORT_HEADER + 4096);
	free(big);
}

/* -- UTF-8 ----------------------------------------------------------------- */

static void
test_utf8_recipients_are_escaped_for_ascii_senders(void **state)
{
	struct make m = good();

	(void)state;
	m.mailbox = "j" UMLAUT "+a\\b@\xe4\xbe\x8b.example";
	m.options.smtputf8 = true;
	make(&m);
	assert_has("Final-Recipient: utf-8; "
		   "j\\x{FC}\\x{2B}a\\x{5C}b@\\x{4F8B}.example\r\n");
	assert_has("Content-Type: message/delivery-status\r\n");
	assert_has("charset=utf-8\r\nContent-Transfer-Encoding: "
		   "quoted-printable\r\n");
	assert_has("    <j=C3=BC+a\\b@=E4=BE=8B.example>\r\n");
	assert_true(utf8_is_ascii((struct slice){ made.text, made.n }));
	assert_false(made.env->options.smtputf8);
}

static void
test_utf8_senders_get_global_reports(void **state)
{
	struct make m = good();

	(void)state;
	m.sender = "al" UMLAUT "ce@example.org";
	m.mailbox = "j" UMLAUT "@example.net";
	m.orcpt = "utf-8;j" UMLAUT "@example.net";
	m.options.smtputf8 = true;
	m.content = (struct slice)S("Subject: " UMLAUT "\r\n\r\nText.\r\n");
	make(&m);
	assert_has("report-type=global-delivery-status;");
	assert_has("To: <al" UMLAUT "ce@example.org>\r\n");
	assert_has("Content-Type: message/global-delivery-status\r\n"
		   "Content-Transfer-Encoding: 8bit\r\n");
	assert_has("Final-Recipient: utf-8; j" UMLAUT "@example.net\r\n");
	assert_has("Original-Recipient: utf-8; j" UMLAUT "@example.net\r\n");
	assert_has("Content-Type: message/global\r\n"
		   "Content-Transfer-Encoding: 8bit\r\n\r\n"
		   "Subject: " UMLAUT "\r\n");
	assert_true(made.env->options.smtputf8);
	assert_int_equal(made.env->options.body, BODY_8BITMIME);
	m.options.ret = RET_HDRS;
	make(&m);
	assert_has("Content-Type: message/global-headers\r\n"
		   "Content-Transfer-Encoding: 8bit\r\n\r\n"
		   "Subject: " UMLAUT "\r\n\r\n--");
}

/* -- hostile servers and messages ------------------------------------------ */

static void
test_no_reply_ends_its_field(void **state)
{
	struct make m = good();

	(void)state;
	(void)snprintf(m.reply.text, sizeof(m.reply.text),
	    "No\r\nStatus: 2.0.0\r\n\r\n--=_x\x80\xc3\x28\x7f\x01");
	make(&m);
	assert_has("Diagnostic-Code: smtp; 550 5.1.1 No?"
		   "?Status: "
		   "2.0.0?"
		   "?"
		   "?"
		   "?--=_x?"
		   "?(?"
		   "?\r\n");
	assert_lacks("\r\nStatus: 2");
}

static void
test_long_words_are_cut_and_long_lines_folded(void **state)
{
	struct make m = good();
	size_t i;

	(void)state;
	memset(m.reply.text, 'x', sizeof(m.reply.text) - 1);
	make(&m); /* which looks at every line */
	for (i = 0; i < sizeof(m.reply.text) - 1; i++)
		m.reply.text[i] = i % 10 == 9 ? ' ' : 'y';
	make(&m);
	assert_has("Diagnostic-Code: smtp; 550 5.1.1 yyyyyyyyy yyyyyyyyy "
		   "yyyyyyyyy yyyyyyyyy\r\n yyyyyyyyy yyy");
}

static void
test_the_boundary_is_not_in_the_content(void **state)
{
	struct make m = good();

	(void)state;
	m.content = (struct slice)S(
	    HEAD "--=_6bfvdk9f00k00.0--\r\n--=_6bfvdk9f00k00.1\r\n");
	make(&m);
	assert_has("boundary=\"=_6bfvdk9f00k00.2\"\r\n");
	m = good();
	(void)snprintf(
	    m.reply.text, sizeof(m.reply.text), "--=_6bfvdk9f00k00.0");
	make(&m);
	assert_has("boundary=\"=_6bfvdk9f00k00.1\"\r\n");
}

static void
test_only_sane_message_ids_are_repeated(void **state)
{
	/* clang-format off */
	static const struct {
		struct slice	 content;
		const char	*expected; /* NULL: none */
	} cases[] = {
		{ S("message-id:<x@y>\r\n\r\n"), "<x@y>" },
		{ S("A: b\r\nMessage-Id:\r\n <x@y>\r\n\r\n"), "<x@y>" },
		{ S("Message-ID: <x@y> (comment)\r\n\r\n"), "<x@y>" },
		{ S("Message-ID: x@y\r\n\r\n"), NULL },
		{ S("Message-ID: <x y>\r\n\r\n"), NULL },
		{ S("Message-ID: <x\r\n y>\r\n\r\n"), NULL },
		{ S("Message-ID: <<x>\r\n\r\n"), NULL },
		{ S("Message-ID: <x\xfc>\r\n\r\n"), NULL },
		{ S("Message-ID: <x"), NULL },
		{ S("Message-ID:"), NULL },
		{ S("X-Message-ID: <x@y>\r\n\r\n"), NULL },
		{ S("A: b\r\n\r\nMessage-ID: <x@y>\r\n"), NULL },
	};
	/* clang-format on */
	char expected[64];
	struct make m = good();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		m.content = cases[i].content;
		make(&m);
		if (cases[i].expected == NULL) {
			assert_lacks("\r\nIn-Reply-To:");
			assert_lacks("\r\nReferences:");
			continue;
		}
		(void)snprintf(expected, sizeof(expected),
		    "\r\nIn-Reply-To: %s\r\nReferences: %s\r\n",
		    cases[i].expected, cases[i].expected);
		assert_has(expected);
	}
}

/* Whatever the content is, cut anywhere: never more than its label says. */
static void
test_content_cut_and_spoiled_anywhere(void **state)
{
	static const char text[] =
	    "Message-ID: <a@b>\r\nSubject: " UMLAUT "\r\n\r\nx" UMLAUT "\r\n";
	struct make m = good();
	char copy[sizeof(text)];
	size_t i, n = sizeof(text) - 1;

	(void)state;
	for (i = 1; i <= n; i++) {
		m.content = (struct slice){ text, i };
		m.options.smtputf8 = i % 2 == 0;
		make(&m);
		m.size = n + 100; /* there is more than we have */
		make(&m);
		m.size = 0;
	}
	for (i = 0; i < 8 * n; i++) {
		memcpy(copy, text, n);
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		m.content = (struct slice){ copy, n };
		make(&m);
	}
}

static void
test_many_recipients_stand_in_one_report(void **state)
{
	struct make m = good();
	struct envelope *about = make_about(&m);
	struct report *r;
	struct slice all = { content, sizeof(content) - 1 };

	(void)state;
	about->recipients[1].notify = NOTIFY_SUCCESS;
	r = report_new(ID, about, "submit.example", NOW);
	report_add(r, &(struct report_item){ &about->recipients[1],
			  REPORT_RELAYED, NULL, NULL, NULL });
	report_add(r, &(struct report_item){ &about->recipients[0],
			  REPORT_FAILED, &m.reply, "smart.example", NULL });
	write_report(r, all, all.n);
	assert_has("Final-Recipient: rfc822; secret@example.net\r\n"
		   "Action: relayed\r\nStatus: 2.0.0\r\n\r\n"
		   "Final-Recipient: rfc822; bob@example.net\r\n"
		   "Action: failed\r\n");
	assert_has("The body."); /* one failed: RFC 3461, 4.3 */
	report_free(&r);
	envelope_free(&about);
}

/* The most of everything still fits. */
static void
test_a_thousand_recipients_fit(void **state)
{
	struct make m = good();
	struct envelope *about = make_about(&m);
	struct report *r;
	char *big = malloc(LIMIT_REPORT_CONTENT);
	char mailbox[LIMIT_PATH - 1], orcpt[LIMIT_ORCPT + 1];
	struct recipient to = { mailbox, RECIPIENT_FAILED, 0, orcpt };
	size_t i;

	(void)state;
	for (i = 0; i + 2 < sizeof(mailbox); i += 2)
		memcpy(mailbox + i, UMLAUT, 2);
	memset(mailbox + i, 'x', sizeof(mailbox) - i);
	mailbox[sizeof(mailbox) - 1] = '\0';
	memcpy(orcpt, "utf-8;", 6);
	for (i = 6; i + 2 < sizeof(orcpt); i += 2)
		memcpy(orcpt + i, UMLAUT, 2);
	orcpt[i] = '\0';
	memset(m.reply.text, 'x', sizeof(m.reply.text) - 1);
	memset(big, '\xfc', LIMIT_REPORT_CONTENT);
	for (i = 78; i < LIMIT_REPORT_CONTENT; i += 78)
		memcpy(big + i - 2, "\r\n", 2);
	about->recipient_count = LIMIT_RECIPIENTS_MAX;
	r = report_new(ID, about, "submit.example", NOW);
	about->recipient_count = 2;
	for (i = 0; i < LIMIT_RECIPIENTS_MAX; i++)
		report_add(r, &(struct report_item){ &to, REPORT_FAILED,
				  &m.reply, "smart.example", NULL });
	write_report(r, (struct slice){ big, LIMIT_REPORT_CONTENT },
	    LIMIT_REPORT_CONTENT);
	report_free(&r);
	envelope_free(&about);
	free(big);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_returned_is_labelled),
		TEST(test_a_form_that_was_refused_does_not_come_back),
		TEST(test_large_messages_come_back_as_their_header),
		TEST(test_large_headers_are_cut_at_a_line),
		TEST(test_utf8_recipients_are_escaped_for_ascii_senders),
		TEST(test_utf8_senders_get_global_reports),
		TEST(test_no_reply_ends_its_field),
		TEST(test_long_words_are_cut_and_long_lines_folded),
		TEST(test_the_boundary_is_not_in_the_content),
		TEST(test_only_sane_message_ids_are_repeated),
		TEST(test_content_cut_and_spoiled_anywhere),
		TEST(test_many_recipients_stand_in_one_report),
		TEST(test_a_thousand_recipients_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
