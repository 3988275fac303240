/*
 * proxyaccept - peek until the header is whole, then take exactly that.
 *
 * Peeking leaves in the socket what belongs to the session, so that nothing
 * has to be carried over into a bufferevent.  Since what was seen stays
 * readable, events are edge-triggered: they tell that more has come.
 */

#include "proxyaccept.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "limits.h"
#include "log.h"
#include "worker.h"
#include "xalloc.h"

struct proxyaccept {
	struct proxyaccept *next, **link; /* the pointer to us */
	struct worker *worker;
	const struct listener *listener;
	int fd;
	struct origin origin; /* the proxy */
	struct event *readable;
	struct event *deadline;
	size_t seen; /* octets that have come */
};

void
proxyaccept_log_refusal(
    const struct listener *l, const struct origin *o, const char *why)
{
	char address[INET6_ADDRSTRLEN];
	struct log_line line;

	origin_text(&o->address, address);
	log_begin(&line, LOG_LEVEL_WARN, 0, "proxy_refused");
	log_str(&line, "peer", address);
	log_u64(&line, "port", o->port);
	log_str(&line, "listener", l->name);
	log_str(&line, "reason", why);
	log_end(&line);
}

/* Gone from the list; its socket is the caller's. */
static int
release(struct proxyaccept *p)
{
	int fd = p->fd;

	*p->link = p->next;
	if (p->next != NULL)
		p->next->link = p->link;
	p->worker->proxies.count--;
	event_free(p->readable);
	event_free(p->deadline);
	free(p);
	return fd;
}

static void
refuse(struct proxyaccept *p, const char *why)
{
	p->worker->refused++;
	proxyaccept_log_refusal(p->listener, &p->origin, why);
	close(release(p));
}

/* A check of the port that says nothing is nobody's mistake. */
static void
closed(struct proxyaccept *p)
{
	if (p->seen > 0)
		refuse(p, "closed before the header was whole");
	else
		close(release(p));
}

/* The header is whole: it goes, and what is left is a client's. */
static void
admit(struct proxyaccept *p, const struct proxy_header *header)
{
	char taken[LIMIT_PROXY_HEADER];
	const struct listener *l = p->listener;
	struct worker *w = p->worker;
	struct origin o = origin_behind(p->origin, header);
	int fd;

	if (recv(p->fd, taken, header->n, 0) != (ssize_t)header->n) {
		refuse(p, "the header cannot be read");
		return;
	}
	fd = release(p);
	worker_admit(w, l, fd, &o);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	char octets[LIMIT_PROXY_HEADER];
	struct proxyaccept *p = arg;
	struct proxy_header header;
	ssize_t n = recv(fd, octets, sizeof(octets), MSG_PEEK);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		closed(p);
		return;
	}
	p->seen = (size_t)n;
	switch (proxy_parse((struct slice){ octets, p->seen }, &header)) {
	case PROXY_DONE:
		admit(p, &header);
		break;
	case PROXY_BAD:
		refuse(p, "no valid header");
		break;
	case PROXY_MORE:
		if (what & EV_CLOSED)
			closed(p);
		break;
	}
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refuse(arg, "no header in time");
}

void
proxyaccept_start(
    struct worker *w, const struct listener *l, int fd, const struct origin *o)
{
	struct proxyaccept *p = xcalloc(1, sizeof(*p));
	uint32_t ms = w->config.preauth_timeout_ms;
	struct timeval tv =
	    clock_span(ms < LIMIT_PROXY_MS ? ms : LIMIT_PROXY_MS);

	*p = (struct proxyaccept){
		.next = w->proxies.first,
		.link = &w->proxies.first,
		.worker = w,
		.listener = l,
		.fd = fd,
		.origin = *o,
	};
	if (p->next != NULL)
		p->next->link = &p->next;
	w->proxies.first = p;
	w->proxies.count++;
	p->readable = event_new(w->base, fd,
	    EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, on_readable, p);
	p->deadline = evtimer_new(w->base, on_deadline, p);
	if (p->readable == NULL || p->deadline == NULL ||
	    event_add(p->readable, NULL) == -1 ||
	    evtimer_add(p->deadline, &tv) == -1)
		fatal("out of memory");
}

void
proxyaccept_end_all(struct worker *w)
{
	struct proxyaccept *p, *next;

	for (p = w->proxies.first; p != NULL; p = next) {
		next = p->next;
		close(release(p));
	}
}
