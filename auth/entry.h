#ifndef SUBMITD_ENTRY_H
#define SUBMITD_ENTRY_H

/*
 * entry - read what an entry of the directory says into a login.
 *
 * The entry and the connection it came over are the caller's; nothing here
 * blocks.
 */

#include <ldap.h>

#include "buf.h"
#include "config.h"
#include "login.h"

struct entry {
	LDAP *ld;
	LDAPMessage *message;
};

/*
 * The attributes that each function below reads, for a search: an array to be
 * freed, of names that are the configuration's.
 */
char **entry_attributes(const struct auth_config *);
char **entry_group_attributes(const struct auth_config *);
char **entry_delegate_attributes(const struct auth_config *);

/*
 * What the user's entry says: canonical name, addresses, limits.  stored_keys,
 * unless NULL, gets the values of scram_attribute, packed.  All that an
 * earlier entry said is forgotten.
 */
void entry_take(const struct entry *, const struct auth_config *,
    struct login *, struct buf *stored_keys);

/* The addresses of a group are the user's own. */
void entry_take_group(
    const struct entry *, const struct auth_config *, struct login *);

/* Those of somebody for whom the user may write. */
void entry_take_delegate(
    const struct entry *, const struct auth_config *, struct login *);

#endif
