/* utf8 - valid is what encodes some characters; each is told apart. */

#include "fuzz.h"

#include "utf8.h"

/* RFC 3629, 3, from the number: octets written. */
static size_t
encode(uint32_t c, unsigned char out[4])
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xc0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xe0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

/* The number that n octets would stand for, right or wrong. */
static uint32_t
decode(const unsigned char *p, size_t n)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & mask[n];
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Octets of the character at p, by trying all lengths. */
static size_t
judge(const unsigned char *p, size_t left)
{
	unsigned char again[4];
	uint32_t c;
	size_t n;

	for (n = 1; n <= 4 && n <= left; n++) {
		c = decode(p, n);
		if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			continue;
		if (encode(c, again) == n && memcmp(again, p, n) == 0)
			return n;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	bool valid = true, ascii = true;
	size_t i = 0, n;

	while (valid && i < size) {
		n = judge(data + i, size - i);
		assert_int_equal(utf8_length(slice_from(in, i)), n);
		valid = n > 0;
		i += n;
	}
	for (i = 0; i < size; i++)
		ascii = ascii && data[i] < 0x80;
	assert_int_equal(utf8_is_valid(in), valid);
	assert_int_equal(utf8_is_ascii(in), ascii);
	return 0;
}
