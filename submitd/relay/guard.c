/*
 * guard - the signs, one row each.
 */

#include "guard.h"

#include <arpa/inet.h>
#include <inttypes.h>

#define HOUR_S 3600

/* Parts of the hour's ring that are ten minutes, and the one begun. */
#define TEN_MINUTES 3

/*
 * Within an hour of now.  Before or behind it: a clock is set back by a little
 * now and then, and what it said when it was far ahead counts for nothing.
 */
static bool
is_recent(uint64_t then_s, uint64_t now_s)
{
	return (then_s > now_s ? then_s - now_s : now_s - then_s) < HOUR_S;
}

/* -- networks -------------------------------------------------------------- */

/* Octets of an address that count, as the first of a number. */
static uint64_t
prefix_of(const unsigned char *octets, unsigned n)
{
	uint64_t prefix = 0;
	unsigned i;

	for (i = 0; i < sizeof(prefix); i++)
		prefix = prefix << 8 | (i < n ? octets[i] : 0);
	return prefix;
}

/* 0: not an address. */
static uint64_t
network_of(const char *address)
{
	unsigned char a[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET6, address, a) == 1)
		return prefix_of(a, 6);
	if (inet_pton(AF_INET, address, a) == 1)
		return prefix_of(a, 3) >> 8; /* no IPv6 address begins so */
	return 0;
}

void
guard_forget_networks(struct account *a, uint64_t now_s)
{
	uint32_t i, n = 0;

	for (i = 0; i < a->network_n; i++)
		if (is_recent(a->networks[i].seen_s, now_s))
			a->networks[n++] = a->networks[i];
	a->network_n = n;
}

/* Where it is remembered; a new one takes the place of the oldest. */
static struct account_network *
place_of(struct account *a, uint64_t prefix)
{
	struct account_network *oldest = &a->networks[0];
	uint32_t i;

	for (i = 0; i < a->network_n; i++) {
		if (a->networks[i].prefix == prefix)
			return &a->networks[i];
		if (a->networks[i].seen_s < oldest->seen_s)
			oldest = &a->networks[i];
	}
	if (a->network_n == LIMIT_ACCOUNT_NETWORKS)
		return oldest;
	return &a->networks[a->network_n++];
}

void
guard_note_network(struct account *a, const char *address, uint64_t now_s)
{
	uint64_t prefix = network_of(address);

	guard_forget_networks(a, now_s);
	if (prefix != 0)
		*place_of(a, prefix) =
		    (struct account_network){ prefix, now_s };
}

void
guard_note_judged(struct account *a, uint64_t taken, uint64_t refused)
{
	tally_add(&a->tried, taken + refused);
	tally_add(&a->refused, refused);
}

/* -- the signs ------------------------------------------------------------- */

struct sight {
	uint64_t seen;
	uint64_t most; /* that is no sign; 0: nothing is one */
};

static struct sight
see_networks(const struct relay_config *c, const struct account *a)
{
	return (struct sight){ a->network_n, c->guard_networks };
}

static struct sight
see_new_recipients(const struct relay_config *c, const struct account *a)
{
	uint64_t written = tally_recent(
	    &a->spent[QUOTA_NEW_RECIPIENTS], QUOTA_HOUR, TEN_MINUTES);

	/* with those of messages under way: the burst itself is to be held */
	return (struct sight){ written + a->reserved[QUOTA_NEW_RECIPIENTS],
		c->guard_new_recipients };
}

/* In percent. */
static struct sight
see_refused(const struct relay_config *c, const struct account *a)
{
	uint64_t tried = tally_sum(&a->tried, QUOTA_HOUR);
	uint64_t refused = tally_sum(&a->refused, QUOTA_HOUR);

	if (tried == 0 || tried < c->guard_refused_least)
		return (struct sight){ 0, c->guard_refused };
	/* a share just above the limit is above it */
	return (struct sight){ (refused * 100 + tried - 1) / tried,
		c->guard_refused };
}

static const struct {
	const char *name;
	struct sight (*see)(
	    const struct relay_config *, const struct account *);
} signs[GUARD_SIGNS] = {
	[GUARD_NETWORKS] = { "networks", see_networks },
	[GUARD_NEW_RECIPIENTS] = { "new_recipients", see_new_recipients },
	[GUARD_REFUSED] = { "refused", see_refused },
};

bool
guard_sees(const struct relay_config *config, struct account *a, uint64_t now_s,
    enum guard_sign *sign)
{
	struct sight s;
	int i;

	*sign = GUARD_NETWORKS;
	guard_forget_networks(a, now_s);
	for (i = 0; i < GUARD_SIGNS; i++) {
		s = signs[i].see(config, a);
		if (s.most == 0 || s.seen <= s.most ||
		    is_recent(a->alarmed_s[i], now_s))
			continue;
		a->alarmed_s[i] = now_s;
		*sign = (enum guard_sign)i;
		return true;
	}
	return false;
}

const char *
guard_name(enum guard_sign sign)
{
	return signs[sign].name;
}

void
guard_detail(struct buf *b, const struct relay_config *config,
    const struct account *a, enum guard_sign sign)
{
	struct sight s = signs[sign].see(config, a);

	buf_printf(b, "seen=%" PRIu64 " most=%" PRIu64, s.seen, s.most);
}
