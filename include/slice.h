#ifndef SUBMITD_SLICE_H
#define SUBMITD_SLICE_H

/*
 * slice - a run of bytes that somebody else owns, passed by value.
 *
 * Never NUL-terminated by contract; may hold any byte.  p may be NULL only
 * when n is 0.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

/* The bytes of a C string, without its NUL; an empty slice for NULL. */
static inline struct slice
slice_of(const char *s)
{
	return (struct slice){ s, s == NULL ? 0 : strlen(s) };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal but for the case of ASCII letters, whatever the locale; any bytes. */
static inline bool
slice_ieq(struct slice a, struct slice b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	for (i = 0; i < a.n; i++) {
		unsigned char x = (unsigned char)a.p[i];
		unsigned char y = (unsigned char)b.p[i];

		if (x != y &&
		    ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
			return false;
	}
	return true;
}

/* The part of s from octet i on; empty when s is shorter. */
static inline struct slice
slice_from(struct slice s, size_t i)
{
	if (i >= s.n)
		return (struct slice){ "", 0 };
	return (struct slice){ s.p + i, s.n - i };
}

#endif
