/* proxy - a header is taken whole or not at all, however much is there. */

#include "fuzz.h"

#include "limits.h"
#include "proxy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct proxy_header none;
	struct slice in = { (const char *)data, size };
	struct proxy_header h, g;
	enum proxy_status status = proxy_parse(in, &h), part;
	size_t n;
	char *copy;

	if (status != PROXY_DONE)
		assert_memory_equal(&h, &none, sizeof(none));
	for (n = 0; n < size && n <= LIMIT_PROXY_HEADER; n++) {
		copy = fuzz_copy((struct slice){ in.p, n });
		part = proxy_parse((struct slice){ copy, n }, &g);
		free(copy);
		if (status == PROXY_DONE && n < h.n)
			assert_int_equal(part, PROXY_MORE);
		if (status == PROXY_DONE && n >= h.n)
			assert_memory_equal(&g, &h, sizeof(h));
		if (status == PROXY_MORE)
			assert_int_equal(part, PROXY_MORE);
		if (part == PROXY_BAD)
			assert_int_equal(status, PROXY_BAD);
	}
	if (status == PROXY_DONE)
		assert_in_range(h.n, 15, LIMIT_PROXY_HEADER);
	return 0;
}
