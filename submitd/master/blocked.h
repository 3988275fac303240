#ifndef SUBMITD_BLOCKED_H
#define SUBMITD_BLOCKED_H

/*
 * blocked - the accounts that may not log in, as relay told.
 *
 * relay keeps them on disk and tells each at its start; auth, which has no
 * disk, is told by master at its own.
 */

#include "compiler.h"
#include "ipc.h"
#include "messages.h"

struct blocked;

struct blocked *blocked_new(void);
void blocked_free(struct blocked **);

/*
 * Take what relay said.  False: nothing has changed.  Of more than
 * LIMIT_BLOCKED the rest is not kept: relay still refuses their mail.
 */
NODISCARD bool blocked_take(struct blocked *, const struct msg_account *);

/* Each of them, in no order. */
void blocked_each(const struct blocked *,
    void (*fn)(const struct msg_account *, void *arg), void *arg);

#endif
