/* bdat - the size of a chunk is one number, and its octets are so many. */

#include "fuzz.h"

#include <inttypes.h>

#include "bdat.h"

/* Take it from octets in pieces; what is left of them. */
static void
assert_frame(struct bdat b, struct slice in, uint32_t seed)
{
	uint64_t want = b.size < in.n ? b.size : in.n, got = 0;
	size_t at = 0, n;

	assert_true(b.left == b.size);
	while ((n = fuzz_piece(&seed, in.n - at)) > 0) {
		struct slice piece = { in.p + at, n }, rest = piece;
		struct slice run = bdat_take(&b, &rest);

		assert_int_equal(run.n + rest.n, n);
		assert_true(is_inside(run, piece) && is_inside(rest, piece));
		assert_true(rest.n == 0 || b.left == 0);
		if (run.n > 0)
			assert_ptr_equal(run.p, in.p + got);
		got += run.n;
		at += n;
	}
	assert_true(got == want && b.left == b.size - got);
}

/* Written anew it is the same. */
static void
assert_same_again(const struct bdat *b)
{
	struct bdat again;
	char text[40];
	int n = snprintf(text, sizeof(text), "%" PRIu64 "%s", b->size,
	    b->last ? " LAST" : "");

	assert_int_equal(
	    bdat_parse((struct slice){ text, (size_t)n }, &again), BDAT_OK);
	assert_true(again.size == b->size && again.last == b->last);
}

/* The argument is the first line; then octets. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size }, arg;
	uint32_t seed = fuzz_u32(&in);
	enum bdat_status st;
	struct bdat b;

	arg = fuzz_line(&in);
	st = bdat_parse(arg, &b);
	if (st == BDAT_BAD_SIZE) {
		/* digits in front would tell where it ends, but for their
		 * number */
		assert_true(arg.n == 0 || !isdigit((unsigned char)arg.p[0]) ||
			    memchr(arg.p, ' ', arg.n) == NULL || arg.n > 20);
		return 0;
	}
	assert_true(isdigit((unsigned char)arg.p[0]));
	assert_true(b.size == strtoull(arg.p, NULL, 10));
	assert_frame(b, in, seed);
	if (st == BDAT_OK)
		assert_same_again(&b);
	return 0;
}
