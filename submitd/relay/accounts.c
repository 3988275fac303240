/*
 * accounts - one way to change each state of an account.
 *
 * Invariant: auth is told of a block at once, and the operator's answer waits
 * for the disk.
 */

#include "accounts.h"

#include <stdlib.h>
#include <time.h>

#include "config.h"
#include "guard.h"
#include "ledger.h"
#include "log.h"
#include "messages.h"
#include "relay.h"
#include "role.h"
#include "schedule.h"

/* All of them are told of at once to a role that starts, and by one. */
_Static_assert(
    LIMIT_BLOCKED <= LIMIT_LINK_QUEUE / 2, "a link's queue takes all blocks");

static uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

static void
log_change(const struct account *a, const char *event, const char *reason)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARN, 0, event);
	log_str(&l, "user", a->user);
	if (reason != NULL)
		log_str(&l, "reason", reason);
	log_u64(&l, "waiting", a->waiting_n);
	log_end(&l);
}

/* reason NULL: they are not blocked. */
static void
tell(const char *user, const char *reason)
{
	struct msg_account m = {
		.user = slice_of(user),
		.state = reason != NULL ? ACCOUNT_BLOCKED : ACCOUNT_OPEN,
		.reason = slice_of(reason != NULL ? reason : ""),
	};

	role_tell_account(&m);
}

/* What waits in the queue goes on, if nothing else is in its way. */
static void
wake(struct relay *relay, struct account *a)
{
	size_t i;

	if (account_is_stopped(a))
		return;
	for (i = 0; i < a->waiting_n; i++)
		schedule_add(relay->schedule, a->waiting[i], 0, NULL);
	free(a->waiting);
	a->waiting = NULL;
	a->waiting_n = 0;
}

/* -- stopping -------------------------------------------------------------- */

static size_t
count_stopped(const struct ledger *l)
{
	const struct account *a;
	size_t n = 0;
	unsigned i;

	for (i = 0; i < LEDGER_PAGES; i++)
		TAILQ_FOREACH (a, &l->page[i].ages, age)
			n += account_is_stopped(a);
	return n;
}

static bool
may_stop(struct relay *relay, const struct account *a)
{
	return account_is_stopped(a) ||
	       count_stopped(relay->ledger) < LIMIT_BLOCKED;
}

static void
block(struct relay *relay, struct account *a, const char *reason)
{
	account_set_stop(&a->blocked, reason, now_s());
	ledger_touch(relay->ledger, a);
	log_change(a, "blocked", reason);
	tell(a->user, reason);
}

static void
hold(struct relay *relay, struct account *a, const char *reason)
{
	account_set_stop(&a->held, reason, now_s());
	ledger_touch(relay->ledger, a);
	log_change(a, "user_held", reason);
}

/* -- what an operator wants ------------------------------------------------ */

static bool
do_block(struct relay *relay, struct account *a, const char *reason)
{
	block(relay, a, reason);
	return true;
}

static bool
do_unblock(struct relay *relay, struct account *a, const char *reason)
{
	(void)reason;
	if (a->blocked.reason == NULL)
		return false;
	account_set_stop(&a->blocked, NULL, 0);
	log_change(a, "unblocked", NULL);
	wake(relay, a);
	return true;
}

static bool
do_release(struct relay *relay, struct account *a, const char *reason)
{
	(void)reason;
	if (a->held.reason == NULL)
		return false;
	account_set_stop(&a->held, NULL, 0);
	log_change(a, "user_released", NULL);
	wake(relay, a);
	return true;
}

/* What is under way will count when it has gone. */
static bool
do_reset(struct relay *relay, struct account *a, const char *reason)
{
	int i;

	(void)relay;
	(void)reason;
	for (i = 0; i < QUOTA_MEASURES; i++)
		a->spent[i] = (struct tally){ 0 };
	a->tried = a->refused = (struct tally){ 0 };
	a->network_n = 0;
	for (i = 0; i < GUARD_SIGNS; i++)
		a->alarmed_s[i] = 0;
	log_change(a, "user_reset", NULL);
	return true;
}

static bool (*const changes[])(
    struct relay *, struct account *, const char *reason) = {
	[ACCOUNTS_BLOCK] = do_block,
	[ACCOUNTS_UNBLOCK] = do_unblock,
	[ACCOUNTS_RELEASE] = do_release,
	[ACCOUNTS_RESET] = do_reset,
};

enum accounts_answer
accounts_change(struct relay *relay, enum accounts_change change,
    const char *user, const char *reason, ledgerstore_done *then, void *arg)
{
	struct account *a = ledger_find(relay->ledger, user);

	/* others may remember a block that was lost here with its page */
	if (change == ACCOUNTS_UNBLOCK)
		tell(user, NULL);
	/* whoever never sent may be blocked, too */
	if (a == NULL && change == ACCOUNTS_BLOCK)
		a = ledger_use(relay->ledger, user, now_s());
	if (a == NULL)
		return ACCOUNTS_UNKNOWN;
	if (change == ACCOUNTS_BLOCK && !may_stop(relay, a))
		return ACCOUNTS_TOO_MANY;
	if (!changes[change](relay, a, reason))
		return ACCOUNTS_UNKNOWN;
	ledgerstore_save(relay->store, a->page, then, arg);
	return ACCOUNTS_DONE;
}

void
accounts_tell_all(struct relay *relay)
{
	const struct account *a;
	unsigned i;

	for (i = 0; i < LEDGER_PAGES; i++)
		TAILQ_FOREACH (a, &relay->ledger->page[i].ages, age)
			if (a->blocked.reason != NULL)
				tell(a->user, a->blocked.reason);
}

/* -- what the guard wants -------------------------------------------------- */

static void
alarm_operator(
    const struct relay *relay, const struct account *a, enum guard_sign sign)
{
	struct buf detail = buf_new(LIMIT_CONTROL_LINE);
	struct msg_alarm m = {
		.event = slice_of(guard_name(sign)),
		.user = slice_of(a->user),
	};
	struct log_line l;

	guard_detail(&detail, &relay->config, a, sign);
	m.detail = buf_slice(&detail);
	log_begin(&l, LOG_LEVEL_WARN, 0, "guard");
	log_str(&l, "sign", guard_name(sign));
	log_str(&l, "user", a->user);
	log_slice(&l, "detail", m.detail);
	log_end(&l);
	role_alarm(&m);
	buf_free(&detail);
}

void
accounts_guard(struct relay *relay, struct account *a, uint64_t now_s_)
{
	enum guard_sign sign;

	if (!guard_sees(&relay->config, a, now_s_, &sign))
		return;
	alarm_operator(relay, a, sign);
	ledger_touch(relay->ledger, a);
	if (!may_stop(relay, a))
		return;
	if (relay->config.guard_action == GUARD_HOLD && a->held.reason == NULL)
		hold(relay, a, guard_name(sign));
	else if (relay->config.guard_action == GUARD_BLOCK &&
		 a->blocked.reason == NULL)
		block(relay, a, guard_name(sign));
}
