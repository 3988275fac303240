/*
 * smtpclient - what each answer, and each end, of a smarthost makes of a
 * message; and what it is sent, octet for octet.
 *
 * The smarthost is a few lines of SMTP on the other end of a socket pair, in
 * the same loop; at any step it can be told to say or do something else.
 */

#include "cases.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "compiler.h"
#include "smtpclient.h"
#include "tls.h"

#define RECIPIENTS 2

enum step {
	GREETING,
	EHLO,
	STARTTLS,
	MAIL,
	RCPT,  /* the first */
	RCPT2, /* the second */
	DATA,
	CONTENT,
	RSET,
	QUIT,
	NO_STEP
};

/* Instead of words: */
static const char CUT[] = "(ends the connection)";
static const char STALL[] = "(says nothing)";

/* -- the smarthost ----------------------------------------------------------- */

static struct {
	struct bufferevent *bev;
	const char *offers; /* reply to EHLO */
	enum step bent;     /* this step ... */
	const char *says;   /* ... is answered so */
	bool bent_rcpt2;    /* the second recipient, too */
	bool dot_to_nobody; /* 354 although nobody was accepted */
	unsigned rcpt;
	unsigned accepted;
	bool begun;
	bool in_content; /* DATA */
	uint64_t chunk;  /* octets of BDAT to come, and one */
	unsigned whole;  /* messages that came to their end */
	bool stalls;
	struct buf got; /* all that came */
	size_t at;      /* taken of it */
} peer;

static void
peer_end(void)
{
	if (peer.bev != NULL)
		bufferevent_free(peer.bev);
	peer.bev = NULL;
}

static void
say(enum step step, const char *usual)
{
	const char *text = usual;

	if (step == peer.bent || (step == RCPT2 && peer.bent_rcpt2))
		text = peer.says;
	if (text == CUT)
		peer_end();
	else if (text == STALL)
		peer.stalls = true;
	else
		bufferevent_write(peer.bev, text, strlen(text));
	if (step == MAIL)
		peer.begun = text[0] == '2';
	if (step == RCPT || step == RCPT2)
		peer.accepted += text[0] == '2';
	if (step == DATA && text[0] == '3')
		peer.in_content = true;
}

static void
take_rcpt(void)
{
	enum step step = peer.rcpt++ == 0 ? RCPT : RCPT2;

	say(peer.begun ? step : NO_STEP,
	    peer.begun ? "250 2.1.5 recipient ok\r\n" : "503 5.5.1 no MAIL\r\n");
}

static void
take_data(void)
{
	if (peer.accepted > 0 || peer.dot_to_nobody)
		say(DATA, "354 go\r\n");
	else
		say(DATA, "554 5.5.1 nobody to send it to\r\n");
}

static void
take_bdat(struct slice line)
{
	peer.chunk = strtoull(line.p + 5, NULL, 10) + 1;
}

static void
take_line(struct slice line)
{
	static const struct {
		const char *verb;
		enum step step;
		const char *usual;
	} rows[] = {
		{ "EHLO", EHLO, NULL },
		{ "STARTTLS", STARTTLS, "220 go\r\n" },
		{ "MAIL", MAIL, "250 2.1.0 sender ok\r\n" },
		{ "RSET", RSET, "250 2.0.0 forgotten\r\n" },
		{ "QUIT", QUIT, "221 2.0.0 bye\r\n" },
	};
	size_t i;

	if (memcmp(line.p, "RCPT", 4) == 0)
		take_rcpt();
	else if (memcmp(line.p, "DATA", 4) == 0)
		take_data();
	else if (memcmp(line.p, "BDAT", 4) == 0)
		take_bdat(line);
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (memcmp(line.p, rows[i].verb, 4) == 0) {
			if (rows[i].step == MAIL)
				peer.rcpt = peer.accepted = 0;
			say(rows[i].step,
			    rows[i].usual ? rows[i].usual : peer.offers);
		}
}

/* The message is whole. */
static void
answer_content(void)
{
	peer.whole++;
	peer.in_content = false;
	peer.chunk = 0;
	say(CONTENT, peer.accepted > 0 || peer.bent == CONTENT
			 ? "250 2.0.0 taken\r\n"
			 : "554 5.5.1 nobody to send it to\r\n");
}

/* True if something was taken of what has come. */
static bool
take_one(void)
{
	struct slice rest = slice_from(buf_slice(&peer.got), peer.at);
	const char *end;

	if (peer.chunk > 0) {
		if (rest.n < peer.chunk - 1)
			return false;
		peer.at += peer.chunk - 1;
		answer_content();
		return true;
	}
	if (peer.in_content) { /* the CRLF before it may be that of DATA */
		end = memmem(rest.p - 2, rest.n + 2, "\r\n.\r\n", 5);
		if (end == NULL)
			return false;
		peer.at += (size_t)(end + 3 - rest.p);
		answer_content();
		return true;
	}
	end = rest.n == 0 ? NULL : memmem(rest.p, rest.n, "\r\n", 2);
	if (end == NULL)
		return false;
	peer.at += (size_t)(end + 2 - rest.p);
	take_line(rest);
	return true;
}

static void
on_peer_readable(struct bufferevent *bev, void *arg)
{
	char chunk[65536];
	size_t n;

	(void)arg;
	while ((n = bufferevent_read(bev, chunk, sizeof(chunk))) > 0)
		buf_add(&peer.got, chunk, n);
	assert_true(buf_ok(&peer.got));
	while (peer.bev != NULL && !peer.stalls && take_one())
		continue;
}

static void
on_peer_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	(void)arg;
	peer_end();
}

/* -- the client -------------------------------------------------------------- */

static struct smtpclient_timeouts patient = { 10000, 10000, 10000, 10000, 10000,
	10000 };
static struct smtpclient_timeouts hasty = { 20, 20, 20, 20, 20, 20 };

static struct {
	struct event_base *base;
	struct smtpclient_params params;
	struct smtpclient *client;
	bool ready;
	bool closed;
	struct smtpreply why;
	unsigned sent;
	enum smtpclient_how how;
	enum outcome outcomes[RECIPIENTS];
	struct smtpreply reply;
	unsigned refused; /* bit for each recipient */
	int fd;           /* of the content */
} t;

static void
on_ready(void *arg)
{
	assert_ptr_equal(arg, &t);
	t.ready = true;
}

static void
on_sent(void *arg, const struct smtpclient_result *r)
{
	assert_ptr_equal(arg, &t);
	assert_false(t.closed);
	t.sent++;
	t.how = r->how;
	memcpy(t.outcomes, r->outcomes, sizeof(t.outcomes));
	t.reply = r->reply;
}

static void
on_closed(void *arg, const struct smtpreply *why)
{
	assert_ptr_equal(arg, &t);
	t.closed = true;
	t.ready = false;
	t.why = *why;
	smtpclient_free(&t.client);
}

static void
on_refused(void *arg, size_t recipient, const struct smtpreply *r)
{
	assert_ptr_equal(arg, &t);
	assert_true(r->code >= 400);
	t.refused |= 1U << recipient;
}

static const struct smtpclient_ops ops = {
	.ready = on_ready,
	.sent = on_sent,
	.closed = on_closed,
	.refused = on_refused,
};

static const char usual_offers[] = "250 smart.example\r\n";

static int
setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	t.fd = -1;
	t.params = (struct smtpclient_params){
		.base = t.base,
		.hostname = "me.example",
		.server = "smart.example",
		.tls = SMARTHOST_TLS_NONE,
		.timeouts = &patient,
	};
	return 0;
}

static void
hang_up(void)
{
	smtpclient_free(&t.client);
	peer_end();
	buf_free(&peer.got);
	if (t.fd != -1)
		close(t.fd);
	t.fd = -1;
}

static int
teardown(void **state)
{
	(void)state;
	hang_up();
	SSL_CTX_free(t.params.tls_ctx);
	event_base_free(t.base);
	return 0;
}

/* Connect the two; offers: what EHLO is answered. */
static void
connect_pair(const char *offers, enum step bent, const char *says)
{
	int fd[2];

	hang_up();
	memset(&peer, 0, sizeof(peer));
	peer.got = buf_new(16 << 20);
	peer.offers = offers;
	peer.bent = bent;
	peer.says = says;
	t.ready = t.closed = false;
	t.sent = t.refused = 0;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		fd),
	    0);
	peer.bev =
	    bufferevent_socket_new(t.base, fd[1], BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(
	    peer.bev, on_peer_readable, NULL, on_peer_event, NULL);
	bufferevent_enable(peer.bev, EV_READ | EV_WRITE);
	t.client = smtpclient_new(fd[0], &t.params, &ops, &t);
	say(GREETING, "220 smart.example ESMTP\r\n");
}

static void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("nothing happened");
}

/* Run the loop until the flag is up. */
static void
run_until(const bool *flag)
{
	static const struct timeval deadline = { 20, 0 };
	struct event *alarm = evtimer_new(t.base, too_late, NULL);

	evtimer_add(alarm, &deadline);
	while (!*flag && !t.closed)
		event_base_loop(t.base, EVLOOP_ONCE);
	event_free(alarm);
	assert_true(*flag || t.closed);
}

static const char *const names[RECIPIENTS] = { "bob@b.example",
	"carol@c.example" };

static void
set_content(const char *p, size_t n)
{
	t.fd = memfd_create("content", MFD_CLOEXEC);
	assert_int_equal(write(t.fd, "head", 4), 4); /* of the spool file */
	assert_int_equal(write(t.fd, p, n), n);
}

static struct smtpclient_mail
mail_of(const char *text, size_t n)
{
	if (t.fd != -1)
		close(t.fd);
	set_content(text, n);
	return (struct smtpclient_mail){
		.sender = "alice@a.example",
		.recipients = names,
		.recipient_count = RECIPIENTS,
		.fd = t.fd,
		.content_at = 4,
		.size = n,
	};
}

/* Send one message, and wait for its result and what comes behind that. */
static void
send_mail(const struct smtpclient_mail *mail)
{
	run_until(&t.ready);
	assert_true(t.ready);
	t.ready = false;
	smtpclient_send(t.client, mail);
	assert_int_equal(t.sent, 0); /* not from inside the call */
	run_until(&t.ready);
	assert_int_equal(t.sent, 1);
}

static void
send_text(const char *text)
{
	struct smtpclient_mail mail = mail_of(text, strlen(text));

	send_mail(&mail);
}

static void
assert_got(const char *want)
{
	assert_slice(buf_slice(&peer.got), slice_of(want));
}

/* -- what is sent ------------------------------------------------------------ */

#define HELLO        "EHLO me.example\r\n"
#define TEXT         "a\r\n.b\r\n.\r\n\r\n..\r\n"
#define STUFFED      "a\r\n..b\r\n..\r\n\r\n...\r\n.\r\n"
#define RCPTS        "RCPT TO:<bob@b.example>\r\nRCPT TO:<carol@c.example>\r\n"
#define MAIL_CMD(with) "MAIL FROM:<alice@a.example>" with "\r\n"

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
		mail.body = dialogues[i].body;
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
	t.params.timeouts = &hasty;
	send_text(TEXT);
	assert_got(HELLO MAIL_CMD("") RCPTS "BDAT 16 LAST\r\n" TEXT);
	t.params.timeouts = &patient;
	connect_pair("250 hi\r\n", MAIL, STALL);
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
	mail.recipient_count = 1;
	send_mail(&mail);
	assert_got(HELLO "MAIL FROM:<>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\n"
			 "x\r\n.\r\n");
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
test_without_8bitmime_8bit_content_is_refused_unsent(void **state)
{
	struct smtpclient_mail mail;

	(void)state;
	connect_pair(usual_offers, NO_STEP, NULL);
	mail = mail_of("\xc3\xa4\r\n", 4);
	mail.body = BODY_8BITMIME;
	send_mail(&mail);
	assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
	assert_int_equal(t.outcomes[0], OUTCOME_PERMANENT);
	assert_int_equal(t.outcomes[1], OUTCOME_PERMANENT);
	assert_int_equal(t.reply.code, 554);
	assert_string_equal(t.reply.enhanced, "5.6.3");
	assert_got(HELLO);
	t.sent = 0;
	send_text("x\r\n"); /* the connection is as good as before */
	assert_int_equal(t.outcomes[0], OUTCOME_OK);
}

/* -- what is answered -------------------------------------------------------- */

enum mode { PLAIN, PIPE, CHUNK, AHEAD, MODES };

static const char *const mode_offers[MODES] = {
	[PLAIN] = "250 hi\r\n",
	[PIPE] = "250-hi\r\n250 PIPELINING\r\n",
	[CHUNK] = "250-hi\r\n250 CHUNKING\r\n",
	[AHEAD] = "250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
};

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
		[AHEAD] = HELLO MAIL_CMD("") RCPTS "BDAT 3 LAST\r\nx\r\nRSET\r\n",
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
			t.params.timeouts = &hasty;
			send_text("x\r\n");
			assert_true(t.closed);
			assert_int_equal(t.how,
			    steps[i] == CONTENT || mode == AHEAD ? U : L);
			assert_int_equal(t.outcomes[0], T);
			assert_non_null(strstr(t.why.text, "timed out"));
		}
}

/* -- set-up ------------------------------------------------------------------ */

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
	{ EHLO,	"502 x\r\n",		SMARTHOST_TLS_NONE,	false, HELLO },
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
		offers = setups[i].step == STARTTLS ? "250-x\r\n250 STARTTLS\r\n"
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

/* -- a connection that is kept ----------------------------------------------- */

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
		assert_int_equal(
		    t.how, mode == AHEAD ? U : SMTPCLIENT_STALE);
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

/* -- a message that is no longer wanted -------------------------------------- */

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
		TEST(test_without_8bitmime_8bit_content_is_refused_unsent),
		TEST(test_each_answer_at_each_step_decides),
		TEST(test_a_refusal_of_everybody_decides_without_content),
		TEST(test_nobody_accepted_and_354_gets_a_dot),
		TEST(test_an_answer_stands_whatever_follows),
		TEST(test_silence_at_any_step_ends_in_time),
		TEST(test_each_answer_in_the_set_up_decides),
		TEST(test_silence_in_the_set_up_ends_in_time),
		TEST(test_a_kept_connection_carries_the_next_message),
		TEST(test_a_kept_connection_that_was_dead_is_told_from_a_lost_one),
		TEST(test_words_while_idle_end_the_connection),
		TEST(test_a_reply_too_many_is_not_taken_for_the_next_ones),
		TEST(test_quit_is_said_and_the_connection_ends),
		TEST(test_a_withdrawn_message_is_not_sent),
		TEST(test_a_message_withdrawn_too_late_has_its_answer),
		TEST(test_a_refusal_before_the_end_is_an_answer),
	};

	signal(SIGPIPE, SIG_IGN); /* as in every role */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
