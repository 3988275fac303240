#ifndef SUBMITD_CONTROL_H
#define SUBMITD_CONTROL_H

/*
 * control - the operator's socket, for submitctl.
 *
 * A UNIX socket, mode 0660; only root, our own user and members of the
 * socket's group get an answer (SO_PEERCRED, and the file's mode).  One request
 * line (words.h) of at most LIMIT_CONTROL_LINE octets, answered with "ok" or
 * "error REASON" on the first line and text behind it, then closed.  Treated
 * as hostile like any other input.
 */

#include <stdint.h>

#include "compiler.h"
#include "ipc.h"
#include "messages.h"
#include "slice.h"

struct child;
struct control;
struct master;

/* *out may stay NULL: no socket is wanted, or none can be had, logged.  -1: it
 * was asked for and cannot be had, logged. */
NODISCARD int control_open(struct master *, struct control **out);
void control_close(struct control **);

/* A role's answer to MSG_STATS_ASK with this id.  NULL is allowed. */
void control_stats(
    struct control *, const struct child *, uint64_t id, struct slice text);

/* A process of this role is gone: nobody waits for its answer.  The same. */
void control_lost(struct control *, enum role_id);

/*
 * A role's MSG_CONTROL_ANSWER, of a frame with this id.  The same.  Of a role
 * that was not asked it is malformed: a captured one answers for nobody else.
 */
enum ipc_verdict control_answer(
    struct control *, const struct child *, uint64_t id, struct slice payload);

#endif
