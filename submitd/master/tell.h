#ifndef SUBMITD_TELL_H
#define SUBMITD_TELL_H

/*
 * tell - what a role says that is for somebody else.
 *
 * Accounts that relay has blocked are for auth, which keeps nothing; alarms
 * are for the operator.
 */

#include "ipc.h"

struct child;

/* To an auth process that was just started: whoever is blocked. */
void tell_accounts(const struct child *auth);

/* For MSG_ACCOUNT and MSG_ALARM from a child. */
enum ipc_verdict tell_on_account(void *child, struct ipc_frame *);
enum ipc_verdict tell_on_alarm(void *child, struct ipc_frame *);

#endif
