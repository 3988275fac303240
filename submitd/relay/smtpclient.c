/*
 * smtpclient - the driver of one smarthost connection.
 *
 * Bytes, time and the end of the connection come in here; replies are cut and
 * given to the step of the state they were awaited in; its verdict is acted
 * on here and nowhere else.  Invariant: the owner is called from the loop
 * only, and after closed() nothing of the object is touched.
 */

#include "smtpclient_private.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "split.h"
#include "tls.h"
#include "xalloc.h"

/* RFC 5321, 4.5.3.2 */
const struct smtpclient_timeouts smtpclient_timeouts_default = {
	.setup = 300000,
	.command = 300000,
	.data = 120000,
	.block = 180000,
	.final = 600000,
	.quit = 5000,
};

/* More content is read when less than this is waiting to be sent. */
#define OUTPUT_LOW 65536

static enum client_verdict
on_unexpected(struct smtpclient *c, const struct smtpreply *r)
{
	return client_fail(c, "reply to nothing: %u %.200s", r->code, r->text);
}

static enum client_verdict
on_rset(struct smtpclient *c, const struct smtpreply *r)
{
	if (r->code != 250)
		return client_fail(c, "RSET refused: %u", r->code);
	return CLIENT_OVER;
}

static enum client_verdict
on_quit(struct smtpclient *c, const struct smtpreply *r)
{
	return client_fail(c, "quit: %u", r->code);
}

#define TIME(field) offsetof(struct smtpclient_timeouts, field)

/* clang-format off */
static const struct {
	const char	*name;
	enum client_verdict (*step)(struct smtpclient *, const struct smtpreply *);
	size_t		 timeout;
} states[] = {
	[CLIENT_GREETING]	= { "greeting",	client_on_greeting,	TIME(setup) },
	[CLIENT_EHLO]		= { "EHLO",	client_on_ehlo,		TIME(setup) },
	[CLIENT_HELO]		= { "HELO",	client_on_helo,		TIME(setup) },
	[CLIENT_STARTTLS]	= { "STARTTLS",	client_on_starttls,	TIME(setup) },
	[CLIENT_HANDSHAKE]	= { "TLS",	on_unexpected,		TIME(setup) },
	[CLIENT_IDLE]		= { "idle",	on_unexpected,		0 },
	[CLIENT_MAIL]		= { "MAIL",	client_on_mail,		TIME(command) },
	[CLIENT_RCPT]		= { "RCPT",	client_on_rcpt,		TIME(command) },
	[CLIENT_DATA]		= { "DATA",	client_on_data,		TIME(data) },
	[CLIENT_CONTENT]	= { "content",	client_on_content,	TIME(block) },
	[CLIENT_RSET]		= { "RSET",	on_rset,		TIME(command) },
	[CLIENT_QUIT]		= { "QUIT",	on_quit,		TIME(quit) },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(states) == CLIENT_STATES, "a row for every state");

/* -- for the other two files ----------------------------------------------- */

static void
set_deadline(struct smtpclient *c, size_t timeout)
{
	uint32_t ms;
	struct timeval tv;

	memcpy(&ms, (const char *)c->params->timeouts + timeout, sizeof(ms));
	tv = clock_span(ms);
	evtimer_add(c->deadline, &tv);
}

void
client_enter(struct smtpclient *c, enum client_state next)
{
	c->state = next;
	if (next == CLIENT_IDLE)
		evtimer_del(c->deadline);
	else
		set_deadline(c, states[next].timeout);
}

void
client_await_final(struct smtpclient *c)
{
	set_deadline(c, TIME(final));
}

void
client_put(struct smtpclient *c, struct slice s)
{
	bufferevent_write(c->bev, s.p, s.n);
}

void
client_printf(struct smtpclient *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	evbuffer_add_vprintf(bufferevent_get_output(c->bev), fmt, ap);
	va_end(ap);
}

enum client_verdict
client_fail(struct smtpclient *c, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	smtpreply_set(&c->why, 451, "4.4.2", "%s", text);
	return CLIENT_HANGUP;
}

void
client_later(struct smtpclient *c, enum client_verdict v)
{
	static const struct timeval now = { 0, 0 };

	c->verdict = v;
	evtimer_add(c->later, &now);
}

/* -- verdicts -------------------------------------------------------------- */

/* Has the last octet of the message left us? */
static bool
all_sent(const struct smtpclient *c)
{
	return c->tx.all_queued && c->bev != NULL &&
	       evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

/* The message has its result; the connection lives on. */
static void
tell_sent(struct smtpclient *c, enum smtpclient_how how,
    const struct smtpreply *reply)
{
	struct smtpclient_result r = {
		.how = how,
		.outcomes = c->tx.outcomes,
		.reply = *reply,
		.dsn = smtp_offers_has(&c->offers, EXT_DSN),
		.by = smtp_offers_has(&c->offers, EXT_DELIVERBY),
	};

	c->tx.open = false;
	evtimer_del(c->later); /* too late to withdraw it */
	c->ops->sent(c->arg, &r);
	free(c->tx.outcomes);
	c->tx.outcomes = NULL;
}

/* Lost in the middle: what may have happened to the message? */
static enum smtpclient_how
how_lost(const struct smtpclient *c)
{
	if (c->tx.tired)
		return SMTPCLIENT_STALE;
	/* Sent in one flight, it may have been taken without a word. */
	if (all_sent(c) && (c->tx.ahead || c->tx.accepted > 0))
		return SMTPCLIENT_UNKNOWN;
	return c->warm && !c->tx.answered ? SMTPCLIENT_STALE : SMTPCLIENT_LOST;
}

/* The outcomes are final. */
static enum smtpclient_how
how_ended(const struct smtpclient *c)
{
	return c->tx.unfit ? SMTPCLIENT_UNFIT : SMTPCLIENT_ANSWERED;
}

static void
hang_up(struct smtpclient *c)
{
	struct smtpreply why = c->why;
	enum smtpclient_how how = how_lost(c);
	size_t i;

	evtimer_del(c->deadline);
	evtimer_del(c->later);
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	c->bev = NULL;
	if (c->tx.open) {
		for (i = 0; i < c->mail.recipient_count; i++)
			c->tx.outcomes[i] = OUTCOME_TEMPORARY;
		tell_sent(c, how, &why);
	}
	c->ops->closed(c->arg, &why); /* which frees c */
}

/* Has the server had all it takes in one session? */
static bool
is_used_up(const struct smtpclient *c)
{
	const struct smtp_offers *o = &c->offers;

	return (o->mail_max > 0 && c->mails >= o->mail_max) ||
	       (o->domain_max > 0 && c->domains >= o->domain_max);
}

/* False: c is gone. */
static bool
act(struct smtpclient *c, enum client_verdict v)
{
	switch (v) {
	case CLIENT_WAIT:
		return true;
	case CLIENT_OVER:
		c->warm = true;
		client_enter(c, CLIENT_IDLE);
		tell_sent(c, how_ended(c), &c->tx.reply);
		if (is_used_up(c))
			smtpclient_quit(c);
		else
			c->ops->ready(c->arg);
		return true;
	case CLIENT_READY:
		client_enter(c, CLIENT_IDLE);
		c->ops->ready(c->arg);
		return true;
	case CLIENT_HANGUP:
		if (c->tx.open && c->tx.concluded) {
			/* the answer stands, though the server went after it */
			tell_sent(c, how_ended(c), &c->tx.reply);
		}
		hang_up(c);
		return false;
	}
	return true;
}

/* -- callbacks ------------------------------------------------------------- */

/* Handle one reply; false: c is gone. */
static bool
on_reply(struct smtpclient *c)
{
	struct smtpreply r = c->parser.reply;

	smtpreply_start(&c->parser);
	c->tx.answered = true;
	return act(c, states[c->state].step(c, &r));
}

/* False: nothing more to do, or c is gone. */
static bool
take_line(struct smtpclient *c, struct evbuffer *in)
{
	size_t used, n = evbuffer_get_length(in);
	enum smtpreply_status st;

	if (n > LIMIT_REPLY_LINE)
		n = LIMIT_REPLY_LINE;
	if (n == 0)
		return false;
	st = smtpreply_feed(&c->parser,
	    (struct slice){ (char *)evbuffer_pullup(in, (ssize_t)n), n },
	    &used);
	evbuffer_drain(in, used);
	if ((st == SMTPREPLY_LINE || st == SMTPREPLY_DONE) &&
	    c->state == CLIENT_EHLO)
		smtp_offers_note(&c->offers, smtpreply_line(&c->parser));
	if (st == SMTPREPLY_BAD)
		return act(c, client_fail(c, "not an SMTP reply"));
	if (st == SMTPREPLY_DONE)
		return on_reply(c);
	return true;
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct smtpclient *c = arg;

	/* A step may change the bufferevent, for TLS: then its time is over. */
	while (take_line(c, bufferevent_get_input(bev)))
		if (c->bev != bev)
			return;
}

static void
on_writable(struct bufferevent *bev, void *arg)
{
	struct smtpclient *c = arg;

	(void)bev;
	if (!c->tx.open || c->state != CLIENT_CONTENT || c->tx.all_queued)
		return;
	set_deadline(c, TIME(block)); /* it has moved */
	(void)act(c, client_pump(c));
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct smtpclient *c = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		(void)act(c, client_on_handshake(c));
		return;
	}
	if (c->state == CLIENT_HANDSHAKE)
		tls_log_errors("smarthost_tls_failed", 0);
	(void)act(c, client_fail(c,
			 c->state == CLIENT_HANDSHAKE
			     ? "TLS failed (certificate, name, or protocol)"
			     : "connection lost at %s",
			 states[c->state].name));
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct smtpclient *c = arg;

	(void)fd;
	(void)what;
	(void)act(c, client_fail(c, "timed out at %s", states[c->state].name));
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct smtpclient *c = arg;

	(void)fd;
	(void)what;
	(void)act(c, c->verdict);
}

void
client_callbacks(struct smtpclient *c)
{
	bufferevent_setcb(c->bev, on_readable, on_writable, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, LIMIT_INPUT);
	bufferevent_setwatermark(c->bev, EV_WRITE, OUTPUT_LOW, 0);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* -- for the owner --------------------------------------------------------- */

struct smtpclient *
smtpclient_new(int fd, const struct smtpclient_params *params,
    const struct smtpclient_ops *ops, void *arg)
{
	struct smtpclient *c = xcalloc(1, sizeof(*c));

	c->params = params;
	c->ops = ops;
	c->arg = arg;
	c->deadline = evtimer_new(params->base, on_deadline, c);
	c->later = evtimer_new(params->base, on_later, c);
	c->bev = bufferevent_socket_new(
	    params->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (c->deadline == NULL || c->later == NULL || c->bev == NULL)
		fatal("out of memory");
	smtpreply_start(&c->parser);
	client_callbacks(c);
	client_later(c, client_start(c));
	return c;
}

void
smtpclient_free(struct smtpclient **cp)
{
	struct smtpclient *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	event_free(c->deadline);
	event_free(c->later);
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	free(c->tx.outcomes);
	free(c);
}

const struct smtp_offers *
smtpclient_offers(const struct smtpclient *c)
{
	return &c->offers;
}

size_t
smtpclient_pick(const struct smtpclient *c,
    const struct smtpclient_recipient *to, size_t n, bool *pick)
{
	uint64_t most = c->offers.domain_max;
	struct split_room room = {
		.recipients = c->offers.rcpt_max,
		.domains = most == 0 ? 0 : most - c->domains,
	};

	return split_pick(to, n, room, pick);
}

void
smtpclient_send(struct smtpclient *c, const struct smtpclient_mail *mail)
{
	BUG_ON(c->state != CLIENT_IDLE || c->tx.open);
	c->mail = *mail;
	c->tx = (struct client_transaction){ .open = true };
	c->tx.outcomes =
	    xcalloc(mail->recipient_count, sizeof(*c->tx.outcomes));
	client_begin_mail(c);
}

void
smtpclient_withdraw(struct smtpclient *c)
{
	if (c->tx.open && !all_sent(c))
		client_later(c, client_fail(c, "no longer wanted"));
}

void
smtpclient_quit(struct smtpclient *c)
{
	if (c->state != CLIENT_IDLE || c->tx.open)
		return;
	client_put(c, slice_of("QUIT\r\n"));
	client_enter(c, CLIENT_QUIT);
}
