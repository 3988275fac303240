/*
 * smtpclient - what each answer, and each end, of a smarthost makes of a
 * message and of the connection.
 */

#include "smtppair.h"

static struct smtpclient_timeouts hasty_at_the_end = { 10000, 10000, 10000,
	10000, 20, 10000 };

/* -- what is answered ------------------------------------------------------ */

#define A SMTPCLIENT_ANSWERED
#define L SMTPCLIENT_LOST
#define U SMTPCLIENT_UNKNOWN
#define N (-1) /* has no such step */
#define O OUTCOME_OK
#define T OUTCOME_TEMPORARY
#define P OUTCOME_PERMANENT

/* clang-format off */
static const struct {
	enum step	 step;
	const char	*says;
	int		 how[MODES];	/* PLAIN PIPE CHUNK AHEAD */
	enum outcome	 outcome[RECIPIENTS];
	unsigned	 code;
	bool		 closed;
} answers[] = {
	{ MAIL,	"251 fine\r\n",		{ A, A, A, A }, { O, O }, 250, false },
	{ MAIL,	"451 4.1.8 x\r\n",	{ A, A, A, A }, { T, T }, 451, false },
	{ MAIL,	"452-a\r\n452 b\r\n",	{ A, A, A, A }, { T, T }, 452, false },
	{ MAIL,	"550 5.7.1 x\r\n",	{ A, A, A, A }, { P, P }, 550, false },
	{ MAIL,	"552 5.3.4 x\r\n",	{ A, A, A, A }, { P, P }, 552, false },
	{ MAIL,	"354 what?\r\n",	{ A, A, A, A }, { T, T }, 354, false },
	{ MAIL,	"421 4.3.2 x\r\n",	{ A, A, A, A }, { T, T }, 421, true },
	{ MAIL,	"hello\r\n",		{ L, L, L, U }, { T, T }, 451, true },
	{ MAIL,	CUT,			{ L, L, L, U }, { T, T }, 451, true },
	{ RCPT,	"251 forwards\r\n",	{ A, A, A, A }, { O, O }, 250, false },
	{ RCPT,	"450 4.2.1 x\r\n",	{ A, A, A, A }, { T, O }, 250, false },
	{ RCPT,	"550 5.1.1 x\r\n",	{ A, A, A, A }, { P, O }, 250, false },
	{ RCPT,	"421 4.3.2 x\r\n",	{ A, A, A, A }, { T, T }, 421, true },
	{ RCPT,	"2xx\r\n",		{ L, L, L, U }, { T, T }, 451, true },
	{ RCPT,	CUT,			{ L, L, L, U }, { T, T }, 451, true },
	{ RCPT2, "450 4.2.1 x\r\n",	{ A, A, A, A }, { O, T }, 250, false },
	{ RCPT2, "550 5.1.1 x\r\n",	{ A, A, A, A }, { O, P }, 250, false },
	{ RCPT2, "421 4.3.2 x\r\n",	{ A, A, A, A }, { T, T }, 421, true },
	{ RCPT2, CUT,			{ L, L, L, U }, { T, T }, 451, true },
	{ DATA,	"451 4.3.0 x\r\n",	{ A, A, N, N }, { T, T }, 451, false },
	{ DATA,	"550 5.7.1 x\r\n",	{ A, A, N, N }, { P, P }, 550, false },
	{ DATA,	"421 4.3.2 x\r\n",	{ A, A, N, N }, { T, T }, 421, true },
	{ DATA,	"250 ok\r\n",		{ L, L, N, N }, { T, T }, 451, true },
	{ DATA,	"go on\r\n",		{ L, L, N, N }, { T, T }, 451, true },
	{ DATA,	CUT,			{ L, L, N, N }, { T, T }, 451, true },
	{ CONTENT, "250\r\n",		{ A, A, A, A }, { O, O }, 250, false },
	{ CONTENT, "451 4.3.0 x\r\n",	{ A, A, A, A }, { T, T }, 451, false },
	{ CONTENT, "554 5.6.0 x\r\n",	{ A, A, A, A }, { P, P }, 554, false },
	{ CONTENT, "421 4.3.2 x\r\n",	{ A, A, A, A }, { T, T }, 421, true },
	{ CONTENT, "354 more\r\n",	{ U, U, U, U }, { T, T }, 451, true },
	{ CONTENT, "\r\n",		{ U, U, U, U }, { T, T }, 451, true },
	{ CONTENT, CUT,			{ U, U, U, U }, { T, T }, 451, true },
};
/* clang-format on */

static void
assert_answer(size_t i, enum mode mode)
{
	unsigned refused = 0, k;

	if (answers[i].step == RCPT || answers[i].step == RCPT2)
		for (k = 0; k < RECIPIENTS; k++)
			refused |= (unsigned)(answers[i].outcome[k] != O) << k;
	if (t.how != (enum smtpclient_how)answers[i].how[mode] ||
	    t.outcomes[0] != answers[i].outcome[0] ||
	    t.outcomes[1] != answers[i].outcome[1] ||
	    t.reply.code != answers[i].code || t.closed != answers[i].closed)
		fail_msg("how %d, outcomes %d %d, code %u '%s', closed %d",
		    t.how, t.outcomes[0], t.outcomes[1], t.reply.code,
		    t.reply.text, t.closed);
	if (t.how == SMTPCLIENT_ANSWERED && t.reply.code != 421)
		assert_int_equal(t.refused, refused);
}

static void
test_each_answer_at_each_step_decides(void **state)
{
	enum mode mode;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(answers); i++)
		for (mode = 0; mode < MODES; mode++) {
			if (answers[i].how[mode] == N)
				continue;
			print_message("row %zu, step %d, mode %d\n", i,
			    answers[i].step, mode);
			connect_pair(mode_offers[mode], answers[i].step,
			    answers[i].says);
			send_text("x\r\n");
			assert_answer(i, mode);
			if (t.closed)
				continue;
			/* Nothing of it is left over for the next one. */
			peer.bent = NO_STEP;
			t.sent = 0;
			send_text("y\r\n");
			assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
			assert_int_equal(t.outcomes[0], O);
			assert_int_equal(t.outcomes[1], O);
		}
}

static void
test_a_refusal_of_everybody_decides_without_content(void **state)
{
	static const char *const wire[MODES] = {
		[PLAIN] = HELLO MAIL_CMD("") RCPTS "RSET\r\n",
		[PIPE] = HELLO MAIL_CMD("") RCPTS "DATA\r\nRSET\r\n",
		[CHUNK] = HELLO MAIL_CMD("") RCPTS "RSET\r\n",
		[AHEAD] =
		    HELLO MAIL_CMD("") RCPTS "BDAT 3 LAST\r\nx\r\nRSET\r\n",
	};
	enum mode mode;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		connect_pair(mode_offers[mode], RCPT, "550 5.1.1 no\r\n");
		peer.bent_rcpt2 = true;
		send_text("x\r\n");
		assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
		assert_int_equal(t.outcomes[0], P);
		assert_int_equal(t.outcomes[1], P);
		assert_int_equal(t.reply.code, 550);
		assert_string_equal(t.reply.enhanced, "5.1.1");
		assert_int_equal(t.refused, 3);
		assert_got(wire[mode]);
	}
}

/* RFC 2920, 3.1: a server that wants content for nobody gets none. */
static void
test_nobody_accepted_and_354_gets_a_dot(void **state)
{
	(void)state;
	connect_pair(mode_offers[PIPE], RCPT, "550 5.1.1 no\r\n");
	peer.bent_rcpt2 = true;
	peer.dot_to_nobody = true;
	send_text("secret\r\n");
	assert_int_equal(t.outcomes[0], P);
	assert_int_equal(t.reply.code, 550);
	assert_got(HELLO MAIL_CMD("") RCPTS "DATA\r\n.\r\n");
	assert_true(t.ready);
}

/* The answer has been given; what comes behind it cannot take it back. */
static void
test_an_answer_stands_whatever_follows(void **state)
{
	static const char *const says[] = { CUT, "500 what?\r\n", "x\r\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(says); i++) {
		connect_pair(mode_offers[PLAIN], RSET, says[i]);
		peer.bent = RCPT;
		peer.bent_rcpt2 = true;
		peer.says = "550 5.1.1 no\r\n";
		run_until(&t.ready);
		t.ready = false;
		{
			struct smtpclient_mail mail = mail_of("x\r\n", 3);

			smtpclient_send(t.client, &mail);
			while (peer.rcpt < 2)
				event_base_loop(t.base, EVLOOP_ONCE);
			peer.bent = RSET;
			peer.bent_rcpt2 = false;
			peer.says = says[i];
			run_until(&t.ready);
		}
		assert_true(t.closed);
		assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
		assert_int_equal(t.outcomes[0], P);
		assert_int_equal(t.reply.code, 550);
	}
}

static void
test_silence_at_any_step_ends_in_time(void **state)
{
	static const enum step steps[] = { MAIL, RCPT, RCPT2, DATA, CONTENT };
	enum mode mode;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(steps); i++)
		for (mode = 0; mode < MODES; mode++) {
			if (steps[i] == DATA && mode >= CHUNK)
				continue;
			t.params.timeouts = &patient;
			connect_pair(mode_offers[mode], steps[i], STALL);
			run_until(&t.ready);
			/* Only there: the machine may be slow elsewhere. */
			t.params.timeouts =
			    steps[i] == CONTENT ? &hasty_at_the_end : &hasty;
			send_text("x\r\n");
			assert_true(t.closed);
			assert_int_equal(t.how,
			    steps[i] == CONTENT || mode == AHEAD ? U : L);
			assert_int_equal(t.outcomes[0], T);
			assert_non_null(strstr(t.why.text, "timed out"));
		}
}

/* -- set-up ---------------------------------------------------------------- */

/* clang-format off */
static const struct {
	enum step		 step;
	const char		*says;
	enum smarthost_tls	 tls;
	bool			 ready;
	const char		*wire;
} setups[] = {
	{ GREETING, "220-a\r\n220 b\r\n", SMARTHOST_TLS_NONE,	true, HELLO },
	{ GREETING, "421 x\r\n",	SMARTHOST_TLS_NONE,	false, "" },
	{ GREETING, "554 x\r\n",	SMARTHOST_TLS_NONE,	false, "" },
	{ GREETING, "250 x\r\n",	SMARTHOST_TLS_NONE,	false, "" },
	{ GREETING, "SSH-2.0-x\r\n",	SMARTHOST_TLS_NONE,	false, "" },
	{ GREETING, CUT,		SMARTHOST_TLS_NONE,	false, "" },
	{ EHLO,	"450 x\r\n",		SMARTHOST_TLS_NONE,	false, HELLO },
	{ EHLO,	"500 x\r\n",		SMARTHOST_TLS_NONE,	true,
	  HELLO "HELO me.example\r\n" },
	{ EHLO,	"502-SMTPUTF8\r\n502 SMTPUTF8\r\n", SMARTHOST_TLS_MAY, true,
	  HELLO "HELO me.example\r\n" },
	{ EHLO,	"502 x\r\n",		SMARTHOST_TLS_VERIFY,	false, HELLO },
	{ EHLO,	"504 x\r\n",		SMARTHOST_TLS_NONE,	false, HELLO },
	{ EHLO,	"550 x\r\n",		SMARTHOST_TLS_NONE,	false, HELLO },
	{ EHLO,	"421 x\r\n",		SMARTHOST_TLS_NONE,	false, HELLO },
	{ EHLO,	"250-x\r\n251 y\r\n",	SMARTHOST_TLS_NONE,	false, HELLO },
	{ EHLO,	CUT,			SMARTHOST_TLS_NONE,	false, HELLO },
	{ EHLO,	"250 x\r\n",		SMARTHOST_TLS_MAY,	true, HELLO },
	{ EHLO,	"250 x\r\n",		SMARTHOST_TLS_VERIFY,	false, HELLO },
	{ STARTTLS, "454 x\r\n",	SMARTHOST_TLS_MAY,	true,
	  HELLO "STARTTLS\r\n" },
	{ STARTTLS, "454 x\r\n",	SMARTHOST_TLS_VERIFY,	false,
	  HELLO "STARTTLS\r\n" },
	{ STARTTLS, "502 x\r\n",	SMARTHOST_TLS_VERIFY,	false,
	  HELLO "STARTTLS\r\n" },
	{ STARTTLS, CUT,		SMARTHOST_TLS_MAY,	false,
	  HELLO "STARTTLS\r\n" },
	/* CVE-2021-33515 and its kind: words in clear for inside TLS */
	{ STARTTLS, "220 go\r\n250 x\r\n", SMARTHOST_TLS_MAY,	false,
	  HELLO "STARTTLS\r\n" },
	{ STARTTLS, "220 go\r\n250 x\r\n", SMARTHOST_TLS_VERIFY, false,
	  HELLO "STARTTLS\r\n" },
	{ STARTTLS, "220 go\r\n ",	SMARTHOST_TLS_VERIFY,	false,
	  HELLO "STARTTLS\r\n" },
};
/* clang-format on */

static void
test_each_answer_in_the_set_up_decides(void **state)
{
	static const struct slice no_ca = { "", 0 };
	const char *offers;
	size_t i;

	(void)state;
	assert_int_equal(tls_client_ctx(false, no_ca, &t.params.tls_ctx), 0);
	for (i = 0; i < ARRAY_LEN(setups); i++) {
		print_message("row %zu\n", i);
		offers = setups[i].step == STARTTLS
			     ? "250-x\r\n250 STARTTLS\r\n"
			     : "250 x\r\n";
		t.params.tls = setups[i].tls;
		connect_pair(offers, setups[i].step, setups[i].says);
		run_until(&t.ready);
		assert_int_equal(t.ready, setups[i].ready);
		assert_int_equal(t.closed, !setups[i].ready);
		assert_int_equal(t.sent, 0);
		assert_got(setups[i].wire);
	}
}

static void
test_silence_in_the_set_up_ends_in_time(void **state)
{
	static const enum step steps[] = { GREETING, EHLO, STARTTLS };
	static const struct slice no_ca = { "", 0 };
	size_t i;

	(void)state;
	assert_int_equal(tls_client_ctx(false, no_ca, &t.params.tls_ctx), 0);
	t.params.tls = SMARTHOST_TLS_MAY;
	t.params.timeouts = &hasty;
	for (i = 0; i < ARRAY_LEN(steps); i++) {
		connect_pair("250-x\r\n250 STARTTLS\r\n", steps[i], STALL);
		run_until(&t.ready);
		assert_true(t.closed);
		assert_non_null(strstr(t.why.text, "timed out"));
	}
	/* 220, and then no TLS */
	connect_pair("250-x\r\n250 STARTTLS\r\n", NO_STEP, NULL);
	run_until(&t.ready);
	assert_true(t.closed);
}

/* -- a connection that is kept --------------------------------------------- */

static void
test_a_kept_connection_carries_the_next_message(void **state)
{
	(void)state;
	connect_pair(mode_offers[AHEAD], NO_STEP, NULL);
	send_text("x\r\n");
	t.sent = 0;
	send_text("yy\r\n");
	assert_int_equal(t.outcomes[1], OUTCOME_OK);
	assert_got(HELLO MAIL_CMD("") RCPTS "BDAT 3 LAST\r\nx\r\n" MAIL_CMD("")
		RCPTS "BDAT 4 LAST\r\nyy\r\n");
}

/*
 * A kept connection may have been dead all along; but where the last octet
 * has gone with the first, nobody can know.
 */
static void
test_a_kept_connection_that_was_dead_is_told_from_a_lost_one(void **state)
{
	enum mode mode;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		connect_pair(mode_offers[mode], NO_STEP, NULL);
		send_text("x\r\n");
		peer.bent = MAIL;
		peer.says = CUT;
		t.sent = 0;
		send_text("y\r\n");
		assert_true(t.closed);
		assert_int_equal(t.how, mode == AHEAD ? U : SMTPCLIENT_STALE);
		assert_int_equal(t.outcomes[0], OUTCOME_TEMPORARY);
	}
	connect_pair(mode_offers[PLAIN], NO_STEP, NULL);
	send_text("x\r\n");
	peer.bent = RCPT;
	peer.says = CUT;
	t.sent = 0;
	send_text("y\r\n");
	assert_int_equal(t.how, SMTPCLIENT_LOST);
}

/*
 * 421 to the MAIL of a kept connection is about that connection; behind it,
 * or on a fresh one, it is about the server (RFC 5321, 3.8).
 */
static void
test_421_to_mail_on_a_kept_connection_is_no_answer(void **state)
{
	static const struct {
		enum step step;
		enum smtpclient_how how;
	} rows[] = { { MAIL, SMTPCLIENT_STALE }, { RCPT, A }, { CONTENT, A } };
	enum mode mode;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		for (mode = 0; mode < MODES; mode++) {
			connect_pair(mode_offers[mode], NO_STEP, NULL);
			send_text("x\r\n");
			peer.bent = rows[i].step;
			peer.says = "421 4.7.0 enough\r\n";
			t.sent = 0;
			send_text("y\r\n");
			assert_true(t.closed);
			assert_int_equal(t.how, rows[i].how);
			assert_int_equal(t.outcomes[0], OUTCOME_TEMPORARY);
			assert_int_equal(t.outcomes[1], OUTCOME_TEMPORARY);
		}
}

static void
test_words_while_idle_end_the_connection(void **state)
{
	static const char *const words[] = { "421 4.3.2 closing\r\n",
		"250 ok\r\n", "x\r\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(words); i++) {
		connect_pair(usual_offers, NO_STEP, NULL);
		run_until(&t.ready);
		bufferevent_write(peer.bev, words[i], strlen(words[i]));
		run_until(&t.closed);
		assert_int_equal(t.sent, 0);
	}
	connect_pair(usual_offers, NO_STEP, NULL);
	run_until(&t.ready);
	peer_end();
	run_until(&t.closed);
}

/* Two replies for one command: the second is for nothing that was asked. */
static void
test_a_reply_too_many_is_not_taken_for_the_next_ones(void **state)
{
	(void)state;
	connect_pair(
	    usual_offers, CONTENT, "250 taken\r\n250 taken\r\n250 taken\r\n");
	run_until(&t.ready);
	t.ready = false;
	{
		struct smtpclient_mail mail = mail_of("x\r\n", 3);

		smtpclient_send(t.client, &mail);
	}
	run_until(&t.closed);
	assert_int_equal(t.sent, 1);
	assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
}

/* Content has gone with its envelope: which reply was that to the content? */
static void
test_a_reply_too_many_in_one_flight_leaves_it_unknown(void **state)
{
	static const enum step steps[] = { MAIL, RCPT, RCPT2, CONTENT };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(steps); i++) {
		connect_pair(
		    mode_offers[AHEAD], steps[i], "250 one\r\n250 two\r\n");
		send_text("x\r\n");
		assert_true(t.closed);
		assert_int_equal(t.how, U);
		assert_int_equal(t.outcomes[0], OUTCOME_TEMPORARY);
	}
}

static void
test_quit_is_said_and_the_connection_ends(void **state)
{
	static const char *const says[] = { "221 bye\r\n", "500 x\r\n", CUT };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(says); i++) {
		connect_pair(usual_offers, QUIT, says[i]);
		run_until(&t.ready);
		smtpclient_quit(t.client);
		run_until(&t.closed);
		assert_got(HELLO "QUIT\r\n");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_answer_at_each_step_decides),
		TEST(test_a_refusal_of_everybody_decides_without_content),
		TEST(test_nobody_accepted_and_354_gets_a_dot),
		TEST(test_an_answer_stands_whatever_follows),
		TEST(test_silence_at_any_step_ends_in_time),
		TEST(test_each_answer_in_the_set_up_decides),
		TEST(test_silence_in_the_set_up_ends_in_time),
		TEST(test_a_kept_connection_carries_the_next_message),
		TEST(
		    test_a_kept_connection_that_was_dead_is_told_from_a_lost_one),
		TEST(test_421_to_mail_on_a_kept_connection_is_no_answer),
		TEST(test_words_while_idle_end_the_connection),
		TEST(test_a_reply_too_many_is_not_taken_for_the_next_ones),
		TEST(test_a_reply_too_many_in_one_flight_leaves_it_unknown),
		TEST(test_quit_is_said_and_the_connection_ends),
	};

	signal(SIGPIPE, SIG_IGN); /* as in every role */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
