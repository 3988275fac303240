/*
 * mechlist - which of auth's mechanisms one session can use.
 *
 * By name: what a mechanism needs is part of it (RFC 5801, 3.3: "-PLUS").
 */

#include "mechlist.h"

#include "compiler.h"

static bool
is_plus(struct slice name)
{
	static const char suffix[] = "-PLUS";
	size_t n = sizeof(suffix) - 1;

	return name.n > n &&
	       slice_ieq(slice_from(name, name.n - n), slice_of(suffix));
}

static bool
is_external(struct slice name)
{
	return slice_ieq(name, slice_of("EXTERNAL"));
}

static const struct {
	bool (*is)(struct slice name);
	uint32_t needs;
} kinds[] = {
	{ is_plus, MECH_HAS_BINDING },
	{ is_external, MECH_HAS_CERTIFICATE },
};

bool
mechlist_fits(struct slice mechanism, uint32_t facts)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].is(mechanism) &&
		    (facts & kinds[i].needs) != kinds[i].needs)
			return false;
	return true;
}

void
mechlist_add(struct buf *b, const char *list, uint32_t facts)
{
	const char *p, *end;
	bool more = false;

	for (p = list; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		struct slice name;

		end = strchrnul(p, ' ');
		name = (struct slice){ p, (size_t)(end - p) };
		if (name.n == 0 || !mechlist_fits(name, facts))
			continue;
		if (more)
			buf_str(b, " ");
		buf_add(b, name.p, name.n);
		more = true;
	}
}
