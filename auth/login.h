#ifndef SUBMITD_LOGIN_H
#define SUBMITD_LOGIN_H

/*
 * login - one person's claim, and what became of it.
 *
 * A value: whoever holds it owns it.  It holds no password.
 *
 * What is added to a login is what the directory has; what is no mailbox, is
 * there already (ASCII case aside) or is beyond the limits is left out.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "ldappolicy.h"
#include "messages.h"
#include "quota.h"
#include "slice.h"

struct login {
	bool judged; /* the fields below are an answer */
	enum auth_verdict verdict;
	const char *reason;   /* static token, for the log */
	bool guess;           /* of AUTH_REFUSED: nobody knew the password */
	const char *server;   /* URI that answered; or NULL */
	char *client_address; /* where they are; NULL: not known */
	char *typed;          /* the name they gave, prepared; or NULL */
	char *user;           /* canonical; until then as typed */
	struct buf addresses; /* packed byte strings, as in a grant */
	uint32_t address_count;
	struct buf delegated; /* the same, of those they may write for */
	uint32_t delegated_count;
	struct buf acting; /* whose they are: so many packed pairs of a user
			    * name and an address */
	uint32_t acting_count;
	char *acts_as;        /* login_act_as(); NULL: nobody else */
	bool truncated;       /* some of it was beyond the limits */
	bool has_stored_keys; /* one at least, for SCRAM as it is offered */
	struct quota quota;
	uint32_t retry_s;  /* of AUTH_LIMITED */
	uint32_t delay_ms; /* of AUTH_REFUSED: it takes that long, at least */
	struct ldappolicy_warning warning; /* of AUTH_ACCEPTED */
};

struct login login_new(void);
void login_free(struct login *);

/*
 * Make to the same answer as from; who and where they are (client_address,
 * typed) stays.
 */
void login_copy_answer(struct login *to, const struct login *from);

/* Record the answer; it is no guess unless somebody says so afterwards. */
void login_judge(struct login *, enum auth_verdict, const char *reason);

/* The name to log: replaces the one there is; the first one is typed. */
void login_set_user(struct login *, struct slice);

/* Forget addresses, those of others, and limits. */
void login_forget_rights(struct login *, const struct quota *defaults);

/*
 * One more address the user may send as, as an attribute has it
 * (ldapname_mailbox()).  False: it was left out.
 */
bool login_add_address(struct login *, struct slice value);

/* Every mailbox of a domain (ldapname_domain()).  The same. */
bool login_add_domain(struct login *, struct slice value);

/*
 * One more address of somebody the user may write for, who has this user name;
 * nobody can act as a delegate whose name is empty.  The same.
 */
bool login_add_delegated(struct login *, struct slice name, struct slice value);

/*
 * Be authzid (RFC 4422, 2), in what may be sent and not in who is counted.
 * True for the user's own name, and for a delegate, whose addresses become
 * those of the login.  False: nothing has changed.
 */
NODISCARD bool login_act_as(struct login *, struct slice authzid);

#endif
