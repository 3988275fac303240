#ifndef SUBMITD_HEADER_H
#define SUBMITD_HEADER_H

/*
 * header - watch the header section of content go by.
 *
 * Counts the Received fields, which is how a mail loop shows (RFC 5321, 6.3).
 * Looks at unstuffed content in runs of any size; keeps no text.
 */

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

struct header {
	bool over;     /* the empty line has passed */
	bool other;    /* this line is not, or no longer may be, a Received */
	size_t column; /* octets of the line so far */
	unsigned received;
};

/* Start with all zero; give it every run of content, in order. */
void header_watch(struct header *, struct slice run);

#endif
