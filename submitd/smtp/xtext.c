/*
 * xtext - the grammars of RFC 3461, 4, and RFC 6533, 3.  Pure.
 *
 * What these let pass can be sent on as it came; decoded it is printable.
 */

#include "xtext.h"

#include <ctype.h>
#include <stdint.h>

#include "limits.h"
#include "utf8.h"

/* Upper case only: RFC 3461, 4. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Take the next octet that *in stands for.  False: not xtext. */
static bool
take_octet(struct slice *in, char *c)
{
	int high, low;

	*c = in->p[0];
	if (*c == '=' || *c < 0x20 || *c > 0x7e)
		return false;
	if (*c != '+') {
		*in = slice_from(*in, 1);
		return true;
	}
	if (in->n < 3 || (high = hex_digit(in->p[1])) < 0 ||
	    (low = hex_digit(in->p[2])) < 0)
		return false;
	*c = (char)(high * 16 + low);
	*in = slice_from(*in, 3);
	return *c >= 0x20 && *c <= 0x7e;
}

bool
xtext_decode(struct slice in, struct buf *out)
{
	char c;

	while (in.n > 0) {
		if (!take_octet(&in, &c))
			return false;
		buf_add(out, &c, 1);
	}
	return buf_ok(out);
}

bool
xtext_is_valid(struct slice in)
{
	char c;

	while (in.n > 0)
		if (!take_octet(&in, &c))
			return false;
	return true;
}

/* -- RFC 6533 -------------------------------------------------------------- */

/*
 * HEXPOINT: what has to be written this way, and controls.  A mailbox holds no
 * controls, so they are no address here.
 */
static bool
is_hexpoint(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || c == '+' || c == '=' || c == '\\';
	return c >= 0xa0 && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

/* EmbeddedUnicodeChar = "\x{" HEXPOINT "}", without leading zeros. */
static bool
take_embedded(struct slice *in)
{
	uint32_t c = 0;
	size_t i;
	char digit;

	if (in->n < 4 || memcmp(in->p, "\\x{", 3) != 0 || in->p[3] == '0')
		return false;
	for (i = 3; i < in->n && i < 3 + 6 && in->p[i] != '}'; i++) {
		digit = (char)toupper((unsigned char)in->p[i]);
		if (hex_digit(digit) < 0)
			return false;
		c = c * 16 + (uint32_t)hex_digit(digit);
	}
	if (i >= in->n || in->p[i] != '}' || !is_hexpoint(c))
		return false;
	*in = slice_from(*in, i + 1);
	return true;
}

/* QCHAR, or one beyond ASCII if those may stand for themselves. */
static bool
take_character(struct slice *in, bool utf8)
{
	char c = in->p[0];
	size_t n = 1;

	if ((unsigned char)c >= 0x80)
		n = utf8 ? utf8_length(*in) : 0;
	else if (c <= ' ' || c == 0x7f || c == '+' || c == '=')
		n = 0;
	*in = slice_from(*in, n);
	return n > 0;
}

static bool
is_utf8_address(struct slice in, bool utf8)
{
	while (in.n > 0)
		if (in.p[0] == '\\' ? !take_embedded(&in)
				    : !take_character(&in, utf8))
			return false;
	return true;
}

/* -- ORCPT ----------------------------------------------------------------- */

/* addr-type is an atom of letters, digits and hyphens (RFC 3461, 4.2). */
static bool
is_type(struct slice type)
{
	size_t i;

	for (i = 0; i < type.n; i++)
		if (!isalnum((unsigned char)type.p[i]) && type.p[i] != '-')
			return false;
	return type.n > 0;
}

bool
xtext_is_orcpt(struct slice in, bool utf8)
{
	const char *end = in.n == 0 ? NULL : memchr(in.p, ';', in.n);
	struct slice type = in, address;

	if (end == NULL || in.n > LIMIT_ORCPT)
		return false;
	type.n = (size_t)(end - in.p);
	address = slice_from(in, type.n + 1);
	if (!is_type(type) || address.n == 0)
		return false;
	if (slice_ieq(type, slice_of("utf-8")))
		return is_utf8_address(address, utf8);
	/* a space is no part of a parameter */
	return memchr(address.p, ' ', address.n) == NULL &&
	       xtext_is_valid(address);
}
