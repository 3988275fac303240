/*
 * delivery - one attempt, over as many servers as it takes.
 *
 * Recipients still open after one server are given to the next.  A server with
 * limits has them in parts, one transaction each, before the next is asked.
 * Where the outcome is unknown (the connection broke behind the last octet)
 * the attempt ends: the next server would surely make it twice.
 */

#include "delivery.h"

#include <event2/event.h>
#include <stdlib.h>

#include "clock.h"
#include "limits.h"
#include "log.h"
#include "queueid.h"
#include "xalloc.h"

struct delivery {
	struct smarthost_waiter waiter; /* first */
	struct smarthosts *hosts;
	struct smtpclient_mail mail; /* all recipients */
	delivery_done *done;
	void *arg;
	struct event *later; /* tells the result */
	struct event *turn;  /* it has waited long for one server */

	bool tried[LIMIT_SMARTHOSTS];
	bool unfit[LIMIT_SMARTHOSTS]; /* asked, and cannot take it */
	struct smtpreply why_unfit;   /* what the first of them lacks */
	struct smarthost *server;     /* the present one */
	struct smtpclient *client;    /* lent to us */
	bool again; /* a dead warm connection was met: once more */
	bool withdrawn;

	/* those the present server is still to have; given are in its hands */
	struct smtpclient_recipient *to;
	size_t *index; /* of to[i] in mail.recipients */
	size_t open;
	size_t given;

	enum outcome *outcomes;
	struct delivery_word *words; /* their replies are ours */
	bool *refused;               /* the present server did, at RCPT */
	struct smtpreply reply;
	const char *server_name;
	bool unknown;
};

static void
finish_later(struct delivery *d)
{
	static const struct timeval now = { 0, 0 };

	evtimer_add(d->later, &now);
}

static void
delivery_free(struct delivery **dp)
{
	struct delivery *d = *dp;
	size_t i;

	*dp = NULL;
	event_free(d->later);
	event_free(d->turn);
	free(d->to);
	for (i = 0; i < d->mail.recipient_count; i++)
		free(d->words[i].reply);
	free(d->words);
	free(d->refused);
	free(d->index);
	free(d->outcomes);
	free(d);
}

/* True when no server there is could take it, if all of them were up. */
static bool
nobody_can(const struct delivery *d)
{
	size_t i, n = smarthosts_count(d->hosts);

	for (i = 0; i < n; i++)
		if (!d->unfit[i] &&
		    !smarthost_lacks(smarthosts_get(d->hosts, i), &d->mail))
			return false;
	return d->why_unfit.code != 0;
}

/* A server that is down, and may be able to take it, keeps it temporary. */
static void
conclude(struct delivery *d)
{
	size_t i;

	if (d->withdrawn || !nobody_can(d))
		return;
	for (i = 0; i < d->mail.recipient_count; i++)
		if (d->outcomes[i] == OUTCOME_TEMPORARY)
			d->outcomes[i] = OUTCOME_PERMANENT;
	d->reply = d->why_unfit;
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct delivery *d = arg;
	struct delivery_result r = {
		.outcomes = d->outcomes,
		.words = d->words,
		.reply = &d->reply,
		.server = d->server_name,
		.unknown = d->unknown,
	};

	(void)fd;
	(void)what;
	conclude(d);
	d->done(d->arg, &r);
	delivery_free(&d);
}

/* Gather who is still without a final answer. */
static void
collect_open(struct delivery *d)
{
	size_t i;

	d->open = 0;
	for (i = 0; i < d->mail.recipient_count; i++) {
		if (d->outcomes[i] != OUTCOME_TEMPORARY)
			continue;
		d->to[d->open] = d->mail.recipients[i];
		d->index[d->open++] = i;
	}
}

/* An untried server that is well, in order; NULL when there is none. */
static struct smarthost *
untried(struct delivery *d, bool lacking)
{
	size_t i;

	for (i = 0; i < smarthosts_count(d->hosts); i++) {
		struct smarthost *s = smarthosts_get(d->hosts, i);

		if (d->tried[i] || !smarthost_is_well(s) ||
		    smarthost_lacks(s, &d->mail) != lacking)
			continue;
		d->tried[i] = true;
		return s;
	}
	return NULL;
}

/* What a server lacked when it was asked last it may have today. */
static struct smarthost *
next_server(struct delivery *d)
{
	struct smarthost *s = untried(d, false);

	return s != NULL ? s : untried(d, true);
}

/* Stand in line for a connection; not for ever, if there are other servers. */
static void
ask(struct delivery *d, struct smarthost *server)
{
	struct timeval tv = clock_span(smarthosts_turn_ms(d->hosts));

	d->server = server;
	smarthost_acquire(server, &d->waiter);
	evtimer_add(d->turn, &tv);
}

/* Waiting is for those who have nowhere else to go. */
static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct delivery *d = arg;
	struct smarthost *other;

	(void)fd;
	(void)what;
	if (d->client != NULL || d->server == NULL ||
	    (other = next_server(d)) == NULL)
		return;
	smarthost_forget(&d->waiter);
	collect_open(d); /* it has none of the parts yet */
	ask(d, other);
}

static void
try_next(struct delivery *d)
{
	struct smarthost *server;

	collect_open(d);
	d->given = 0;
	d->server = NULL;
	server = d->open == 0 || d->withdrawn ? NULL : next_server(d);
	if (server == NULL)
		finish_later(d);
	else
		ask(d, server);
}

/* Change places, so that those picked come first. */
static void
to_front(struct delivery *d, const bool *pick)
{
	struct smtpclient_recipient r;
	size_t i, k, n = 0;

	for (i = 0; i < d->open; i++) {
		if (!pick[i])
			continue;
		r = d->to[i];
		d->to[i] = d->to[n];
		d->to[n] = r;
		k = d->index[i];
		d->index[i] = d->index[n];
		d->index[n++] = k;
	}
}

static void
on_granted(struct smarthost_waiter *w, struct smtpclient *client)
{
	struct delivery *d = (struct delivery *)w;
	struct smtpclient_mail mail = d->mail;
	bool *pick = xcalloc(d->open, sizeof(*pick));
	size_t i;

	d->client = client;
	d->given = smtpclient_pick(client, d->to, d->open, pick);
	to_front(d, pick);
	free(pick);
	for (i = 0; i < d->given; i++)
		d->refused[d->index[i]] = false;
	mail.recipients = d->to;
	mail.recipient_count = d->given;
	smtpclient_send(client, &mail);
}

static void
on_failed(struct smarthost_waiter *w, const struct smtpreply *why)
{
	struct delivery *d = (struct delivery *)w;

	d->reply = *why;
	try_next(d);
}

/* Whether the server as a whole is of no use now (RFC 5321, 3.8). */
static bool
closes(const struct smtpreply *r)
{
	return r->code == 421;
}

/* The present server's word on recipient i of the message. */
static void
keep(struct delivery *d, size_t i, const struct smtpreply *r)
{
	struct delivery_word *w = &d->words[i];

	if (w->reply == NULL)
		w->reply = xcalloc(1, sizeof(*w->reply));
	*w->reply = *r;
	w->server = smarthost_name(d->server);
}

static void
on_answered(struct delivery *d, const struct smtpclient_result *r)
{
	size_t i, at;

	d->again = false;
	d->reply = r->reply;
	d->server_name = smarthost_name(d->server);
	for (i = 0; i < d->given; i++) {
		at = d->index[i];
		d->outcomes[at] = r->outcomes[i];
		d->words[at].dsn = r->dsn && r->outcomes[i] == OUTCOME_OK;
		d->words[at].by = r->by && r->outcomes[i] == OUTCOME_OK;
		if (!d->refused[at])
			keep(d, at, &r->reply);
	}
	d->open -= d->given;
	memmove(d->to, d->to + d->given, d->open * sizeof(*d->to));
	memmove(d->index, d->index + d->given, d->open * sizeof(*d->index));
	d->given = 0;
	if (closes(&r->reply))
		smarthost_note(d->server, false, r->reply.text);
	else if (d->open > 0 && !d->withdrawn) {
		ask(d, d->server); /* the next part */
		return;
	}
	try_next(d);
}

/* Its place in the configuration. */
static size_t
place_of(const struct delivery *d, const struct smarthost *server)
{
	size_t i = 0;

	while (smarthosts_get(d->hosts, i) != server)
		i++;
	return i;
}

static void
on_sent(struct smarthost_waiter *w, const struct smtpclient_result *r)
{
	struct delivery *d = (struct delivery *)w;

	d->client = NULL;
	switch (r->how) {
	case SMTPCLIENT_ANSWERED:
		on_answered(d, r);
		return;
	case SMTPCLIENT_UNFIT:
		d->unfit[place_of(d, d->server)] = true;
		if (d->why_unfit.code == 0)
			d->why_unfit = r->reply;
		break;
	case SMTPCLIENT_STALE:
		d->reply = r->reply;
		if (d->again || d->withdrawn)
			break;
		d->again = true; /* says nothing about the server */
		smarthost_acquire(d->server, &d->waiter);
		return;
	case SMTPCLIENT_LOST:
		d->reply = r->reply;
		break;
	case SMTPCLIENT_UNKNOWN:
		d->reply = r->reply;
		d->unknown = true;
		d->server = NULL; /* nobody is asked any more */
		finish_later(d);
		return;
	}
	d->again = false;
	try_next(d);
}

static void
on_refused(
    struct smarthost_waiter *w, size_t recipient, const struct smtpreply *r)
{
	struct delivery *d = (struct delivery *)w;
	struct log_line l;

	keep(d, d->index[recipient], r);
	d->refused[d->index[recipient]] = true;
	log_begin(&l, LOG_LEVEL_INFO, d->mail.session, "recipient_refused");
	log_str(&l, "id", queueid_format(d->mail.id).s);
	log_str(&l, "recipient", d->to[recipient].mailbox);
	log_str(&l, "smarthost", smarthost_name(d->server));
	log_u64(&l, "code", r->code);
	log_str(&l, "reply", r->text);
	log_end(&l);
}

struct delivery *
delivery_start(struct event_base *base, struct smarthosts *hosts,
    const struct smtpclient_mail *mail, delivery_done *done, void *arg)
{
	struct delivery *d = xcalloc(1, sizeof(*d));
	size_t i, n = mail->recipient_count;

	d->waiter = (struct smarthost_waiter){ .granted = on_granted,
		.failed = on_failed,
		.sent = on_sent,
		.refused = on_refused };
	d->hosts = hosts;
	d->mail = *mail;
	d->done = done;
	d->arg = arg;
	d->to = xcalloc(n, sizeof(*d->to));
	d->words = xcalloc(n, sizeof(*d->words));
	d->refused = xcalloc(n, sizeof(*d->refused));
	d->index = xcalloc(n, sizeof(*d->index));
	d->outcomes = xcalloc(n, sizeof(*d->outcomes));
	for (i = 0; i < n; i++)
		d->outcomes[i] = OUTCOME_TEMPORARY;
	smtpreply_set(&d->reply, 451, "4.4.1", "No smarthost can be reached");
	d->later = evtimer_new(base, on_later, d);
	d->turn = evtimer_new(base, on_turn, d);
	if (d->later == NULL || d->turn == NULL)
		fatal("out of memory");
	try_next(d);
	return d;
}

void
delivery_overdue(struct delivery *d)
{
	if (d->client != NULL)
		smarthost_note(d->server, false, "slow to answer");
}

void
delivery_withdraw(struct delivery *d)
{
	d->withdrawn = true;
	if (d->client != NULL) {
		smtpclient_withdraw(d->client);
	} else if (d->server != NULL) {
		smarthost_forget(&d->waiter);
		d->server = NULL;
		finish_later(d);
	}
}
