/*
 * stuff - dot-stuffing of message content for DATA.
 *
 * Pure: octets in, octets out.  Invariant: the octets "\r\n.\r\n" never come
 * out of stuff_run(), however the content is split between calls.
 */

#include "stuff.h"

int
stuff_run(struct stuff *s, struct slice in, char *out, size_t *n)
{
	size_t i, o = 0;
	char c;

	*n = 0;
	for (i = 0; i < in.n; i++) {
		c = in.p[i];
		if ((c == '\n') != (s->at == STUFF_AFTER_CR))
			return -1;
		if (c == '.' && s->at == STUFF_LINE_START)
			out[o++] = '.';
		out[o++] = c;
		if (c == '\n')
			s->at = STUFF_LINE_START;
		else
			s->at = c == '\r' ? STUFF_AFTER_CR : STUFF_IN_LINE;
	}
	*n = o;
	return 0;
}

int
stuff_end(struct stuff *s, char out[STUFF_END_MAX], size_t *n)
{
	struct slice end =
	    slice_of(s->at == STUFF_LINE_START ? ".\r\n" : "\r\n.\r\n");

	*n = 0;
	if (s->at == STUFF_AFTER_CR)
		return -1;
	memcpy(out, end.p, end.n);
	*n = end.n;
	return 0;
}
