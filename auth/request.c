/*
 * request - one login, from AUTH to its verdict.
 *
 * A request waits in one of three places: for a thread (WORKING), for the
 * client (CHALLENGED), or for the time when a refusal may be told (HELD); one
 * timer serves all three.  Does not know LDAP or SASL.
 *
 * Invariant: an exchange belongs either to its request or to one job.  A job
 * knows its request by link and id only, so a request may end while a thread
 * still works for it; what the thread brings back is then thrown away.
 */

#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <time.h>

#include "auth_private.h"
#include "clock.h"
#include "grant.h"
#include "ipc.h"
#include "jobs.h"
#include "limits.h"
#include "mechs.h"
#include "refusal.h"
#include "role.h"
#include "xalloc.h"

/*
 * A password check has this long, all servers and tries together.  Answers
 * come GRACE later at the latest, whatever a thread is stuck in: before an
 * smtp worker's own patience (auth_timeout) ends.
 */
#define CHECK_BUDGET_MS 10000
#define CHECK_GRACE_MS  1000

/* One step, on its way through the pool. */
struct step {
	struct job job; /* first */
	uint64_t link;
	uint64_t id;
	const struct mech *mech;
	struct exchange *exchange;
	bool has_data;
	struct secret data;
	uint64_t deadline_ms;
	enum exchange_state state;
	struct buf challenge;
};

static const char *const verdict_names[] = {
	[AUTH_ACCEPTED] = "accepted",
	[AUTH_REFUSED] = "refused",
	[AUTH_TROUBLE] = "trouble",
	[AUTH_NO_MECHANISM] = "no_mechanism",
	[AUTH_BROKEN] = "broken",
	[AUTH_TRANSITION] = "transition",
	[AUTH_TOO_WEAK] = "too_weak",
	[AUTH_SUSPENDED] = "suspended",
	[AUTH_LIMITED] = "limited",
	[AUTH_CROWDED] = "crowded",
};

/* What is known of somebody whose exchange did not get far. */
const struct login request_nobody;

/* -- the end of a request ---------------------------------------------------
 */

static void
request_free(struct request **rp)
{
	struct request *r = *rp;

	*rp = NULL;
	LIST_REMOVE(r, next);
	r->link->count--;
	auth_self.requests--;
	exchange_free(&r->exchange);
	event_free(r->timer);
	free(r->client_address);
	free(r);
	if (auth_self.draining && auth_self.requests == 0)
		role_exit();
}

static void
log_login(const struct request *r, const struct login *login,
    const char *verdict, const char *reason, enum log_level level)
{
	struct log_line l;

	log_begin(&l, level, r->session, "login");
	log_slice(&l, "user", slice_of(login->user));
	if (login->acts_as != NULL)
		log_str(&l, "authzid", login->acts_as);
	log_str(&l, "client", r->client_address);
	log_str(&l, "mechanism", r->mech == NULL ? "" : r->mech->name);
	log_str(&l, "verdict", verdict);
	log_str(&l, "reason", reason);
	log_slice(&l, "server", slice_of(login->server));
	if (login->warning.expires)
		log_u64(&l, "password_expires_s", login->warning.expires_s);
	if (login->warning.grace)
		log_u64(&l, "grace_left", login->warning.grace_left);
	log_u64(&l, "ms", clock_ms() - r->began_ms);
	log_end(&l);
}

/* Seal what the login earned.  0, or -1 when it cannot be. */
static int
seal_grant(const struct request *r, const struct login *login, struct buf *out)
{
	struct grant g = {
		.session = r->session,
		.instance = r->link->instance,
		.expires_ms = clock_ms() + auth_self.config->grant_lifetime_ms,
		.user = slice_of(login->user),
		.client_address = slice_of(r->client_address),
		.address_count = login->address_count,
		.addresses = buf_slice(&login->addresses),
		.delegated_count = login->delegated_count,
		.delegated = buf_slice(&login->delegated),
		.quota = login->quota,
	};

	return grant_seal(secret_slice(&auth_self.config->grant_key), &g, out);
}

/* The directory has said yes: count the session, unless it may not be. */
static enum auth_verdict
admit(const struct request *r, const struct login *login, const char **reason)
{
	struct visit_id id = { r->link->serial, r->session };

	switch (presence_enter(auth_self.presence, id, slice_of(login->user),
	    login->quota.sessions)) {
	case PRESENCE_ENTERED:
		return AUTH_ACCEPTED;
	case PRESENCE_BLOCKED:
		*reason = "blocked";
		return AUTH_SUSPENDED;
	case PRESENCE_CROWDED:
		*reason = "sessions";
		return AUTH_CROWDED;
	case PRESENCE_FULL:
		break;
	}
	*reason = "all_sessions";
	return AUTH_TROUBLE;
}

static void
remember(const struct request *r, const struct login *login,
    enum auth_verdict verdict)
{
	struct presence_login seen = {
		.at_s = (int64_t)time(NULL),
		.verdict = verdict_names[verdict],
		.mechanism = r->mech == NULL ? "" : r->mech->name,
		.address = r->client_address,
	};

	presence_record(auth_self.presence, slice_of(login->user),
	    verdict == AUTH_ACCEPTED, &seen);
}

void
request_finish(struct request *r, const struct login *login,
    enum auth_verdict verdict, const char *reason)
{
	struct buf grant = buf_new(LIMIT_GRANT), out = buf_new(LIMIT_FRAME);
	struct msg_auth_done done;

	if (verdict == AUTH_ACCEPTED && seal_grant(r, login, &grant) == -1) {
		verdict = AUTH_TROUBLE;
		reason = "grant";
	}
	if (verdict == AUTH_ACCEPTED)
		verdict = admit(r, login, &reason);
	if (verdict != AUTH_ACCEPTED)
		buf_clear(&grant);
	done = (struct msg_auth_done){
		.verdict = verdict,
		.user = slice_of(login->user),
		.reason = slice_of(reason),
		.grant = buf_slice(&grant),
		.retry_s = login->retry_s,
	};
	msg_auth_done_pack(&out, &done);
	ipc_send(r->link->ipc, MSG_AUTH_DONE, r->id, &out, -1);
	auth_self.verdicts[verdict]++;
	remember(r, login, verdict);
	log_login(r, login, verdict_names[verdict], reason,
	    verdict == AUTH_TROUBLE ? LOG_LEVEL_WARN : LOG_LEVEL_INFO);
	buf_free(&out);
	buf_free(&grant);
	request_free(&r);
}

void
request_cancel(struct request **rp, const char *reason)
{
	log_login(*rp, &request_nobody, "cancelled", reason, LOG_LEVEL_INFO);
	request_free(rp);
}

static void
request_arm(struct request *r, enum request_state state, uint64_t due_ms)
{
	uint64_t now = clock_ms(), ms = due_ms > now ? due_ms - now : 0;
	struct timeval tv = clock_span(ms);

	r->state = state;
	evtimer_add(r->timer, &tv);
}

static uint64_t
request_deadline(const struct request *r)
{
	return r->began_ms + (uint64_t)LIMIT_AUTH_EXCHANGE_S * 1000;
}

/* The exchange has its verdict: tell it, a refusal not too early. */
static void
request_conclude(struct request *r)
{
	const struct login *login = exchange_login(r->exchange);
	uint64_t due_ms;
	uint32_t random;

	if (login->verdict != AUTH_REFUSED) {
		request_finish(r, login, login->verdict, login->reason);
		return;
	}
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	due_ms = refusal_due(r->asked_ms, clock_ms(),
	    auth_self.config->failure_delay_ms, random);
	/* In a flood of guesses the long delays would fill the link. */
	if (r->link->count <= LIMIT_AUTH_IN_FLIGHT / 2 &&
	    due_ms < r->asked_ms + login->delay_ms)
		due_ms = r->asked_ms + login->delay_ms;
	request_arm(r, REQUEST_HELD, due_ms);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct request *r = arg;
	const struct login *login;

	(void)fd;
	(void)what;
	switch (r->state) {
	case REQUEST_WORKING:
		request_finish(r, &request_nobody, AUTH_TROUBLE, "deadline");
		break;
	case REQUEST_CHALLENGED:
		request_finish(r, exchange_login(r->exchange), AUTH_TROUBLE,
		    "client_silent");
		break;
	case REQUEST_HELD:
		login = exchange_login(r->exchange);
		request_finish(r, login, login->verdict, login->reason);
		break;
	}
}

/* -- steps in the pool ------------------------------------------------------
 */

struct request *
request_find(const struct link *l, uint64_t id)
{
	struct request *r;

	LIST_FOREACH (r, &l->requests, next)
		if (r->id == id)
			return r;
	return NULL;
}

static void
step_free(struct step **sp)
{
	struct step *s = *sp;

	*sp = NULL;
	exchange_free(&s->exchange);
	secret_wipe(&s->data);
	buf_free(&s->challenge);
	free(s);
}

/* In a thread. */
static void
step_run(struct job *job)
{
	struct step *s = (struct step *)job;

	s->state = exchange_step(s->exchange, job->thread, s->has_data,
	    secret_slice(&s->data), s->deadline_ms, &s->challenge);
	secret_wipe(&s->data);
}

/* Many clients try this user's password. */
static void
raise_alarm(const struct login *login)
{
	struct buf detail = buf_new(LIMIT_LOG_VALUE);
	struct msg_alarm m = {
		.event = slice_of("user_guessed_at"),
		.user = slice_of(login->user),
	};

	buf_printf(&detail, "last_address=%s", login->client_address);
	m.detail = buf_slice(&detail);
	role_alarm(&m);
	buf_free(&detail);
}

/*
 * What the verdict says about who tries: also when nobody waits for it any
 * more, or hanging up would make guesses free.  Tokens and certificates are
 * nothing to guess: a ban for guesses at the password does not concern them.
 */
static void
settle(struct login *login, const struct mech *mech)
{
	bool guessable = (mech->flags & (MECH_TOKEN | MECH_CERTIFICATE)) == 0;
	const struct abuse_who who = { login->client_address,
		slice_of(login->typed), slice_of(login->user) };
	uint64_t now = clock_ms();
	bool guarded = false;

	if (login->verdict != AUTH_ACCEPTED && login->verdict != AUTH_REFUSED)
		return;
	if (guessable)
		login->retry_s = abuse_retry_s(auth_self.abuse, &who, now);
	if (login->retry_s > 0)
		login_judge(login, AUTH_LIMITED, "banned");
	else if (login->verdict == AUTH_ACCEPTED)
		abuse_succeeded(auth_self.abuse, &who, now);
	else if (login->guess && guessable)
		login->delay_ms =
		    abuse_failed(auth_self.abuse, &who, now, &guarded);
	if (guarded)
		raise_alarm(login);
}

/* In the loop: the request may be gone, or even its link. */
static void
step_done(struct job *job)
{
	struct step *s = (struct step *)job;
	struct request *r = NULL;
	struct link *l;

	if (s->state == EXCHANGE_OVER)
		settle(exchange_login(s->exchange), s->mech);
	LIST_FOREACH (l, &auth_self.links, next)
		if (l->serial == s->link)
			r = request_find(l, s->id);
	if (r == NULL)
		goto out;
	r->exchange = s->exchange;
	s->exchange = NULL;
	if (s->state == EXCHANGE_CHALLENGE) {
		struct msg_auth_step m = { buf_slice(&s->challenge) };
		struct buf out = buf_new(LIMIT_FRAME);

		msg_auth_step_pack(&out, &m);
		request_arm(r, REQUEST_CHALLENGED, request_deadline(r));
		ipc_send(r->link->ipc, MSG_AUTH_CHALLENGE, r->id, &out, -1);
		buf_free(&out);
	} else {
		request_conclude(r);
	}
out:
	step_free(&s);
}

void
request_step(struct request *r, bool has_data, struct slice data)
{
	struct step *s = xcalloc(1, sizeof(*s));

	r->asked_ms = clock_ms();
	s->job.run = step_run;
	s->job.done = step_done;
	s->link = r->link->serial;
	s->id = r->id;
	s->mech = r->mech;
	s->has_data = has_data;
	secret_set(&s->data, data);
	s->deadline_ms = r->asked_ms + CHECK_BUDGET_MS;
	s->challenge = buf_new(LIMIT_AUTH_LINE);
	/* Moved before a thread can see it. */
	s->exchange = r->exchange;
	r->exchange = NULL;
	if (jobs_submit(auth_self.jobs, &s->job) == -1) {
		step_free(&s);
		auth_self.busy++;
		request_finish(r, &request_nobody, AUTH_TROUBLE, "busy");
		return;
	}
	request_arm(
	    r, REQUEST_WORKING, r->asked_ms + CHECK_BUDGET_MS + CHECK_GRACE_MS);
}

struct request *
request_new(struct link *l, uint64_t id, const struct msg_auth_start *m)
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->link = l;
	r->id = id;
	r->session = m->session;
	r->began_ms = clock_ms();
	r->client_address = xstrndup(m->client_address);
	r->mech = mechs_find(m->mechanism);
	r->timer = evtimer_new(auth_self.base, on_timer, r);
	BUG_ON(r->timer == NULL);
	LIST_INSERT_HEAD(&l->requests, r, next);
	l->count++;
	auth_self.requests++;
	return r;
}

const char *
request_verdict_name(enum auth_verdict verdict)
{
	return verdict_names[verdict];
}

uint32_t
request_retry_s(const struct request *r)
{
	const struct abuse_who who = { r->client_address, slice_of(NULL),
		slice_of(NULL) };

	return abuse_retry_s(auth_self.abuse, &who, clock_ms());
}
