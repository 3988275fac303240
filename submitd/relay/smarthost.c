/*
 * smarthost - connections to each server, warm ones first.
 *
 * A connection is idle, busy with a waiter's message, or being set up for
 * whoever waits first.  There are never more than configured.  Invariant: while
 * anybody waits, every connection is busy or being set up, or the limit is
 * met; else one is made.
 */

#include "smarthost_private.h"

#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "hostport.h"
#include "limits.h"
#include "log.h"
#include "smtpparams.h"
#include "tcpconnect.h"
#include "xalloc.h"

enum connection_state { CONNECTING, SETTING_UP, IDLE, BUSY, LEAVING };

struct connection {
	TAILQ_ENTRY(connection) next;
	struct smarthost *server;
	enum connection_state state;
	struct tcpconnect *tcp;          /* while CONNECTING */
	struct smtpclient *client;       /* from then on */
	struct smarthost_waiter *waiter; /* while BUSY; NULL: it has gone */
	struct event *timer;             /* while SETTING_UP or IDLE */
	bool slow;                       /* it took too long to set up */
	bool probe;                      /* begun when nobody waited */
};

/* A server that refused one connection beside others is asked for more. */
#define NO_MORE_MS 10000

/* So old may be what is known of the offers of a server not connected to. */
#define OFFERS_FRESH_MS 300000

static const struct timeval now = { 0, 0 };

static void
pump_later(struct smarthost *s)
{
	evtimer_add(s->pump, &now);
}

/* -- health ---------------------------------------------------------------- */

void
smarthost_probe(struct smarthost *s, uint32_t after_ms)
{
	struct timeval tv = clock_span(after_ms);

	evtimer_add(s->probe, &tv);
}

bool
smarthost_is_well(const struct smarthost *s)
{
	return s->dead_until_ms <= clock_ms();
}

void
smarthost_note(struct smarthost *s, bool well, const char *why)
{
	bool was_well = s->dead_until_ms == 0;

	s->is_suspect = false;
	s->dead_until_ms =
	    well ? 0 : clock_ms() + s->all->config->retry_dead_ms;
	if (!well)
		smarthost_probe(s, s->all->config->retry_dead_ms);
	if (well == was_well)
		return;
	log_event(well ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    well ? "smarthost_back" : "smarthost_down", "%s: %s", s->name, why);
	if (well && s->all->back != NULL)
		s->all->back(s->all->back_arg);
}

/* -- connections ----------------------------------------------------------- */

static void
connection_free(struct connection **cp)
{
	struct connection *c = *cp;

	*cp = NULL;
	TAILQ_REMOVE(&c->server->connections, c, next);
	c->server->connection_count--;
	tcpconnect_cancel(&c->tcp);
	smtpclient_free(&c->client);
	event_free(c->timer);
	free(c);
}

/* True if mail can still go: a connection stands, or may in a moment. */
static bool
has_hope(const struct smarthost *s)
{
	const struct connection *c;

	TAILQ_FOREACH (c, &s->connections, next)
		if (c->state != LEAVING && !c->slow)
			return true;
	return false;
}

/* Nobody who waits now can be served: they try elsewhere. */
static void
fail_waiters(struct smarthost *s, const struct smtpreply *why)
{
	struct waiter_list list = TAILQ_HEAD_INITIALIZER(list);
	struct smarthost_waiter *w;

	TAILQ_CONCAT(&list, &s->waiters, next);
	TAILQ_INIT(&s->waiters);
	s->waiter_count = 0;
	while ((w = TAILQ_FIRST(&list)) != NULL) {
		TAILQ_REMOVE(&list, w, next);
		w->server = NULL;
		w->failed(w, why);
	}
}

/*
 * A connection could not be had.  Where others stand the server only wants no
 * more of them: those who wait take turns on these.  Where others are still
 * being set up, the last of them decides.  Else it is down.  A probe alone is
 * no verdict: whoever has come to wait for it gets a connection of their own,
 * and before mail is kept from the server it takes two in a row.
 */
static void
no_connection(struct smarthost *s, const struct smtpreply *why, bool probe)
{
	if (has_hope(s)) {
		s->no_more_until_ms = clock_ms() + NO_MORE_MS;
		return;
	}
	if (probe && s->waiter_count > 0) {
		pump_later(s);
		return;
	}
	if (probe && s->dead_until_ms == 0 && !s->is_suspect) {
		s->is_suspect = true;
		smarthost_probe(s, s->all->config->retry_dead_ms);
		return;
	}
	smarthost_note(s, false, why->text);
	fail_waiters(s, why);
}

/* What it takes may not be what it took when we asked last. */
static void
note_offers(struct smarthost *s, const struct smtp_offers *offers)
{
	struct buf was = buf_new(LIMIT_LOG_VALUE),
		   is = buf_new(LIMIT_LOG_VALUE);

	smtp_offers_print(&was, &s->offers);
	smtp_offers_print(&is, offers);
	if (!s->is_known || !slice_eq(buf_slice(&was), buf_slice(&is)))
		log_event(LOG_LEVEL_INFO, "smarthost_offers", "%s: %.*s",
		    s->name, (int)is.n, is.p);
	buf_free(&was);
	buf_free(&is);
	s->is_known = true;
	s->offers = *offers;
	smarthost_probe(s, OFFERS_FRESH_MS);
	smarthosts_review_offers(s->all);
}

static void
on_client_ready(void *arg)
{
	struct connection *c = arg;
	struct timeval tv = clock_span(c->server->all->config->idle_ms);

	if (c->state == SETTING_UP) {
		note_offers(c->server, smtpclient_offers(c->client));
		smarthost_note(c->server, true, "connected");
	}
	c->state = IDLE;
	c->slow = false;
	evtimer_add(c->timer, &tv);
	pump_later(c->server);
}

static void
quit_idle(struct smarthost *s)
{
	struct connection *c;

	TAILQ_FOREACH (c, &s->connections, next)
		if (c->state == IDLE) {
			c->state = LEAVING;
			smtpclient_quit(c->client);
		}
}

static void
on_client_sent(void *arg, const struct smtpclient_result *r)
{
	struct connection *c = arg;
	struct smarthost_waiter *w = c->waiter;

	c->waiter = NULL;
	if (r->how == SMTPCLIENT_ANSWERED)
		c->server->sent++;
	if (r->how == SMTPCLIENT_STALE)
		quit_idle(c->server); /* they are as old */
	if (w == NULL)
		return;
	w->server = NULL;
	w->sent(w, r);
}

static void
on_client_refused(void *arg, size_t recipient, const struct smtpreply *r)
{
	struct connection *c = arg;

	if (c->waiter != NULL && c->waiter->refused != NULL)
		c->waiter->refused(c->waiter, recipient, r);
}

static void
on_client_closed(void *arg, const struct smtpreply *why)
{
	struct connection *c = arg;
	struct smarthost *s = c->server;
	bool never_up = c->state == SETTING_UP, probe = c->probe;

	if (c->state == IDLE) /* it may be another when it is back */
		smarthost_probe(s, s->all->config->retry_dead_ms);
	connection_free(&c);
	if (never_up)
		no_connection(s, why, probe);
	pump_later(s);
}

static const struct smtpclient_ops client_ops = {
	.ready = on_client_ready,
	.sent = on_client_sent,
	.closed = on_client_closed,
	.refused = on_client_refused,
};

static void
on_connected(void *arg, int fd, const char *why)
{
	struct connection *c = arg;
	struct smarthost *s = c->server;
	bool probe = c->probe;
	struct smtpreply r;

	c->tcp = NULL; /* gone when this returns */
	if (fd != -1) {
		struct timeval tv =
		    clock_span(s->all->config->connect_timeout_ms);

		c->state = SETTING_UP;
		c->client = smtpclient_new(fd, &s->params, &client_ops, c);
		evtimer_add(c->timer, &tv);
		return;
	}
	smtpreply_set(&r, 451, "4.4.1", "%s", why);
	connection_free(&c);
	no_connection(s, &r, probe);
	pump_later(s);
}

/*
 * Idle for long enough; or still not ready for mail.  RFC 5321, 4.5.3.2 gives
 * a server minutes to greet: it has them, but nobody waits for it meanwhile.
 */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	struct smtpreply r;

	(void)fd;
	(void)what;
	if (c->state == IDLE) {
		c->state = LEAVING;
		smtpclient_quit(c->client);
	} else if (c->state == SETTING_UP) {
		c->slow = true;
		smtpreply_set(&r, 451, "4.4.2", "slow to get ready");
		no_connection(c->server, &r, c->probe);
	}
}

static void
connect_one(struct smarthost *s)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->server = s;
	c->state = CONNECTING;
	c->probe = s->waiter_count == 0;
	c->timer = evtimer_new(s->all->base, on_timer, c);
	if (c->timer == NULL)
		fatal("out of memory");
	TAILQ_INSERT_TAIL(&s->connections, c, next);
	s->connection_count++;
	c->tcp = tcpconnect_start(s->all->base, s->all->dns, s->host, s->port,
	    s->all->config->connect_timeout_ms, on_connected, c);
}

/* -- waiters --------------------------------------------------------------- */

static void
grant(struct connection *c, struct smarthost_waiter *w)
{
	struct smarthost *s = c->server;

	TAILQ_REMOVE(&s->waiters, w, next);
	s->waiter_count--;
	evtimer_del(c->timer);
	c->state = BUSY;
	c->waiter = w;
	w->granted(w, c->client);
}

/* The most recently used: the others can go cold and be closed. */
static struct connection *
warm_connection(struct smarthost *s)
{
	struct connection *c, *found = NULL;

	TAILQ_FOREACH (c, &s->connections, next)
		if (c->state == IDLE)
			found = c;
	return found;
}

static uint32_t
coming_up(const struct smarthost *s)
{
	const struct connection *c;
	uint32_t n = 0;

	TAILQ_FOREACH (c, &s->connections, next)
		n += !c->slow &&
		     (c->state == CONNECTING || c->state == SETTING_UP);
	return n;
}

/* True if there may be one more connection; one that hangs gives way. */
static bool
make_room(struct smarthost *s)
{
	struct connection *c;

	if (s->connection_count < s->all->config->connections)
		return true;
	TAILQ_FOREACH (c, &s->connections, next)
		if (c->slow && c->state == SETTING_UP) {
			connection_free(&c);
			return true;
		}
	return false;
}

static void
on_pump(evutil_socket_t fd, short what, void *arg)
{
	struct smarthost *s = arg;
	struct smarthost_waiter *w;
	struct connection *c;

	(void)fd;
	(void)what;
	while ((w = TAILQ_FIRST(&s->waiters)) != NULL &&
	       (c = warm_connection(s)) != NULL) {
		/* last in the list: used last */
		TAILQ_REMOVE(&s->connections, c, next);
		TAILQ_INSERT_TAIL(&s->connections, c, next);
		grant(c, w);
	}
	if (has_hope(s) && clock_ms() < s->no_more_until_ms)
		return;
	while (coming_up(s) < s->waiter_count && make_room(s))
		connect_one(s);
}

/* What stands tells its offers, and what is being set up will. */
static void
on_probe(evutil_socket_t fd, short what, void *arg)
{
	struct smarthost *s = arg;
	const struct connection *c;

	(void)fd;
	(void)what;
	smarthost_probe(s, OFFERS_FRESH_MS);
	TAILQ_FOREACH (c, &s->connections, next)
		if (c->state != LEAVING)
			return;
	if (make_room(s))
		connect_one(s);
}

void
smarthost_acquire(struct smarthost *s, struct smarthost_waiter *w)
{
	w->server = s;
	TAILQ_INSERT_TAIL(&s->waiters, w, next);
	s->waiter_count++;
	pump_later(s);
}

void
smarthost_forget(struct smarthost_waiter *w)
{
	struct smarthost *s = w->server;
	struct connection *c;

	if (s == NULL)
		return;
	w->server = NULL;
	TAILQ_FOREACH (c, &s->connections, next)
		if (c->waiter == w) {
			c->waiter = NULL;
			return;
		}
	TAILQ_REMOVE(&s->waiters, w, next);
	s->waiter_count--;
}

/* -- life ------------------------------------------------------------------ */

bool
smarthost_lacks(const struct smarthost *s, const struct smtpclient_mail *mail)
{
	struct smtpparams params = { &s->offers, mail, (uint64_t)time(NULL) };
	struct smtpreply why;

	return s->is_known && !smtpparams_fit(&params, &why);
}

const char *
smarthost_name(const struct smarthost *s)
{
	return s->name;
}

int
smarthost_init(struct smarthost *s, struct smarthosts *all, const char *text)
{
	const struct relay_config *config = all->config;

	s->all = all;
	s->name = xstrdup(text);
	if (hostport_parse(text, (uint16_t)config->port, &s->host, &s->port) ==
	    -1) {
		log_event(LOG_LEVEL_ERROR, "smarthost_name", "%s", text);
		return -1;
	}
	s->params = (struct smtpclient_params){
		.base = all->base,
		.hostname = config->hostname,
		.server = s->host,
		.tls = (enum smarthost_tls)config->tls,
		.tls_ctx = all->ctx,
		.timeouts = &smtpclient_timeouts_default,
	};
	TAILQ_INIT(&s->connections);
	TAILQ_INIT(&s->waiters);
	s->pump = evtimer_new(all->base, on_pump, s);
	s->probe = evtimer_new(all->base, on_probe, s);
	return s->pump == NULL || s->probe == NULL ? -1 : 0;
}

void
smarthost_clear(struct smarthost *s)
{
	struct connection *c;

	while ((c = TAILQ_FIRST(&s->connections)) != NULL)
		connection_free(&c);
	if (s->pump != NULL)
		event_free(s->pump);
	if (s->probe != NULL)
		event_free(s->probe);
	free(s->host);
	free(s->name);
}
