#ifndef SUBMITD_HOOK_H
#define SUBMITD_HOOK_H

/*
 * hook - the operator's own program, started for each alarm.
 *
 * No shell: the program gets SUBMITD_EVENT, SUBMITD_USER and SUBMITD_DETAIL in
 * an environment that else holds PATH only, printable ASCII whatever a role
 * said; stdin is empty, what it writes goes to our stderr.  It runs as a
 * user of its own, in a session of its own, which is killed after
 * alarm_timeout, and when the program ends.  LIMIT_HOOK_RUNNING at a time,
 * LIMIT_HOOK_WAITING wait, the rest is counted and dropped.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "configkeys.h"
#include "messages.h"

struct event_base;
struct hook;

/* The settings are borrowed.  Without alarm { command } it only logs. */
struct hook *hook_new(struct event_base *, const struct settings *);

/* Kills what still runs. */
void hook_free(struct hook **);

/* Log it, and start the program now or when its turn comes. */
void hook_alarm(struct hook *, const struct msg_alarm *);

/* A process has ended.  False: it was none of these. */
bool hook_reap(struct hook *, pid_t, int status);

#endif
