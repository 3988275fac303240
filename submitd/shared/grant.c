/*
 * grant - the pure half: the fields of a grant and their order on the wire.
 *
 * Judges no MAC, so what it reads is only as true as the link it came over;
 * grantmac.c is for those who must know.
 */

#include "grant.h"

#include "limits.h"
#include "pack.h"

void
grant_pack(struct buf *b, const struct grant *g)
{
	pack_u64(b, g->session);
	pack_u32(b, g->instance);
	pack_u64(b, g->expires_ms);
	pack_bytes(b, g->user);
	pack_bytes(b, g->client_address);
	pack_u32(b, g->address_count);
	pack_bytes(b, g->addresses);
	pack_u32(b, g->delegated_count);
	pack_bytes(b, g->delegated);
	quota_pack(b, &g->quota);
}

int
grant_read(struct slice sealed, struct grant *g)
{
	struct unpack u;

	*g = (struct grant){ 0 };
	if (sealed.n < GRANT_MAC_LEN || sealed.n > LIMIT_GRANT)
		return -1;
	u = unpack_begin((struct slice){ sealed.p, sealed.n - GRANT_MAC_LEN });
	g->session = unpack_u64(&u);
	g->instance = unpack_u32(&u);
	g->expires_ms = unpack_u64(&u);
	g->user = unpack_bytes(&u);
	g->client_address = unpack_bytes(&u);
	g->address_count = unpack_u32(&u);
	g->addresses = unpack_bytes(&u);
	g->delegated_count = unpack_u32(&u);
	g->delegated = unpack_bytes(&u);
	quota_unpack(&u, &g->quota);
	if (!unpack_end(&u) || g->user.n == 0 ||
	    g->address_count > LIMIT_GRANT_ADDRESSES ||
	    g->delegated_count > LIMIT_GRANT_ADDRESSES ||
	    !pack_is_list(g->addresses, g->address_count) ||
	    !pack_is_list(g->delegated, g->delegated_count)) {
		*g = (struct grant){ 0 };
		return -1;
	}
	return 0;
}

/*
 * Local parts are compared without case, too: RFC 5321, 2.4 would allow the
 * difference, no directory knows it, and people type as they like.
 */
static bool
is_among(struct slice list, uint32_t count, struct slice mailbox)
{
	const char *at = memrchr(mailbox.p, '@', mailbox.n);
	struct slice domain = { "", 0 };
	struct unpack u = unpack_begin(list);
	uint32_t i;

	/* A domain's own entry begins with its @, as no mailbox does. */
	if (at == NULL || at == mailbox.p)
		return false;
	domain = slice_from(mailbox, (size_t)(at - mailbox.p));
	for (i = 0; i < count; i++) {
		struct slice entry = unpack_bytes(&u);

		if (slice_ieq(entry, mailbox) || slice_ieq(entry, domain))
			return true;
	}
	return false;
}

bool
grant_owns(const struct grant *g, struct slice mailbox)
{
	return is_among(g->addresses, g->address_count, mailbox);
}

bool
grant_allows(const struct grant *g, struct slice mailbox)
{
	return grant_owns(g, mailbox) ||
	       is_among(g->delegated, g->delegated_count, mailbox);
}
