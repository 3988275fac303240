#ifndef SUBMITD_CONTROLSOCKET_H
#define SUBMITD_CONTROLSOCKET_H

/*
 * controlsocket - the operator's socket in the file system, and who may use it.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "compiler.h"

/*
 * A listening UNIX socket, mode 0660, its directory made if it is missing.  -1
 * with errno: EADDRINUSE when a gateway that lives has it.
 */
NODISCARD int controlsocket_open(const char *path);

/* Root, our own user and members of the socket's group; others are logged. */
NODISCARD bool controlsocket_may_ask(int fd, gid_t group);

#endif
