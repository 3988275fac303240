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

bool network_holds(const struct network *, const struct in6_addr *);

#endif
