#ifndef SUBMITD_RIGHTS_H
#define SUBMITD_RIGHTS_H

/*
 * rights - what a user may do, beyond what the own entry says.
 *
 * Flags of the account, groups whose addresses are the user's, and people
 * the user writes for: each a further search, made only where it is
 * configured.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"
#include "ldapconn.h"
#include "login.h"

struct rights;

/* The configuration outlives it. */
struct rights *rights_new(const struct auth_config *);
void rights_free(struct rights **);

struct rights_question {
	const char *dn; /* of the user's entry */
	uint64_t deadline_ms;
	struct login *login; /* that entry_take() has filled in */
	bool unproven; /* all searches, so that time tells of no refusal */
};

/*
 * Search, on a connection that may see all of it.  LDAP_SUCCESS: either
 * *refusal says why the account may not send, a token for the log, or it is
 * NULL and the login has the addresses, too.  Any other code: all of it is
 * unknown, and the connection's text says why.
 */
NODISCARD int rights_ask(const struct rights *, struct ldapconn *,
    const struct rights_question *, const char **refusal);

/*
 * All searches for somebody who is not there, which come to nothing; dn is of
 * an entry that is.  Codes as above.
 */
NODISCARD int rights_ask_for_nobody(const struct rights *, struct ldapconn *,
    const char *dn, uint64_t deadline_ms);

#endif
