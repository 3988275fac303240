#ifndef SUBMITD_ACCOUNT_H
#define SUBMITD_ACCOUNT_H

/*
 * account - which user each role becomes.
 *
 * As root: the one configured, else submitd-ROLE, submitd, nobody, whichever
 * exists first.  Otherwise everybody stays who they are.
 */

#include "compiler.h"
#include "configkeys.h"

/* Fill in every role's uid, gid and confine.  -1: told on stderr. */
NODISCARD int account_resolve(struct settings *);

/* Log what the accounts in use give up. */
void account_warn(const struct settings *);

#endif
