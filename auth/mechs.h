#ifndef SUBMITD_MECHS_H
#define SUBMITD_MECHS_H

/*
 * mechs - libsasl2 set up for this process: which mechanisms there are.
 *
 * Only the plug-ins of the mechanisms we know are ever loaded, from the
 * system's own directory; no configuration file and no variable counts.
 */

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "slice.h"

/*
 * Once, before confinement and threads, and before the first call of libldap,
 * which links libsasl2 too and would load every plug-in it finds.  0, or -1
 * logged: no mechanism is left, or the library fails.
 */
NODISCARD int mechs_start(const struct strings *wanted);

/* Again after libldap's first call, which puts its own locks in. */
void mechs_set_locks(void);

/* Upper-case names, separated by a space, in the order wanted. */
const char *mechs_offered(void);

/* The name as libsasl2 knows it, static; NULL when it is not offered. */
const char *mechs_find(struct slice name);

#endif
