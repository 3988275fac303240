#ifndef SUBMITD_SPOOLDIR_H
#define SUBMITD_SPOOLDIR_H

/*
 * spooldir - the spool's directories, made by master.
 *
 * queue, incoming, held and corrupt below the spool are created where missing,
 * mode 0700, owned by the relay's user.  The relay only opens them: in its
 * chroot it could not make them, and as its user it should not have to.
 * Symbolic links, other owners and open modes are refused, not repaired.
 */

#include <sys/types.h>

#include "compiler.h"

/* 0, or -1 after logging. */
NODISCARD int spooldir_prepare(const char *path, uid_t uid, gid_t gid);

#endif
