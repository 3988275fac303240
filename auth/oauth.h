#ifndef SUBMITD_OAUTH_H
#define SUBMITD_OAUTH_H

/*
 * oauth - the operator's rules for bearer tokens, and the keys behind them.
 *
 * One per process, read-only once started: any thread may ask.
 */

#include <stdbool.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "oauthmessage.h"

/*
 * Take keys and rules of the configuration, which outlives it; without a key
 * set nothing is started, and no token is good.  0, or -1 logged.
 */
NODISCARD int oauth_start(const struct auth_config *);

/* Tokens can be judged. */
NODISCARD bool oauth_is_on(void);

/* NULL and the login name, or why the token is no good: jwt_judge(). */
NODISCARD const char *oauth_judge(
    const struct oauthmessage *, struct buf *user);

/* What clients are told whose token is no good; static. */
const struct oauthmessage_hint *oauth_hint(void);

#endif
