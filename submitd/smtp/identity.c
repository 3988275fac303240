/*
 * identity - what a grant says about a user's addresses.  Judges nothing:
 * grant_allows() does.
 */

#include "identity.h"

#include "pack.h"
#include "path.h"

/* How many of a user's addresses a refusal names. */
#define NAMED_ADDRESSES 5

void
identity_add_names(struct buf *b, const struct grant *g)
{
	struct unpack u = unpack_begin(g->addresses);
	struct slice address;
	uint32_t i;

	for (i = 0; i < g->address_count && i < NAMED_ADDRESSES; i++) {
		address = unpack_bytes(&u);
		buf_str(b, i == 0 ? "" : ", ");
		buf_add(b, address.p, address.n);
	}
	if (g->address_count > NAMED_ADDRESSES)
		buf_printf(b, " and %u more",
		    (unsigned)(g->address_count - NAMED_ADDRESSES));
}

struct slice
identity_address(const struct grant *g, struct slice sender)
{
	struct unpack u = unpack_begin(g->addresses);
	struct slice address;
	struct path path;
	uint32_t i;

	if (sender.n > 0)
		return sender;
	for (i = 0; i < g->address_count; i++) {
		address = unpack_bytes(&u);
		if (path_parse_mailbox(address, &path) == PATH_OK)
			return address;
	}
	return (struct slice){ "", 0 };
}
