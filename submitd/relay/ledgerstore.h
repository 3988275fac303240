#ifndef SUBMITD_LEDGERSTORE_H
#define SUBMITD_LEDGERSTORE_H

/*
 * ledgerstore - the ledger, kept in the spool.
 *
 * A page that has changed is written by a disk thread a few seconds later, so
 * a crash loses the counts of the last seconds and nothing else.  What must
 * not be lost, a user's being blocked, waits for the disk.
 */

#include <stdbool.h>

#include "compiler.h"
#include "ledger.h"

struct relay;
struct ledgerstore;

/*
 * Read all there is.  Blocks for the disk.  A page that fails its check is
 * set aside and begun anew.  NULL: logged; a page cannot be read, or is of a
 * later version.
 */
struct ledgerstore *ledgerstore_new(struct relay *);

/* Writes nothing any more; no job may be under way. */
void ledgerstore_free(struct ledgerstore **);

struct ledger *ledgerstore_ledger(struct ledgerstore *);

/* In the loop, later, always.  fine: it is on stable storage. */
typedef void ledgerstore_done(void *arg, bool fine);

/* Write the page as it is now. */
void ledgerstore_save(struct ledgerstore *, const struct ledger_page *,
    ledgerstore_done *, void *arg);

/* Write what has changed, then call back, now or later. */
void ledgerstore_drain(struct ledgerstore *, void (*drained)(void));

#endif
