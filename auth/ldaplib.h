#ifndef SUBMITD_LDAPLIB_H
#define SUBMITD_LDAPLIB_H

/*
 * ldaplib - libldap, set up for the whole process.
 */

#include "compiler.h"
#include "config.h"

/*
 * Once, before confinement and before any thread: takes libldap's
 * configuration files and variables out of the game, and loads the
 * certificates trusted for servers.  0, or -1 logged.
 */
NODISCARD int ldaplib_init(const struct auth_config *);

#endif
