#ifndef SUBMITD_PRESENCE_H
#define SUBMITD_PRESENCE_H

/*
 * presence - who is logged in, who was, and who may not.
 *
 * Counts each user's sessions, keeps their last logins for the operator, and
 * the names of those that are blocked.  Forgets, of people who have neither
 * session nor block, whoever was seen least lately beyond LIMIT_PRESENCE_USERS.
 * Pure: time and sessions come from the caller, and it is for one thread.
 * User names are canonical; ASCII case aside they are the same.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

struct presence;

/* A session of an smtp worker's link. */
struct visit_id {
	uint64_t link;
	uint64_t session;
};

/* What became of a login; all strings are copied. */
struct presence_login {
	int64_t at_s;          /* wall clock */
	const char *verdict;   /* one token */
	const char *mechanism; /* the same */
	const char *address;   /* of the client */
};

enum presence_verdict {
	PRESENCE_ENTERED,
	PRESENCE_BLOCKED, /* not entered: the user is blocked */
	PRESENCE_CROWDED, /* has as many sessions as may be */
	PRESENCE_FULL,    /* all users have, together */
};

struct presence *presence_new(void);
void presence_free(struct presence **);

/* A login was right: one session more, of at most max; 0: any number. */
NODISCARD enum presence_verdict presence_enter(
    struct presence *, struct visit_id, struct slice user, uint64_t max);

/* The session is over; one that is not known is none. */
void presence_leave(struct presence *, struct visit_id);

/* So are all of the link. */
void presence_link_gone(struct presence *, uint64_t link);

/*
 * Remember a login.  One that failed counts only for a name that has been
 * right before: others' guesses shall not push out the people.
 */
void presence_record(struct presence *, struct slice user, bool accepted,
    const struct presence_login *);

/* Nobody of this name enters until unblocked.  False: nothing has changed. */
bool presence_block(struct presence *, struct slice user, struct slice reason);
bool presence_unblock(struct presence *, struct slice user);

/* Call for each who is blocked, in no order. */
void presence_each_blocked(const struct presence *,
    void (*fn)(struct slice user, void *arg), void *arg);

/* Append key=value lines of a user.  False: not known here. */
NODISCARD bool presence_show(
    const struct presence *, struct slice user, struct buf *);

/* Append key=value lines of everybody. */
void presence_stats(const struct presence *, struct buf *);

#endif
