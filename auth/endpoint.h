#ifndef SUBMITD_ENDPOINT_H
#define SUBMITD_ENDPOINT_H

/*
 * endpoint - one directory server as the configuration names it, and the
 * socket to it.
 *
 * Parsed once at start, then read-only and shared by all threads.
 */

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

enum ldap_scheme { SCHEME_LDAP, SCHEME_LDAPS, SCHEME_LDAPI };

struct endpoint {
	const char *uri; /* the configuration's */
	enum ldap_scheme scheme;
	char *host; /* owned; for SCHEME_LDAPI the socket's path */
	int port;
};

#define ENDPOINT_TEXT 96 /* fits a numeric address and port */

/* 0, or -1 with *why in words; nothing is left to free then. */
NODISCARD int endpoint_parse(
    struct endpoint *, const char *uri, const char **why);
void endpoint_clear(struct endpoint *);

/* Milliseconds from now to a clock_ms() deadline; 0 when it has passed. */
int endpoint_left(uint64_t deadline_ms);

/*
 * The addresses of a host, to be freed with freeaddrinfo().  Blocks as long
 * as the system's resolver does.  0 or a getaddrinfo() error.
 */
NODISCARD int endpoint_resolve(const struct endpoint *, struct addrinfo **);

/* "address port port" of an address. */
void endpoint_print(const struct addrinfo *, char text[ENDPOINT_TEXT]);

/* 127.0.0.0/8, ::1: what is sent there leaves no host. */
NODISCARD bool endpoint_is_loopback(const struct addrinfo *);

/*
 * A connected, non-blocking socket, or -1 with errno.  Waits until the
 * deadline at the longest.
 */
NODISCARD int endpoint_connect(const struct addrinfo *, uint64_t deadline_ms);
NODISCARD int endpoint_connect_local(const char *path);

#endif
