#ifndef SUBMITD_LEDGERFILE_H
#define SUBMITD_LEDGERFILE_H

/*
 * ledgerfile - a page of the ledger as octets, and back.
 *
 * A file is: magic, version u16, the page's number u8, its key, the accounts
 * (count u32; oldest first), and the SHA-256 of all that.  What is in flight
 * is not in it.  No I/O.
 */

#include "buf.h"
#include "compiler.h"
#include "ledger.h"
#include "slice.h"

/* Append the file, all but its end.  Fails as buf.h does. */
void ledgerfile_pack(struct buf *, const struct ledger_page *);

/* Add the end.  In any thread: it looks at the octets only.  The same. */
void ledgerfile_seal(struct buf *);

enum ledgerfile_status {
	LEDGERFILE_OK,
	LEDGERFILE_BAD,
	LEDGERFILE_NEWER, /* of a later version of this program */
};

/* Fill a page that was cleared.  But for OK it is cleared again. */
NODISCARD enum ledgerfile_status ledgerfile_read(
    struct slice, struct ledger_page *);

/* A reason that can stand in a file and in a line of the log. */
NODISCARD bool ledgerfile_is_token(struct slice);

#endif
