#ifndef SUBMITD_TESTS_FUZZ_H
#define SUBMITD_TESTS_FUZZ_H

/*
 * fuzz - what the fuzz targets share.
 *
 * A target is one function that is given octets and asserts what must hold
 * for any of them, with cmocka's assertions (outside of a test they end the
 * process, which libFuzzer and replay.c take for what it is).
 *
 * Numbers that steer a target are taken from the end of the input, so that
 * seeds stay readable text; an input without them steers with zeros.
 */

#include "cases.h"

#include "compiler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The last octet, cut off; 0 when there is none. */
static inline uint8_t
fuzz_u8(struct slice *in)
{
	return in->n == 0 ? 0 : (uint8_t)in->p[--in->n];
}

static inline uint32_t
fuzz_u32(struct slice *in)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 8 | fuzz_u8(in);
	return v;
}

#define FUZZ_WHOLE UINT32_MAX /* a seed that makes one piece of all */

/*
 * The next piece of an input of which left octets remain, 1 to left; 0 at the
 * end.  Another seed makes other pieces; seed 0: octet by octet.
 */
static inline size_t
fuzz_piece(uint32_t *seed, size_t left)
{
	size_t n;

	if (left == 0)
		return 0;
	if (*seed == 0)
		return 1;
	if (*seed == FUZZ_WHOLE)
		return left;
	*seed = *seed * 1664525 + 1013904223; /* Numerical Recipes */
	n = *seed >> 24;
	n = n < 128 ? n % 4 + 1 : n - 127;
	return n < left ? n : left;
}

/* The octets up to the next line feed, cut off with it; else all. */
static inline struct slice
fuzz_line(struct slice *in)
{
	const char *end = in->n == 0 ? NULL : memchr(in->p, '\n', in->n);
	struct slice line = *in;

	if (end != NULL)
		line.n = (size_t)(end - in->p);
	*in = slice_from(*in, line.n + 1);
	return line;
}

/* A copy without octets to spare, for code that is handed pieces. */
static inline char *
fuzz_copy(struct slice s)
{
	char *p = malloc(s.n);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

/* The same as a C string: it ends at the first NUL. */
static inline char *
fuzz_text(struct slice s)
{
	size_t n = s.n == 0 ? 0 : strnlen(s.p, s.n);
	char *p = malloc(n + 1);

	if (n > 0)
		memcpy(p, s.p, n);
	p[n] = '\0';
	return p;
}

#endif
