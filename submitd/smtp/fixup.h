#ifndef SUBMITD_FIXUP_H
#define SUBMITD_FIXUP_H

/*
 * fixup - the header that goes out (RFC 6409, 8).
 *
 * Our Received field, then the fields that the message lacks, then the
 * client's own, byte for byte and in order but for those that have to go.  So
 * what a client has signed stays as it was signed.  docs/header.md tells
 * people about each change.
 */

#include <stdbool.h>

#include "buf.h"
#include "compiler.h"
#include "headerblock.h"
#include "headercheck.h"
#include "received.h"

/* What was done; names for the log. */
enum fixup_kind {
	FIXUP_FROM,
	FIXUP_SENDER,
	FIXUP_DATE,
	FIXUP_MESSAGE_ID,
	FIXUP_BCC,
	FIXUP_RETURN_PATH,
	FIXUP_AUTHENTICATION_RESULTS,
	FIXUP_DOMAIN,     /* completed */
	FIXUP_BLANK_LINE, /* between header and body */
	FIXUP_COUNT,
};

struct fixup_rules {
	struct headercheck_rules check;
	struct received received; /* its hostname and id make a Message-ID */
};

/* What became of a header; holds nothing that is the block's. */
struct fixup {
	unsigned done;                         /* 1 << enum fixup_kind */
	char message_id[LIMIT_HEADER_ADDRESS]; /* cut, if it is longer */
	struct headernotes notes;
};

/* All zero first. */
void fixup_begin(struct fixup *);
void fixup_free(struct fixup *);

/*
 * Check the header, and append to out what takes its place, with what the
 * block holds of the body.  False: refused, see notes.
 */
NODISCARD bool fixup_header(const struct fixup_rules *,
    const struct headerblock *, struct fixup *, struct buf *out);

/* Append "date,message-id"; nothing if nothing was done. */
void fixup_add_names(struct buf *, unsigned done);

#endif
