#ifndef SUBMITD_DIRECTORY_H
#define SUBMITD_DIRECTORY_H

/*
 * directory - ask LDAP whether this password is this person's.
 *
 * One per thread, with connections of its own; servers and configuration are
 * shared and outlive it.
 */

#include <stdint.h>

#include "buf.h"
#include "config.h"
#include "login.h"
#include "servers.h"
#include "slice.h"

struct directory;

/* How somebody has shown, without a password, who they are. */
struct claim {
	struct slice name; /* a login name, as with a password */
	/*
	 * Instead of it, ready; the name is for the log then, and the login's
	 * user NULL unless the entry has one.  NULL: by name.
	 */
	const char *filter;
};

struct directory *directory_new(const struct auth_config *, struct servers *);
void directory_free(struct directory **);

/*
 * Blocks, until deadline_ms at the longest but for the system's resolver.
 * Always judges the login: ACCEPTED with the canonical user and addresses,
 * REFUSED when the directory said no, TROUBLE for everything else.
 */
void directory_check(struct directory *, struct slice user,
    struct slice password, uint64_t deadline_ms, struct login *);

/*
 * The same without a password: ACCEPTED means that there is this one person,
 * who may log in if the mechanism's own proof holds.  stored_keys, unless
 * NULL, gets the values of scram_attribute, packed byte strings.
 */
void directory_identify(struct directory *, const struct claim *,
    uint64_t deadline_ms, struct login *, struct buf *stored_keys);

#endif
