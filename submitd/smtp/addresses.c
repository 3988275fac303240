/*
 * addresses - a balanced tree (tsearch(3)) from client network to count.
 */

#include "addresses.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "compiler.h"
#include "xalloc.h"

#define IPV6_PREFIX 8 /* octets: a /64 */

struct tally {
	struct in6_addr network;
	uint32_t count;
};

struct addresses {
	void *root;
};

static int
compare(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return memcmp(&x->network, &y->network, sizeof(x->network));
}

struct in6_addr
address_of(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;
	struct in6_addr a = { { { 0 } } };

	if (sa->sa_family == AF_INET6)
		return v6->sin6_addr;
	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	memcpy(a.s6_addr + 12, &v4->sin_addr, 4);
	return a;
}

static struct in6_addr
network_of(const struct in6_addr *a)
{
	struct in6_addr n = *a;

	if (!IN6_IS_ADDR_V4MAPPED(a))
		memset(n.s6_addr + IPV6_PREFIX, 0, 16 - IPV6_PREFIX);
	return n;
}

struct addresses *
addresses_new(void)
{
	return xcalloc(1, sizeof(struct addresses));
}

void
addresses_free(struct addresses **ap)
{
	struct addresses *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	tdestroy(a->root, free);
	free(a);
}

uint32_t
addresses_enter(struct addresses *a, const struct in6_addr *address)
{
	struct tally *e = xcalloc(1, sizeof(*e)), **found;

	e->network = network_of(address);
	found = tsearch(e, &a->root, compare);
	BUG_ON(found == NULL); /* out of memory */
	if (*found != e)
		free(e);
	return ++(*found)->count;
}

void
addresses_leave(struct addresses *a, const struct in6_addr *address)
{
	struct tally key = { .network = network_of(address) }, **found, *e;

	if ((found = tfind(&key, &a->root, compare)) == NULL)
		return;
	e = *found;
	if (--e->count > 0)
		return;
	tdelete(e, &a->root, compare);
	free(e);
}
