#ifndef SUBMITD_WRONGPASSWORDS_H
#define SUBMITD_WRONGPASSWORDS_H

/*
 * wrongpasswords - the last passwords of somebody at some address that the
 * directory called wrong.
 *
 * A phone that tries its old password all night is answered from here: the
 * directory does not count it, so it locks nobody out, and it is no guess, so
 * it bans nobody.  Of a password there is a keyed hash (keyedhash.h).
 * Bounded; times are the caller's (clock_ms()).  Thread-safe.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

struct wrongpasswords;

struct wrongpasswords_key {
	struct slice user;      /* as typed, prepared */
	struct slice canonical; /* for a flush; may be empty */
	const char *client_address;
	struct slice password;
	uint64_t now_ms;
};

/* keep_ms: for how long; 0: not at all.  ipv6_prefix: bits of a client. */
struct wrongpasswords *wrongpasswords_new(
    uint64_t keep_ms, unsigned ipv6_prefix);
void wrongpasswords_free(struct wrongpasswords **);

/* True when this one was wrong a short time ago. */
NODISCARD bool wrongpasswords_know(
    struct wrongpasswords *, const struct wrongpasswords_key *);

/* It is wrong. */
void wrongpasswords_keep(
    struct wrongpasswords *, const struct wrongpasswords_key *);

/* The user is in, from there: nothing of what they typed counts any more. */
void wrongpasswords_forget(
    struct wrongpasswords *, const struct wrongpasswords_key *);

/* Forget a user, by either name, at all addresses; or all: an empty name. */
void wrongpasswords_flush(struct wrongpasswords *, struct slice user);

/* Append key=value lines. */
void wrongpasswords_stats(struct wrongpasswords *, struct buf *);

#endif
