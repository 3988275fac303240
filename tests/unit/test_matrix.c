/*
 * matrix - every verb in every state, and a long life of random ones.
 *
 * The states are those a client can tell apart: P before TLS, T inside TLS
 * without a login, A logged in, M behind MAIL, R behind RCPT.
 */

#include "dialogue.h"

#define HELLO "EHLO client.example\r\n"
#define LOGIN HELLO "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
#define MAIL  LOGIN "MAIL FROM:<alice@example.org>\r\n"
#define RCPT  MAIL "RCPT TO:<bob@example.net>\r\n"

#define MESSAGE SETTLED "\r\nbody\r\n"

/* Content that would be the end, if it were run as commands. */
#define CHUNK "BDAT 105 LAST\r\n" MESSAGE "QUIT\r\n"

_Static_assert(sizeof(MESSAGE "QUIT\r\n") - 1 == 105, "what CHUNK says");

enum where { P, T, A, M, R, STATES };

static const struct {
	const char *name;
	const char *way; /* there */
} states[STATES] = {
	[P] = { "P", HELLO },
	[T] = { "T", HELLO },
	[A] = { "A", LOGIN },
	[M] = { "M", MAIL },
	[R] = { "R", RCPT },
};

#define OVERLONG "NOOP " A4096 "a\r\n"
#define A8       "aaaaaaaa"
#define A64      A8 A8 A8 A8 A8 A8 A8 A8
#define A512     A64 A64 A64 A64 A64 A64 A64 A64
#define A4096    A512 A512 A512 A512 A512 A512 A512 A512

/*
 * What is said, and the code it gets.  A row may say what comes next, too:
 * then the code is that of its last reply.
 */
/* clang-format off */
static const struct {
	const char	*said;
	unsigned	 code[STATES];
} rows[] = {
	/*				   P    T    A    M    R */
	{ "EHLO x\r\n",			{ 250, 250, 250, 250, 250 } },
	{ "HELO x\r\n",			{ 250, 250, 250, 250, 250 } },
	{ "STARTTLS\r\n",		{ 220, 503, 503, 503, 503 } },
	{ "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n",
					{ 530, 235, 503, 503, 503 } },
	{ "AUTH PLAIN AGFsaWNlAHdyb25n\r\n",
					{ 530, 535, 503, 503, 503 } },
	{ "MAIL FROM:<alice@example.org>\r\n",
					{ 530, 530, 250, 503, 503 } },
	{ "RCPT TO:<carol@example.net>\r\n",
					{ 530, 530, 503, 250, 250 } },
	{ "DATA\r\n",			{ 530, 530, 503, 503, 354 } },
	{ CHUNK,			{ 530, 530, 503, 503, 250 } },
	{ "BDAT 6\r\nQUIT\r\nNOOP\r\n",	{ 250, 250, 250, 250, 250 } },
	{ "BDAT 6 LST\r\nQUIT\r\n",	{ 530, 530, 503, 503, 501 } },
	{ "BDAT x\r\n",			{ 501, 501, 501, 501, 501 } },
	{ "BURL imap://x/ LAST\r\n",	{ 530, 530, 502, 502, 502 } },
	{ "RSET\r\n",			{ 250, 250, 250, 250, 250 } },
	{ "NOOP\r\n",			{ 250, 250, 250, 250, 250 } },
	{ "VRFY x\r\n",			{ 530, 530, 252, 252, 252 } },
	{ "EXPN x\r\n",			{ 530, 530, 502, 502, 502 } },
	{ "HELP\r\n",			{ 530, 214, 214, 214, 214 } },
	{ "QUIT\r\n",			{ 221, 221, 221, 221, 221 } },
	{ "XYZZY\r\n",			{ 500, 500, 500, 500, 500 } },
	{ OVERLONG,			{ 500, 500, 500, 500, 500 } },
	/* the login stays, the transaction goes */
	{ "EHLO x\r\nDATA\r\n",		{ 530, 530, 503, 503, 503 } },
	{ "HELO x\r\nDATA\r\n",		{ 530, 530, 503, 503, 503 } },
	{ "RSET\r\nDATA\r\n",		{ 530, 530, 503, 503, 503 } },
	{ "HELO x\r\nMAIL FROM:<alice@example.org>\r\n",
					{ 530, 530, 250, 250, 250 } },
	/* what changes nothing */
	{ "NOOP\r\nDATA\r\n",		{ 530, 530, 503, 503, 354 } },
	{ "VRFY x\r\nDATA\r\n",		{ 530, 530, 503, 503, 354 } },
	{ "EXPN x\r\nDATA\r\n",		{ 530, 530, 503, 503, 354 } },
	{ "HELP\r\nDATA\r\n",		{ 530, 530, 503, 503, 354 } },
	{ "XYZZY\r\nDATA\r\n",		{ 530, 530, 503, 503, 354 } },
	{ OVERLONG "DATA\r\n",		{ 530, 530, 503, 503, 354 } },
	{ "MAIL FROM:<alice@example.org>\r\nDATA\r\n",
					{ 530, 530, 503, 503, 354 } },
	{ "RCPT TO:<bad\r\nDATA\r\n",	{ 530, 530, 503, 554, 354 } },
	{ "DATA x\r\nRSET\r\n",		{ 250, 250, 250, 250, 250 } },
	/* a message takes its transaction along */
	{ "DATA\r\n" MESSAGE ".\r\nDATA\r\n",
					{ 0,   0,   0,   0,   503 } },
	{ CHUNK CHUNK,			{ 530, 530, 503, 503, 503 } },
};
/* clang-format on */

/* The session so far, as it came out. */
static struct buf
answers_to(const char *said, enum where state, struct buf *client)
{
	struct evbuffer *in;
	struct buf out = buf_new(1 << 20);

	session_setup();
	play.worker.config.max_auth_failures = 2;
	if (state == P)
		dialogue_in_clear();
	begin_session();
	buf_str(client, states[state].way);
	buf_str(client, said);
	bufferevent_write(play.client, client->p, client->n);
	settle_down();
	in = bufferevent_get_input(play.client);
	buf_add(&out, evbuffer_pullup(in, -1), evbuffer_get_length(in));
	return out;
}

/* The code of the last reply in out. */
static unsigned
last_code(struct slice out)
{
	struct dialogue d = { .server = out };
	unsigned code = 0;
	struct seen r;

	while (see_reply(&d, &r))
		code = r.code;
	return code;
}

static void
test_every_verb_in_every_state(void **state)
{
	struct buf out, client;
	size_t i;
	int s;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		for (s = 0; s < STATES; s++) {
			if (rows[i].code[s] == 0)
				continue;
			client = buf_new(1 << 16);
			out = answers_to(rows[i].said, s, &client);
			if (last_code(buf_slice(&out)) != rows[i].code[s])
				fail_msg("%s in state %s: %u, not %u",
				    shown(slice_of(rows[i].said)),
				    states[s].name, last_code(buf_slice(&out)),
				    rows[i].code[s]);
			dialogue_judge(buf_slice(&client), buf_slice(&out));
			buf_free(&client);
			buf_free(&out);
			session_teardown();
		}
}

/* A refused login says the same whether it was right or wrong. */
static void
test_before_tls_a_login_is_refused_without_a_hint(void **state)
{
	struct buf a = buf_new(1 << 16), b = buf_new(1 << 16), right, wrong;

	(void)state;
	right = answers_to("AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n", P, &a);
	session_teardown();
	wrong = answers_to("AUTH PLAIN AGFsaWNlAHdyb25n\r\n", P, &b);
	session_teardown();
	assert_slice(buf_slice(&right), buf_slice(&wrong));
	buf_free(&a);
	buf_free(&b);
	buf_free(&right);
	buf_free(&wrong);
}

/* -- random ---------------------------------------------------------------- */

static const char *const sayings[] = {
	"EHLO x\r\n",
	"HELO x\r\n",
	"EHLO\r\n",
	"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n",
	"AUTH PLAIN AGFsaWNlAHRyb3VibGU=\r\n",
	"AUTH PLAIN !\r\n",
	"AUTH LOGIN\r\n*\r\n",
	"AUTH X\r\n",
	"MAIL FROM:<alice@example.org>\r\n",
	"MAIL FROM:<alias.alice@example.org> SIZE=100 BODY=8BITMIME\r\n",
	"MAIL FROM:<>\r\n",
	"MAIL FROM:<ceo@example.org>\r\n",
	"MAIL FROM:<alice@example.org> X=1\r\n",
	"MAIL FROM:alice\r\n",
	"RCPT TO:<bob@example.net>\r\n",
	"RCPT TO:<bob@example.net>\r\n",
	"RCPT TO:<refused@example.net>\r\n",
	"RCPT TO:<queued@example.net>\r\n",
	"RCPT TO:<full@example.net>\r\n",
	"RCPT TO:<\xc3\xa4@example.net>\r\n",
	"RCPT TO:<postmaster>\r\n",
	"DATA x\r\n",
	"RSET\r\n",
	"NOOP\r\n",
	"NOOP x y\r\n",
	"VRFY bob\r\n",
	"EXPN list\r\n",
	"HELP\r\n",
	"XYZZY\r\n",
	CHUNK,
	"BDAT 6\r\nQUIT\r\n",
	"BDAT 99\r\n" MESSAGE,
	"BDAT 0 LAST\r\n",
	"BDAT 0\r\n",
	"BDAT 2 LAST\r\nx\n",
	"BDAT 6 x\r\nRSET\r\n",
	"\r\n",
	"STARTTLS\r\n",
	OVERLONG,
};

static const char *const contents[] = {
	MESSAGE ".\r\n",
	MESSAGE "..\r\n..two\r\n.\r\n",
	MESSAGE "a\n.\nb\r\n.\r\n",
	MESSAGE "NOOP\r\nQUIT\r\n.\r\n",
	"From: ceo@example.org\r\n\r\nbody\r\n.\r\n",
	"From: alice@example.org\r\nBcc: x@y.example\r\n\r\nb\r\n.\r\n",
	"body\r\n.\r\n",
	".\r\n",
};

static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/* Say it, and hear the code of its last reply. */
static unsigned
tell(const char *said, struct buf *client, struct buf *server)
{
	struct evbuffer *in = bufferevent_get_input(play.client);
	size_t before = server->n;

	buf_str(client, said);
	bufferevent_write(play.client, said, strlen(said));
	settle_down();
	buf_add(server, evbuffer_pullup(in, -1), evbuffer_get_length(in));
	evbuffer_drain(in, evbuffer_get_length(in));
	return last_code(slice_from(buf_slice(server), before));
}

/* Commands at random, content where it is asked for. */
static void
live(uint32_t seed, size_t commands)
{
	struct buf client = buf_new(16 << 20), server = buf_new(16 << 20);
	size_t i, replies;
	unsigned code;

	session_setup();
	play.worker.config.max_errors = UINT32_MAX;
	begin_session();
	tell(LOGIN, &client, &server);
	for (i = 0; i < commands; i++) {
		play.session->junk = 0; /* it has a test of its own */
		code = tell(draw(&seed, 6) == 0
				? "DATA\r\n"
				: sayings[draw(&seed, ARRAY_LEN(sayings))],
		    &client, &server);
		if (code == 354)
			tell(contents[draw(&seed, ARRAY_LEN(contents))],
			    &client, &server);
		assert_false(closed());
	}
	replies = dialogue_judge(buf_slice(&client), buf_slice(&server));
	assert_true(replies >= commands);
	assert_true(play.bodies.n > 0);
	buf_free(&client);
	buf_free(&server);
	session_teardown();
}

static void
test_a_thousand_random_commands_get_a_thousand_replies(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 3; seed++)
		live(seed, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_verb_in_every_state),
		cmocka_unit_test(
		    test_before_tls_a_login_is_refused_without_a_hint),
		cmocka_unit_test(
		    test_a_thousand_random_commands_get_a_thousand_replies),
	};

	log_open("matrix", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
