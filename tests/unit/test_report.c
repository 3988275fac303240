/*
 * report - delivery status notifications: when there is one, and what it says,
 * field by field.
 */

#include "reportmake.h"

/* -- when ------------------------------------------------------------------ */

static void
test_notify_decides_who_hears_what(void **state)
{
	/* clang-format off */
	static const struct {
		uint32_t notify;
		bool	 wanted[3]; /* failed, delayed, relayed */
	} cases[] = {
		{ 0,						{ 1, 1, 0 } },
		{ NOTIFY_NEVER,					{ 0, 0, 0 } },
		{ NOTIFY_SUCCESS,				{ 0, 0, 1 } },
		{ NOTIFY_FAILURE,				{ 1, 0, 0 } },
		{ NOTIFY_DELAY,					{ 0, 1, 0 } },
		{ NOTIFY_SUCCESS | NOTIFY_FAILURE,		{ 1, 0, 1 } },
		{ NOTIFY_SUCCESS | NOTIFY_DELAY,		{ 0, 1, 1 } },
		{ NOTIFY_FAILURE | NOTIFY_DELAY,		{ 1, 1, 0 } },
		{ NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY, { 1, 1, 1 } },
	};
	/* clang-format on */
	static const enum report_action actions[] = { REPORT_FAILED,
		REPORT_DELAYED, REPORT_RELAYED };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		for (j = 0; j < ARRAY_LEN(actions); j++)
			assert_int_equal(
			    report_wanted(cases[i].notify, actions[j]),
			    cases[i].wanted[j]);
}

/* -- the message ----------------------------------------------------------- */

static void
test_a_failure_byte_for_byte(void **state)
{
	static const char expected[] =
	    "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
	    "From: Mail Delivery System <postmaster@submit.example>\r\n"
	    "To: <alice@example.org>\r\n"
	    "Subject: Undelivered: your message did not reach everybody\r\n"
	    "Message-ID: <6bfvdk9f00k00@submit.example>\r\n"
	    "In-Reply-To: <a.b@example.org>\r\n"
	    "References: <a.b@example.org>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_6bfvdk9f00k00.0\"\r\n"
	    "\r\n"
	    "This is a report in MIME format.\r\n"
	    "\r\n"
	    "--=_6bfvdk9f00k00.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "\r\n"
	    "This is the mail system submit.example. It is about the message "
	    "that you sent\r\n"
	    "on Mon, 21 Sep 2026 13:13:20 +0000.\r\n"
	    "\r\n"
	    "It could NOT be delivered to these recipients:\r\n"
	    "\r\n"
	    "    <bob@example.net>\r\n"
	    "        The server smart.example:25 said: 550 5.1.1 No such "
	    "user\r\n"
	    "        There is no such address. Check how it is spelled, or "
	    "ask the\r\n"
	    "        recipient for the right one.\r\n"
	    "\r\n"
	    "More is in the attachments. If you ask your postmaster, name "
	    "this message:\r\n"
	    "6bfv074hs0000\r\n"
	    "\r\n"
	    "--=_6bfvdk9f00k00.0\r\n"
	    "Content-Type: message/delivery-status\r\n"
	    "\r\n"
	    "Reporting-MTA: dns; submit.example\r\n"
	    "Arrival-Date: Mon, 21 Sep 2026 13:13:20 +0000\r\n"
	    "X-Queue-ID: 6bfv074hs0000\r\n"
	    "\r\n"
	    "Final-Recipient: rfc822; bob@example.net\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; smart.example\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n"
	    "Last-Attempt-Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
	    "\r\n"
	    "--=_6bfvdk9f00k00.0\r\n"
	    "Content-Type: message/rfc822\r\n"
	    "\r\n"
	    "Received: by x\r\n"
	    "Message-ID: <a.b@example.org>\r\n"
	    "Subject: hello\r\n"
	    "\r\n"
	    "The body.\r\n"
	    "\r\n"
	    "--=_6bfvdk9f00k00.0--\r\n";
	struct make m = good();

	(void)state;
	make(&m);
	assert_string_equal(made.text, expected);
	assert_lacks("secret");
}

static void
test_its_envelope_asks_for_no_report(void **state)
{
	struct make m = good();

	(void)state;
	make(&m);
	assert_true(made.env->id == ID);
	assert_int_equal(made.env->session, 7);
	assert_string_equal(made.env->user, "alice");
	assert_string_equal(made.env->sender, "");
	assert_int_equal(made.env->recipient_count, 1);
	assert_string_equal(
	    made.env->recipients[0].mailbox, "alice@example.org");
	assert_int_equal(made.env->recipients[0].notify, NOTIFY_NEVER);
	assert_int_equal(made.env->options.ret, RET_UNSET);
	assert_int_equal(made.env->options.envid.n, 0);
	assert_int_equal(made.env->options.body, BODY_7BIT);
	assert_false(made.env->options.require_tls);
	m.options.require_tls = true; /* RFC 8689, 5 */
	m.options.ret = RET_FULL;
	make(&m);
	assert_true(made.env->options.require_tls);
	assert_has("Content-Type: text/rfc822-headers\r\n");
	assert_lacks("The body.");
}

/* -- actions --------------------------------------------------------------- */

static void
test_late_is_told_with_the_time_it_is_tried_until(void **state)
{
	struct make m = good();

	(void)state;
	m.action = REPORT_DELAYED;
	smtpreply_set(&m.reply, 451, "4.2.0", "Busy");
	make(&m);
	assert_has("Subject: Delayed:");
	assert_has("Action: delayed\r\nStatus: 4.2.0\r\n");
	assert_has("Will-Retry-Until: Tue, 22 Sep 2026 14:13:20 +0000\r\n");
	assert_has("You need not");
	assert_has("Content-Type: text/rfc822-headers\r\n");
	assert_has("Subject: hello\r\n");
	assert_lacks("The body.");
}

static void
test_relayed_returns_headers_whatever_ret_says(void **state)
{
	struct make m = good();

	(void)state;
	m.action = REPORT_RELAYED;
	m.options.ret = RET_FULL;
	smtpreply_set(&m.reply, 250, "2.0.0", "Ok: queued as 1");
	make(&m);
	assert_has("Subject: Handed on:");
	assert_has("Action: relayed\r\nStatus: 2.0.0\r\n");
	assert_lacks("Will-Retry-Until");
	assert_lacks("The body.");
}

static void
test_what_nobody_said_is_not_said_of_anybody(void **state)
{
	struct make m = good();

	(void)state;
	m.reply.code = 0;
	m.status = "5.4.7";
	make(&m);
	assert_has("Status: 5.4.7\r\n");
	assert_has("It could not be delivered in time.");
	assert_lacks("Remote-MTA");
	assert_lacks("Diagnostic-Code");
	assert_lacks("Last-Attempt-Date");
	m = good(); /* we said it: no server did */
	m.server = NULL;
	make(&m);
	assert_has("        No such user\r\n");
	assert_lacks("Remote-MTA");
	assert_lacks("Diagnostic-Code");
}

static void
test_status_is_the_servers_if_it_fits(void **state)
{
	/* clang-format off */
	static const struct {
		enum report_action action;
		unsigned	 code;
		const char	*enhanced;
		const char	*status;
	} cases[] = {
		{ REPORT_FAILED,  550, "5.1.1",   "5.1.1" },
		{ REPORT_FAILED,  550, "",	  "5.0.0" },
		{ REPORT_FAILED,  451, "4.2.2",	  "5.0.0" },
		{ REPORT_FAILED,  550, "5.01.007", "5.1.7" },
		{ REPORT_FAILED,  550, "5.123.123", "5.123.123" },
		{ REPORT_DELAYED, 451, "4.2.2",	  "4.2.2" },
		{ REPORT_DELAYED, 451, "",	  "4.0.0" },
		{ REPORT_RELAYED, 250, "2.6.0",	  "2.6.0" },
		{ REPORT_RELAYED, 250, "",	  "2.0.0" },
	};
	/* clang-format on */
	char expected[64];
	struct make m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		m = good();
		m.action = cases[i].action;
		smtpreply_set(
		    &m.reply, cases[i].code, cases[i].enhanced, "word");
		make(&m);
		(void)snprintf(expected, sizeof(expected), "\r\nStatus: %s\r\n",
		    cases[i].status);
		assert_has(expected);
	}
}

/* -- what the client asked for --------------------------------------------- */

static void
test_envid_and_orcpt_come_back_decoded(void **state)
{
	/* clang-format off */
	static const struct {
		const char *orcpt, *expected;
	} cases[] = {
		{ "rfc822;Bob+2Btag@Example.NET",
		  "Original-Recipient: rfc822; Bob+tag@Example.NET\r\n" },
		{ "x-other;some+20thing",
		  "Original-Recipient: x-other; some thing\r\n" },
		/* what would end the field stays as it came */
		{ "rfc822;a+0D+0AStatus:+202.0.0",
		  "Original-Recipient: rfc822; a+0D+0AStatus:+202.0.0\r\n" },
		{ "rfc822;a+FFb", "Original-Recipient: rfc822; a+FFb\r\n" },
		{ "rfc822;a+2", "Original-Recipient: rfc822; a+2\r\n" },
		{ "rfc822;a+2b", "Original-Recipient: rfc822; a+2b\r\n" },
		{ "utf-8;\\x{FC}@example.net",
		  "Original-Recipient: utf-8; \\x{FC}@example.net\r\n" },
		{ "UTF-8;\xc3\xbc\xf0\x9f\x98\x80@example.net",
		  "Original-Recipient: UTF-8; \\x{FC}\\x{1F600}@example.net"
		  "\r\n" },
	};
	/* clang-format on */
	struct make m = good();
	size_t i;

	(void)state;
	m.options.envid = slice_of("QQ+2B314");
	make(&m);
	assert_has("\r\nOriginal-Envelope-Id: QQ+314\r\n");
	assert_lacks("Original-Recipient");
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		m = good();
		m.orcpt = cases[i].orcpt;
		make(&m);
		assert_has(cases[i].expected);
		assert_lacks("Original-Envelope-Id");
	}
}

static void
test_times_that_were_asked_for_are_told(void **state)
{
	struct make m = good();

	(void)state;
	make(&m);
	assert_lacks("Deliver-By-Date");
	assert_lacks("Future-Release-Request");
	m.options.by = BY_RETURN;
	m.options.by_s = NOW - 60;
	m.options.hold_request = slice_of("for;3600");
	make(&m);
	assert_has("\r\nDeliver-By-Date: Mon, 21 Sep 2026 14:12:20 +0000\r\n");
	assert_has("\r\nFuture-Release-Request: for;3600\r\n");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_notify_decides_who_hears_what),
		TEST(test_a_failure_byte_for_byte),
		TEST(test_its_envelope_asks_for_no_report),
		TEST(test_late_is_told_with_the_time_it_is_tried_until),
		TEST(test_relayed_returns_headers_whatever_ret_says),
		TEST(test_what_nobody_said_is_not_said_of_anybody),
		TEST(test_status_is_the_servers_if_it_fits),
		TEST(test_envid_and_orcpt_come_back_decoded),
		TEST(test_times_that_were_asked_for_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
