#ifndef SUBMITD_SMTP_ORIGIN_H
#define SUBMITD_SMTP_ORIGIN_H

/*
 * origin - where a connection comes from: the peer of its socket, or the client
 * that a proxy we trust has named.  Limits, logs and trace fields go by it.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "proxy.h"

struct sockaddr;

struct origin {
	struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool proxied;          /* there was a header */
	bool probe;            /* ... without a client: the proxy's own visit */
	struct in6_addr proxy; /* who sent the header, where proxied */
};

/* Of an accepted socket. */
struct origin origin_of(const struct sockaddr *);

/* The same, after the proxy at its other end has said who is behind it. */
struct origin origin_behind(struct origin proxy, const struct proxy_header *);

/* As people write it: IPv4 as a.b.c.d. */
void origin_text(const struct in6_addr *, char text[INET6_ADDRSTRLEN]);

#endif
