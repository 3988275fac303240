/*
 * auth - serve the logins that smtp workers ask for.
 *
 * Here are the links, the frames that come over them, and the role as a
 * whole; what becomes of a login is request.c's.
 */

#include "auth.h"

#include <event2/event.h>
#include <stdlib.h>

#include "auth_private.h"
#include "clock.h"
#include "directory.h"
#include "ipc.h"
#include "jobs.h"
#include "limits.h"
#include "mechs.h"
#include "passwordcheck.h"
#include "role.h"
#include "xalloc.h"

#define AUTH_PAYLOAD_MAX 16384 /* decoded LIMIT_AUTH_LINE and the rest */

struct auth_role auth_self;

/* -- frames -----------------------------------------------------------------
 */

static enum ipc_verdict
on_start(void *arg, struct ipc_frame *f)
{
	struct link *l = arg;
	struct login banned = request_nobody;
	struct msg_auth_start m;
	struct request *r;

	if (msg_auth_start_unpack(f->payload, &m) == -1 ||
	    request_find(l, f->id) != NULL)
		return IPC_MALFORMED;
	r = request_new(l, f->id, &m);
	if (auth_self.draining || l->count > LIMIT_AUTH_IN_FLIGHT) {
		auth_self.busy++;
		request_finish(r, &request_nobody, AUTH_TROUBLE, "busy");
	} else if ((banned.retry_s = request_retry_s(r)) > 0) {
		request_finish(r, &banned, AUTH_LIMITED, "banned");
	} else if (r->mech == NULL) {
		request_finish(
		    r, &request_nobody, AUTH_NO_MECHANISM, "mechanism");
	} else {
		r->exchange = exchange_new(r->mech, &m, auth_self.config);
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

	if (r != NULL)
		request_cancel(&r, "cancelled");
	return IPC_FINE;
}

static enum ipc_verdict
on_ended(void *arg, struct ipc_frame *f)
{
	const struct link *l = arg;
	struct msg_auth_ended m;

	if (msg_auth_ended_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	presence_leave(
	    auth_self.presence, (struct visit_id){ l->serial, m.session });
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
		request_cancel(&r, "worker_gone");
	}
	presence_link_gone(auth_self.presence, l->serial);
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
		{ MSG_AUTH_ENDED, on_ended, 64, false, 0 },
	};
	static const struct ipc_table table = { rows, ARRAY_LEN(rows) };
	struct link *l = xcalloc(1, sizeof(*l));
	struct buf names = buf_new(LIMIT_FRAME);

	l->serial = ++auth_self.links_made;
	l->instance = instance;
	LIST_INIT(&l->requests);
	l->ipc = ipc_new(auth_self.base, fd, "smtp", &table, on_closed, l);
	LIST_INSERT_HEAD(&auth_self.links, l, next);
	buf_str(&names, mechs_offered());
	ipc_send(l->ipc, MSG_AUTH_MECHANISMS, 0, &names, -1);
	buf_free(&names);
	operator_on_link(l);
}

/* -- the role ---------------------------------------------------------------
 */

static void *
thread_start(void *arg)
{
	(void)arg;
	return directory_new(auth_self.config, auth_self.servers);
}

static void
thread_stop(void *state)
{
	struct directory *d = state;

	directory_free(&d);
}

void
auth_init(void)
{
	auth_self.presence = presence_new();
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

	auth_self.base = base;
	auth_self.config = config;
	auth_self.servers = servers;
	LIST_INIT(&auth_self.links);
	auth_self.abuse = abuse_new(config);
	passwordcheck_open(config, servers, auth_self.abuse);
	auth_self.jobs = jobs_new(base, &params);
	return auth_self.jobs == NULL ? -1 : 0;
}

void
auth_drain(void)
{
	auth_self.draining = true;
	if (auth_self.requests == 0)
		role_exit();
}

void
auth_stats(struct buf *out)
{
	size_t i;

	for (i = 0; i < AUTH_VERDICTS; i++)
		buf_printf(out, "auth_%s=%llu\n",
		    request_verdict_name((enum auth_verdict)i),
		    (unsigned long long)auth_self.verdicts[i]);
	buf_printf(out, "auth_busy=%llu\nauth_requests=%llu\nauth_jobs=%zu\n",
	    (unsigned long long)auth_self.busy,
	    (unsigned long long)auth_self.requests,
	    auth_self.jobs == NULL ? 0 : jobs_busy(auth_self.jobs));
	if (auth_self.servers != NULL)
		servers_print(auth_self.servers, clock_ms(), out);
	if (auth_self.abuse != NULL) {
		passwordcheck_stats(out);
		abuse_stats(auth_self.abuse, out);
	}
}
