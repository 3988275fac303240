#ifndef SUBMITD_JOIN_H
#define SUBMITD_JOIN_H

/*
 * join - the links between smtp processes and the other two roles.
 *
 * Made when either end is started; made again when an smtp process says that
 * its end broke while both live on.
 */

#include <event2/util.h>

#include "ipc.h"
#include "master.h"

/* Join a process that was just started to all it must talk to. */
void join_all(struct child *);

/* For MSG_LINK_LOST from a child. */
enum ipc_verdict join_on_lost(void *child, struct ipc_frame *);

/* For the child's rejoin timer. */
void join_on_timer(evutil_socket_t, short what, void *child);

#endif
