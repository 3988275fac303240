/* base64 - every value has one spelling, and it comes back. */

#include "fuzz.h"

#include "base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf a = buf_new(4 * size + 4), b = buf_new(4 * size + 4);
	size_t i;

	/* Octets survive. */
	base64_encode(in, &a);
	assert_true(buf_ok(&a) && a.n == (size + 2) / 3 * 4);
	for (i = 0; i < a.n; i++)
		assert_true(memchr(alphabet, a.p[i], 64) != NULL ||
			    (a.p[i] == '=' && i + 2 >= a.n));
	assert_int_equal(base64_decode(buf_slice(&a), &b), 0);
	assert_slice(buf_slice(&b), in);

	/* Text that is taken is the one spelling of what it stands for. */
	buf_clear(&a);
	buf_clear(&b);
	if (base64_decode(in, &a) == 0) {
		base64_encode(buf_slice(&a), &b);
		assert_slice(buf_slice(&b), in);
	}
	buf_free(&a);
	buf_free(&b);

	/* No more room than needed is needed, and no less. */
	b = buf_new(size / 4 * 3);
	if (base64_decode(in, &b) == 0)
		assert_true(buf_ok(&b));
	buf_free(&b);
	return 0;
}
