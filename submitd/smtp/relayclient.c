/*
 * relayclient - give messages to relay, and bring its answers to the sessions.
 */

#include "relayclient.h"

#include <stdlib.h>

#include "ipc.h"
#include "log.h"
#include "role.h"
#include "session.h"
#include "sessions.h"
#include "worker.h"
#include "xalloc.h"

struct relayclient {
	struct worker *worker;
	struct ipc *link; /* NULL: none now */
	struct msg_mail_offers offers;
};

static enum ipc_verdict
on_ready(void *arg, struct ipc_frame *f)
{
	struct relayclient *c = arg;
	struct session *s = sessions_waiting(c->worker->sessions, f->id);
	int fd = f->fd;

	if (f->payload.n == 0 || f->payload.n > QUEUE_ID_MAX)
		return IPC_MALFORMED;
	if (s == NULL)
		return IPC_FINE; /* gone; ipc closes the descriptor */
	if (s->state != ST_OPENING)
		return IPC_MALFORMED;
	f->fd = -1; /* the session's from here on */
	session_mail_ready(s, f->payload, fd);
	return IPC_FINE;
}

static enum ipc_verdict
on_done(void *arg, struct ipc_frame *f)
{
	struct relayclient *c = arg;
	struct session *s = sessions_waiting(c->worker->sessions, f->id);
	struct msg_mail_done done;

	if (msg_mail_done_unpack(f->payload, &done) == -1)
		return IPC_MALFORMED;
	if (s == NULL)
		return IPC_FINE;
	if (session_content_is_open(s))
		session_mail_lost(s); /* it gave up on the file */
	else if (s->state == ST_OPENING || s->state == ST_COMMITTING)
		session_mail_done(s, &done);
	else
		return IPC_MALFORMED;
	return IPC_FINE;
}

static enum ipc_verdict
on_offers(void *arg, struct ipc_frame *f)
{
	struct relayclient *c = arg;
	struct msg_mail_offers offers;

	if (msg_mail_offers_unpack(f->payload, &offers) == -1)
		return IPC_MALFORMED;
	c->offers = offers;
	return IPC_FINE;
}

/* clang-format off */
static const struct ipc_row rows[] = {
	{ MSG_MAIL_READY,	on_ready,	QUEUE_ID_MAX,	true,	0 },
	{ MSG_MAIL_DONE,	on_done,	LIMIT_COMMAND_LINE, false, 0 },
	{ MSG_MAIL_OFFERS,	on_offers,	64,		false,	0 },
};
/* clang-format on */

static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

static void
on_closed(void *arg)
{
	struct relayclient *c = arg;

	log_event(LOG_LEVEL_WARN, "relay_lost", "mail waits for a new link");
	ipc_free(&c->link);
	sessions_each(c->worker->sessions, session_mail_lost);
	role_link_lost(ROLE_RELAY);
}

struct relayclient *
relayclient_new(struct worker *w)
{
	struct relayclient *c = xcalloc(1, sizeof(*c));

	c->worker = w;
	c->offers.extensions = OFFER_8BITMIME;
	return c;
}

void
relayclient_free(struct relayclient **cp)
{
	struct relayclient *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	ipc_free(&c->link);
	free(c);
}

void
relayclient_attach(struct relayclient *c, int fd)
{
	if (c->link != NULL) { /* the old relay is gone, we hear it late */
		ipc_free(&c->link);
		sessions_each(c->worker->sessions, session_mail_lost);
	}
	c->link = ipc_new(c->worker->base, fd, "relay", &table, on_closed, c);
}

const struct msg_mail_offers *
relayclient_offers(const struct relayclient *c)
{
	return &c->offers;
}

int
relayclient_begin(
    struct relayclient *c, uint64_t request, const struct msg_mail_begin *begin)
{
	struct buf b;
	int r = -1;

	if (c->link == NULL || ipc_pending(c->link) > LIMIT_LINK_BACKLOG)
		return -1;
	b = buf_new(LIMIT_FRAME);
	msg_mail_begin_pack(&b, begin);
	if (buf_ok(&b)) {
		ipc_send(c->link, MSG_MAIL_BEGIN, request, &b, -1);
		r = 0;
	} else {
		log_event(LOG_LEVEL_WARN, "envelope_too_long",
		    "%u recipients do not fit a frame", begin->recipient_count);
	}
	buf_free(&b);
	return r;
}

void
relayclient_commit(struct relayclient *c, uint64_t request,
    const struct msg_mail_commit *commit)
{
	struct buf b = buf_new(LIMIT_FRAME);

	BUG_ON(c->link == NULL); /* a lost link refuses its messages */
	msg_mail_commit_pack(&b, commit);
	ipc_send(c->link, MSG_MAIL_COMMIT, request, &b, -1);
	buf_free(&b);
}

void
relayclient_abort(struct relayclient *c, uint64_t request)
{
	if (c->link != NULL)
		ipc_send(c->link, MSG_MAIL_ABORT, request, NULL, -1);
}
