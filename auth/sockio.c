/*
 * sockio - libldap's octets through a socket of ours, until our deadline.
 *
 * To libldap it looks like a socket that blocks and then breaks.
 */

#include "sockio.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"

/* After a call that failed: is it worth another try?  Sets errno if not. */
static bool
wait_for(const struct sockio *io, short events)
{
	struct pollfd p = { .fd = io->fd, .events = events };
	int left;

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	left = endpoint_left(io->deadline_ms);
	if (left > 0 && (poll(&p, 1, left) == 1 || errno == EINTR))
		return true;
	errno = ETIMEDOUT; /* EAGAIN would be tried for ever */
	return false;
}

static ber_slen_t
on_read(Sockbuf_IO_Desc *d, void *p, ber_len_t n)
{
	const struct sockio *io = d->sbiod_pvt;
	ssize_t r;

	do
		r = recv(io->fd, p, n, 0);
	while (r == -1 && wait_for(io, POLLIN));
	return r;
}

static ber_slen_t
on_write(Sockbuf_IO_Desc *d, void *p, ber_len_t n)
{
	const struct sockio *io = d->sbiod_pvt;
	ssize_t r;

	do
		r = send(io->fd, p, n, MSG_NOSIGNAL);
	while (r == -1 && wait_for(io, POLLOUT));
	return r;
}

static int
on_setup(Sockbuf_IO_Desc *d, void *arg)
{
	d->sbiod_pvt = arg;
	return 0;
}

static int
on_remove(Sockbuf_IO_Desc *d)
{
	(void)d;
	return 0;
}

static int
on_ctrl(Sockbuf_IO_Desc *d, int opt, void *arg)
{
	(void)d;
	(void)opt;
	(void)arg;
	return 0; /* nothing is kept here, nothing can be set */
}

static int
on_close(Sockbuf_IO_Desc *d)
{
	struct sockio *io = d->sbiod_pvt;

	if (io->fd != -1)
		close(io->fd);
	io->fd = -1;
	return 0;
}

int
sockio_attach(struct sockio *io, Sockbuf *sb)
{
	static Sockbuf_IO functions = { on_setup, on_remove, on_ctrl, on_read,
		on_write, on_close };

	return ber_sockbuf_add_io(
	    sb, &functions, LBER_SBIOD_LEVEL_PROVIDER, io);
}
