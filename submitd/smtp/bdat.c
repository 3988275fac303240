/*
 * bdat - the argument of BDAT, and the count of octets.
 */

#include "bdat.h"

#include <ctype.h>

/* Digits from the front of *in.  False: none, or more than can be counted. */
static bool
take_size(struct slice *in, uint64_t *size)
{
	size_t n = 0;

	*size = 0;
	for (; n < in->n && isdigit((unsigned char)in->p[n]); n++)
		if (__builtin_mul_overflow(*size, 10, size) ||
		    __builtin_add_overflow(
			*size, (uint64_t)(in->p[n] - '0'), size))
			return false;
	*in = slice_from(*in, n);
	return n > 0;
}

enum bdat_status
bdat_parse(struct slice arg, struct bdat *b)
{
	*b = (struct bdat){ .last = false };
	if (!take_size(&arg, &b->size) || (arg.n > 0 && arg.p[0] != ' '))
		return BDAT_BAD_SIZE;
	b->left = b->size;
	while (arg.n > 0 && arg.p[0] == ' ')
		arg = slice_from(arg, 1);
	if (arg.n == 0)
		return BDAT_OK;
	b->last = slice_ieq(arg, slice_of("LAST"));
	return b->last ? BDAT_OK : BDAT_BAD_MARK;
}

struct slice
bdat_take(struct bdat *b, struct slice *in)
{
	struct slice run = *in;

	if (run.n > b->left)
		run.n = (size_t)b->left;
	b->left -= run.n;
	*in = slice_from(*in, run.n);
	return run;
}
