/*
 * worker - accept connections within the limits, and end in order.
 *
 * Knows sessions only as a table; what they do is session.c's.
 */

#include "worker.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "addresses.h"
#include "authclient.h"
#include "certs.h"
#include "clock.h"
#include "log.h"
#include "relayclient.h"
#include "reply.h"
#include "role.h"
#include "session.h"
#include "sessions.h"
#include "tls.h"

/* How long accepting rests when there are no descriptors left. */
#define ACCEPT_REST_MS 100

/* Sessions resume only where they began (SSL_CTX_set_session_id_context(3)). */
static const char *const tls_contexts[] = {
	[TLS_MODE_STARTTLS] = "submission",
	[TLS_MODE_IMPLICIT] = "submissions",
};

/* The certificates that sessions on a line of the configuration show. */
static const struct pem_files *
certificates_of(const struct smtp_config *c, uint32_t i)
{
	const struct listen_config *l = &c->listen.v[i];

	return l->certificate.n > 0 ? &l->certificate : &c->certificate;
}

static const struct pem_files *
keys_of(const struct smtp_config *c, uint32_t i)
{
	const struct listen_config *l = &c->listen.v[i];

	return l->certificate.n > 0 ? &l->key : &c->key;
}

/* Whose certificates its clients may show; empty: nobody's. */
static const struct secret *
client_ca_of(const struct smtp_config *c, uint32_t i)
{
	const struct listen_config *l = &c->listen.v[i];

	return l->client_ca.n > 0 ? &l->client_ca : &c->client_ca;
}

static void
forget_keys(struct pem_files *keys)
{
	uint32_t i;

	for (i = 0; i < keys->n; i++)
		secret_wipe(&keys->v[i].text);
}

/* Give the i-th listener its certificates: those of an earlier one, or new. */
static int
load_certs(struct worker *w, unsigned i)
{
	struct listener *l = w->listeners[i], *other;
	struct certs **slot = &w->certs[w->certs_count];
	const struct secret *client_ca = client_ca_of(&w->config, l->index);
	const struct tls_server server = { tls_contexts[l->tls],
		secret_slice(client_ca) };
	char why[CERTS_WHY];
	unsigned j;

	for (j = 0; j < i; j++) {
		other = w->listeners[j];
		if (other->tls == l->tls &&
		    certificates_of(&w->config, other->index) ==
			certificates_of(&w->config, l->index) &&
		    client_ca_of(&w->config, other->index) == client_ca) {
			l->certs = other->certs;
			return 0;
		}
	}
	if (certs_new(certificates_of(&w->config, l->index),
		keys_of(&w->config, l->index), &server, slot, why) == -1) {
		log_event(LOG_LEVEL_ERROR, "certificate_unusable", "%s", why);
		return -1;
	}
	w->certs_count++;
	l->certs = *slot;
	return 0;
}

int
worker_load_tls(struct worker *w)
{
	int r = 0;
	unsigned i;

	for (i = 0; i < w->listener_count && r == 0; i++)
		r = load_certs(w, i);
	forget_keys(&w->config.key);
	for (i = 0; i < w->config.listen.n; i++)
		forget_keys(&w->config.listen.v[i].key);
	return r;
}

int
worker_add_listener(struct worker *w, const struct msg_listen *m, int fd)
{
	struct listener *l;

	if (w->listener_count == ARRAY_LEN(w->listeners)) {
		close(fd);
		return -1;
	}
	if ((l = listener_new(w, m, fd)) == NULL)
		return -1;
	w->listeners[w->listener_count++] = l;
	return 0;
}

/* -- accepting ------------------------------------------------------------- */

/*
 * Over a limit.  In the clear a word of why; in TLS it would cost the very
 * handshake that the limit is there to spare.
 */
static void
turn_away(struct worker *w, const struct listener *l, int fd)
{
	struct buf b = buf_new(LIMIT_REPLY_LINE);

	w->refused++;
	if (l->tls == TLS_MODE_STARTTLS) {
		reply_add(&b, R_421_TOO_MANY, slice_of(l->hostname));
		/* one segment, empty socket buffer; if it left: all the same */
		(void)!write(fd, b.p, b.n);
	}
	buf_free(&b);
	close(fd);
}

/* Is there room for one more, with or without a session yet? */
static bool
has_room(const struct worker *w)
{
	if (sessions_count(w->sessions) + w->proxies.count <
	    w->config.max_connections)
		return true;
	log_event(LOG_LEVEL_WARN, "too_many_connections", "the limit is %u",
	    w->config.max_connections);
	return false;
}

static void
on_accept(struct evconnlistener *el, evutil_socket_t fd, struct sockaddr *sa,
    int salen, void *arg)
{
	struct listener *l = arg;
	struct worker *w = l->worker;
	struct origin peer = origin_of(sa);
	bool proxy = l->proxy != PROXY_OFF && listener_trusts(l, &peer.address);

	(void)el;
	(void)salen;
	w->accepted++;
	if (l->proxy == PROXY_REQUIRED && !proxy) {
		w->refused++;
		proxyaccept_log_refusal(l, &peer, "not in proxy_from");
		close(fd);
	} else if (proxy && !has_room(w)) {
		w->refused++;
		close(fd); /* not a word before the header */
	} else if (proxy) {
		proxyaccept_start(w, l, fd, &peer);
	} else if (!has_room(w)) {
		turn_away(w, l, fd);
	} else {
		worker_admit(w, l, fd, &peer);
	}
}

void
worker_admit(
    struct worker *w, const struct listener *l, int fd, const struct origin *o)
{
	if (addresses_enter(w->addresses, &o->address) >
	    w->config.max_connections_per_address) {
		addresses_leave(w->addresses, &o->address);
		turn_away(w, l, fd);
		return;
	}
	session_start(w, l, fd, o);
}

static void
set_accepting(struct worker *w, bool on)
{
	unsigned i;

	for (i = 0; i < w->listener_count; i++)
		if (on)
			evconnlistener_enable(w->listeners[i]->accept);
		else
			evconnlistener_disable(w->listeners[i]->accept);
}

/* Out of descriptors or memory: rest, or the loop would spin on it. */
static void
on_accept_error(struct evconnlistener *el, void *arg)
{
	struct timeval rest = clock_span(ACCEPT_REST_MS);
	struct listener *l = arg;

	(void)el;
	log_errno(LOG_LEVEL_WARN, "accept_failed", "%s", l->name);
	set_accepting(l->worker, false);
	evtimer_add(l->worker->timer, &rest);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	if (!w->draining) {
		set_accepting(w, true);
		return;
	}
	log_event(LOG_LEVEL_WARN, "drain_overdue", "%u sessions cut",
	    sessions_count(w->sessions));
	role_exit();
}

/* -- life ------------------------------------------------------------------ */

void
worker_init(struct worker *w, struct event_base *base)
{
	w->base = base;
	w->sessions = sessions_new(w->config.max_connections);
	w->addresses = addresses_new();
	w->auth = authclient_new(w);
	w->relay = relayclient_new(w);
	if ((w->timer = evtimer_new(base, on_timer, w)) == NULL)
		fatal("out of memory");
}

void
worker_fit_descriptors(struct worker *w)
{
	rlim_t own = WORKER_DESCRIPTORS, fit;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	if (limit.rlim_cur < 4 * own)
		own = limit.rlim_cur / 4 + 1;
	fit = (limit.rlim_cur - own) / 2;
	if (fit >= w->config.max_connections)
		return;
	log_event(LOG_LEVEL_WARN, "connections_lowered",
	    "%u are configured, the limit of %ju open files allows %ju",
	    w->config.max_connections, (uintmax_t)limit.rlim_cur,
	    (uintmax_t)fit);
	w->config.max_connections = (uint32_t)fit;
}

int
worker_start(struct worker *w)
{
	struct listener *l;
	unsigned i;

	for (i = 0; i < w->listener_count; i++) {
		l = w->listeners[i];
		/* master has bound it and listens: backlog 0 leaves it so */
		l->accept = evconnlistener_new(w->base, on_accept, l,
		    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, l->fd);
		if (l->accept == NULL) {
			log_errno(
			    LOG_LEVEL_ERROR, "listen_failed", "%s", l->name);
			return -1;
		}
		l->fd = -1;
		evconnlistener_set_error_cb(l->accept, on_accept_error);
	}
	return 0;
}

void
worker_clear(struct worker *w)
{
	unsigned i;

	proxyaccept_end_all(w);
	for (i = 0; i < w->listener_count; i++)
		listener_free(&w->listeners[i]);
	w->listener_count = 0;
	for (i = 0; i < w->certs_count; i++)
		certs_free(&w->certs[i]);
	w->certs_count = 0;
	authclient_free(&w->auth);
	relayclient_free(&w->relay);
	sessions_free(&w->sessions);
	addresses_free(&w->addresses);
	if (w->timer != NULL)
		event_free(w->timer);
	w->timer = NULL;
	smtp_config_free(&w->config);
}

void
worker_drain(struct worker *w)
{
	struct timeval tv = clock_span(w->config.shutdown_timeout_ms);

	if (w->draining)
		return;
	w->draining = true;
	set_accepting(w, false);
	proxyaccept_end_all(w);
	evtimer_add(w->timer, &tv);
	sessions_each(w->sessions, session_drain);
	if (sessions_count(w->sessions) == 0)
		role_exit();
}

void
worker_session_gone(struct worker *w, struct session *s)
{
	sessions_remove(w->sessions, s->id);
	addresses_leave(w->addresses, &s->origin.address);
	if (w->draining && sessions_count(w->sessions) == 0)
		role_exit();
}
