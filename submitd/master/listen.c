/*
 * listen - bind and listen, and say clearly why that did not work.
 *
 * SO_REUSEPORT also lets a second gateway of the same user join the group and
 * take half of the connections, so each address is first bound without it.
 */

#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "xalloc.h"

/* One address to bind, as an error message would show it. */
struct target {
	struct sockaddr_storage address;
	socklen_t n;
	char name[80];
};

static int
make_target(const char *address, uint32_t port, struct target *out)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found;
	char service[16];

	snprintf(service, sizeof(service), "%u", port);
	if (strchr(address, ':') != NULL)
		snprintf(
		    out->name, sizeof(out->name), "[%s]:%u", address, port);
	else
		snprintf(out->name, sizeof(out->name), "%s:%u", address, port);
	if (getaddrinfo(address, service, &hints, &found) != 0) {
		log_event(LOG_LEVEL_ERROR, "listen_failed",
		    "%s: not an address of this host's families", out->name);
		return -1;
	}
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	out->n = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int
set_option(int fd, int level, int option)
{
	const int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

/* A bound socket, or -1 with errno. */
static int
bind_target(const struct target *t, bool shared)
{
	int family = t->address.ss_family, saved;
	int fd = socket(
	    family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);

	if (fd == -1)
		return -1;
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR) == 0 &&
	    (!shared || set_option(fd, SOL_SOCKET, SO_REUSEPORT) == 0) &&
	    (family != AF_INET6 ||
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) &&
	    bind(fd, (const struct sockaddr *)&t->address, t->n) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* What an operator can do about it. */
static const char *
advice(int error)
{
	switch (error) {
	case EACCES:
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
	case EADDRINUSE:
		return "another program listens there";
	case EADDRNOTAVAIL:
		return "this host has no such address";
	case EMFILE:
		return "raise the limit on open files";
	default:
		return "see error";
	}
}

static int
failed(const struct target *t)
{
	log_errno(
	    LOG_LEVEL_ERROR, "listen_failed", "%s: %s", t->name, advice(errno));
	return -1;
}

/* One socket for every worker. */
static int
open_target(const struct config *c, uint32_t index, const struct target *t,
    struct listeners *out)
{
	struct listener *l;
	uint32_t worker;
	int fd;

	if ((fd = bind_target(t, false)) == -1)
		return failed(t);
	close(fd);
	for (worker = 0; worker < c->workers; worker++) {
		if ((fd = bind_target(t, true)) == -1)
			return failed(t);
		out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
		l = &out->v[out->n++];
		*l = (struct listener){
			.fd = fd,
			.worker = worker,
			.index = index,
		};
		memcpy(l->name, t->name, sizeof(l->name));
		if (listen(fd, SOMAXCONN) != 0)
			return failed(t);
	}
	return 0;
}

static bool
has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_ANY_INIT,
	};

	yes = fd != -1 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
	if (fd != -1)
		close(fd);
	return yes;
}

/* "*" is all IPv4 addresses and, where there is IPv6, all of those. */
static int
open_line(const struct config *c, uint32_t index, struct listeners *out)
{
	const struct listen_config *line = &c->smtp.listen.v[index];
	bool any = strcmp(line->address, "*") == 0;
	struct target t;

	if (make_target(any ? "0.0.0.0" : line->address, line->port, &t) != 0 ||
	    open_target(c, index, &t, out) != 0)
		return -1;
	if (!any)
		return 0;
	if (!has_ipv6()) {
		log_event(LOG_LEVEL_WARN, "listen_ipv4_only",
		    "*:%u: this host has no IPv6", line->port);
		return 0;
	}
	if (make_target("::", line->port, &t) != 0)
		return -1;
	return open_target(c, index, &t, out);
}

int
listen_open(const struct config *c, struct listeners *out)
{
	uint32_t i;

	*out = (struct listeners){ 0 };
	for (i = 0; i < c->smtp.listen.n; i++)
		if (open_line(c, i, out) != 0)
			return -1;
	return 0;
}

void
listen_close(struct listeners *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		close(l->v[i].fd);
	free(l->v);
	*l = (struct listeners){ 0 };
}
