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
#include "clock.h"
#include "log.h"
#include "relayclient.h"
#include "reply.h"
#include "role.h"
#include "session.h"
#include "sessions.h"
#include "tls.h"
#include "xalloc.h"

/* How long accepting rests when there are no descriptors left. */
#define ACCEPT_REST_MS 100

/* Sessions resume only where they began (SSL_CTX_set_session_id_context(3)). */
static const char *const tls_contexts[] = {
	[TLS_MODE_STARTTLS] = "submission",
	[TLS_MODE_IMPLICIT] = "submissions",
};

int
worker_load_tls(struct worker *w)
{
	unsigned m;

	for (m = 0; m < ARRAY_LEN(w->ctx); m++)
		if (tls_server_ctx(secret_slice(&w->config.cert_pem),
			secret_slice(&w->config.key_pem), tls_contexts[m],
			&w->ctx[m]) == -1)
			return -1;
	return 0;
}

int
worker_add_listener(struct worker *w, const struct msg_listen *m, int fd)
{
	struct listener *l;

	if (w->listener_count == LIMIT_LISTENERS ||
	    m->tls > TLS_MODE_IMPLICIT) {
		close(fd);
		return -1;
	}
	l = xcalloc(1, sizeof(*l));
	l->worker = w;
	l->tls = m->tls;
	l->name = xstrndup(m->name);
	l->fd = fd;
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
		reply_add(&b, R_421_TOO_MANY, slice_of(w->config.hostname));
		/* one segment, empty socket buffer; if it left: all the same */
		(void)!write(fd, b.p, b.n);
	}
	buf_free(&b);
	close(fd);
}

static void
on_accept(struct evconnlistener *el, evutil_socket_t fd, struct sockaddr *sa,
    int salen, void *arg)
{
	struct listener *l = arg;
	struct worker *w = l->worker;
	struct in6_addr peer = address_of(sa);

	(void)el;
	(void)salen;
	w->accepted++;
	if (sessions_count(w->sessions) >= w->config.max_connections) {
		log_event(LOG_LEVEL_WARN, "too_many_connections",
		    "the limit is %u", w->config.max_connections);
		turn_away(w, l, fd);
		return;
	}
	if (addresses_enter(w->addresses, &peer) >
	    w->config.max_connections_per_address) {
		addresses_leave(w->addresses, &peer);
		turn_away(w, l, fd);
		return;
	}
	session_start(w, l, fd, sa);
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
		l->ctx = w->ctx[l->tls];
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

	for (i = 0; i < w->listener_count; i++) {
		if (w->listeners[i]->accept != NULL)
			evconnlistener_free(w->listeners[i]->accept);
		free(w->listeners[i]->name);
		free(w->listeners[i]);
	}
	w->listener_count = 0;
	for (i = 0; i < ARRAY_LEN(w->ctx); i++) {
		SSL_CTX_free(w->ctx[i]);
		w->ctx[i] = NULL;
	}
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
	evtimer_add(w->timer, &tv);
	sessions_each(w->sessions, session_drain);
	if (sessions_count(w->sessions) == 0)
		role_exit();
}

void
worker_session_gone(struct worker *w, struct session *s)
{
	sessions_remove(w->sessions, s->id);
	addresses_leave(w->addresses, &s->peer);
	if (w->draining && sessions_count(w->sessions) == 0)
		role_exit();
}
