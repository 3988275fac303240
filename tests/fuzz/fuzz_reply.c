/* reply - well-formed whatever is put in: RFC 5321, 4.2.1; RFC 2034, 4. */

#include "fuzz.h"

#include "limits.h"
#include "reply.h"

/* One line without its CRLF; true when another must follow. */
static bool
check_line(struct slice line, unsigned code, struct slice enhanced)
{
	char head[5];
	size_t i;

	assert_true(line.n >= 4 && line.n + 2 <= LIMIT_REPLY_LINE);
	snprintf(head, sizeof(head), "%03u", code);
	assert_memory_equal(line.p, head, 3);
	assert_true(line.p[3] == ' ' || line.p[3] == '-');
	for (i = 4; i < line.n; i++)
		assert_in_range(line.p[i], ' ', '~');
	if (enhanced.n > 0) {
		assert_true(line.n >= 5 + enhanced.n);
		assert_memory_equal(line.p + 4, enhanced.p, enhanced.n);
		assert_int_equal(line.p[4 + enhanced.n], ' ');
	}
	return line.p[3] == '-';
}

static void
assert_reply(struct slice out, unsigned code, struct slice enhanced)
{
	bool more = true;
	const char *end;

	while (more) {
		end = out.n == 0 ? NULL : memmem(out.p, out.n, "\r\n", 2);
		assert_non_null(end);
		more =
		    check_line((struct slice){ out.p, (size_t)(end - out.p) },
			code, enhanced);
		out = slice_from(out, (size_t)(end - out.p) + 2);
	}
	assert_int_equal(out.n, 0);
}

/* "x.y.z " behind the code of out's first line, if there is one. */
static struct slice
enhanced_of(struct slice out)
{
	size_t n = 4, dots = 0;

	while (n < out.n && (isdigit((unsigned char)out.p[n]) ||
				(out.p[n] == '.' && ++dots > 0)))
		n++;
	if (dots != 2 || out.p[n] != ' ' || out.p[4] != out.p[0])
		return (struct slice){ "", 0 };
	return (struct slice){ out.p + 4, n - 4 };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	enum reply r = fuzz_u8(&in) % REPLY_COUNT;
	unsigned code = 200 + fuzz_u8(&in) * 400U / 256;
	struct buf out = buf_new(LIMIT_OUTPUT * 2), bare = buf_new(1024);
	struct slice enhanced;

	/* A row says the same with and without its argument. */
	if (r != R_334_CHALLENGE) {
		reply_add(&bare, r, slice_of(""));
		enhanced = enhanced_of(buf_slice(&bare));
		if (reply_code(r) / 100 == 3 || r == R_250_HELO ||
		    r == R_220_GREETING)
			assert_int_equal(enhanced.n, 0);
		else
			assert_true(enhanced.n > 0);
		reply_add(&out, r, in);
		assert_reply(buf_slice(&out), reply_code(r), enhanced);
	}
	buf_clear(&out);
	reply_add_foreign(&out, code, slice_of(""), in);
	assert_reply(buf_slice(&out), code, slice_of(""));
	buf_clear(&out);
	reply_add_foreign(&out, code, slice_of("5.123.123"), in);
	assert_reply(buf_slice(&out), code, slice_of("5.123.123"));
	buf_free(&out);
	buf_free(&bare);
	return 0;
}
