/*
 * base64 - strict decoding, plain encoding.
 *
 * Not OpenSSL's: EVP_DecodeBlock() skips white space and miscounts padding,
 * and RFC 4954, 4 has both refused.
 */

#include "base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63, or 64 for a character that is none of ours. */
static unsigned
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four characters, the last pad of them '='. */
static int
decode_group(const char *p, size_t pad, struct buf *out)
{
	unsigned v = 0, s;
	unsigned char octets[3];
	size_t i;

	for (i = 0; i < 4 - pad; i++) {
		if ((s = sextet(p[i])) == 64)
			return -1;
		v |= s << (18 - 6 * i);
	}
	octets[0] = (unsigned char)(v >> 16);
	octets[1] = (unsigned char)(v >> 8);
	octets[2] = (unsigned char)v;
	for (i = 3 - pad; i < 3; i++)
		if (octets[i] != 0)
			return -1; /* two spellings of one value: refuse */
	buf_add(out, octets, 3 - pad);
	explicit_bzero(octets, sizeof(octets));
	return 0;
}

int
base64_decode(struct slice text, struct buf *out)
{
	size_t i, pad = 0;

	if (text.n % 4 != 0)
		return -1;
	if (text.n > 0 && text.p[text.n - 1] == '=')
		pad = text.p[text.n - 2] == '=' ? 2 : 1;
	for (i = 0; i < text.n; i += 4)
		if (decode_group(text.p + i, i + 4 == text.n ? pad : 0, out) ==
		    -1)
			return -1;
	return buf_ok(out) ? 0 : -1;
}

void
base64_encode(struct slice data, struct buf *out)
{
	char group[4];
	unsigned v;
	size_t i, n;

	for (i = 0; i < data.n; i += 3) {
		n = data.n - i < 3 ? data.n - i : 3;
		v = (unsigned)(unsigned char)data.p[i] << 16;
		if (n > 1)
			v |= (unsigned)(unsigned char)data.p[i + 1] << 8;
		if (n > 2)
			v |= (unsigned char)data.p[i + 2];
		group[0] = alphabet[v >> 18];
		group[1] = alphabet[v >> 12 & 63];
		group[2] = n > 1 ? alphabet[v >> 6 & 63] : '=';
		group[3] = n > 2 ? alphabet[v & 63] : '=';
		buf_add(out, group, sizeof(group));
	}
}
