/* dot - the end of data is where RFC 5321, 4.5.2 has it, in any pieces. */

#include "fuzz.h"

#include "buf.h"
#include "dot.h"
#include "stuff.h"

struct result {
	bool ended;
	enum text_fault fault;
	unsigned long lines;
	size_t used;
	struct buf content;
};

static struct result
decode(struct slice in, size_t line_max, uint32_t seed)
{
	struct result r = { .content = buf_new(in.n + 1) };
	enum dot_status st;
	struct slice piece, run, left;
	struct dot d;
	size_t n;

	dot_begin(&d, line_max);
	while (!r.ended && (n = fuzz_piece(&seed, in.n - r.used)) > 0) {
		piece = (struct slice){ in.p + r.used, n };
		left = piece = (struct slice){ fuzz_copy(piece), n };
		while ((st = dot_next(&d, &left, &run)) == DOT_RUN) {
			assert_true(is_inside(run, piece));
			if (d.text.fault == TEXT_CLEAN)
				buf_add(&r.content, run.p, run.n);
		}
		r.ended = st == DOT_END;
		r.used += n - (r.ended ? left.n : 0);
		free((char *)(uintptr_t)piece.p);
	}
	r.fault = d.text.fault;
	r.lines = d.text.lines;
	assert_true(buf_ok(&r.content));
	return r;
}

/* The slow way: octets of in up to and with the end of data, 0 for none. */
static size_t
end_of_data(struct slice in)
{
	const char *end;

	if (in.n >= 3 && memcmp(in.p, ".\r\n", 3) == 0)
		return 3;
	end = in.n == 0 ? NULL : memmem(in.p, in.n, "\r\n.\r\n", 5);
	return end == NULL ? 0 : (size_t)(end - in.p) + 5;
}

static void
assert_same(const struct result *a, const struct result *b)
{
	assert_int_equal(a->ended, b->ended);
	assert_int_equal(a->used, b->used);
	assert_int_equal(a->fault, b->fault);
	assert_int_equal(a->lines, b->lines);
	if (a->fault != TEXT_CLEAN)
		return;
	assert_slice(buf_slice(&a->content), buf_slice(&b->content));
}

/* Content that was taken can be sent on, and is the same over there. */
static void
assert_goes_on(struct slice content, uint32_t seed)
{
	char *wire = malloc(2 * content.n + STUFF_END_MAX);
	struct stuff s = { 0 };
	struct result r;
	size_t n, k;

	assert_int_equal(stuff_run(&s, content, wire, &n), 0);
	assert_int_equal(stuff_end(&s, wire + n, &k), 0);
	r = decode((struct slice){ wire, n + k }, SIZE_MAX, seed);
	assert_true(r.ended && r.used == n + k && r.fault == TEXT_CLEAN);
	assert_slice(buf_slice(&r.content), content);
	buf_free(&r.content);
	free(wire);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint32_t seed = fuzz_u32(&in);
	size_t line_max = fuzz_u8(&in), i, end = end_of_data(in);
	struct result whole = decode(in, line_max, FUZZ_WHOLE);
	struct result pieces = decode(in, line_max, seed);

	assert_same(&whole, &pieces);
	assert_int_equal(whole.ended, end > 0);
	assert_int_equal(whole.used, end > 0 ? end : in.n);
	if (whole.ended && whole.fault == TEXT_CLEAN) {
		for (i = 0; i < whole.content.n; i++) {
			char c = whole.content.p[i];

			assert_true(c != '\0');
			assert_int_equal(
			    c == '\n', i > 0 && whole.content.p[i - 1] == '\r');
		}
		assert_goes_on(buf_slice(&whole.content), seed);
	}
	buf_free(&whole.content);
	buf_free(&pieces.content);
	return 0;
}
