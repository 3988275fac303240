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

enum ldap_phase {
	PHASE_LOOKUP,    /* StartTLS, service bind, search: our own doing */
	PHASE_USER_BIND, /* the user's name and password */
	PHASE_COUNT
};

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
};

struct ldap_result ldapresult_judge(enum ldap_phase, int code);

#endif
