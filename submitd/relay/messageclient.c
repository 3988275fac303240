/*
 * messageclient - what an smtp worker asks for a message it brings: open,
 * commit, abort.  What comes of it is message.c's.
 */

#include "message_private.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "clock.h"
#include "delivery.h"
#include "holding.h"
#include "limits.h"
#include "queueid.h"
#include "relay.h"
#include "xalloc.h"

/* What smtp puts in front of the client's content, at most. */
#define OWN_FIELDS_MAX 4096

/* -- from an smtp worker --------------------------------------------------- */

/* The smarthost is slow: promise it ourselves, the attempt goes on. */
static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct message *m = arg;

	(void)fd;
	(void)what;
	if (m->client.link == 0 || m->disk_busy)
		return;
	if (m->delivery != NULL)
		delivery_overdue(m->delivery);
	message_store(m, SPOOL_QUEUE);
}

static const struct msg_mail_done refusals[] = {
	[SPOOL_FULL] = { FATE_REFUSED, 452, { "4.3.1", 5 },
	    { "No room for the message now", 27 }, { "", 0 } },
	[SPOOL_IO] = { FATE_REFUSED, 451, { "4.3.0", 5 },
	    { "Storage trouble; please try again", 33 }, { "", 0 } },
};

static const struct msg_mail_done stopping = { FATE_REFUSED, 451,
	{ "4.3.2", 5 }, { "Shutting down; please try again", 31 }, { "", 0 } };

static const struct msg_mail_done too_many_held = { FATE_REFUSED, 552,
	{ "5.2.2", 5 }, { "Too many messages of yours wait for release", 43 },
	{ "", 0 } };

/* Held for later, and its user may hold no more (RFC 4865, 6). */
static bool
is_over_quota(const struct relay *relay, const struct envelope *env)
{
	return env->options.hold_until_s != 0 &&
	       holding_count(env->user) >= relay->config.held_messages;
}

bool
message_open(struct relay *relay, struct envelope **env,
    struct message_client client, int *worker_fd, struct msg_mail_done *done)
{
	enum spool_status st = SPOOL_FULL;
	struct allowance_want want;
	struct message *m;
	int fd = -1;

	*worker_fd = -1;
	if (!message_may_open(relay, *env, &want, done)) {
		envelope_free(env);
		return false;
	}
	if (is_over_quota(relay, *env)) {
		*done = too_many_held;
		envelope_free(env);
		return false;
	}
	if (messages_count() < LIMIT_MESSAGES_OPEN && !relay->draining)
		st = spool_receive(relay->spool, &fd, worker_fd);
	if (st != SPOOL_OK) {
		*done = relay->draining ? stopping : refusals[st];
		envelope_free(env);
		return false;
	}
	m = message_new(relay, (*env)->id);
	m->env = *env;
	*env = NULL;
	m->client = client;
	m->open = m->brought = true;
	m->fd = fd;
	message_reserve(m, &want);
	if (m->env->options.hold_until_s != 0)
		holding_begin(m->id, m->env->user);
	return true;
}

/* The open message of that name, if it is this client's. */
static struct message *
find_open(uint64_t id, struct message_client client)
{
	struct message *m = message_find(id);

	return m != NULL && m->open && m->client.link == client.link ? m : NULL;
}

/* A worker that lies about its content is a broken or a captured one. */
static bool
is_credible(const struct message *m)
{
	uint64_t most =
	    (uint64_t)m->relay->config.max_message_size + OWN_FIELDS_MAX;
	struct stat st;

	if (m->size <= most && fstat(m->fd, &st) == 0 &&
	    (uint64_t)st.st_size == m->size)
		return true;
	log_event(LOG_LEVEL_ERROR, "content_size",
	    "%s: %ju octets said, at most %ju allowed", queueid_format(m->id).s,
	    (uintmax_t)m->size, (uintmax_t)most);
	return false;
}

/*
 * What the content turned out to be: 8-bit content needs a server that takes
 * it, said or not, while 8-bit or SMTPUTF8 that was only promised is not asked
 * of the next server (RFC 6531, 3.4).
 */
static void
note_content(struct envelope *env, const struct msg_mail_commit *commit)
{
	struct mail_options *o = &env->options;

	if (o->body != BODY_BINARYMIME)
		o->body = commit->eightbit ? BODY_8BITMIME : BODY_7BIT;
	o->smtputf8 &= commit->utf8_header || envelope_has_utf8(env);
}

bool
message_commit(struct relay *relay, uint64_t id, struct message_client client,
    const struct msg_mail_commit *commit)
{
	struct timeval tv = clock_span(relay->config.hand_over_timeout_ms);
	struct message *m = find_open(id, client);
	struct msg_mail_done done;

	if (m == NULL)
		return false;
	m->open = false;
	m->size = commit->size;
	m->begun_ms = clock_ms();
	note_content(m->env, commit);
	if (!is_credible(m)) {
		message_answer_trouble(m, SPOOL_IO);
		message_end(&m);
	} else if (!message_may_commit(m, &done)) {
		message_answer(
		    m, done.fate, done.code, done.enhanced.p, done.text.p);
		message_end(&m);
	} else if (relay->config.hand_over == HAND_OVER_QUEUE ||
		   message_is_early(m) || message_is_stopped(m)) {
		message_store(m, SPOOL_QUEUE);
	} else {
		m->patience = evtimer_new(relay->base, on_patience, m);
		if (m->patience == NULL || evtimer_add(m->patience, &tv) == -1)
			fatal("out of memory");
		message_attempt(m);
	}
	return true;
}

void
message_abort(uint64_t id, struct message_client client)
{
	struct message *m = message_find(id);

	if (m == NULL || m->client.link != client.link)
		return; /* our answer was on its way */
	if (m->open) {
		message_end(&m);
		return;
	}
	/* The client heard no: stop what can be stopped (RFC 5321, 4.2.5). */
	m->client.link = 0;
	m->unwanted = true;
	if (m->delivery != NULL)
		delivery_withdraw(m->delivery);
}

/* Who ends is gathered first: the table must not change under a walk. */
struct orphans {
	uint64_t link;
	uint64_t ids[LIMIT_MESSAGES_OPEN];
	size_t n;
};

static void
orphan(struct message *m, void *arg)
{
	struct orphans *o = arg;

	if (m->client.link != o->link)
		return;
	m->client.link = 0;
	if (m->open && o->n < LIMIT_MESSAGES_OPEN)
		o->ids[o->n++] = m->id;
}

void
messages_forget_link(uint64_t link)
{
	struct orphans *o = xcalloc(1, sizeof(*o));
	struct message *m;

	o->link = link;
	messages_each(orphan, o);
	while (o->n > 0) {
		m = message_find(o->ids[--o->n]);
		message_end(&m);
	}
	free(o);
}
