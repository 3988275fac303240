/* smtpmail - what a smarthost is sent, octet for octet, and what it is not. */

#include "smtppair.h"

/* clang-format off */
static const struct {
	const char	*offers;
	enum mail_body	 body;
	const char	*wire;
} dialogues[] = {
	{ "250 hi\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "DATA\r\n" STUFFED },
	{ "250-hi\r\n250 PIPELINING\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "DATA\r\n" STUFFED },
	{ "250-hi\r\n250 CHUNKING\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "BDAT 16 LAST\r\n" TEXT },
	{ "250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "BDAT 16 LAST\r\n" TEXT },
	{ "250-hi\r\n250-pipelining\r\n250 Chunking\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "BDAT 16 LAST\r\n" TEXT },
	{ "250-hi\r\n250 SIZE\r\n", BODY_7BIT,
	  HELLO MAIL_CMD(" SIZE=16") RCPTS "DATA\r\n" STUFFED },
	{ "250-hi\r\n250-SIZE 1000\r\n250 8BITMIME\r\n", BODY_8BITMIME,
	  HELLO MAIL_CMD(" SIZE=16 BODY=8BITMIME") RCPTS "DATA\r\n" STUFFED },
	{ "250-hi\r\n250 8BITMIME\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "DATA\r\n" STUFFED },
	/* not offers: the first line, and words that only begin like one */
	{ "250-CHUNKING\r\n250-CHUNKINGS\r\n250 XSIZE\r\n", BODY_7BIT,
	  HELLO MAIL_CMD("") RCPTS "DATA\r\n" STUFFED },
};
/* clang-format on */

static void
test_a_message_is_sent_as_the_extensions_allow(void **state)
{
	struct smtpclient_mail mail;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(dialogues); i++) {
		connect_pair(dialogues[i].offers, NO_STEP, NULL);
		mail = mail_of(TEXT, strlen(TEXT));
		mail.options = dialogues[i].body == BODY_8BITMIME ? &eightbit
								  : &no_options;
		send_mail(&mail);
		assert_got(dialogues[i].wire);
		assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
		assert_int_equal(t.outcomes[0], OUTCOME_OK);
		assert_int_equal(t.outcomes[1], OUTCOME_OK);
		assert_int_equal(t.reply.code, 250);
		assert_string_equal(t.reply.text, "taken");
		assert_int_equal(t.refused, 0);
	}
}

static void
test_pipelined_commands_do_not_wait_for_their_replies(void **state)
{
	(void)state;
	connect_pair(
	    "250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n", MAIL, STALL);
	run_until(&t.ready);
	t.params.timeouts = &hasty;
	send_text(TEXT);
	assert_got(HELLO MAIL_CMD("") RCPTS "BDAT 16 LAST\r\n" TEXT);
	t.params.timeouts = &patient;
	connect_pair("250 hi\r\n", MAIL, STALL);
	run_until(&t.ready);
	t.params.timeouts = &hasty;
	send_text(TEXT);
	assert_got(HELLO MAIL_CMD(""));
}

static void
test_the_null_sender_is_an_empty_path(void **state)
{
	struct smtpclient_mail mail;

	(void)state;
	connect_pair(usual_offers, NO_STEP, NULL);
	mail = mail_of("x\r\n", 3);
	mail.sender = "";
	send_mail(&mail);
	assert_got(HELLO "MAIL FROM:<>\r\n" RCPTS "DATA\r\nx\r\n.\r\n");
}

static void
test_content_is_ended_whatever_it_ends_in(void **state)
{
	(void)state;
	connect_pair(usual_offers, NO_STEP, NULL);
	send_text("");
	assert_got(HELLO MAIL_CMD("") RCPTS "DATA\r\n.\r\n");
	connect_pair(usual_offers, NO_STEP, NULL);
	send_text("x");
	assert_got(HELLO MAIL_CMD("") RCPTS "DATA\r\nx\r\n.\r\n");
	connect_pair("250-hi\r\n250 CHUNKING\r\n", NO_STEP, NULL);
	send_text("");
	assert_got(HELLO MAIL_CMD("") RCPTS "BDAT 0 LAST\r\n");
}

/* More than any buffer: it is sent as it drains. */
static void
test_a_large_message_arrives_octet_for_octet(void **state)
{
	static const char *const offers[] = { usual_offers,
		"250-hi\r\n250 PIPELINING\r\n", "250-hi\r\n250 CHUNKING\r\n",
		"250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n" };
	static char text[3 << 20];
	struct smtpclient_mail mail;
	size_t i, head;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
	for (i = 0; i < ARRAY_LEN(offers); i++) {
		connect_pair(offers[i], NO_STEP, NULL);
		mail = mail_of(text, sizeof(text));
		send_mail(&mail);
		assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
		head = peer.got.n - sizeof(text) - (i < 2 ? 3 : 0);
		assert_memory_equal(peer.got.p + head, text, sizeof(text));
	}
}

static void
test_content_with_a_bare_line_end_is_not_sent(void **state)
{
	static const char *const texts[] = { "a\n.\n", "a\r.\r", "a\r\n.\n",
		"\n", "a\r" };
	static const char *const offers[] = { usual_offers,
		"250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n" };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++)
		for (j = 0; j < ARRAY_LEN(offers); j++) {
			connect_pair(offers[j], NO_STEP, NULL);
			send_text(texts[i]);
			assert_int_equal(t.how, SMTPCLIENT_LOST);
			assert_true(t.closed);
			while (peer.bev != NULL)
				event_base_loop(t.base, EVLOOP_ONCE);
			assert_int_equal(peer.whole, 0);
		}
}

static void
test_what_a_server_cannot_take_is_not_sent(void **state)
{
	struct smtpclient_mail mail;

	(void)state;
	connect_pair(usual_offers, NO_STEP, NULL);
	mail = mail_of("\xc3\xa4\r\n", 4);
	mail.options = &eightbit;
	send_mail(&mail);
	assert_int_equal(t.how, SMTPCLIENT_UNFIT);
	assert_int_equal(t.outcomes[0], OUTCOME_TEMPORARY); /* not here */
	assert_int_equal(t.outcomes[1], OUTCOME_TEMPORARY);
	assert_int_equal(t.reply.code, 554);
	assert_string_equal(t.reply.enhanced, "5.6.3");
	assert_got(HELLO);
	t.sent = 0;
	send_text("x\r\n"); /* the connection is as good as before */
	assert_int_equal(t.outcomes[0], OUTCOME_OK);
}

/* The tables themselves: test_smtpparams.c. */
static void
test_parameters_go_to_who_offered_them(void **state)
{
	static const struct mail_options options = {
		.smtputf8 = true,
		.ret = RET_HDRS,
		.envid = { "e1", 2 },
	};
	static const struct smtpclient_recipient to[RECIPIENTS] = {
		{ "bob@b.example", NOTIFY_NEVER, "" },
		{ "carol@c.example", 0, "rfc822;C+2B@c.example" },
	};
	struct smtpclient_mail mail;

	(void)state;
	connect_pair("250-hi\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n",
	    NO_STEP, NULL);
	mail = mail_of("x\r\n", 3);
	mail.options = &options;
	mail.recipients = to;
	send_mail(&mail);
	assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
	assert_true(t.dsn);
	assert_got(HELLO MAIL_CMD(
	    " SMTPUTF8 RET=HDRS ENVID=e1") "RCPT TO:<bob@b.example> "
					   "NOTIFY=NEVER\r\n"
					   "RCPT TO:<carol@c.example> "
					   "ORCPT=rfc822;C+2B@c.example\r\n"
					   "DATA\r\nx\r\n.\r\n");
	t.sent = 0;
	send_text("x\r\n");
	assert_true(t.dsn); /* whatever the message asks for */
	connect_pair(usual_offers, NO_STEP, NULL);
	send_text("x\r\n");
	assert_false(t.dsn);
}

static void
test_binary_content_is_sent_as_it_is(void **state)
{
	static const char binary[] = "a\n.\n\0\r\n.\r\n\xff\r";
	static const struct mail_options options = { .body = BODY_BINARYMIME };
	static const char *const offers[] = {
		"250-hi\r\n250-CHUNKING\r\n250 BINARYMIME\r\n",
		"250-hi\r\n250-PIPELINING\r\n250-CHUNKING\r\n"
		"250 BINARYMIME\r\n",
	};
	size_t i, n = sizeof(binary) - 1;
	struct smtpclient_mail mail;

	(void)state;
	for (i = 0; i < ARRAY_LEN(offers); i++) {
		connect_pair(offers[i], NO_STEP, NULL);
		mail = mail_of(binary, n);
		mail.options = &options;
		send_mail(&mail);
		assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
		assert_int_equal(t.outcomes[0], OUTCOME_OK);
		assert_memory_equal(peer.got.p + peer.got.n - n, binary, n);
	}
	/* neither a server with half of it, nor DATA */
	connect_pair("250-hi\r\n250 BINARYMIME\r\n", NO_STEP, NULL);
	mail = mail_of(binary, n);
	mail.options = &options;
	send_mail(&mail);
	assert_int_equal(t.how, SMTPCLIENT_UNFIT);
	assert_string_equal(t.reply.enhanced, "5.6.3");
	assert_got(HELLO);
}

/* RFC 9422: no MAIL beyond what it takes; the answers stand. */
static void
test_a_session_ends_when_the_server_has_had_enough(void **state)
{
	static const struct {
		const char *offers;
		unsigned messages;
	} rows[] = {
		{ "250-hi\r\n250 LIMITS MAILMAX=2\r\n", 2 },
		{ "250-hi\r\n250 LIMITS RCPTDOMAINMAX=2\r\n", 1 },
		{ "250-hi\r\n250 LIMITS RCPTDOMAINMAX=3\r\n", 2 },
		{ "250-hi\r\n250 LIMITS MAILMAX=1 RCPTMAX=100\r\n", 1 },
	};
	unsigned k;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		connect_pair(rows[i].offers, NO_STEP, NULL);
		for (k = 1; k <= rows[i].messages; k++) {
			t.sent = 0;
			send_text("x\r\n");
			assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
			assert_int_equal(t.outcomes[1], OUTCOME_OK);
			assert_int_equal(t.closed, k == rows[i].messages);
		}
		assert_memory_equal(peer.got.p + peer.got.n - 6, "QUIT\r\n", 6);
	}
}

/* -- a message that is no longer wanted ------------------------------------ */

static void
test_a_withdrawn_message_is_not_sent(void **state)
{
	struct smtpclient_mail mail;

	(void)state;
	connect_pair(mode_offers[PIPE], NO_STEP, NULL);
	run_until(&t.ready);
	mail = mail_of("x\r\n", 3);
	t.ready = false;
	smtpclient_send(t.client, &mail);
	smtpclient_withdraw(t.client);
	assert_int_equal(t.sent, 0);
	run_until(&t.closed);
	assert_int_equal(t.sent, 1);
	assert_int_equal(t.how, SMTPCLIENT_LOST);
	assert_null(memmem(peer.got.p, peer.got.n, "x\r\n", 3));
}

static void
test_a_message_withdrawn_too_late_has_its_answer(void **state)
{
	struct smtpclient_mail mail;

	(void)state;
	connect_pair(mode_offers[AHEAD], CONTENT, STALL);
	run_until(&t.ready);
	mail = mail_of("x\r\n", 3);
	t.ready = false;
	smtpclient_send(t.client, &mail);
	while (peer.whole == 0)
		event_base_loop(t.base, EVLOOP_ONCE);
	smtpclient_withdraw(t.client);
	bufferevent_write(peer.bev, "250 taken\r\n", 11);
	run_until(&t.ready);
	assert_true(t.ready);
	assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
	assert_int_equal(t.outcomes[0], OUTCOME_OK);
}

/* The server need not hear all of it to say no. */
static void
test_a_refusal_before_the_end_is_an_answer(void **state)
{
	static char text[3 << 20];
	struct smtpclient_mail mail;

	(void)state;
	memset(text, 'x', sizeof(text));
	connect_pair(usual_offers, DATA, "354 go\r\n552 5.3.4 too big\r\n");
	mail = mail_of(text, sizeof(text));
	send_mail(&mail);
	assert_true(t.closed);
	assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
	assert_int_equal(t.outcomes[0], OUTCOME_PERMANENT);
	assert_int_equal(t.reply.code, 552);
	connect_pair(usual_offers, DATA, "354 go\r\n250 fine\r\n");
	mail = mail_of(text, sizeof(text));
	send_mail(&mail);
	assert_int_equal(t.how, SMTPCLIENT_LOST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_message_is_sent_as_the_extensions_allow),
		TEST(test_pipelined_commands_do_not_wait_for_their_replies),
		TEST(test_the_null_sender_is_an_empty_path),
		TEST(test_content_is_ended_whatever_it_ends_in),
		TEST(test_a_large_message_arrives_octet_for_octet),
		TEST(test_content_with_a_bare_line_end_is_not_sent),
		TEST(test_what_a_server_cannot_take_is_not_sent),
		TEST(test_parameters_go_to_who_offered_them),
		TEST(test_binary_content_is_sent_as_it_is),
		TEST(test_a_session_ends_when_the_server_has_had_enough),
		TEST(test_a_withdrawn_message_is_not_sent),
		TEST(test_a_message_withdrawn_too_late_has_its_answer),
		TEST(test_a_refusal_before_the_end_is_an_answer),
	};

	signal(SIGPIPE, SIG_IGN); /* as in every role */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
