/*
 * endpoint - one directory server as the configuration names it, and the
 * socket to it.
 *
 * libldap could connect by itself, but then its time-outs start anew for each
 * address of a name, and its sockets leak into children and block.  So the
 * socket is ours, never blocks, and is given to libldap once it stands.
 */

#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ldap.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "xalloc.h"

#define LDAPI_SOCKET "/var/run/slapd/ldapi" /* where ldapi:/// means */

/* A peer whose host is gone is noticed within these. */
#define KEEPALIVE_IDLE_S     60
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_PROBES     3
#define USER_TIMEOUT_MS      3000

static const struct {
	const char *name;
	enum ldap_scheme scheme;
	const char *host; /* when the URI names none */
} schemes[] = {
	{ "ldap", SCHEME_LDAP, "localhost" },
	{ "ldaps", SCHEME_LDAPS, "localhost" },
	{ "ldapi", SCHEME_LDAPI, LDAPI_SOCKET },
};

int
endpoint_parse(struct endpoint *e, const char *uri, const char **why)
{
	LDAPURLDesc *url = NULL;
	size_t i;
	int r = -1;

	*e = (struct endpoint){ .uri = uri };
	*why = "expected ldap://host, ldaps://host or ldapi://path";
	if (ldap_url_parse(uri, &url) != LDAP_URL_SUCCESS)
		goto out;
	for (i = 0; i < ARRAY_LEN(schemes); i++)
		if (strcmp(url->lud_scheme, schemes[i].name) == 0)
			break;
	if (i == ARRAY_LEN(schemes))
		goto out;
	/* The base, attributes and filter have keys of their own. */
	if ((url->lud_dn != NULL && *url->lud_dn != '\0') ||
	    url->lud_attrs != NULL || url->lud_exts != NULL ||
	    url->lud_filter != NULL) {
		*why = "only a server may be named, no DN and no filter";
		goto out;
	}
	e->scheme = schemes[i].scheme;
	e->port = url->lud_port;
	e->host = xstrdup(url->lud_host != NULL && *url->lud_host != '\0'
			      ? url->lud_host
			      : schemes[i].host);
	r = 0;
out:
	if (url != NULL)
		ldap_free_urldesc(url);
	return r;
}

void
endpoint_clear(struct endpoint *e)
{
	free(e->host);
	*e = (struct endpoint){ 0 };
}

int
endpoint_left(uint64_t deadline_ms)
{
	uint64_t now = clock_ms();

	if (deadline_ms <= now)
		return 0;
	return deadline_ms - now > INT32_MAX ? INT32_MAX
					     : (int)(deadline_ms - now);
}

int
endpoint_resolve(const struct endpoint *e, struct addrinfo **out)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG,
	};
	char port[16];
	int r;

	*out = NULL;
	snprintf(port, sizeof(port), "%d", e->port);
	r = getaddrinfo(e->host, port, &hints, out);
	/* AI_ADDRCONFIG knows no loopback: a host without a network fails. */
	if (r == EAI_NONAME || r == EAI_ADDRFAMILY || r == EAI_NODATA) {
		hints.ai_flags = AI_NUMERICSERV;
		r = getaddrinfo(e->host, port, &hints, out);
	}
	return r;
}

void
endpoint_print(const struct addrinfo *a, char text[ENDPOINT_TEXT])
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(text, ENDPOINT_TEXT, "unknown address");
	else
		snprintf(text, ENDPOINT_TEXT, "%.64s port %.8s", host, port);
}

bool
endpoint_is_loopback(const struct addrinfo *a)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (a->ai_family == AF_INET && a->ai_addrlen >= sizeof(in)) {
		memcpy(&in, a->ai_addr, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (a->ai_family == AF_INET6 && a->ai_addrlen >= sizeof(in6)) {
		memcpy(&in6, a->ai_addr, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return false;
}

static void
set_options(int fd)
{
	static const struct {
		int level, name, value;
	} rows[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
	};
	size_t i;

	/* Each only makes trouble be noticed sooner: none is needed. */
	for (i = 0; i < ARRAY_LEN(rows); i++)
		(void)setsockopt(fd, rows[i].level, rows[i].name,
		    &rows[i].value, sizeof(rows[i].value));
}

/* Wait for a connect() in progress.  0, or -1 with errno. */
static int
wait_connected(int fd, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error = 0, n;

	do
		n = poll(&p, 1, endpoint_left(deadline_ms));
	while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	if (n <= 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

/* connect() a socket that is given up, with errno kept, on failure. */
static int
connect_socket(
    int fd, const struct sockaddr *sa, socklen_t len, uint64_t deadline_ms)
{
	int saved;

	if (connect(fd, sa, len) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_connected(fd, deadline_ms) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
endpoint_connect(const struct addrinfo *a, uint64_t deadline_ms)
{
	int fd;

	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    a->ai_protocol);
	if (fd == -1)
		return -1;
	set_options(fd);
	return connect_socket(fd, a->ai_addr, a->ai_addrlen, deadline_ms);
}

int
endpoint_connect_local(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	/* A full backlog says EAGAIN at once: trouble, tried elsewhere. */
	return connect_socket(
	    fd, (const struct sockaddr *)&un, sizeof(un), clock_ms());
}
