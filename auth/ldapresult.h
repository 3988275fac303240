#ifndef SUBMITD_LDAPRESULT_H
#define SUBMITD_LDAPRESULT_H

/*
 * ldapresult - what an LDAP result code means for the person logging in.
 *
 * Pure.  "No" is said only by a code that speaks about this person; a code
 * that speaks about us, the directory or the network is trouble.  A code
 * nobody listed is trouble of our own.
 */

#include <stdbool.h>

#include "config.h"
#include "ldappolicy.h"

enum ldap_meaning {
	MEANS_OK,
	MEANS_NO,      /* the directory said no */
	MEANS_TROUBLE, /* temporary */
	MEANS_NEXT,    /* temporary; another server may do better */
	MEANS_ALERT,   /* temporary; somebody must mend something */
};

struct ldap_result {
	enum ldap_meaning meaning;
	const char *reason; /* one token, for the log */
	bool guess;         /* of MEANS_NO: nobody knew the password */
};

/* The reason of a no because the account is locked, for a time or for good. */
#define LDAPRESULT_LOCKED "locked"

/* The reason of a no because a search found more than one entry. */
#define LDAPRESULT_AMBIGUOUS "ambiguous"

/* Of StartTLS or the service account's bind: our own doing. */
struct ldap_result ldapresult_judge(int code);

/* Of a search for one entry: more than one is nobody in particular. */
struct ldap_result ldapresult_judge_search(int code);

/*
 * Of a bind with somebody's name and password: the code, and what else the
 * directory said.  A yes may come with a reason, too.
 */
struct ldap_result ldapresult_judge_user(
    const struct auth_config *, int code, const struct ldappolicy *);

#endif
