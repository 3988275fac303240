/*
 * ipc - one end of a link between two roles.
 *
 * Plain events and sendmsg/recvmsg, since a bufferevent carries no descriptor.
 * Not thread-safe: a link belongs to the loop it was made for.
 * Invariants: a handler may send on its link and free it; every descriptor
 * that arrives is either taken by a handler or closed here; closed() comes
 * from a timer, at most once, and nothing comes after it.
 */

#include "ipc.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limits.h"
#include "log.h"
#include "pack.h"
#include "xalloc.h"

#define HEADER 16
#define BUDGET 64 /* frames per event, then other links have their turn */

struct out_frame {
	STAILQ_ENTRY(out_frame) next;
	int fd; /* owned, or -1 */
	size_t n;
	char octets[]; /* header and payload */
};

STAILQ_HEAD(out_queue, out_frame);

struct ipc {
	int fd; /* -1 once the link is lost */
	const char *name;
	const struct ipc_table *table;
	ipc_closed *closed;
	void *arg;
	unsigned phases;
	struct event *readable;
	struct event *writable;
	struct event *lost; /* timer that calls closed() */
	struct out_queue queue;
	size_t queued;
	bool reading; /* ipc_free() leaves the memory to read_frames() */
	bool freed;
};

/* One buffer is enough: no handler runs inside another one. */
static char inbox[HEADER + LIMIT_FRAME];
static uint64_t malformed;

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
drop_first(struct ipc *l)
{
	struct out_frame *f = STAILQ_FIRST(&l->queue);

	STAILQ_REMOVE_HEAD(&l->queue, next);
	l->queued--;
	close_fd(&f->fd);
	explicit_bzero(f->octets, f->n);
	free(f);
}

/* Nothing goes in or out any more. */
static void
shut(struct ipc *l)
{
	event_del(l->readable);
	event_del(l->writable);
	while (!STAILQ_EMPTY(&l->queue))
		drop_first(l);
	close_fd(&l->fd);
}

/* End the link; the owner hears of it from the loop. */
static void
lose(struct ipc *l)
{
	static const struct timeval now = { 0, 0 };

	if (l->fd == -1)
		return;
	shut(l);
	if (event_add(l->lost, &now) == -1)
		fatal("cannot set a timer");
}

static void
on_lost(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *l = arg;

	(void)fd;
	(void)what;
	l->closed(l->arg);
}

/* -- sending --------------------------------------------------------------- */

enum sent { SENT, SENT_LATER, SENT_NEVER };

static enum sent
send_octets(struct ipc *l, struct iovec *parts, size_t n, int fd)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = n };
	struct cmsghdr *c;
	ssize_t r;

	if (fd != -1) {
		msg.msg_control = control.octets;
		msg.msg_controllen = sizeof(control.octets);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		r = sendmsg(l->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (r == -1 && errno == EINTR);
	if (r >= 0)
		return SENT;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return SENT_LATER;
	return SENT_NEVER;
}

/*
 * The peer does not read any more, but what it said before it left is worth
 * reading: a MAIL_DONE among it is a message delivered.  After shutdown() the
 * kernel yields what has arrived, then the end.
 */
static void
give_up_sending(struct ipc *l)
{
	if (errno != EPIPE && errno != ECONNRESET) {
		log_errno(LOG_LEVEL_ERROR, "ipc_send", "%s", l->name);
		lose(l);
		return;
	}
	while (!STAILQ_EMPTY(&l->queue))
		drop_first(l);
	event_del(l->writable);
	shutdown(l->fd, SHUT_RDWR);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *l = arg;
	struct out_frame *f;
	struct iovec part;
	int budget;

	(void)fd;
	(void)what;
	for (budget = BUDGET; budget > 0; budget--) {
		f = STAILQ_FIRST(&l->queue);
		if (f == NULL) {
			event_del(l->writable);
			return;
		}
		part = (struct iovec){ f->octets, f->n };
		switch (send_octets(l, &part, 1, f->fd)) {
		case SENT:
			drop_first(l);
			break;
		case SENT_LATER:
			return;
		case SENT_NEVER:
			give_up_sending(l);
			return;
		}
	}
}

static void
enqueue(struct ipc *l, const struct iovec *parts, int fd)
{
	size_t n = parts[0].iov_len + parts[1].iov_len;
	struct out_frame *f = xcalloc(1, sizeof(*f) + n);

	f->fd = fd;
	f->n = n;
	memcpy(f->octets, parts[0].iov_base, parts[0].iov_len);
	if (parts[1].iov_len > 0)
		memcpy(f->octets + parts[0].iov_len, parts[1].iov_base,
		    parts[1].iov_len);
	STAILQ_INSERT_TAIL(&l->queue, f, next);
	if (l->queued++ == 0 && event_add(l->writable, NULL) == -1)
		fatal("cannot wait for a link");
}

/* Send now if nothing waits, else queue.  Takes fd. */
static void
send_frame(struct ipc *l, struct iovec *parts, int fd)
{
	enum sent sent = SENT_LATER;

	if (l->queued >= LIMIT_LINK_QUEUE) {
		log_event(LOG_LEVEL_ERROR, "ipc_queue_full",
		    "%s does not read: link closed", l->name);
		close_fd(&fd);
		lose(l);
		return;
	}
	if (l->queued == 0)
		sent = send_octets(l, parts, 2, fd);
	if (sent == SENT_LATER) {
		enqueue(l, parts, fd);
		return;
	}
	if (sent == SENT_NEVER)
		give_up_sending(l);
	close_fd(&fd);
}

void
ipc_send(struct ipc *l, uint16_t type, uint64_t id, const struct buf *payload,
    int fd)
{
	struct buf header = buf_new(HEADER);
	size_t n = payload == NULL ? 0 : payload->n;
	struct iovec parts[2];

	if (l->fd == -1) {
		close_fd(&fd);
		return;
	}
	if (n > LIMIT_FRAME || (payload != NULL && !buf_ok(payload))) {
		log_event(LOG_LEVEL_ERROR, "ipc_too_long",
		    "%s: type %u, %zu octets: link closed", l->name, type, n);
		close_fd(&fd);
		lose(l);
		return;
	}
	pack_u32(&header, (uint32_t)n);
	pack_u16(&header, type);
	pack_u16(&header, 0);
	pack_u64(&header, id);
	parts[0] = (struct iovec){ header.p, header.n };
	parts[1] = (struct iovec){ n == 0 ? NULL : payload->p, n };
	send_frame(l, parts, fd);
	buf_free(&header);
}

/* -- receiving ------------------------------------------------------------- */

/*
 * The descriptor that came along, or -1.  Closes all of them, and says false,
 * if it is not one at most.
 */
static bool
take_fd(struct msghdr *msg, int *fd)
{
	struct cmsghdr *c;
	unsigned char *p, *end;
	bool fine = !(msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC));
	int one;

	*fd = -1;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		end = (unsigned char *)c + c->cmsg_len;
		for (p = CMSG_DATA(c); p + sizeof(one) <= end;
		     p += sizeof(one)) {
			memcpy(&one, p, sizeof(one));
			if (*fd != -1) {
				close(one);
				fine = false;
				continue;
			}
			*fd = one;
		}
	}
	if (!fine)
		close_fd(fd);
	return fine;
}

enum got { GOT_FRAME, GOT_NOTHING, GOT_MALFORMED, GOT_END };

/* Read one packet into the inbox. */
static enum got
receive(struct ipc *l, size_t *n, int *fd)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { inbox, sizeof(inbox) };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.octets,
		.msg_controllen = sizeof(control.octets),
	};
	ssize_t r;

	*n = 0;
	*fd = -1;
	/*
	 * ECONNRESET: the peer left without reading everything.  It is
	 * reported once, ahead of what the peer said before.
	 */
	do
		r = recvmsg(l->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (r == -1 && (errno == EINTR || errno == ECONNRESET));
	if (r == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? GOT_NOTHING
							       : GOT_END;
	*n = (size_t)r;
	if (!take_fd(&msg, fd))
		return GOT_MALFORMED;
	if (r == 0) {
		close_fd(fd);
		return GOT_END;
	}
	return GOT_FRAME;
}

static const struct ipc_row *
find_row(const struct ipc_table *t, uint16_t type)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->rows[i].type == type)
			return &t->rows[i];
	return NULL;
}

/* Split the inbox into a frame.  NULL, or what is wrong with it. */
static const char *
parse(size_t n, struct ipc_frame *f)
{
	struct unpack u = unpack_begin((struct slice){ inbox, n });
	uint32_t length = unpack_u32(&u);
	uint16_t reserved;

	f->type = unpack_u16(&u);
	reserved = unpack_u16(&u);
	f->id = unpack_u64(&u);
	f->payload = u.rest;
	if (u.failed)
		return "short header";
	if (length != u.rest.n)
		return "wrong length";
	if (reserved != 0)
		return "reserved bits";
	return NULL;
}

/* Check a frame against the table and hand it on.  NULL, or what is wrong. */
static const char *
dispatch(struct ipc *l, struct ipc_frame *f)
{
	const struct ipc_row *row = find_row(l->table, f->type);

	if (row == NULL)
		return "unknown type";
	if (f->payload.n > row->max)
		return "too long";
	if (row->fd && f->fd == -1)
		return "no descriptor";
	if (!row->fd && f->fd != -1)
		return "unwanted descriptor";
	if (row->phases != 0 && (row->phases & l->phases) == 0)
		return "wrong phase";
	if (row->handler(l->arg, f) == IPC_MALFORMED)
		return "refused by its handler";
	return NULL;
}

static void
reject(struct ipc *l, const struct ipc_frame *f, const char *why)
{
	struct log_line line;

	malformed++;
	log_begin(&line, LOG_LEVEL_ERROR, 0, "ipc_malformed");
	log_str(&line, "link", l->name);
	log_u64(&line, "type", f->type);
	log_u64(&line, "id", f->id);
	log_u64(&line, "octets", f->payload.n);
	log_str(&line, "why", why);
	log_end(&line);
	lose(l);
}

/* One frame, if there is one.  False when there is nothing more to read. */
static bool
read_frame(struct ipc *l)
{
	struct ipc_frame f = { .fd = -1 };
	const char *why = "truncated, or too many descriptors";
	size_t n;

	switch (receive(l, &n, &f.fd)) {
	case GOT_NOTHING:
		return false;
	case GOT_END:
		lose(l);
		return false;
	case GOT_MALFORMED:
		break;
	case GOT_FRAME:
		why = parse(n, &f);
		if (why == NULL)
			why = dispatch(l, &f);
		break;
	}
	close_fd(&f.fd);
	explicit_bzero(inbox, n); /* it may have carried a password */
	if (why != NULL)
		reject(l, &f, why);
	return l->fd != -1;
}

static void
read_frames(evutil_socket_t fd, short what, void *arg)
{
	struct ipc *l = arg;
	int budget;

	(void)fd;
	(void)what;
	l->reading = true;
	for (budget = BUDGET; budget > 0; budget--)
		if (!read_frame(l))
			break;
	l->reading = false;
	if (l->freed)
		free(l);
}

/* -- life ------------------------------------------------------------------ */

struct ipc *
ipc_new(struct event_base *base, int fd, const char *name,
    const struct ipc_table *table, ipc_closed *closed, void *arg)
{
	struct ipc *l = xcalloc(1, sizeof(*l));

	l->fd = fd;
	l->name = name;
	l->table = table;
	l->closed = closed;
	l->arg = arg;
	l->phases = ~0U;
	STAILQ_INIT(&l->queue);
	evutil_make_socket_nonblocking(fd);
	evutil_make_socket_closeonexec(fd);
	l->readable = event_new(base, fd, EV_READ | EV_PERSIST, read_frames, l);
	l->writable =
	    event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, l);
	l->lost = evtimer_new(base, on_lost, l);
	if (l->readable == NULL || l->writable == NULL || l->lost == NULL)
		fatal("out of memory");
	if (event_add(l->readable, NULL) == -1) {
		log_event(LOG_LEVEL_ERROR, "ipc_new", "%s: not a socket", name);
		lose(l);
	}
	return l;
}

void
ipc_free(struct ipc **lp)
{
	struct ipc *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	shut(l);
	event_free(l->readable);
	event_free(l->writable);
	event_free(l->lost);
	l->freed = true;
	if (!l->reading)
		free(l);
}

void
ipc_phase(struct ipc *l, unsigned phases)
{
	l->phases = phases;
}

size_t
ipc_pending(const struct ipc *l)
{
	return l->queued;
}

uint64_t
ipc_malformed_count(void)
{
	return malformed;
}
