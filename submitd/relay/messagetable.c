/*
 * messagetable - the messages of this process by id; their log lines, and the
 * answers to their clients.
 */

#include "message_private.h"

#include <event2/event.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

#include "holding.h"
#include "mailserver.h"
#include "queueid.h"
#include "relay.h"
#include "schedule.h"
#include "xalloc.h"

static void *table; /* tsearch(3) of struct message, by id */
static uint32_t count;
static void (*on_none)(void);

/* -- the table ------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct message *
message_find(uint64_t id)
{
	struct message **m = tfind(&id, &table, compare);

	return m == NULL ? NULL : *m;
}

struct message *
message_new(struct relay *relay, uint64_t id)
{
	struct message *m = xcalloc(1, sizeof(*m));

	m->id = id;
	m->relay = relay;
	m->fd = -1;
	BUG_ON(tsearch(m, &table, compare) == NULL);
	count++;
	return m;
}

void
message_end(struct message **mp)
{
	struct message *m = *mp;
	struct relay *relay;
	bool scheduled;

	*mp = NULL;
	BUG_ON(m == NULL || m->disk_busy || m->delivery != NULL);
	relay = m->relay;
	scheduled = m->scheduled;
	tdelete(m, &table, compare);
	count--;
	if (m->charging && envelope_taken(m->env) > 0)
		message_charge(m); /* whatever its client was told */
	message_uncharge(m);
	if (m->patience != NULL)
		event_free(m->patience);
	if (m->again != NULL)
		event_free(m->again);
	if (m->fd != -1)
		close(m->fd);
	if (!m->asleep)
		holding_end(m->id);
	message_forget_words(m);
	envelope_free(&m->env);
	free(m);
	if (scheduled)
		schedule_tried(relay->schedule);
	if (count == 0 && on_none != NULL)
		on_none();
}

struct walk {
	void (*fn)(struct message *, void *arg);
	void *arg;
};

static void
visit_node(const void *node, VISIT visit, void *arg)
{
	const struct walk *w = arg;

	if (visit == postorder || visit == leaf)
		w->fn(*(struct message *const *)node, w->arg);
}

void
messages_each(void (*fn)(struct message *, void *arg), void *arg)
{
	struct walk w = { fn, arg };

	twalk_r(table, visit_node, &w);
}

uint32_t
messages_count(void)
{
	return count;
}

void
messages_on_none(void (*drained)(void))
{
	on_none = drained;
}

/* -- log and answer -------------------------------------------------------- */

/* What every line about a message starts with: who answers for it. */
void
message_log_begin(struct log_line *l, enum log_level level,
    const struct message *m, const char *event)
{
	log_begin(l, level, m->env->session, event);
	log_str(l, "id", queueid_format(m->id).s);
	log_str(l, "user", m->env->user);
	log_str(l, "client", m->env->client_address);
	log_fmt(l, "sender", "<%s>", m->env->sender);
}

void
message_log(enum log_level level, const struct message *m, const char *event)
{
	struct log_line l;

	message_log_begin(&l, level, m, event);
	log_u64(&l, "open", envelope_open(m->env));
	log_u64(&l, "done", envelope_taken(m->env));
	log_u64(&l, "failed", envelope_failed(m->env));
	log_str(&l, "reply", m->reply.text);
	log_end(&l);
}

void
message_answer(struct message *m, enum mail_fate fate, unsigned code,
    const char *enhanced, const char *text)
{
	size_t n = strlen(text);
	struct msg_mail_done done = {
		.fate = fate,
		.code = code,
		.enhanced = slice_of(enhanced),
		.text = { text, n < LIMIT_RESULT_TEXT ? n : LIMIT_RESULT_TEXT },
		.smarthost = slice_of(m->server),
	};

	if (fate != FATE_REFUSED && !m->unwanted)
		message_charge(m); /* else when it ends, if it went out */
	if (m->patience != NULL)
		evtimer_del(m->patience);
	if (m->client.link != 0)
		mailserver_tell(m->client, &done);
	m->client.link = 0;
}

void
message_answer_reply(struct message *m, enum mail_fate fate)
{
	message_answer(
	    m, fate, m->reply.code, m->reply.enhanced, m->reply.text);
}

void
message_answer_taken(struct message *m)
{
	if (envelope_failed(m->env) > 0)
		message_answer(m, FATE_DELIVERED, 250, "2.0.0",
		    "some recipients were refused");
	else
		message_answer_reply(m, FATE_DELIVERED);
	m->promised = true;
}

void
message_answer_trouble(struct message *m, enum spool_status st)
{
	if (st == SPOOL_FULL)
		message_answer(m, FATE_REFUSED, 452, "4.3.1",
		    "No room for the message now");
	else
		message_answer(m, FATE_REFUSED, 451, "4.3.0",
		    "Storage trouble; please try again");
}
