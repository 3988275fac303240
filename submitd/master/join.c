/*
 * join - the links between smtp processes and the other two roles.
 *
 * master makes them and keeps neither end.
 */

#include "join.h"

#include <event2/event.h>
#include <sys/socket.h>

#include "clock.h"
#include "log.h"
#include "messages.h"
#include "process.h"

#define REJOIN_S 1

static void
send_peer(struct child *to, enum role_id other, uint32_t instance, int fd)
{
	struct msg_peer m = { other, instance };
	struct buf b = buf_new(LIMIT_FRAME);

	msg_peer_pack(&b, &m);
	ipc_send(to->link, MSG_PEER, 0, &b, fd);
	buf_free(&b);
}

/* A new link between an smtp process and auth or relay, both running. */
static void
join(struct child *smtp, struct child *other)
{
	int pair[2];

	if (smtp->link == NULL || other->link == NULL)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		log_errno(LOG_LEVEL_ERROR, "join_failed", "socketpair");
		return;
	}
	smtp->joined_ms[other->role] = clock_ms();
	send_peer(smtp, other->role, smtp->instance, pair[0]);
	send_peer(other, ROLE_SMTP, smtp->instance, pair[1]);
}

void
join_all(struct child *c)
{
	struct master *m = c->master;
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *o = &m->children[i];

		if (c->role == ROLE_SMTP && o->role != ROLE_SMTP)
			join(c, o);
		else if (c->role != ROLE_SMTP && o->role == ROLE_SMTP)
			join(o, c);
	}
}

/*
 * An smtp process without a link serves nobody.  Most often the other end died,
 * and its successor is joined when it starts: so wait a moment, and see.
 */
enum ipc_verdict
join_on_lost(void *arg, struct ipc_frame *f)
{
	static const struct timeval wait = { REJOIN_S, 0 };
	struct child *c = arg;
	struct msg_peer m;

	if (msg_peer_unpack(f->payload, &m) == -1 || c->role != ROLE_SMTP ||
	    (m.role != ROLE_AUTH && m.role != ROLE_RELAY))
		return IPC_MALFORMED;
	c->lost_ms[m.role] = clock_ms();
	evtimer_add(c->rejoin, &wait);
	return IPC_FINE;
}

void
join_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg, *other;
	struct master *m = c->master;
	uint32_t i;

	(void)fd;
	(void)what;
	for (i = 0; i < m->child_count; i++) {
		other = &m->children[i];
		if (c->lost_ms[other->role] == 0 || !other->ready ||
		    c->joined_ms[other->role] > c->lost_ms[other->role])
			continue;
		log_event(LOG_LEVEL_WARN, "rejoin", "smtp %u to %s", c->worker,
		    process_role_name(other->role));
		join(c, other);
	}
}
