/*
 * authclient - ask auth, and bring its answers to the sessions.
 */

#include "authclient.h"

#include <ctype.h>
#include <stdlib.h>

#include "ipc.h"
#include "log.h"
#include "role.h"
#include "session.h"
#include "sessions.h"
#include "worker.h"
#include "xalloc.h"

struct authclient {
	struct worker *worker;
	struct ipc *link; /* NULL: none now */
	char *mechanisms; /* as last told */
};

/* Until auth has spoken, what every directory can do. */
#define DEFAULT_MECHANISMS "PLAIN LOGIN"

static bool
is_mechanism_list(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    strchr(" -_", s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n < LIMIT_REPLY_LINE / 2;
}

static enum ipc_verdict
on_mechanisms(void *arg, struct ipc_frame *f)
{
	struct authclient *c = arg;

	if (!is_mechanism_list(f->payload))
		return IPC_MALFORMED;
	free(c->mechanisms);
	c->mechanisms = xstrndup(f->payload);
	return IPC_FINE;
}

static enum ipc_verdict
on_challenge(void *arg, struct ipc_frame *f)
{
	struct authclient *c = arg;
	struct session *s = sessions_waiting(c->worker->sessions, f->id);
	struct msg_auth_step step;

	if (msg_auth_step_unpack(f->payload, &step) == -1)
		return IPC_MALFORMED;
	if (s == NULL)
		return IPC_FINE; /* it has gone meanwhile */
	if (s->state != ST_AUTHENTICATING)
		return IPC_MALFORMED;
	session_auth_challenge(s, step.data);
	return IPC_FINE;
}

/* The login was right, and nobody is there any more to use it. */
static void
waste(struct authclient *c, const struct msg_auth_done *done)
{
	struct grant g;

	if (done->verdict == AUTH_ACCEPTED && grant_read(done->grant, &g) == 0)
		authclient_ended(c, g.session);
}

static enum ipc_verdict
on_done(void *arg, struct ipc_frame *f)
{
	struct authclient *c = arg;
	struct session *s = sessions_waiting(c->worker->sessions, f->id);
	struct msg_auth_done done;

	if (msg_auth_done_unpack(f->payload, &done) == -1)
		return IPC_MALFORMED;
	if (s == NULL) {
		waste(c, &done);
		return IPC_FINE;
	}
	if (s->state == ST_AUTH_LINE)
		session_auth_lost(s); /* auth waits no longer */
	else if (s->state == ST_AUTHENTICATING)
		session_auth_done(s, &done);
	else
		return IPC_MALFORMED;
	return IPC_FINE;
}

static enum ipc_verdict
on_expel(void *arg, struct ipc_frame *f)
{
	struct authclient *c = arg;

	sessions_each_of(c->worker->sessions, f->payload, session_expel);
	return IPC_FINE;
}

/* clang-format off */
static const struct ipc_row rows[] = {
	{ MSG_AUTH_MECHANISMS,	on_mechanisms,	LIMIT_REPLY_LINE, false, 0 },
	{ MSG_AUTH_CHALLENGE,	on_challenge,	LIMIT_AUTH_LINE, false, 0 },
	{ MSG_AUTH_DONE,	on_done,	LIMIT_FRAME,	false, 0 },
	{ MSG_AUTH_EXPEL,	on_expel,	LIMIT_USER,	false, 0 },
};
/* clang-format on */

static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

static void
on_closed(void *arg)
{
	struct authclient *c = arg;

	log_event(LOG_LEVEL_WARN, "auth_lost", "logins wait for a new link");
	ipc_free(&c->link);
	sessions_each(c->worker->sessions, session_auth_lost);
	role_link_lost(ROLE_AUTH);
}

struct authclient *
authclient_new(struct worker *w)
{
	struct authclient *c = xcalloc(1, sizeof(*c));

	c->worker = w;
	c->mechanisms = xstrdup(DEFAULT_MECHANISMS);
	return c;
}

void
authclient_free(struct authclient **cp)
{
	struct authclient *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	ipc_free(&c->link);
	free(c->mechanisms);
	free(c);
}

void
authclient_attach(struct authclient *c, int fd)
{
	if (c->link != NULL) { /* the old auth is gone, we hear it late */
		ipc_free(&c->link);
		sessions_each(c->worker->sessions, session_auth_lost);
	}
	c->link = ipc_new(c->worker->base, fd, "auth", &table, on_closed, c);
}

const char *
authclient_mechanisms(const struct authclient *c)
{
	return c->mechanisms;
}

int
authclient_start(
    struct authclient *c, uint64_t request, const struct msg_auth_start *start)
{
	struct buf b;

	if (c->link == NULL || ipc_pending(c->link) > LIMIT_LINK_BACKLOG)
		return -1;
	b = buf_new(LIMIT_FRAME);
	msg_auth_start_pack(&b, start);
	ipc_send(c->link, MSG_AUTH_START, request, &b, -1);
	buf_free(&b);
	return 0;
}

void
authclient_step(struct authclient *c, uint64_t request, struct slice response)
{
	struct msg_auth_step step = { .data = response };
	struct buf b;

	BUG_ON(c->link == NULL); /* an exchange ends with its link */
	b = buf_new(LIMIT_FRAME);
	msg_auth_step_pack(&b, &step);
	ipc_send(c->link, MSG_AUTH_STEP, request, &b, -1);
	buf_free(&b);
}

void
authclient_cancel(struct authclient *c, uint64_t request)
{
	if (c->link != NULL && request != 0)
		ipc_send(c->link, MSG_AUTH_CANCEL, request, NULL, -1);
}

void
authclient_ended(struct authclient *c, uint64_t session)
{
	struct msg_auth_ended m = { .session = session };
	struct buf b;

	if (c->link == NULL)
		return;
	b = buf_new(LIMIT_FRAME);
	msg_auth_ended_pack(&b, &m);
	ipc_send(c->link, MSG_AUTH_ENDED, 0, &b, -1);
	buf_free(&b);
}
