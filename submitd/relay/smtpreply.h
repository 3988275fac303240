#ifndef SUBMITD_SMTPREPLY_H
#define SUBMITD_SMTPREPLY_H

/*
 * smtpreply - what a smarthost answers, cut out of a byte stream.
 *
 * A reply is one or more lines with the same three-digit code (RFC 5321,
 * 4.2.1).  Memory is fixed: of a long line the front is kept, of a long reply
 * LIMIT_REPLY_TEXT octets; a reply beyond LIMIT_REPLY_LINES lines of
 * LIMIT_REPLY_LINE octets is malformed.  Kept text is printable ASCII.
 */

#include <stddef.h>

#include "compiler.h"
#include "limits.h"
#include "slice.h"

/* "5.123.123" and a NUL */
#define SMTPREPLY_ENHANCED 10

struct smtpreply {
	unsigned code;                     /* 200 to 599; 0: none */
	char enhanced[SMTPREPLY_ENHANCED]; /* RFC 2034; or empty */
	char text[LIMIT_REPLY_TEXT + 1];   /* lines joined by a space */
};

struct smtpreply_parser {
	struct smtpreply reply;
	size_t octets; /* of this reply, so far */
	size_t lines;
	bool line_ended; /* the next octet begins another */
	size_t line_n;
	char line[LIMIT_REPLY_LINE]; /* the current one */
};

enum smtpreply_status {
	SMTPREPLY_MORE, /* all octets used, no line ended */
	SMTPREPLY_LINE, /* a line ended, others follow */
	SMTPREPLY_DONE, /* that was the last one: ->reply is whole */
	SMTPREPLY_BAD,  /* not a reply; the connection is of no more use */
};

/* Before the first octet of each reply. */
void smtpreply_start(struct smtpreply_parser *);

/*
 * Take octets up to the end of one line; *used says how many.  After DONE
 * the next octet belongs to the next reply.
 */
NODISCARD enum smtpreply_status smtpreply_feed(
    struct smtpreply_parser *, struct slice in, size_t *used);

/* After LINE or DONE: text of that line, unsanitised; until the next feed. */
struct slice smtpreply_line(const struct smtpreply_parser *);

/* A reply of our own making, for results that no server put into words. */
void smtpreply_set(struct smtpreply *, unsigned code, const char *enhanced,
    const char *fmt, ...) PRINTF(4, 5);

#endif
