#ifndef SUBMITD_LDAPPOLICY_H
#define SUBMITD_LDAPPOLICY_H

/*
 * ldappolicy - what a directory says about a password or an account beside
 * the result code of a bind.
 *
 * Pure.  Three dialects: the control of draft-behera-ldap-password-policy,
 * the two older ones of Netscape, and Active Directory's diagnostic text.
 * What cannot be understood says nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "slice.h"

#define LDAPPOLICY_CONTROL  "1.3.6.1.4.1.42.2.27.8.5.1" /* both ways */
#define LDAPPOLICY_EXPIRED  "2.16.840.1.113730.3.4.4"
#define LDAPPOLICY_EXPIRING "2.16.840.1.113730.3.4.5"

enum ldappolicy_says {
	POLICY_SILENT,
	POLICY_WRONG,       /* the password is */
	POLICY_UNKNOWN,     /* the person is */
	POLICY_EXPIRED,     /* the password has */
	POLICY_MUST_CHANGE, /* the password, before anything else is allowed */
	POLICY_LOCKED,      /* after too many wrong ones, or by somebody */
	POLICY_DISABLED,
	POLICY_ENDED, /* the account has expired */
	POLICY_HOURS, /* not now */
	POLICY_PLACE, /* not from here */
	POLICY_RESTRICTED,
	POLICY_SAYS_COUNT
};

/* What comes with a yes. */
struct ldappolicy_warning {
	bool expires;
	uint32_t expires_s; /* from now */
	bool grace;
	uint32_t grace_left; /* logins, after this one */
};

struct ldappolicy {
	enum ldappolicy_says says;
	bool expired; /* by Netscape's control, which has no details */
	struct ldappolicy_warning warning;
};

/* Take in one control of an answer, whatever it is. */
void ldappolicy_control(
    struct ldappolicy *, const char *oid, struct slice value);

/* Take in the diagnostic text beside LDAP_INVALID_CREDENTIALS. */
void ldappolicy_text(struct ldappolicy *, struct slice text);

/* All of it taken together. */
NODISCARD enum ldappolicy_says ldappolicy_says(const struct ldappolicy *);

#endif
