#ifndef SUBMITD_TESTS_CASES_H
#define SUBMITD_TESTS_CASES_H

/*
 * cases - what the tests of parsers share: literals that may hold a NUL, ways
 * to spoil an input, and a way to show it.
 *
 * Whatever is parsed stands in memory of exactly its size, so that a sanitizer
 * sees the first octet read too many.
 */

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "slice.h"

/* A string literal as initialiser of a slice; its NULs count. */
/* clang-format off */
#define S(literal) { literal, sizeof(literal) - 1 }
/* clang-format on */

typedef void case_fn(struct slice in);

/* in as a C string for messages; valid until the next call. */
static inline const char *
shown(struct slice in)
{
	static char text[4 * 400 + 1];
	size_t i, n = 0;

	for (i = 0; i < in.n && n + 4 < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    isprint((unsigned char)in.p[i]) ? "%c" : "\\%03o",
		    (unsigned char)in.p[i]);
	text[n] = '\0';
	return text;
}

static inline void
assert_slice(struct slice got, struct slice want)
{
	if (slice_eq(got, want))
		return;
	print_error("got  '%s'\n", shown(got));
	fail_msg("want '%s'", shown(want));
}

/* True if s lies inside in, or is empty: what "borrows from" promises. */
static inline bool
is_inside(struct slice s, struct slice in)
{
	return s.n == 0 || (s.p >= in.p && s.p + s.n <= in.p + in.n);
}

/* fn on a copy of in that has no octet to spare. */
static inline void
exactly(struct slice in, case_fn *fn)
{
	char *p = malloc(in.n);

	if (in.n > 0)
		memcpy(p, in.p, in.n);
	fn((struct slice){ p, in.n });
	free(p);
}

static inline void
truncated(struct slice in, case_fn *fn)
{
	size_t n;

	for (n = 0; n <= in.n; n++)
		exactly((struct slice){ in.p, n }, fn);
}

/* Each octet in turn: every bit flipped, replaced by a bad one, gone, twice. */
static inline void
mutated(struct slice in, case_fn *fn)
{
	static const char bad[] = "\r\n\t \"\\<>@.:[](),;=+$%\x7f\x80\xff";
	char *p = malloc(in.n + 1);
	size_t at, i;

	for (at = 0; at < in.n; at++) {
		memcpy(p, in.p, in.n);
		for (i = 0; i < 8; i++) {
			p[at] = (char)(in.p[at] ^ (1 << i));
			exactly((struct slice){ p, in.n }, fn);
		}
		for (i = 0; i < sizeof(bad); i++) { /* its NUL, too */
			p[at] = bad[i];
			exactly((struct slice){ p, in.n }, fn);
		}
		memmove(p + at, in.p + at + 1, in.n - at - 1);
		exactly((struct slice){ p, in.n - 1 }, fn);
		memcpy(p + at, in.p + at, 1);
		memcpy(p + at + 1, in.p + at, in.n - at);
		exactly((struct slice){ p, in.n + 1 }, fn);
	}
	free(p);
}

#endif
