#ifndef SUBMITD_TEST_IPCPAIR_H
#define SUBMITD_TEST_IPCPAIR_H

/* ipcpair - a link, its other end as a bare socket, and what was heard. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc.h"
#include "limits.h"
#include "log.h"
#include "pack.h"

enum { T_PLAIN = 1, T_FD, T_SMALL, T_EARLY, T_BAD, T_FREE, T_ECHO, T_LOSE };

#define EARLY 1U
#define LATE  2U

/* One end under test, a bare socket as its peer. */
static struct {
	struct event_base *base;
	struct ipc *link;
	int peer;
	unsigned frames;
	unsigned closed;
	bool in_handler;
	uint16_t type;
	uint64_t id;
	char payload[64];
	size_t n;
	int fd;
} t;

static enum ipc_verdict
keep(void *arg, struct ipc_frame *f)
{
	assert_ptr_equal(arg, &t);
	t.frames++;
	t.type = f->type;
	t.id = f->id;
	t.n = f->payload.n;
	if (t.n > 0 && t.n <= sizeof(t.payload))
		memcpy(t.payload, f->payload.p, t.n);
	if (f->fd != -1) {
		t.fd = f->fd;
		f->fd = -1;
	}
	return IPC_FINE;
}

static enum ipc_verdict
ignore(void *arg, struct ipc_frame *f)
{
	(void)arg;
	(void)f;
	t.frames++;
	return IPC_FINE; /* without taking the descriptor */
}

static enum ipc_verdict
call_it_bad(void *arg, struct ipc_frame *f)
{
	(void)arg;
	(void)f;
	return IPC_MALFORMED;
}

static enum ipc_verdict
free_the_link(void *arg, struct ipc_frame *f)
{
	(void)arg;
	t.frames++;
	ipc_free(&t.link);
	return f->id == 1 ? IPC_MALFORMED : IPC_FINE;
}

static enum ipc_verdict
echo(void *arg, struct ipc_frame *f)
{
	struct buf b = buf_new(LIMIT_FRAME);

	(void)arg;
	buf_add(&b, f->payload.p, f->payload.n);
	ipc_send(t.link, f->type, f->id, &b, -1);
	buf_free(&b);
	return IPC_FINE;
}

/* Too long a payload: the link is lost in the middle of a handler. */
static enum ipc_verdict
lose_by_sending(void *arg, struct ipc_frame *f)
{
	struct buf b = buf_new(1);

	(void)arg;
	(void)f;
	buf_str(&b, "does not fit");
	t.in_handler = true;
	ipc_send(t.link, T_PLAIN, 0, &b, -1);
	t.in_handler = false;
	return IPC_FINE;
}

static void
on_closed(void *arg)
{
	assert_ptr_equal(arg, &t);
	assert_false(t.in_handler);
	t.closed++;
}

static const struct ipc_row rows[] = {
	{ T_PLAIN, keep, LIMIT_FRAME, false, 0 },
	{ T_FD, keep, 16, true, 0 },
	{ T_SMALL, ignore, 4, true, 0 },
	{ T_EARLY, keep, 0, false, EARLY },
	{ T_BAD, call_it_bad, 0, false, 0 },
	{ T_FREE, free_the_link, 0, false, 0 },
	{ T_ECHO, echo, LIMIT_FRAME, false, 0 },
	{ T_LOSE, lose_by_sending, 0, false, 0 },
};
static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

static int
setup(void **state)
{
	int s[2];

	(void)state;
	memset(&t, 0, sizeof(t));
	t.fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) == -1)
		return -1;
	t.peer = s[1];
	t.base = event_base_new();
	t.link = ipc_new(t.base, s[0], "test", &table, on_closed, &t);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ipc_free(&t.link);
	event_base_free(t.base);
	if (t.peer != -1)
		close(t.peer);
	if (t.fd != -1)
		close(t.fd);
	return 0;
}

/* Run the loop until nothing more is to be done. */
static void
run(void)
{
	int i;

	for (i = 0; i < 20; i++)
		event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static struct buf
frame(uint32_t length, uint16_t type, uint16_t reserved, uint64_t id,
    const char *payload)
{
	struct buf b = buf_new(2 * LIMIT_FRAME);

	pack_u32(&b, length);
	pack_u16(&b, type);
	pack_u16(&b, reserved);
	pack_u64(&b, id);
	buf_str(&b, payload);
	return b;
}

/* Send raw octets and descriptors as the peer. */
static void
say(struct slice octets, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)octets.p, octets.n };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n > 0) {
		msg.msg_control = control.octets;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(t.peer, &msg, MSG_NOSIGNAL), octets.n);
}

static void
say_frame(uint16_t type, uint64_t id, const char *payload, int fd)
{
	struct buf b = frame((uint32_t)strlen(payload), type, 0, id, payload);

	say(buf_slice(&b), &fd, fd == -1 ? 0 : 1);
	buf_free(&b);
}

/* What the link sent us, or -1 when there is nothing. */
static ssize_t
hear(char *to, size_t size)
{
	return recv(t.peer, to, size, MSG_DONTWAIT);
}

static void
expect_malformed(void)
{
	uint64_t before = ipc_malformed_count();

	run();
	assert_int_equal(ipc_malformed_count(), before + 1);
	assert_int_equal(t.closed, 1);
}

static unsigned
count_open_fds(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

#endif
