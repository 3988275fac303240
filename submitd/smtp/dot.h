#ifndef SUBMITD_DOT_H
#define SUBMITD_DOT_H

/*
 * dot - the content that DATA brings: where it ends, and its dots unstuffed
 * (RFC 5321, 4.5.2).
 *
 * End of data is CRLF.CRLF and nothing else.  What is between is checked as
 * textcheck.h has it; once that has found a fault, the decoder keeps looking
 * for the true end, so that the session stays in step.
 */

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "slice.h"
#include "textcheck.h"

enum dot_state { DOT_LINE_START, DOT_DOT, DOT_DOT_CR, DOT_TEXT };

struct dot {
	enum dot_state state;
	struct textcheck text; /* of the content, dots removed */
};

enum dot_status {
	DOT_RUN,  /* *run is content; call again */
	DOT_MORE, /* *in is used up */
	DOT_END,  /* end of data; *in is what follows it */
};

/* line_max: octets without CRLF. */
void dot_begin(struct dot *, size_t line_max);

/*
 * Take the next run of content from *in.  The run borrows from it; runs
 * joined are the content as it was before stuffing, its last CRLF included.
 * Meaningless once there is a fault, when only the end is looked for.
 */
NODISCARD enum dot_status dot_next(
    struct dot *, struct slice *in, struct slice *run);

#endif
