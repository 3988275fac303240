#ifndef SUBMITD_ALLOWANCE_H
#define SUBMITD_ALLOWANCE_H

/*
 * allowance - may this account send one more message?
 *
 * What is under way counts as if it were sent: a hundred messages at once do
 * not pass a limit together.  Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "ledger.h"

/* What a message takes, one number for each measure. */
struct allowance_want {
	uint64_t n[QUOTA_MEASURES];
};

/* What stands in its way. */
struct allowance_refusal {
	enum quota_measure measure;
	enum quota_window window;
	uint64_t max;
	uint64_t used; /* in the window, what is under way included */
	uint64_t wanted;
	uint64_t again_s; /* when it may pass; 0: never, it is too large */
};

/*
 * True: it may.  Else *why is the limit that stands in the way for longest.
 * The account's counts must be up to date (ledger_use()).
 */
NODISCARD bool allowance_has(const struct account *,
    const struct allowance_want *, struct allowance_refusal *why);

/* For the client, in one line. */
void allowance_text(
    struct buf *, const struct allowance_refusal *, uint64_t now_s);

/* The message is under way; it is so no longer. */
void allowance_reserve(struct account *, const struct allowance_want *);
void allowance_release(struct account *, const struct allowance_want *);

/* It was sent, at the time of ledger_use(). */
void allowance_spend(struct account *, const struct allowance_want *);

#endif
