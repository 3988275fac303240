/* received - one field that ends where it should, whatever is put in. */

#include "fuzz.h"

#include "buf.h"
#include "received.h"

/* Lines end in CRLF, all but the first begin with TAB, none is too long. */
static void
assert_one_field(struct slice f)
{
	size_t i, column = 0, depth = 0, semicolons = 0;

	assert_true(f.n > 12 && memcmp(f.p, "Received: ", 10) == 0);
	assert_memory_equal(f.p + f.n - 2, "\r\n", 2);
	for (i = 0; i < f.n; i++) {
		char c = f.p[i];

		if (c == '\r') {
			assert_true(i + 1 < f.n && f.p[i + 1] == '\n');
			assert_true(column > 1 && column <= 998);
			assert_true(i + 2 == f.n || f.p[i + 2] == '\t');
			column = 0;
			i++;
			continue;
		}
		column++;
		assert_true(c == '\t' ? column == 1 : c >= ' ' && c <= '~');
		/* the one comment is closed; nothing opens another thing */
		depth += c == '(';
		assert_true(depth <= 1 && (c != ')' || depth == 1));
		depth -= c == ')';
		assert_null(memchr("<>\"\\", c, 4));
		semicolons += c == ';';
	}
	assert_int_equal(depth, 0);
	assert_int_equal(semicolons, 1); /* before the date */
}

/* Lines of input: hostname and id are ours and sane, the rest is not. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf field = buf_new(8 * size + 512);
	uint8_t flags = fuzz_u8(&in);
	struct received r = {
		.hostname = slice_of("submit.example.net"),
		.cipher = slice_of(flags & 1 ? "TLS_AES_256_GCM_SHA384" : ""),
		.esmtp = (flags & 2) != 0,
		.show_client = (flags & 4) != 0,
		.now = (time_t)fuzz_u32(&in),
	};

	r.helo = fuzz_line(&in);
	r.address = fuzz_line(&in);
	r.id = in;
	/* a line holds them all */
	if (r.helo.n > 255 || r.address.n > 45 || r.id.n > 32)
		return 0;
	received_add(&field, &r);
	assert_true(buf_ok(&field));
	assert_one_field(buf_slice(&field));
	buf_free(&field);
	return 0;
}
