/*
 * auth - serve the logins that smtp workers ask for.
 *
 * A request waits in one of three places: for a thread (WORKING), for the
 * client (CHALLENGED), or for the time when a refusal may be told (HELD); one
 * timer serves all three.  Does not know LDAP or SASL.
 *
 * Invariant: an exchange belongs either to its request or to one job.  A job
 * knows its request by link and id only, so a request may end while a thread
 * still works for it; what the thread brings back is then thrown away.
 */

#include "auth.h"

#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "clock.h"
#include "directory.h"
#include "exchange.h"
#include "grant.h"
#include "ipc.h"
#include "jobs.h"
#include "limits.h"
#include "log.h"
#include "mechs.h"
#include "messages.h"
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

#define AUTH_PAYLOAD_MAX 16384 /* decoded LIMIT_AUTH_LINE and the rest */

enum request_state {
	REQUEST_WORKING,
	REQUEST_CHALLENGED,
	REQUEST_HELD,
};

struct request {
	LIST_ENTRY(request) next;
	struct link *link; /* its owner */
	uint64_t id;       /* the worker's */
	enum request_state state;
	uint64_t session;
	uint64_t began_ms;
	uint64_t asked_ms; /* START or the last STEP arrived */
	char *client_address;
	const char *mechanism;     /* static; NULL: none we know */
	struct exchange *exchange; /* NULL while a thread has it */
	struct event *timer;
};

LIST_HEAD(request_list, request);

struct link {
	LIST_ENTRY(link) next;
	uint64_t serial; /* never reused */
	uint32_t instance;
	struct ipc *ipc;
	struct request_list requests;
	unsigned count;
};

LIST_HEAD(link_list, link);

/* One step, on its way through the pool. */
struct step {
	struct job job; /* first */
	uint64_t link;
	uint64_t id;
	struct exchange *exchange;
	bool has_data;
	struct secret data;
	uint64_t deadline_ms;
	enum exchange_state state;
	struct buf challenge;
};

/* The one auth role of the process; touched by the loop only. */
static struct {
	struct event_base *base;
	const struct auth_config *config;
	struct servers *servers;
	struct jobs *jobs;
	struct link_list links;
	uint64_t links_made;
	uint64_t requests;
	uint64_t verdicts[AUTH_VERDICTS];
	uint64_t busy;
	bool draining;
} self;

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
static const struct login nobody;

/* -- the end of a request ---------------------------------------------------
 */

static void
request_free(struct request **rp)
{
	struct request *r = *rp;

	*rp = NULL;
	LIST_REMOVE(r, next);
	r->link->count--;
	self.requests--;
	exchange_free(&r->exchange);
	event_free(r->timer);
	free(r->client_address);
	free(r);
	if (self.draining && self.requests == 0)
		role_exit();
}

static void
log_login(const struct request *r, const struct login *login,
    const char *verdict, const char *reason, enum log_level level)
{
	struct log_line l;

	log_begin(&l, level, r->session, "login");
	log_slice(&l, "user", slice_of(login->user));
	log_str(&l, "client", r->client_address);
	log_str(&l, "mechanism", r->mechanism == NULL ? "" : r->mechanism);
	log_str(&l, "verdict", verdict);
	log_str(&l, "reason", reason);
	log_slice(&l, "server", slice_of(login->server));
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
		.expires_ms = clock_ms() + self.config->grant_lifetime_ms,
		.user = slice_of(login->user),
		.client_address = slice_of(r->client_address),
		.address_count = login->address_count,
		.addresses = buf_slice(&login->addresses),
		.delegated_count = login->delegated_count,
		.delegated = buf_slice(&login->delegated),
		.quota = login->quota,
	};

	return grant_seal(secret_slice(&self.config->grant_key), &g, out);
}

/* Answer, log and end. */
static void
request_finish(struct request *r, const struct login *login,
    enum auth_verdict verdict, const char *reason)
{
	struct buf grant = buf_new(LIMIT_GRANT), out = buf_new(LIMIT_FRAME);
	struct msg_auth_done done;

	if (verdict == AUTH_ACCEPTED && seal_grant(r, login, &grant) == -1) {
		verdict = AUTH_TROUBLE;
		reason = "grant";
		buf_clear(&grant);
	}
	done = (struct msg_auth_done){
		.verdict = verdict,
		.user = slice_of(login->user),
		.reason = slice_of(reason),
		.grant = buf_slice(&grant),
		.retry_s = login->retry_s,
	};
	msg_auth_done_pack(&out, &done);
	ipc_send(r->link->ipc, MSG_AUTH_DONE, r->id, &out, -1);
	self.verdicts[verdict]++;
	log_login(r, login, verdict_names[verdict], reason,
	    verdict == AUTH_TROUBLE ? LOG_LEVEL_WARN : LOG_LEVEL_INFO);
	buf_free(&out);
	buf_free(&grant);
	request_free(&r);
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
	uint32_t random;

	if (login->verdict != AUTH_REFUSED) {
		request_finish(r, login, login->verdict, login->reason);
		return;
	}
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	request_arm(r, REQUEST_HELD,
	    refusal_due(r->asked_ms, clock_ms(), self.config->failure_delay_ms,
		random));
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
		request_finish(r, &nobody, AUTH_TROUBLE, "deadline");
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

static struct request *
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

/* In the loop: the request may be gone, or even its link. */
static void
step_done(struct job *job)
{
	struct step *s = (struct step *)job;
	struct request *r = NULL;
	struct link *l;

	LIST_FOREACH (l, &self.links, next)
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

/* Give the exchange to a thread. */
static void
request_step(struct request *r, bool has_data, struct slice data)
{
	struct step *s = xcalloc(1, sizeof(*s));

	r->asked_ms = clock_ms();
	s->job.run = step_run;
	s->job.done = step_done;
	s->link = r->link->serial;
	s->id = r->id;
	s->has_data = has_data;
	secret_set(&s->data, data);
	s->deadline_ms = r->asked_ms + CHECK_BUDGET_MS;
	s->challenge = buf_new(LIMIT_AUTH_LINE);
	/* Moved before a thread can see it. */
	s->exchange = r->exchange;
	r->exchange = NULL;
	if (jobs_submit(self.jobs, &s->job) == -1) {
		step_free(&s);
		self.busy++;
		request_finish(r, &nobody, AUTH_TROUBLE, "busy");
		return;
	}
	request_arm(
	    r, REQUEST_WORKING, r->asked_ms + CHECK_BUDGET_MS + CHECK_GRACE_MS);
}

/* -- frames -----------------------------------------------------------------
 */

static struct request *
request_new(struct link *l, uint64_t id, const struct msg_auth_start *m)
{
	struct request *r = xcalloc(1, sizeof(*r));

	r->link = l;
	r->id = id;
	r->session = m->session;
	r->began_ms = clock_ms();
	r->client_address = xstrndup(m->client_address);
	r->mechanism = mechs_find(m->mechanism);
	r->timer = evtimer_new(self.base, on_timer, r);
	BUG_ON(r->timer == NULL);
	LIST_INSERT_HEAD(&l->requests, r, next);
	l->count++;
	self.requests++;
	return r;
}

static enum ipc_verdict
on_start(void *arg, struct ipc_frame *f)
{
	struct link *l = arg;
	struct msg_auth_start m;
	struct request *r;

	if (msg_auth_start_unpack(f->payload, &m) == -1 ||
	    request_find(l, f->id) != NULL)
		return IPC_MALFORMED;
	r = request_new(l, f->id, &m);
	if (self.draining || l->count > LIMIT_AUTH_IN_FLIGHT) {
		self.busy++;
		request_finish(r, &nobody, AUTH_TROUBLE, "busy");
	} else if (r->mechanism == NULL) {
		request_finish(r, &nobody, AUTH_NO_MECHANISM, "mechanism");
	} else {
		r->exchange = exchange_new(r->mechanism);
		request_step(r, m.has_initial, m.initial);
	}
	return IPC_FINE;
}

static enum ipc_verdict
on_step(void *arg, struct ipc_frame *f)
{
	struct msg_auth_step m;
	struct request *r;

	if (msg_auth_step_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	/* Ended by our deadline while the step was on its way. */
	if ((r = request_find(arg, f->id)) == NULL)
		return IPC_FINE;
	if (r->state != REQUEST_CHALLENGED)
		return IPC_MALFORMED;
	request_step(r, true, m.data);
	return IPC_FINE;
}

static enum ipc_verdict
on_cancel(void *arg, struct ipc_frame *f)
{
	struct request *r = request_find(arg, f->id);

	if (r != NULL) {
		log_login(r, &nobody, "cancelled", "cancelled", LOG_LEVEL_INFO);
		request_free(&r);
	}
	return IPC_FINE;
}

/* -- links ------------------------------------------------------------------
 */

static void
on_closed(void *arg)
{
	struct link *l = arg;
	struct request *r, *next;

	LIST_REMOVE(l, next);
	for (r = LIST_FIRST(&l->requests); r != NULL; r = next) {
		next = LIST_NEXT(r, next);
		log_login(
		    r, &nobody, "cancelled", "worker_gone", LOG_LEVEL_INFO);
		request_free(&r);
	}
	ipc_free(&l->ipc);
	free(l);
}

void
auth_add_link(uint32_t instance, int fd)
{
	static const struct ipc_row rows[] = {
		{ MSG_AUTH_START, on_start, AUTH_PAYLOAD_MAX, false, 0 },
		{ MSG_AUTH_STEP, on_step, AUTH_PAYLOAD_MAX, false, 0 },
		{ MSG_AUTH_CANCEL, on_cancel, 0, false, 0 },
	};
	static const struct ipc_table table = { rows, ARRAY_LEN(rows) };
	struct link *l = xcalloc(1, sizeof(*l));
	struct buf names = buf_new(LIMIT_FRAME);

	l->serial = ++self.links_made;
	l->instance = instance;
	LIST_INIT(&l->requests);
	l->ipc = ipc_new(self.base, fd, "smtp", &table, on_closed, l);
	LIST_INSERT_HEAD(&self.links, l, next);
	buf_str(&names, mechs_offered());
	ipc_send(l->ipc, MSG_AUTH_MECHANISMS, 0, &names, -1);
	buf_free(&names);
}

/* -- the role ---------------------------------------------------------------
 */

static void *
thread_start(void *arg)
{
	(void)arg;
	return directory_new(self.config, self.servers);
}

static void
thread_stop(void *state)
{
	struct directory *d = state;

	directory_free(&d);
}

int
auth_start(struct event_base *base, const struct auth_config *config,
    struct servers *servers)
{
	struct jobs_params params = {
		.threads = config->threads,
		.queue = config->queue,
		.thread_start = thread_start,
		.thread_stop = thread_stop,
	};

	self.base = base;
	self.config = config;
	self.servers = servers;
	LIST_INIT(&self.links);
	self.jobs = jobs_new(base, &params);
	return self.jobs == NULL ? -1 : 0;
}

void
auth_drain(void)
{
	self.draining = true;
	if (self.requests == 0)
		role_exit();
}

void
auth_stats(struct buf *out)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(verdict_names); i++)
		buf_printf(out, "auth_%s=%llu\n", verdict_names[i],
		    (unsigned long long)self.verdicts[i]);
	buf_printf(out, "auth_busy=%llu\nauth_requests=%llu\nauth_jobs=%zu\n",
	    (unsigned long long)self.busy, (unsigned long long)self.requests,
	    self.jobs == NULL ? 0 : jobs_busy(self.jobs));
}
