#ifndef SUBMITD_CTLSOCKET_H
#define SUBMITD_CTLSOCKET_H

/*
 * ctlsocket - the daemon's control socket, from submitctl's side.
 */

#include <stdio.h>

#include "compiler.h"

/* Exit statuses of submitctl. */
enum ctl_status {
	CTL_DONE = 0,
	CTL_REFUSED = 1,
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 3,
};

/* A connected socket with time-outs, or -1 with errno. */
NODISCARD int ctlsocket_dial(const char *path);

/* Say on stderr that there is no daemon, after errno: CTL_UNREACHABLE. */
int ctlsocket_unreachable(const char *path);

/* The daemon's answer to stdout, or why not to stderr: an exit status. */
NODISCARD int ctlsocket_print(FILE *answer);

#endif
