/* stuff - content of any octets goes out as itself or not at all. */

#include "fuzz.h"

#include "buf.h"
#include "dot.h"
#include "stuff.h"

/* True if all of content was taken; wire is what came out. */
static bool
stuffed(struct slice content, uint32_t seed, struct buf *wire)
{
	char *out, *in, end[STUFF_END_MAX];
	struct stuff s = { 0 };
	size_t at = 0, n, k;
	int r = 0;

	while (r == 0 && (n = fuzz_piece(&seed, content.n - at)) > 0) {
		in = fuzz_copy((struct slice){ content.p + at, n });
		out = malloc(2 * n);
		r = stuff_run(&s, (struct slice){ in, n }, out, &k);
		if (r == 0)
			buf_add(wire, out, k);
		at += n;
		free(in);
		free(out);
	}
	if (r == 0)
		assert_null(wire->n == 0
				? NULL
				: memmem(wire->p, wire->n, "\r\n.\r\n", 5));
	if (r == -1 || stuff_end(&s, end, &k) == -1)
		return false;
	buf_add(wire, end, k);
	assert_true(buf_ok(wire));
	return true;
}

static bool
has_bare_end(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r')) ||
		    (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n')))
			return true;
	return false;
}

/* RFC 5321, 4.5.2, from the other side: the content, with its last CRLF. */
static void
assert_unstuffs(struct slice wire, struct slice content)
{
	struct buf got = buf_new(wire.n);
	enum dot_status st;
	struct slice run;
	struct dot d;

	dot_begin(&d, SIZE_MAX);
	while ((st = dot_next(&d, &wire, &run)) == DOT_RUN)
		buf_add(&got, run.p, run.n);
	assert_int_equal(st, DOT_END);
	assert_int_equal(wire.n, 0); /* the first end is the only one */
	if (got.n == content.n + 2) {
		assert_memory_equal(got.p + content.n, "\r\n", 2);
		got.n -= 2;
	}
	assert_slice(buf_slice(&got), content);
	buf_free(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint32_t seed = fuzz_u32(&in);
	struct buf whole = buf_new(2 * in.n + STUFF_END_MAX);
	struct buf pieces = buf_new(2 * in.n + STUFF_END_MAX);
	bool taken = stuffed(in, FUZZ_WHOLE, &whole);

	assert_int_equal(taken, !has_bare_end(in));
	assert_int_equal(stuffed(in, seed, &pieces), taken);
	if (taken) {
		assert_slice(buf_slice(&pieces), buf_slice(&whole));
		assert_unstuffs(buf_slice(&whole), in);
	}
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
