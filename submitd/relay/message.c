/*
 * message - the table of architecture section 3, as code.
 *
 * Several things can be under way for one message: an attempt, a disk
 * request, a client's patience.  Each, when it ends, records its facts and
 * calls settle(), which alone decides what comes next.  Invariants: a message
 * is not freed while an attempt or a disk request is open; the client is
 * answered at most once; 250 "queued" is said only behind spool_commit().
 */

#include "message.h"

#include <event2/event.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "delivery.h"
#include "disk.h"
#include "limits.h"
#include "log.h"
#include "mailserver.h"
#include "queueid.h"
#include "relay.h"
#include "schedule.h"
#include "spool.h"
#include "xalloc.h"

enum stored { STORED_NOWHERE, STORED_QUEUE, STORED_HELD };

struct message {
	uint64_t id; /* first: the table's key */
	struct relay *relay;
	struct envelope *env;
	struct message_client client; /* link 0: nobody waits */
	struct event *patience;       /* the client's, while handing over */
	bool open;                    /* content is not complete yet */

	int fd;
	uint64_t content_at;
	uint64_t size;
	uint64_t begun_ms; /* content complete, or loaded */

	enum stored stored;
	bool disk_busy;
	bool dirty; /* a status changed since it was stored */

	struct delivery *delivery;
	struct smtpclient_mail mail; /* of the attempt; owns recipients */
	size_t *index;               /* of mail.recipients[i] in env */
	bool tried;
	bool scheduled;         /* schedule.c counts on schedule_tried() */
	unsigned tries;         /* before this life */
	struct smtpreply reply; /* of the last attempt */
	char server[256];       /* that gave it; "": none */
};

static void *table; /* tsearch(3) of struct message, by id */
static uint32_t count;
static void (*on_none)(void);

static void settle(struct message *);

/* -- the table ------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct message *
find(uint64_t id)
{
	struct message **m = tfind(&id, &table, compare);

	return m == NULL ? NULL : *m;
}

static struct message *
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

static void
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
	if (m->patience != NULL)
		event_free(m->patience);
	if (m->fd != -1)
		close(m->fd);
	envelope_free(&m->env);
	free(m);
	if (scheduled)
		schedule_tried(relay->schedule);
	if (count == 0 && on_none != NULL)
		on_none();
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
static void
log_message(struct log_line *l, enum log_level level, const struct message *m,
    const char *event)
{
	log_begin(l, level, m->env->session, event);
	log_str(l, "id", queueid_format(m->id).s);
	log_str(l, "user", m->env->user);
	log_str(l, "client", m->env->client_address);
	log_fmt(l, "sender", "<%s>", m->env->sender);
}

static void
log_simple(enum log_level level, const struct message *m, const char *event)
{
	struct log_line l;

	log_message(&l, level, m, event);
	log_u64(&l, "open", envelope_count(m->env, RECIPIENT_OPEN));
	log_u64(&l, "done", envelope_count(m->env, RECIPIENT_DONE));
	log_u64(&l, "failed", envelope_count(m->env, RECIPIENT_FAILED));
	log_str(&l, "reply", m->reply.text);
	log_end(&l);
}

static void
answer(struct message *m, enum mail_fate fate, unsigned code,
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

	if (m->patience != NULL)
		evtimer_del(m->patience);
	if (m->client.link != 0)
		mailserver_tell(m->client, &done);
	m->client.link = 0;
}

static void
answer_reply(struct message *m, enum mail_fate fate)
{
	answer(m, fate, m->reply.code, m->reply.enhanced, m->reply.text);
}

static void
answer_trouble(struct message *m, enum spool_status st)
{
	if (st == SPOOL_FULL)
		answer(m, FATE_REFUSED, 452, "4.3.1",
		    "No room for the message now");
	else
		answer(m, FATE_REFUSED, 451, "4.3.0",
		    "Storage trouble; please try again");
}

/* -- disk requests --------------------------------------------------------- */

/* The message a request was for, no longer busy with it. */
static struct message *
returned(struct disk_request *r)
{
	struct message *m = find(r->id);

	BUG_ON(m == NULL || !m->disk_busy);
	m->disk_busy = false;
	return m;
}

static void
submit(struct message *m, struct disk_request *r)
{
	m->disk_busy = true;
	m->dirty = false;
	disk_submit(m->relay, r);
}

/* All recipients have the same final answer: nothing is left to store. */
static bool
is_decided(const struct message *m)
{
	uint32_t n = m->env->recipient_count;

	return envelope_count(m->env, RECIPIENT_DONE) == n ||
	       envelope_count(m->env, RECIPIENT_FAILED) == n;
}

static void
on_committed(struct disk_request *r)
{
	struct message *m = returned(r);

	if (r->status != SPOOL_OK) {
		/* the smarthost's word, if it came meanwhile, is better */
		if (m->delivery != NULL || !is_decided(m))
			answer_trouble(m, r->status);
		/* RFC 5321, 4.2.5: refused is refused, if it can be stopped */
		if (m->delivery != NULL)
			delivery_withdraw(m->delivery);
	} else if (r->place == SPOOL_HELD) {
		m->stored = STORED_HELD;
		m->relay->held++;
		log_simple(LOG_LEVEL_ERROR, m, "held");
		answer(m, FATE_DELIVERED, 250, "2.0.0",
		    "some recipients were refused");
	} else {
		m->stored = STORED_QUEUE;
		m->relay->queued++;
		log_simple(LOG_LEVEL_INFO, m, "queued");
		answer(m, FATE_QUEUED, 250, "2.0.0", "");
	}
	settle(m);
}

static void
store(struct message *m, enum spool_place place)
{
	struct disk_request *r = disk_request_new(
	    m->relay, DISK_COMMIT, m->id, m->env, on_committed);

	r->place = place;
	r->size = m->size;
	r->content_fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
	if (r->content_fd == -1)
		log_errno(LOG_LEVEL_ERROR, "content_dup_failed", "dup");
	submit(m, r);
}

static void
on_marked(struct disk_request *r)
{
	struct message *m = returned(r);

	settle(m); /* failed: logged; at worst delivered again later */
}

/* On the way out of the queue; settle() is done with it. */
static void
on_left(struct disk_request *r)
{
	struct message *m = returned(r);

	message_end(&m);
}

static void
leave_queue(struct message *m, enum disk_work work)
{
	submit(m, disk_request_new(m->relay, work, m->id, m->env, on_left));
}

/* -- attempts -------------------------------------------------------------- */

static void
log_attempt(
    const struct message *m, const struct delivery_result *r, const size_t n[])
{
	struct log_line l;

	log_message(&l, LOG_LEVEL_INFO, m, "delivery");
	log_str(&l, "smarthost", m->server);
	log_u64(&l, "code", r->reply->code);
	log_str(&l, "enhanced", r->reply->enhanced);
	log_str(&l, "reply", r->reply->text);
	log_u64(&l, "ok", n[OUTCOME_OK]);
	log_u64(&l, "later", n[OUTCOME_TEMPORARY]);
	log_u64(&l, "failed", n[OUTCOME_PERMANENT]);
	log_u64(&l, "size", m->size);
	log_u64(&l, "tries", m->tries + 1);
	log_u64(&l, "ms", clock_ms() - m->begun_ms);
	if (r->unknown)
		log_str(&l, "may_be_sent_twice", "yes");
	log_end(&l);
}

static void
on_tried(void *arg, const struct delivery_result *r)
{
	static const enum recipient_status status[] = {
		[OUTCOME_OK] = RECIPIENT_DONE,
		[OUTCOME_TEMPORARY] = RECIPIENT_OPEN,
		[OUTCOME_PERMANENT] = RECIPIENT_FAILED,
	};
	struct message *m = arg;
	size_t i, n[ARRAY_LEN(status)] = { 0 };

	for (i = 0; i < m->mail.recipient_count; i++) {
		n[r->outcomes[i]]++;
		m->env->recipients[m->index[i]].status = status[r->outcomes[i]];
	}
	m->relay->delivered += n[OUTCOME_OK];
	m->relay->refused += n[OUTCOME_PERMANENT];
	m->dirty |= n[OUTCOME_OK] + n[OUTCOME_PERMANENT] > 0;
	m->reply = *r->reply;
	(void)snprintf(m->server, sizeof(m->server), "%s",
	    r->server == NULL ? "" : r->server);
	log_attempt(m, r, n);
	m->delivery = NULL; /* gone when we return */
	m->tried = true;
	free((void *)(uintptr_t)m->mail.recipients);
	free(m->index);
	settle(m);
}

static void
attempt(struct message *m)
{
	const char **names = xcalloc(m->env->recipient_count, sizeof(*names));
	size_t i, n = 0;

	m->index = xcalloc(m->env->recipient_count, sizeof(*m->index));
	for (i = 0; i < m->env->recipient_count; i++) {
		if (m->env->recipients[i].status != RECIPIENT_OPEN)
			continue;
		names[n] = m->env->recipients[i].mailbox;
		m->index[n++] = i;
	}
	m->mail = (struct smtpclient_mail){
		.sender = m->env->sender,
		.body = m->env->body,
		.recipients = names,
		.recipient_count = n,
		.fd = m->fd,
		.content_at = m->content_at,
		.size = m->size,
	};
	m->delivery = delivery_start(
	    m->relay->base, m->relay->hosts, &m->mail, on_tried, m);
}

/* -- what comes next ------------------------------------------------------- */

static bool
is_expired(const struct message *m)
{
	return (uint64_t)time(NULL) >
	       queueid_time_s(m->id) + m->relay->config.lifetime_s;
}

static void
give_up(struct message *m)
{
	uint32_t i;

	for (i = 0; i < m->env->recipient_count; i++)
		if (m->env->recipients[i].status == RECIPIENT_OPEN)
			m->env->recipients[i].status = RECIPIENT_FAILED;
	log_simple(LOG_LEVEL_ERROR, m, "expired");
}

/* Nothing promised yet: the client decides with the smarthost's word. */
static void
settle_live(struct message *m, uint32_t open, uint32_t failed)
{
	if (is_decided(m)) {
		answer_reply(m, failed == 0 ? FATE_DELIVERED : FATE_REFUSED);
		message_end(&m);
	} else if (m->client.link == 0) {
		log_simple(LOG_LEVEL_WARN, m, "dropped"); /* nobody heard 250 */
		message_end(&m);
	} else {
		store(m, open == 0 ? SPOOL_HELD : SPOOL_QUEUE);
	}
}

/* The queue has it: what is left to do? */
static void
settle_queued(struct message *m, uint32_t open, uint32_t failed)
{
	if (!m->tried) { /* queue first: now the first attempt */
		attempt(m);
	} else if (open == 0 && failed == 0) {
		leave_queue(m, DISK_REMOVE);
	} else if (open == 0 || is_expired(m)) {
		if (open > 0)
			give_up(m);
		m->relay->held++;
		log_simple(LOG_LEVEL_ERROR, m, "held");
		leave_queue(m, DISK_HOLD);
	} else if (m->dirty) {
		submit(m, disk_request_new(
			      m->relay, DISK_MARK, m->id, m->env, on_marked));
	} else {
		schedule_add(m->relay->schedule, m->id, m->tries + 1);
		message_end(&m);
	}
}

static void
settle(struct message *m)
{
	uint32_t open = envelope_count(m->env, RECIPIENT_OPEN);
	uint32_t failed = envelope_count(m->env, RECIPIENT_FAILED);

	if (m->disk_busy || m->delivery != NULL)
		return; /* whichever ends last comes here again */
	switch (m->stored) {
	case STORED_NOWHERE:
		settle_live(m, open, failed);
		break;
	case STORED_QUEUE:
		settle_queued(m, open, failed);
		break;
	case STORED_HELD:
		message_end(&m);
		break;
	}
}

/* -- from an smtp worker --------------------------------------------------- */

/* The smarthost is slow: promise it ourselves, the attempt goes on. */
static void
on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct message *m = arg;

	(void)fd;
	(void)what;
	if (m->client.link != 0 && !m->disk_busy)
		store(m, SPOOL_QUEUE);
}

bool
message_open(struct relay *relay, struct envelope **env,
    struct message_client client, int *worker_fd, struct msg_mail_done *done)
{
	enum spool_status st = SPOOL_FULL;
	struct message *m;
	int fd = -1;

	*worker_fd = -1;
	if (count < LIMIT_MESSAGES_OPEN && !relay->draining)
		st = spool_receive(relay->spool, &fd, worker_fd);
	if (st != SPOOL_OK) {
		*done = (struct msg_mail_done){
			.fate = FATE_REFUSED,
			.code = st == SPOOL_FULL ? 452 : 451,
			.enhanced =
			    slice_of(st == SPOOL_FULL ? "4.3.1" : "4.3.0"),
			.text =
			    slice_of(st == SPOOL_FULL
					 ? "No room for the message now"
					 : "Storage trouble; please try again"),
		};
		envelope_free(env);
		return false;
	}
	m = message_new(relay, (*env)->id);
	m->env = *env;
	*env = NULL;
	m->client = client;
	m->open = true;
	m->fd = fd;
	return true;
}

/* The open message of that name, if it is this client's. */
static struct message *
find_open(uint64_t id, struct message_client client)
{
	struct message *m = find(id);

	return m != NULL && m->open && m->client.link == client.link ? m : NULL;
}

bool
message_commit(struct relay *relay, uint64_t id, struct message_client client,
    uint64_t size)
{
	uint32_t ms = relay->config.hand_over_timeout_ms;
	struct timeval tv = clock_span(ms);
	struct message *m = find_open(id, client);
	struct stat st;

	if (m == NULL)
		return false;
	m->open = false;
	m->size = size;
	m->begun_ms = clock_ms();
	if (fstat(m->fd, &st) == -1 || (uint64_t)st.st_size != size) {
		log_event(LOG_LEVEL_ERROR, "content_size",
		    "%s: not the %ju octets it was said to be",
		    queueid_format(id).s, (uintmax_t)size);
		answer_trouble(m, SPOOL_IO);
		message_end(&m);
	} else if (relay->config.hand_over == HAND_OVER_QUEUE) {
		store(m, SPOOL_QUEUE);
	} else {
		m->patience = evtimer_new(relay->base, on_patience, m);
		if (m->patience == NULL || evtimer_add(m->patience, &tv) == -1)
			fatal("out of memory");
		attempt(m);
	}
	return true;
}

bool
message_abort(struct relay *relay, uint64_t id, struct message_client client)
{
	struct message *m = find_open(id, client);

	(void)relay;
	if (m == NULL)
		return false;
	message_end(&m);
	return true;
}

/* twalk_r() forbids changing the tree: gather first. */
struct walk {
	uint64_t link;
	uint64_t ids[LIMIT_MESSAGES_OPEN];
	size_t n;
};

static void
gather(const void *node, VISIT visit, void *arg)
{
	struct message *m = *(struct message *const *)node;
	struct walk *w = arg;

	if ((visit != postorder && visit != leaf) || m->client.link != w->link)
		return;
	m->client.link = 0;
	if (m->open && w->n < LIMIT_MESSAGES_OPEN)
		w->ids[w->n++] = m->id;
}

void
messages_forget_link(uint64_t link)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	struct message *m;

	w->link = link;
	twalk_r(table, gather, w);
	while (w->n > 0) {
		m = find(w->ids[--w->n]);
		message_end(&m);
	}
	free(w);
}

/* -- from the queue -------------------------------------------------------- */

static void
on_loaded(struct disk_request *r)
{
	struct message *m = returned(r);

	if (r->status != SPOOL_OK) { /* logged; set aside or gone */
		if (r->status == SPOOL_IO)
			schedule_add(m->relay->schedule, m->id, m->tries + 1);
		message_end(&m);
		return;
	}
	m->env = r->loaded.envelope;
	m->fd = r->loaded.fd;
	m->content_at = r->loaded.content_at;
	m->size = r->loaded.size;
	r->loaded.envelope = NULL; /* ours from here on */
	m->stored = STORED_QUEUE;
	m->begun_ms = clock_ms();
	/* A crash may have left one that only has to be put away. */
	m->tried = envelope_count(m->env, RECIPIENT_OPEN) == 0;
	settle(m);
}

void
message_retry(struct relay *relay, uint64_t id, unsigned tries)
{
	struct message *m = message_new(relay, id);

	m->scheduled = true;
	m->tries = tries;
	submit(m, disk_request_new(relay, DISK_LOAD, id, NULL, on_loaded));
}
