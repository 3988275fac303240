/*
 * identity - what a grant says about a user's addresses.  Judges nothing:
 * grant_allows() does.
 */

#include "identity.h"

#include "pack.h"
#include "path.h"

/* How many of a user's addresses a refusal names. */
#define NAMED_ADDRESSES 5

/* As many of a list as there is room for; how many names there are now. */
static uint32_t
add_list(struct buf *b, struct slice list, uint32_t count, uint32_t named)
{
	struct unpack u = unpack_begin(list);
	uint32_t i;

	for (i = 0; i < count && named < NAMED_ADDRESSES; i++, named++) {
		struct slice entry = unpack_bytes(&u);
		bool whole_domain = entry.n > 0 && entry.p[0] == '@';

		buf_str(b, named == 0 ? "" : ", ");
		buf_str(b, whole_domain ? "any address at " : "");
		entry = slice_from(entry, whole_domain);
		buf_add(b, entry.p, entry.n);
	}
	return named;
}

void
identity_add_names(struct buf *b, const struct grant *g)
{
	uint32_t all = g->address_count + g->delegated_count, named;

	named = add_list(b, g->addresses, g->address_count, 0);
	named = add_list(b, g->delegated, g->delegated_count, named);
	if (all > named)
		buf_printf(b, " and %u more", (unsigned)(all - named));
}

bool
identity_is_nobody(const struct grant *g)
{
	return g->address_count + g->delegated_count == 0;
}

struct slice
identity_address(const struct grant *g, struct slice sender)
{
	struct unpack u = unpack_begin(g->addresses);
	struct slice address;
	struct path path;
	uint32_t i;

	if (sender.n > 0 && grant_owns(g, sender))
		return sender;
	for (i = 0; i < g->address_count; i++) {
		address = unpack_bytes(&u);
		if (path_parse_mailbox(address, &path) == PATH_OK)
			return address;
	}
	return sender;
}
