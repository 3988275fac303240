#ifndef SUBMITD_ACCOUNTS_H
#define SUBMITD_ACCOUNTS_H

/*
 * accounts - stopping users and letting them go on, and what follows: the
 * disk, the queue, the other roles, the operator.
 *
 *	blocked	no login, no session, no message taken; what is queued waits
 *	held	messages are taken into the queue, and wait there
 *
 * A user may be both.  A delivery that has begun goes on.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "ledgerstore.h"
#include "slice.h"

struct account;
struct relay;

enum accounts_change {
	ACCOUNTS_BLOCK, /* reason: one token (ledgerfile_is_token()) */
	ACCOUNTS_UNBLOCK,
	ACCOUNTS_RELEASE, /* no longer held */
	ACCOUNTS_RESET,   /* all counts are forgotten, known recipients not */
};

enum accounts_answer {
	ACCOUNTS_DONE,     /* then comes, when it is on disk */
	ACCOUNTS_UNKNOWN,  /* no such user, or nothing to undo */
	ACCOUNTS_TOO_MANY, /* LIMIT_BLOCKED are stopped */
};

/* A block counts at once; then: it will outlive us, or may not. */
enum accounts_answer accounts_change(struct relay *, enum accounts_change,
    const char *user, const char *reason, ledgerstore_done *then, void *arg);

/* At start: tell of everybody who is blocked. */
void accounts_tell_all(struct relay *);

/* The guard looks at an account, and acts on what it sees. */
void accounts_guard(struct relay *, struct account *, uint64_t now_s);

#endif
