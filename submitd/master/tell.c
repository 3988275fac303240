/*
 * tell - what a role says that is for somebody else.
 */

#include "tell.h"

#include "blocked.h"
#include "hook.h"
#include "limits.h"
#include "master.h"
#include "messages.h"

static void
send_account(const struct msg_account *m, void *child)
{
	const struct child *auth = child;
	struct buf b = buf_new(LIMIT_FRAME);

	msg_account_pack(&b, m);
	ipc_send(auth->link, MSG_ACCOUNT_TOLD, 0, &b, -1);
	buf_free(&b);
}

void
tell_accounts(const struct child *auth)
{
	blocked_each(
	    auth->master->blocked, send_account, (void *)(uintptr_t)auth);
}

enum ipc_verdict
tell_on_account(void *child, struct ipc_frame *f)
{
	const struct child *c = child;
	struct master *m = c->master;
	struct msg_account account;
	uint32_t i;

	if (c->role != ROLE_RELAY ||
	    msg_account_unpack(f->payload, &account) == -1)
		return IPC_MALFORMED;
	if (!blocked_take(m->blocked, &account))
		return IPC_FINE;
	for (i = 0; i < m->child_count; i++)
		if (m->children[i].role == ROLE_AUTH &&
		    m->children[i].link != NULL)
			send_account(&account, &m->children[i]);
	return IPC_FINE;
}

enum ipc_verdict
tell_on_alarm(void *child, struct ipc_frame *f)
{
	const struct child *c = child;
	struct msg_alarm m;

	if (c->role == ROLE_SMTP || msg_alarm_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	hook_alarm(c->master->hook, &m);
	return IPC_FINE;
}
