#ifndef SUBMITD_ADDRESSES_H
#define SUBMITD_ADDRESSES_H

/*
 * addresses - how many sessions each client address has open.
 *
 * An IPv6 client is its /64: one host can use as many addresses of it as it
 * likes.  As many entries as there are sessions, at most.
 */

#include <netinet/in.h>
#include <stdint.h>

struct addresses;

struct addresses *addresses_new(void);
void addresses_free(struct addresses **);

/* The address in a sockaddr; IPv4 as ::ffff:a.b.c.d. */
struct in6_addr address_of(const struct sockaddr *);

/* One more: how many there are now. */
uint32_t addresses_enter(struct addresses *, const struct in6_addr *);

/* One less; nothing if it never entered. */
void addresses_leave(struct addresses *, const struct in6_addr *);

#endif
