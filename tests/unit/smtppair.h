#ifndef SUBMITD_TESTS_SMTPPAIR_H
#define SUBMITD_TESTS_SMTPPAIR_H

/*
 * smtppair - a smtpclient and a smarthost that talk over a pair of sockets in
 * one loop.
 *
 * The smarthost is a few lines of SMTP; at any step it can be told to say or
 * to do something else.  It keeps every octet it was sent.
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

/* -- the smarthost --------------------------------------------------------- */

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

static inline void
peer_end(void)
{
	if (peer.bev != NULL)
		bufferevent_free(peer.bev);
	peer.bev = NULL;
}

static inline void
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

static inline void
take_rcpt(void)
{
	enum step step = peer.rcpt++ == 0 ? RCPT : RCPT2;

	say(peer.begun ? step : NO_STEP, peer.begun
					     ? "250 2.1.5 recipient ok\r\n"
					     : "503 5.5.1 no MAIL\r\n");
}

static inline void
take_data(void)
{
	if (peer.accepted > 0 || peer.dot_to_nobody)
		say(DATA, "354 go\r\n");
	else
		say(DATA, "554 5.5.1 nobody to send it to\r\n");
}

static inline void
take_bdat(struct slice line)
{
	peer.chunk = strtoull(line.p + 5, NULL, 10) + 1;
}

static inline void
take_line(struct slice line)
{
	static const struct {
		const char *verb;
		enum step step;
		const char *usual;
	} rows[] = {
		{ "EHLO", EHLO, NULL },
		{ "HELO", NO_STEP, "250 smart.example\r\n" },
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
static inline void
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
static inline bool
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
		end = memmem(
		    peer.got.p + peer.at - 2, rest.n + 2, "\r\n.\r\n", 5);
		if (end == NULL)
			return false;
		peer.at = (size_t)(end + 5 - peer.got.p);
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

static inline void
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

static inline void
on_peer_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	(void)arg;
	peer_end();
}

/* -- the client ------------------------------------------------------------ */

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
	bool dsn;
	unsigned refused; /* bit for each recipient */
	int fd;           /* of the content */
} t;

static inline void
on_ready(void *arg)
{
	assert_ptr_equal(arg, &t);
	t.ready = true;
}

static inline void
on_sent(void *arg, const struct smtpclient_result *r)
{
	assert_ptr_equal(arg, &t);
	assert_false(t.closed);
	t.sent++;
	t.how = r->how;
	memcpy(t.outcomes, r->outcomes, sizeof(t.outcomes));
	t.reply = r->reply;
	t.dsn = r->dsn;
}

static inline void
on_closed(void *arg, const struct smtpreply *why)
{
	assert_ptr_equal(arg, &t);
	t.closed = true;
	t.ready = false;
	t.why = *why;
	smtpclient_free(&t.client);
}

static inline void
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

static inline int
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

static inline void
hang_up(void)
{
	smtpclient_free(&t.client);
	peer_end();
	buf_free(&peer.got);
	if (t.fd != -1)
		close(t.fd);
	t.fd = -1;
}

static inline int
teardown(void **state)
{
	(void)state;
	hang_up();
	SSL_CTX_free(t.params.tls_ctx);
	event_base_free(t.base);
	return 0;
}

/* Connect the two; offers: what EHLO is answered. */
static inline void
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
	assert_int_equal(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
	    0);
	peer.bev = bufferevent_socket_new(t.base, fd[1], BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(
	    peer.bev, on_peer_readable, NULL, on_peer_event, NULL);
	bufferevent_enable(peer.bev, EV_READ | EV_WRITE);
	t.client = smtpclient_new(fd[0], &t.params, &ops, &t);
	say(GREETING, "220 smart.example ESMTP\r\n");
}

static inline void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("nothing happened");
}

/* Run the loop until the flag is up. */
static inline void
run_until(const bool *flag)
{
	static const struct timeval deadline = { 20, 0 };
	struct event *alarm = evtimer_new(t.base, too_late, NULL);

	evtimer_add(alarm, &deadline);
	while (!*flag && !t.closed)
		assert_int_not_equal(event_base_loop(t.base, EVLOOP_ONCE), -1);
	event_free(alarm);
	assert_true(*flag || t.closed);
}

static const struct mail_options no_options;
static const struct mail_options eightbit = { .body = BODY_8BITMIME };

static const struct smtpclient_recipient names[RECIPIENTS] = {
	{ "bob@b.example", 0, "" },
	{ "carol@c.example", 0, "" },
};

static inline void
set_content(const char *p, size_t n)
{
	t.fd = memfd_create("content", MFD_CLOEXEC);
	assert_int_equal(write(t.fd, "head", 4), 4); /* of the spool file */
	assert_int_equal(write(t.fd, p, n), n);
}

static inline struct smtpclient_mail
mail_of(const char *text, size_t n)
{
	if (t.fd != -1)
		close(t.fd);
	set_content(text, n);
	return (struct smtpclient_mail){
		.sender = "alice@a.example",
		.options = &no_options,
		.recipients = names,
		.recipient_count = RECIPIENTS,
		.fd = t.fd,
		.content_at = 4,
		.size = n,
	};
}

/* Send one message, and wait for its result and what comes behind that. */
static inline void
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

static inline void
send_text(const char *text)
{
	struct smtpclient_mail mail = mail_of(text, strlen(text));

	send_mail(&mail);
}

static inline void
assert_got(const char *want)
{
	assert_slice(buf_slice(&peer.got), slice_of(want));
}

#define HELLO          "EHLO me.example\r\n"
#define TEXT           "a\r\n.b\r\n.\r\n\r\n..\r\n"
#define STUFFED        "a\r\n..b\r\n..\r\n\r\n...\r\n.\r\n"
#define RCPTS          "RCPT TO:<bob@b.example>\r\nRCPT TO:<carol@c.example>\r\n"
#define MAIL_CMD(with) "MAIL FROM:<alice@a.example>" with "\r\n"

enum mode { PLAIN, PIPE, CHUNK, AHEAD, MODES };

static const char *const mode_offers[MODES] = {
	[PLAIN] = "250 hi\r\n",
	[PIPE] = "250-hi\r\n250 PIPELINING\r\n",
	[CHUNK] = "250-hi\r\n250 CHUNKING\r\n",
	[AHEAD] = "250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
};

#endif
