#ifndef SUBMITD_NETWORK_H
#define SUBMITD_NETWORK_H

/*
 * network - addresses that have their first bits in common (RFC 4632; RFC
 * 4291, 2.3), and which addresses those are.
 *
 * Pure.  An IPv4 address is ::ffff:a.b.c.d here, so that there is one kind.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"

struct network {
	struct in6_addr address;
	unsigned bits; /* of its prefix; 128: one address */
};

/*
 * "192.0.2.1", "10.0.0.0/8", "2001:db8::/32".  -1: it is none, has a bit set
 * behind its prefix (somebody meant another one), or is everybody.
 */
NODISCARD int network_parse(const char *text, struct network *out);

/*
 * The network around the address in text: an IPv4 address stays one address,
 * of an IPv6 one the first bits count (1 to 128).  -1: it is no address.
 */
NODISCARD int network_around(
    const char *text, unsigned bits, struct network *out);

#define NETWORK_TEXT (INET6_ADDRSTRLEN + 4) /* octets for network_show() */

/* "192.0.2.1", "2001:db8::/64": as network_parse() takes it. */
void network_show(const struct network *, char out[NETWORK_TEXT]);

bool network_holds(const struct network *, const struct in6_addr *);

#endif
