#ifndef SUBMITD_LDAPDIAL_H
#define SUBMITD_LDAPDIAL_H

/*
 * ldapdial - try every directory server, and say each step's outcome in words.
 *
 * For `submitd -t --dial`: an operator reads it, on stdout.
 */

#include "compiler.h"
#include "config.h"

/* 0 if every server did all that a login needs, 1 if not. */
NODISCARD int ldapdial_servers(const struct auth_config *);

#endif
