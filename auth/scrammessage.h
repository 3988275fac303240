#ifndef SUBMITD_SCRAMMESSAGE_H
#define SUBMITD_SCRAMMESSAGE_H

/*
 * scrammessage - what a SCRAM client says of channel binding (RFC 5802, 7).
 *
 * Pure.  The rest of its messages is libsasl2's to read; this part decides
 * whether there is a man in the middle, and the library lets some of it pass.
 */

#include <stdbool.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

/* How an exchange is bound to its TLS connection. */
struct scram_binding {
	bool plus;         /* the client chose the -PLUS form */
	bool plus_offered; /* it could have */
	struct slice type; /* empty: TLS gives nothing to bind to */
	struct slice data;
};

/*
 * Check the first message, "n,,n=user,r=nonce" or the like.  On true the
 * attribute that must open the final one, "c=" and the comma behind it
 * included, is appended.
 */
NODISCARD bool scrammessage_first(
    struct slice message, const struct scram_binding *, struct buf *attribute);

/* The final message begins with that attribute. */
NODISCARD bool scrammessage_final(struct slice message, struct slice attribute);

#endif
