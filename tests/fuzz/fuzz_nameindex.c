/* nameindex - a name is one of ours, under one of our "*", or nobody's. */

#include "fuzz.h"

#include "limits.h"
#include "nameindex.h"

enum { EXACT, WILD };

/* Does it end in ".example.net", with one label in front? */
static bool
is_under_wild(struct slice name)
{
	static const struct slice end = S(".example.net");
	size_t label = name.n > end.n ? name.n - end.n : 0;

	return label > 0 && slice_ieq(slice_from(name, label), end) &&
	       memchr(name.p, '.', label) == NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct slice name = nameindex_sni(in);
	struct nameindex *index = nameindex_new();
	int found;

	assert_true(is_inside(name, in));
	if (name.n == 0) /* no extension: a name itself */
		name = in;
	nameindex_add(index, "submit.example.net", EXACT);
	nameindex_add(index, "*.example.net", WILD);
	nameindex_seal(index);
	found = nameindex_find(index, name);
	if (slice_ieq(name, slice_of("submit.example.net")))
		assert_int_equal(found, EXACT);
	else if (is_under_wild(name) && name.n <= LIMIT_DOMAIN &&
		 memchr(name.p, '*', name.n) == NULL &&
		 memchr(name.p, '\0', name.n) == NULL)
		assert_int_equal(found, WILD);
	else
		assert_int_equal(found, -1);
	nameindex_free(&index);
	return 0;
}
