/*
 * header - count Received fields as content passes.
 *
 * Works on CRLF lines whose ends were checked before (dot.c); a CR is taken
 * as half of one.  Changes nothing.
 */

#include "header.h"

#include <ctype.h>

static const char name[] = "received:";

static void
watch_octet(struct header *h, char c)
{
	if (c == '\r')
		return;
	if (c == '\n') {
		h->over = h->column == 0;
		h->column = 0;
		h->other = false;
		return;
	}
	if (!h->other) {
		if (tolower((unsigned char)c) != name[h->column])
			h->other = true;
		else if (h->column + 2 == sizeof(name)) {
			h->received++;
			h->other = true;
		}
	}
	h->column++;
}

void
header_watch(struct header *h, struct slice run)
{
	size_t i;

	for (i = 0; i < run.n && !h->over; i++)
		watch_octet(h, run.p[i]);
}
