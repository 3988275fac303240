#ifndef SUBMITD_ABUSE_H
#define SUBMITD_ABUSE_H

/*
 * abuse - who tries passwords, and what it costs them.
 *
 * Failed guesses are counted by client (an IPv4 address, an IPv6 prefix), by
 * user and by the pair of both, in a window of time; the counts of all smtp
 * workers meet here.  Each failure makes the next refusal come later, and
 * beyond a number of them:
 *
 *	pair	banned: one phone with an old password stops, and nobody else
 *	client	banned, if several users failed there, or very many times; each
 *		user who logs in from there raises the number, so that an
 *		office behind one address can have several such phones
 *	user	guarded: a client from which this user never logged in has one
 *		try, then the pair is banned; from others they log in as ever,
 *		and with the right password from anywhere
 *
 * A guess that is not worth a bind, the same wrong password again, is none
 * (wrongpasswords.h).  Who is exempt is neither counted nor banned.
 *
 * Bounded; times are the caller's (clock_ms()).  Thread-safe.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "config.h"
#include "slice.h"

struct abuse;

/* Whose try it is. */
struct abuse_who {
	const char *client_address;
	struct slice user;      /* as typed, prepared; empty: not known yet */
	struct slice canonical; /* for a lift by it; may be empty */
};

/* Copies what it needs of the configuration. */
struct abuse *abuse_new(const struct auth_config *);
void abuse_free(struct abuse **);

/* Seconds until they may try; 0: now. */
uint32_t abuse_retry_s(
    struct abuse *, const struct abuse_who *, uint64_t now_ms);

/*
 * They guessed wrong.  Returns how many ms their refusal takes, at least.
 * *guarded: the user is, from this guess on.
 */
uint32_t abuse_failed(
    struct abuse *, const struct abuse_who *, uint64_t now_ms, bool *guarded);

/* They are in. */
void abuse_succeeded(struct abuse *, const struct abuse_who *, uint64_t now_ms);

/* Append a line of key=value words for each ban that there is room for. */
void abuse_list(struct abuse *, uint64_t now_ms, struct buf *);

/*
 * Lift the bans of a client (any address of it, or as listed), of a user,
 * pairs of them included, or of one pair ("user@client"), and forget their
 * failures; "all": everybody's.  Returns how many bans there were.
 */
size_t abuse_lift(struct abuse *, struct slice name, uint64_t now_ms);

/* Append key=value lines. */
void abuse_stats(struct abuse *, struct buf *);

#endif
