#ifndef SUBMITD_LOGINCACHE_H
#define SUBMITD_LOGINCACHE_H

/*
 * logincache - logins that the directory accepted, for a while.
 *
 * Of the password there is a keyed hash (keyedhash.h), never the password.
 * An entry speaks only for the password it was made with: any other must go
 * to the directory.  Bounded in entries and octets; times are the caller's
 * (clock_ms()).  Thread-safe.
 */

#include <stdint.h>

#include "buf.h"
#include "login.h"
#include "slice.h"

struct logincache;

/* How old what it knows is. */
enum logincache_age {
	LOGINCACHE_NONE,  /* nothing of this password */
	LOGINCACHE_FRESH, /* it may be served */
	LOGINCACHE_STALE, /* it may be served while no directory is there */
	LOGINCACHE_OLD,   /* all it says is that the password was right */
};

/* What it is asked for, and told of. */
struct logincache_key {
	struct slice user; /* as typed, prepared */
	struct slice password;
	uint64_t now_ms;
};

/* fresh_ms, stale_ms: how long after the directory's answer; 0: never. */
struct logincache *logincache_new(uint64_t fresh_ms, uint64_t stale_ms);
void logincache_free(struct logincache **);

/*
 * What is known of this user with this password.  When FRESH or STALE, out
 * (a login of the caller's) is the answer of then.
 */
enum logincache_age logincache_ask(
    struct logincache *, const struct logincache_key *, struct login *out);

/*
 * The directory accepted: this password takes the place of another, by
 * whatever name that one was typed.
 */
void logincache_keep(
    struct logincache *, const struct logincache_key *, const struct login *);

/*
 * The directory refused this password, of somebody whose one name is canonical
 * (as typed, if it is not known): nothing speaks for it any more.
 */
void logincache_refute(
    struct logincache *, const struct logincache_key *, struct slice canonical);

/* Forget a user, whatever name they typed; or all: an empty name.  Returns
 * how many entries went. */
size_t logincache_flush(struct logincache *, struct slice user);

/* Append key=value lines. */
void logincache_stats(struct logincache *, struct buf *);

#endif
