/*
 * mailserver - links from smtp workers to the messages they bring.
 *
 * A request id of a link stands for one message until MAIL_DONE or ABORT.
 */

#include "mailserver.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"
#include "envelope.h"
#include "grant.h"
#include "ipc.h"
#include "limits.h"
#include "log.h"
#include "pack.h"
#include "queueid.h"
#include "relay.h"
#include "smarthost.h"
#include "xalloc.h"

struct request {
	uint64_t id; /* first: the key */
	uint64_t message;
};

struct link {
	LIST_ENTRY(link) next;
	struct relay *relay;
	uint64_t serial; /* from 1, never reused */
	uint32_t instance;
	struct ipc *ipc;
	void *requests; /* tsearch(3) of struct request */
};

LIST_HEAD(link_list, link);

static struct link_list links = LIST_HEAD_INITIALIZER(links);
static uint64_t serials;

/* -- requests -------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct request *
find_request(struct link *l, uint64_t id)
{
	struct request **r = tfind(&id, &l->requests, compare);

	return r == NULL ? NULL : *r;
}

static void
add_request(struct link *l, uint64_t id, uint64_t message)
{
	struct request *r = xcalloc(1, sizeof(*r));

	*r = (struct request){ id, message };
	BUG_ON(tsearch(r, &l->requests, compare) == NULL);
}

static void
drop_request(struct link *l, uint64_t id)
{
	struct request *r = find_request(l, id);

	if (r == NULL)
		return;
	tdelete(r, &l->requests, compare);
	free(r);
}

static void
send_done(struct link *l, uint64_t id, const struct msg_mail_done *done)
{
	struct buf b = buf_new(LIMIT_FRAME);

	msg_mail_done_pack(&b, done);
	ipc_send(l->ipc, MSG_MAIL_DONE, id, &b, -1);
	buf_free(&b);
}

void
mailserver_tell(struct message_client client, const struct msg_mail_done *done)
{
	struct link *l;

	LIST_FOREACH (l, &links, next)
		if (l->serial == client.link) {
			drop_request(l, client.request);
			send_done(l, client.request, done);
			return;
		}
}

/* -- checking -------------------------------------------------------------- */

static const char *const grant_faults[] = {
	[GRANT_FORGED] = "forged",
	[GRANT_EXPIRED] = "expired",
	[GRANT_OTHER_SESSION] = "other_session",
};

/*
 * Somebody tries to send without having logged in, or a login has grown old:
 * in any case the client is asked to come back, and the operator told.
 */
static void
refuse_grant(struct link *l, uint64_t id, uint64_t session, const char *why)
{
	static const struct msg_mail_done done = {
		.fate = FATE_REFUSED,
		.code = 451,
		.enhanced = { "4.7.0", 5 },
		.text = { "Please connect and log in again", 31 },
	};
	struct log_line line;

	l->relay->grants_refused++;
	log_begin(&line, LOG_LEVEL_WARN, session, "grant_refused");
	log_str(&line, "reason", why);
	log_u64(&line, "instance", l->instance);
	log_end(&line);
	send_done(l, id, &done);
}

/* What is written in a message, as ours.  NULL: a field no worker may send. */
static struct envelope *
make_envelope(const struct msg_mail_begin *m, const struct grant *g)
{
	struct envelope *env = xcalloc(1, sizeof(*env));
	struct unpack u = unpack_begin(m->recipients);
	bool utf8 = m->options.smtputf8;
	bool fine = m->sender.n == 0 || envelope_mailbox_ok(m->sender, utf8);
	struct mail_recipient r;
	uint32_t i;

	env->id = queueid_new();
	env->session = m->session;
	env->user = xstrndup(g->user);
	env->client_address = xstrndup(g->client_address);
	env->sender = xstrndup(m->sender);
	envelope_set_options(env, &m->options);
	env->recipients = xcalloc(m->recipient_count, sizeof(*env->recipients));
	for (i = 0; i < m->recipient_count; i++) {
		mail_recipient_unpack(&u, &r);
		fine &= envelope_mailbox_ok(r.mailbox, utf8);
		envelope_add_recipient(env, &r);
	}
	if (!fine)
		envelope_free(&env);
	return env;
}

/* -- frames ---------------------------------------------------------------- */

static void
open_message(struct link *l, uint64_t request, struct envelope **env)
{
	struct message_client client = { l->serial, request };
	uint64_t id = (*env)->id;
	struct msg_mail_done done;
	struct buf name;
	int fd;

	if (!message_open(l->relay, env, client, &fd, &done)) {
		send_done(l, request, &done);
		return;
	}
	add_request(l, request, id);
	name = buf_new(LIMIT_FRAME);
	buf_str(&name, queueid_format(id).s);
	ipc_send(l->ipc, MSG_MAIL_READY, request, &name, fd);
	buf_free(&name);
}

static enum ipc_verdict
on_begin(void *arg, struct ipc_frame *f)
{
	struct link *l = arg;
	const struct relay_config *config = &l->relay->config;
	enum grant_verdict verdict;
	struct msg_mail_begin m;
	struct envelope *env;
	struct grant g;

	if (msg_mail_begin_unpack(f->payload, &m) == -1 ||
	    m.recipient_count > config->max_recipients ||
	    find_request(l, f->id) != NULL)
		return IPC_MALFORMED;
	verdict = grant_open(secret_slice(&config->grant_key), m.grant,
	    l->instance, m.session, clock_ms(), &g);
	if (verdict != GRANT_VALID) {
		refuse_grant(l, f->id, m.session, grant_faults[verdict]);
		return IPC_FINE;
	}
	if (m.sender.n > 0 && !grant_allows(&g, m.sender)) {
		refuse_grant(l, f->id, m.session, "other_sender");
		return IPC_FINE;
	}
	if ((env = make_envelope(&m, &g)) == NULL)
		return IPC_MALFORMED;
	message_quota(l->relay, env->user, &g.quota);
	open_message(l, f->id, &env);
	return IPC_FINE;
}

static enum ipc_verdict
on_commit(void *arg, struct ipc_frame *f)
{
	struct link *l = arg;
	struct message_client client = { l->serial, f->id };
	struct request *r = find_request(l, f->id);
	struct msg_mail_commit m;

	if (r == NULL || msg_mail_commit_unpack(f->payload, &m) == -1 ||
	    !message_commit(l->relay, r->message, client, &m))
		return IPC_MALFORMED;
	return IPC_FINE;
}

static enum ipc_verdict
on_abort(void *arg, struct ipc_frame *f)
{
	struct link *l = arg;
	struct message_client client = { l->serial, f->id };
	struct request *r = find_request(l, f->id);
	uint64_t message;

	if (r == NULL)
		return IPC_FINE; /* our refusal was on its way */
	message = r->message;
	drop_request(l, f->id);
	message_abort(message, client);
	return IPC_FINE;
}

/* clang-format off */
static const struct ipc_row rows[] = {
	{ MSG_MAIL_BEGIN,	on_begin,	LIMIT_FRAME,	false,	0 },
	{ MSG_MAIL_COMMIT,	on_commit,	64,		false,	0 },
	{ MSG_MAIL_ABORT,	on_abort,	0,		false,	0 },
};
/* clang-format on */

static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

/* -- links ----------------------------------------------------------------- */

static void
on_closed(void *arg)
{
	struct link *l = arg;

	LIST_REMOVE(l, next);
	messages_forget_link(l->serial);
	tdestroy(l->requests, free);
	ipc_free(&l->ipc);
	free(l);
}

static void
send_offers(struct link *l)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct msg_mail_offers offers;

	smarthosts_offers(l->relay->hosts, &offers);
	msg_mail_offers_pack(&b, &offers);
	ipc_send(l->ipc, MSG_MAIL_OFFERS, 0, &b, -1);
	buf_free(&b);
}

void
mailserver_tell_offers(void *relay)
{
	struct link *l;

	LIST_FOREACH (l, &links, next)
		if (l->relay == relay)
			send_offers(l);
}

void
mailserver_add_link(struct relay *relay, uint32_t instance, int fd)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->relay = relay;
	l->serial = ++serials;
	l->instance = instance;
	l->ipc = ipc_new(relay->base, fd, "smtp", &table, on_closed, l);
	LIST_INSERT_HEAD(&links, l, next);
	send_offers(l);
}
