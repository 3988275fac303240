/*
 * dot - dot-unstuffing and end of data, as a state machine over octets.
 *
 * Content passes in the longest runs possible: only a removed dot, or the
 * end, cuts one.  Keeps a few numbers between calls, so any split of the input
 * gives the same content.
 */

#include "dot.h"

void
dot_begin(struct dot *d, size_t line_max)
{
	d->state = DOT_LINE_START;
	textcheck_begin(&d->text, line_max);
}

/* An octet that is content, or ought to be. */
static void
text(struct dot *d, char c)
{
	d->state = textcheck_octet(&d->text, c) ? DOT_LINE_START : DOT_TEXT;
}

enum dot_status
dot_next(struct dot *d, struct slice *in, struct slice *run)
{
	size_t i;
	char c;

	for (i = 0; i < in->n; i++) {
		c = in->p[i];
		switch (d->state) {
		case DOT_TEXT:
			text(d, c);
			break;
		case DOT_LINE_START:
			if (c != '.') {
				text(d, c);
				break;
			}
			/* The dot is not content: it ends the run. */
			d->state = DOT_DOT;
			*run = (struct slice){ in->p, i };
			*in = slice_from(*in, i + 1);
			return DOT_RUN;
		case DOT_DOT:
			if (c == '\r')
				d->state = DOT_DOT_CR;
			else
				text(d, c);
			break;
		case DOT_DOT_CR:
			if (c == '\n') {
				*in = slice_from(*in, i + 1);
				return DOT_END;
			}
			text(d, '\r'); /* a bare one, as it turns out */
			text(d, c);
			break;
		}
	}
	/*
	 * A CR behind a lone dot at the end of the input is held back: it may
	 * belong to the end of data.  If it does not, it is a bare CR and the
	 * content is refused, so it is never missed.
	 */
	*run = (struct slice){ in->p, d->state == DOT_DOT_CR ? 0 : in->n };
	*in = (struct slice){ "", 0 };
	return run->n > 0 ? DOT_RUN : DOT_MORE;
}
