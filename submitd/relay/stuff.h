#ifndef SUBMITD_STUFF_H
#define SUBMITD_STUFF_H

/*
 * stuff - dot-stuffing of message content for DATA (RFC 5321, 4.5.2).
 *
 * Content is lines that end in CRLF.  A CR or LF on its own is refused here
 * once more, although smtp has done so: a smarthost that takes it for a line
 * end could be made to see the end of the message, and a second one behind.
 */

#include <stddef.h>

#include "compiler.h"
#include "slice.h"

enum stuff_at { STUFF_LINE_START, STUFF_IN_LINE, STUFF_AFTER_CR };

/* All zero at the start of a message. */
struct stuff {
	enum stuff_at at;
};

#define STUFF_END_MAX 6

/*
 * Stuff in into out, which has room for twice as much; *n is what it took.
 * -1: a bare CR or LF.  Any split of a message gives the same octets.
 */
NODISCARD int stuff_run(struct stuff *, struct slice in, char *out, size_t *n);

/*
 * The end of the message: its final dot, and the CRLF it lacked, if so.
 * -1: it ends in a bare CR.
 */
NODISCARD int stuff_end(struct stuff *, char out[STUFF_END_MAX], size_t *n);

#endif
