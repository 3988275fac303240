/*
 * utf8 - the table of RFC 3629, 4, as code.  Pure.
 */

#include "utf8.h"

/* clang-format off */
/* First octet, and the range of the second: the rest are 80..BF. */
static const struct {
	unsigned char	first_low, first_high;
	unsigned char	second_low, second_high;
	unsigned char	length;
} forms[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};
/* clang-format on */

/* Octets 1 to n - 1 of p, the second of them within its own range. */
static bool
continues(
    const unsigned char *p, size_t n, unsigned char low, unsigned char high)
{
	size_t i;

	if (n > 1 && (p[1] < low || p[1] > high))
		return false;
	for (i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return false;
	return true;
}

size_t
utf8_length(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i, n;

	for (i = 0; s.n > 0 && i < ARRAY_LEN(forms); i++) {
		if (p[0] < forms[i].first_low || p[0] > forms[i].first_high)
			continue;
		n = forms[i].length;
		if (s.n < n)
			return 0;
		return continues(
			   p, n, forms[i].second_low, forms[i].second_high)
			   ? n
			   : 0;
	}
	return 0;
}

bool
utf8_is_valid(struct slice s)
{
	size_t n;

	while (s.n > 0) {
		if ((n = utf8_length(s)) == 0)
			return false;
		s = slice_from(s, n);
	}
	return true;
}

bool
utf8_is_ascii(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}
