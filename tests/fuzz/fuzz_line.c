/* line - whatever the pieces, the line is what stands before the first CRLF. */

#include "fuzz.h"

#include "line.h"

/* By definition, the slow way: the first thing that is wrong decides. */
static enum line_status
judge(struct slice in, size_t max, struct slice *line)
{
	size_t i;

	*line = (struct slice){ "", 0 };
	for (i = 0; i < in.n; i++) {
		if (in.p[i] == '\r' && i + 1 == in.n)
			return LINE_PARTIAL;
		if (in.p[i] == '\r' && in.p[i + 1] == '\n') {
			*line = (struct slice){ in.p, i };
			return LINE_WHOLE;
		}
		if (memchr("\r\n", in.p[i], 3) != NULL)
			return LINE_BARE;
		if (i >= max)
			return LINE_TOO_LONG;
	}
	return LINE_PARTIAL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size }, got, want;
	uint32_t seed = fuzz_u32(&in);
	size_t max = fuzz_u8(&in), n = 0, scan = 0;
	enum line_status st = LINE_PARTIAL;
	char *p;

	do {
		n += fuzz_piece(&seed, in.n - n);
		p = fuzz_copy((struct slice){ in.p, n });
		st = line_find((struct slice){ p, n }, max, &scan, &got);
		assert_true(is_inside(got, (struct slice){ p, n }));
		if (st != LINE_PARTIAL || n == in.n) {
			assert_int_equal(st, judge(in, max, &want));
			assert_slice(got, want);
		} else {
			assert_true(scan + 1 >= n && scan <= n);
		}
		free(p);
	} while (st == LINE_PARTIAL && n < in.n);
	if (st == LINE_WHOLE)
		assert_int_equal(scan, 0);
	return 0;
}
