#ifndef SUBMITD_CLIENTKEY_H
#define SUBMITD_CLIENTKEY_H

/*
 * clientkey - the names under which tables keep clients and their users.
 *
 * An IPv4 address is a client; of IPv6, where everybody has many, a prefix
 * is.  "192.0.2.1", "2001:db8::/64"; with a user behind it, "192.0.2.1 alice".
 * Pure.
 */

#include "limits.h"
#include "network.h"
#include "slice.h"

struct clientkey {
	char text[NETWORK_TEXT + 1 + LIMIT_USER_TYPED];
	size_t client_n;
};

/* address NULL or no address: all such are one client, "::". */
void clientkey_set(struct clientkey *, const char *address, unsigned bits);

/* Borrowed, as long as the struct lives. */
struct slice clientkey_client(const struct clientkey *);

/* The same; of a longer name than LIMIT_USER_TYPED the rest is left out. */
struct slice clientkey_of_pair(struct clientkey *, struct slice user);

/* What is behind the client in the name of a pair, and what is before. */
struct slice clientkey_user(struct slice pair);
struct slice clientkey_of(struct slice pair);

#endif
