/*
 * messageuser - what a message means for its user's counts, and what its
 * user's state means for the message.
 *
 * A message counts once, when it is taken: a smarthost has it, or the queue.
 * Until then what it takes is reserved.  An account with something reserved
 * is never forgotten.
 */

#include "message_private.h"

#include <stdlib.h>
#include <time.h>

#include "accounts.h"
#include "guard.h"
#include "ledger.h"
#include "relay.h"

static char text[LIMIT_RESULT_TEXT]; /* of the last refusal */

static const struct msg_mail_done blocked = { FATE_REFUSED, 550, { "5.7.1", 5 },
	{ "This account is blocked and cannot send; "
	  "please ask your administrator",
	    69 },
	{ "", 0 } };

static uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

void
message_quota(struct relay *relay, const char *user, const struct quota *quota)
{
	ledger_use(relay->ledger, user, now_s())->quota = *quota;
}

/* -- may it? --------------------------------------------------------------- */

static void
log_limited(const struct envelope *env, const struct allowance_refusal *why)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_INFO, env->session, "limited");
	log_str(&l, "user", env->user);
	log_str(&l, "client", env->client_address);
	log_str(&l, "limit", quota_name(why->measure, why->window));
	log_u64(&l, "max", why->max);
	log_u64(&l, "used", why->used);
	log_u64(&l, "wanted", why->wanted);
	log_end(&l);
}

/*
 * A limit that resets is no reason for a client to give up (450: RFC 5321,
 * 4.3.2 has it for policy); one that a message alone exceeds is.
 */
static void
refuse(struct relay *relay, const struct envelope *env,
    const struct allowance_refusal *why, struct msg_mail_done *done)
{
	bool later = why->again_s != 0;
	struct buf b = buf_new(sizeof(text) - 1);

	allowance_text(&b, why, now_s());
	memcpy(text, b.p, b.n);
	text[b.n] = '\0';
	*done = (struct msg_mail_done){
		.fate = FATE_REFUSED,
		.code = later ? 450 : 550,
		.enhanced = slice_of(later ? "4.7.1" : "5.7.1"),
		.text = { text, b.n },
		.smarthost = slice_of(""),
	};
	buf_free(&b);
	relay->limited++;
	log_limited(env, why);
}

static uint64_t
count_new(const struct account *a, const struct envelope *env)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < env->recipient_count; i++)
		if (!known_has(
			&a->known, ledger_hash(a, env->recipients[i].mailbox)))
			n++;
	return n;
}

static bool
may(struct relay *relay, const struct envelope *env,
    const struct allowance_want *want, struct msg_mail_done *done)
{
	const struct account *a = ledger_use(relay->ledger, env->user, now_s());
	struct allowance_refusal why;

	if (a->blocked.reason != NULL) {
		*done = blocked;
		return false;
	}
	if (allowance_has(a, want, &why))
		return true;
	refuse(relay, env, &why, done);
	return false;
}

bool
message_may_open(struct relay *relay, const struct envelope *env,
    struct allowance_want *want, struct msg_mail_done *done)
{
	struct account *a = ledger_use(relay->ledger, env->user, now_s());
	struct allowance_want least;

	guard_note_network(a, env->client_address, now_s());
	*want = (struct allowance_want){ {
	    [QUOTA_MESSAGES] = 1,
	    [QUOTA_RECIPIENTS] = env->recipient_count,
	    [QUOTA_NEW_RECIPIENTS] = count_new(a, env),
	} };
	/* who has no octet left hears so before the upload */
	least = *want;
	least.n[QUOTA_OCTETS] = env->recipient_count;
	return may(relay, env, &least, done);
}

bool
message_may_commit(struct message *m, struct msg_mail_done *done)
{
	struct allowance_want more = { {
	    [QUOTA_OCTETS] = m->size * m->env->recipient_count,
	} };

	if (!may(m->relay, m->env, &more, done))
		return false;
	allowance_reserve(ledger_find(m->relay->ledger, m->env->user), &more);
	m->charge.n[QUOTA_OCTETS] = more.n[QUOTA_OCTETS];
	return true;
}

/* -- counting -------------------------------------------------------------- */

void
message_reserve(struct message *m, const struct allowance_want *want)
{
	struct account *a = ledger_use(m->relay->ledger, m->env->user, now_s());

	allowance_reserve(a, want);
	m->charge = *want;
	m->charging = true;
	accounts_guard(m->relay, a, now_s());
}

/* Its account, nothing reserved any more. */
static struct account *
settle(struct message *m)
{
	struct account *a = ledger_find(m->relay->ledger, m->env->user);

	BUG_ON(a == NULL);
	allowance_release(a, &m->charge);
	m->charging = false;
	return a;
}

void
message_uncharge(struct message *m)
{
	if (m->charging)
		(void)settle(m);
}

/* Others may have written to them meanwhile. */
static uint64_t
know_all(struct account *a, const struct envelope *env)
{
	uint64_t hash, n = 0;
	uint32_t i;

	for (i = 0; i < env->recipient_count; i++) {
		hash = ledger_hash(a, env->recipients[i].mailbox);
		if (!known_has(&a->known, hash))
			n++;
		account_know(a, hash);
	}
	return n;
}

void
message_charge(struct message *m)
{
	struct account *a;

	if (!m->charging)
		return;
	(void)settle(m);
	a = ledger_use(m->relay->ledger, m->env->user, now_s());
	m->charge.n[QUOTA_NEW_RECIPIENTS] = know_all(a, m->env);
	allowance_spend(a, &m->charge);
	ledger_touch(m->relay->ledger, a);
	accounts_guard(m->relay, a, now_s());
}

/* It has the form of one (report.c), and nobody brought it. */
static bool
is_report_of_ours(const struct message *m)
{
	const struct envelope *env = m->env;

	return !m->brought && env->sender[0] == '\0' &&
	       env->recipient_count == 1 &&
	       env->recipients[0].notify == NOTIFY_NEVER;
}

void
message_judged(struct message *m, uint64_t taken, uint64_t refused)
{
	struct account *a;

	if (taken + refused == 0 || is_report_of_ours(m))
		return; /* a report is nobody's doing */
	a = ledger_use(m->relay->ledger, m->env->user, now_s());
	guard_note_judged(a, taken, refused);
	ledger_touch(m->relay->ledger, a);
	accounts_guard(m->relay, a, now_s());
}

/* -- stopped --------------------------------------------------------------- */

bool
message_is_stopped(const struct message *m)
{
	const struct account *a = ledger_find(m->relay->ledger, m->env->user);

	return a != NULL && account_is_stopped(a);
}

void
message_rest(struct message *m)
{
	account_add_waiting(ledger_find(m->relay->ledger, m->env->user), m->id);
	message_log(LOG_LEVEL_INFO, m, "user_stopped");
	message_end(&m);
}
