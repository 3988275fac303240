#ifndef SUBMITD_DIRECTORY_H
#define SUBMITD_DIRECTORY_H

/*
 * directory - ask LDAP whether this password is this person's.
 *
 * One per thread, with connections of its own; servers and configuration are
 * shared and outlive it.
 */

#include <stdint.h>

#include "config.h"
#include "login.h"
#include "servers.h"
#include "slice.h"

struct directory;

struct directory *directory_new(const struct auth_config *, struct servers *);
void directory_free(struct directory **);

/*
 * Blocks, until deadline_ms at the longest but for the system's resolver.
 * Always judges the login: ACCEPTED with the canonical user and addresses,
 * REFUSED when the directory said no, TROUBLE for everything else.
 */
void directory_check(struct directory *, struct slice user,
    struct slice password, uint64_t deadline_ms, struct login *);

#endif
