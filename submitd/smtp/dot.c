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
	*d = (struct dot){ .state = DOT_LINE_START, .line_max = line_max };
}

static void
fault(struct dot *d, enum dot_fault f)
{
	if (d->fault == DOT_CLEAN)
		d->fault = f;
}

static void
end_line(struct dot *d)
{
	d->state = DOT_LINE_START;
	d->line_length = 0;
	if (d->fault == DOT_CLEAN)
		d->lines++;
}

/* An octet that is part of a line's text, or ought to be. */
static void
text(struct dot *d, char c)
{
	if (c == '\r') {
		d->state = DOT_CR;
		return;
	}
	d->state = DOT_TEXT;
	if (c == '\n')
		fault(d, DOT_BARE_LF);
	else if (c == '\0')
		fault(d, DOT_NUL);
	else if (++d->line_length > d->line_max)
		fault(d, DOT_LONG_LINE);
}

/* The octet behind a CR that no dot came before. */
static void
after_cr(struct dot *d, char c)
{
	if (c == '\n') {
		end_line(d);
		return;
	}
	fault(d, DOT_BARE_CR);
	text(d, c);
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
		case DOT_CR:
			after_cr(d, c);
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
			after_cr(d, c);
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
