#ifndef SUBMITD_SESSIONS_H
#define SUBMITD_SESSIONS_H

/*
 * sessions - the table of a worker's sessions.
 *
 * Sessions and requests get 64-bit ids that are never used twice: a slot
 * number in the low bits, a counter that starts at random above it.  An answer
 * that comes late finds the slot, sees another id in it, and is dropped.
 */

#include <stdint.h>

#include "slice.h"

struct session;
struct sessions;

struct sessions *sessions_new(uint32_t max);
void sessions_free(struct sessions **);

/* Enter s: its id, or 0 when the table is full. */
uint64_t sessions_add(struct sessions *, struct session *);
void sessions_remove(struct sessions *, uint64_t id);

/* A request id for the session with this id. */
uint64_t sessions_request(struct sessions *, uint64_t id);

/* The session whose open request it is, or NULL. */
struct session *sessions_waiting(const struct sessions *, uint64_t request);

uint32_t sessions_count(const struct sessions *);

/* Call for every session that is logged in as user, ASCII case aside; the
 * same. */
void sessions_each_of(
    struct sessions *, struct slice user, void (*fn)(struct session *));

/* Call for every session; fn may end the one it is given, and no other. */
void sessions_each(struct sessions *, void (*fn)(struct session *));

#endif
