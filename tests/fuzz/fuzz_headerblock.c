/* headerblock - the same fields in any pieces, and all octets accounted for. */

#include "fuzz.h"

#include "headerblock.h"

struct result {
	enum headerblock_status status;
	struct headerblock block;
	size_t used; /* octets the block took */
};

static struct result
collect(struct slice in, uint32_t seed)
{
	struct result r = { .status = HEADERBLOCK_MORE };
	struct slice run;
	size_t n;
	char *p;

	headerblock_begin(&r.block);
	while (r.status == HEADERBLOCK_MORE &&
	       (n = fuzz_piece(&seed, in.n - r.used)) > 0) {
		p = fuzz_copy((struct slice){ in.p + r.used, n });
		run = (struct slice){ p, n };
		r.status = headerblock_take(&r.block, &run);
		if (r.status == HEADERBLOCK_MORE)
			assert_int_equal(run.n, 0);
		assert_true(is_inside(run, (struct slice){ p, n }));
		r.used += n - run.n;
		free(p);
	}
	if (r.status == HEADERBLOCK_MORE)
		r.status = headerblock_finish(&r.block);
	assert_int_not_equal(r.status, HEADERBLOCK_MORE);
	return r;
}

/* The fields, one behind the other, are the header. */
static void
assert_fields(const struct headerblock *h)
{
	struct slice all = buf_slice(&h->raw), rest = headerblock_rest(h);
	struct headerblock_field f;
	size_t at = 0, before = 0, i;

	while (headerblock_next(h, &at, &f)) {
		assert_int_equal(f.raw.p - all.p, before);
		before = at;
		assert_true(is_inside(f.name, f.raw) && f.name.n > 0);
		assert_true(is_inside(f.body, f.raw));
		assert_true(f.id < FIELD_COUNT);
		for (i = 0; i < f.name.n; i++)
			assert_true(f.name.p[i] > ' ' && f.name.p[i] < 0x7f &&
				    f.name.p[i] != ':');
		/* a line end in it is a fold */
		for (i = 0; i < f.raw.n; i++) {
			assert_true(f.raw.p[i] != '\0');
			if (f.raw.p[i] == '\n' && i + 1 < f.raw.n)
				assert_true(f.raw.p[i - 1] == '\r' &&
					    (f.raw.p[i + 1] == ' ' ||
						f.raw.p[i + 1] == '\t'));
		}
	}
	assert_int_equal(before + rest.n, all.n);
	if (h->is_open)
		return;
	assert_true(rest.n == 0 || slice_eq(rest, slice_of("\r\n")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint32_t seed = fuzz_u32(&in);
	struct result whole = collect(in, FUZZ_WHOLE);
	struct result pieces = collect(in, seed);

	assert_int_equal(whole.status, pieces.status);
	if (whole.status == HEADERBLOCK_END) {
		assert_int_equal(whole.block.line, pieces.block.line);
		assert_int_equal(whole.block.is_open, pieces.block.is_open);
		/* of a body that begins at once, more or less may be here */
		if (!whole.block.is_open)
			assert_int_equal(whole.used, pieces.used);
		assert_slice(buf_slice(&whole.block.raw),
		    (struct slice){ in.p, whole.used });
		assert_slice(buf_slice(&pieces.block.raw),
		    (struct slice){ in.p, pieces.used });
		assert_fields(&pieces.block);
		assert_fields(&whole.block);
	}
	headerblock_free(&whole.block);
	headerblock_free(&pieces.block);
	return 0;
}
