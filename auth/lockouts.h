#ifndef SUBMITD_LOCKOUTS_H
#define SUBMITD_LOCKOUTS_H

/*
 * lockouts - users whom the directory called locked a short time ago.
 *
 * Many directories count a try at a locked account as one more, and lock it
 * for longer: so it is left alone for a while, whatever the password is.
 * Bounded; times are the caller's (clock_ms()).  Thread-safe.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "slice.h"

struct lockouts;

/* keep_ms: for how long; 0: not at all. */
struct lockouts *lockouts_new(uint64_t keep_ms);
void lockouts_free(struct lockouts **);

/* True when this user (as typed, prepared) was locked a short time ago. */
NODISCARD bool lockouts_know(
    struct lockouts *, struct slice user, uint64_t now_ms);

/* They are locked; canonical: their name for a flush. */
void lockouts_keep(struct lockouts *, struct slice user, struct slice canonical,
    uint64_t now_ms);

/* Forget a user, by either name; or all: an empty name. */
void lockouts_flush(struct lockouts *, struct slice user);

#endif
