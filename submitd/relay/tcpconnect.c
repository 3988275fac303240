/*
 * tcpconnect - connect to a host by name, in the loop.
 *
 * One timer and at most one socket at a time.  Nothing is answered from
 * inside tcpconnect_start().  Invariant: after done or cancel neither a
 * look-up nor an event refers to the object.
 */

#include "tcpconnect.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "xalloc.h"

/* evdns may answer a cancelled look-up late: it owns this, not the object. */
struct lookup {
	struct tcpconnect *owner; /* NULL: cancelled */
};

struct tcpconnect {
	struct event_base *base;
	struct evdns_base *dns;
	char *host;
	uint16_t port;
	struct timeval timeout;
	tcpconnect_done *done;
	void *arg;

	struct event *timer; /* first turn, then deadline */
	struct lookup *lookup;
	struct evdns_getaddrinfo_request *request;
	struct evutil_addrinfo *addresses;
	struct evutil_addrinfo *next;
	struct event *writable;
	int fd;
	char why[128];
};

static void
drop_socket(struct tcpconnect *t)
{
	if (t->writable != NULL)
		event_free(t->writable);
	t->writable = NULL;
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}

static void
drop_lookup(struct tcpconnect *t)
{
	if (t->lookup != NULL)
		t->lookup->owner = NULL;
	t->lookup = NULL;
	if (t->request != NULL)
		evdns_getaddrinfo_cancel(t->request);
	t->request = NULL;
}

void
tcpconnect_cancel(struct tcpconnect **tp)
{
	struct tcpconnect *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	drop_lookup(t);
	drop_socket(t);
	if (t->addresses != NULL)
		evutil_freeaddrinfo(t->addresses);
	event_free(t->timer);
	free(t->host);
	free(t);
}

static void
finish(struct tcpconnect *t)
{
	int fd = t->fd;

	t->fd = -1;
	t->done(t->arg, fd, t->why);
	tcpconnect_cancel(&t);
}

static void
note(struct tcpconnect *t, const char *what, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%s: %s", what, why);
}

static void on_writable(evutil_socket_t fd, short what, void *arg);

/* Begin with one address.  -1: t->why. */
static int
try_address(struct tcpconnect *t, const struct evutil_addrinfo *a)
{
	int one = 1;

	t->fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd == -1) {
		note(t, "socket", strerror(errno));
		return -1;
	}
	/* Commands are written whole: waiting for more only delays them. */
	(void)setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(t->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(t->fd, a->ai_addr, (socklen_t)a->ai_addrlen) == -1 &&
	    errno != EINPROGRESS) {
		note(t, "connect", strerror(errno));
		return -1;
	}
	t->writable = event_new(t->base, t->fd, EV_WRITE, on_writable, t);
	if (t->writable == NULL || event_add(t->writable, NULL) == -1 ||
	    event_add(t->timer, &t->timeout) == -1) {
		note(t, "event", "out of memory");
		return -1;
	}
	return 0;
}

/* Go on to the next address, or say that there is none. */
static void
try_next(struct tcpconnect *t)
{
	const struct evutil_addrinfo *a;

	do {
		drop_socket(t);
		a = t->next;
		if (a == NULL) {
			finish(t);
			return;
		}
		t->next = a->ai_next;
	} while (try_address(t, a) == -1);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tcpconnect *t = arg;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		note(t, "connect", strerror(error));
		try_next(t);
		return;
	}
	event_free(t->writable);
	t->writable = NULL;
	finish(t);
}

static void
on_resolved(int result, struct evutil_addrinfo *list, void *arg)
{
	struct lookup *lookup = arg;
	struct tcpconnect *t = lookup->owner;

	free(lookup);
	if (t == NULL) {
		if (list != NULL)
			evutil_freeaddrinfo(list);
		return;
	}
	t->lookup = NULL;
	t->request = NULL;
	t->addresses = t->next = list;
	if (result != 0)
		note(t, t->host, evutil_gai_strerror(result));
	/* Also from inside evdns_getaddrinfo(): answer from the loop. */
	event_add(t->timer, &(struct timeval){ 0, 0 });
}

static void
resolve(struct tcpconnect *t)
{
	struct evutil_addrinfo hints = {
		.ai_flags = EVUTIL_AI_ADDRCONFIG,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
	};
	struct evdns_getaddrinfo_request *request;
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));
	char port[8];

	snprintf(port, sizeof(port), "%u", t->port);
	lookup->owner = t;
	t->lookup = lookup;
	event_add(t->timer, &t->timeout);
	request = evdns_getaddrinfo(
	    t->dns, t->host, port, &hints, on_resolved, lookup);
	if (t->lookup != NULL) /* else answered already */
		t->request = request;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct tcpconnect *t = arg;

	(void)fd;
	(void)what;
	if (t->fd != -1) {
		note(t, "connect", "timed out");
		try_next(t);
	} else if (t->lookup != NULL) {
		note(t, t->host, "look-up timed out");
		finish(t);
	} else if (t->addresses != NULL || t->why[0] != '\0') {
		try_next(t);
	} else {
		resolve(t);
	}
}

struct tcpconnect *
tcpconnect_start(struct event_base *base, struct evdns_base *dns,
    const char *host, uint16_t port, uint32_t timeout_ms, tcpconnect_done *done,
    void *arg)
{
	struct tcpconnect *t = xcalloc(1, sizeof(*t));

	*t = (struct tcpconnect){
		.base = base,
		.dns = dns,
		.host = xstrdup(host),
		.port = port,
		.timeout = clock_span(timeout_ms),
		.done = done,
		.arg = arg,
		.fd = -1,
	};
	t->timer = evtimer_new(base, on_timer, t);
	BUG_ON(t->timer == NULL);
	event_add(t->timer, &(struct timeval){ 0, 0 });
	return t;
}
