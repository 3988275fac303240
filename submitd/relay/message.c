/*
 * message - the table of architecture section 3, as code.
 *
 * Several things can be under way for one message: an attempt, a disk
 * request, a client's patience.  Each, when it ends, records its facts and
 * calls settle(), which alone decides what comes next.  Invariants: a message
 * is not freed while an attempt or a disk request is open; the client is
 * answered at most once; 250 "queued" is said only behind spool_commit().
 */

#include "message_private.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "delivery.h"
#include "disk.h"
#include "queueid.h"
#include "relay.h"
#include "schedule.h"
#include "xalloc.h"

/* Between tries to record what is done. */
#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 60000

/* -- disk requests --------------------------------------------------------- */

/* The message a request was for, no longer busy with it. */
static struct message *
returned(struct disk_request *r)
{
	struct message *m = message_find(r->id);

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
			message_answer_trouble(m, r->status);
		/* RFC 5321, 4.2.5: refused is refused, if it can be stopped */
		if (m->delivery != NULL)
			delivery_withdraw(m->delivery);
	} else if (r->place == SPOOL_HELD) {
		m->stored = STORED_HELD;
		m->relay->held++;
		message_log(LOG_LEVEL_ERROR, m, "held");
		message_answer(m, FATE_DELIVERED, 250, "2.0.0",
		    "some recipients were refused");
	} else {
		m->stored = STORED_QUEUE;
		m->relay->queued++;
		message_log(LOG_LEVEL_INFO, m, "queued");
		message_answer(m, FATE_QUEUED, 250, "2.0.0", "");
	}
	message_settle(m);
}

void
message_store(struct message *m, enum spool_place place)
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
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	message_settle(arg);
}

/*
 * The disk did not take our record of what is done.  Until it does nothing
 * else happens to the message: another try would send it twice.
 */
static void
try_disk_again(struct message *m)
{
	struct timeval tv;

	m->again_ms = m->again_ms == 0             ? AGAIN_MIN_MS
		      : m->again_ms < AGAIN_MAX_MS ? 2 * m->again_ms
						   : AGAIN_MAX_MS;
	tv = clock_span(m->again_ms);
	if (m->again == NULL)
		m->again = evtimer_new(m->relay->base, on_again, m);
	if (m->again == NULL || evtimer_add(m->again, &tv) == -1)
		fatal("out of memory");
}

static void
on_marked(struct disk_request *r)
{
	struct message *m = returned(r);

	if (r->status == SPOOL_OK || r->status == SPOOL_GONE) {
		m->again_ms = 0;
		message_settle(m);
		return;
	}
	m->dirty = true;
	try_disk_again(m);
}

/* On the way out of the queue; message_settle() is done with it. */
static void
on_left(struct disk_request *r)
{
	struct message *m = returned(r);

	if (r->status != SPOOL_OK && r->status != SPOOL_GONE) {
		try_disk_again(m);
		return;
	}
	if (r->work == DISK_HOLD) {
		m->relay->held++;
		message_log(LOG_LEVEL_ERROR, m, "held");
	}
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

	message_log_begin(&l, LOG_LEVEL_INFO, m, "delivery");
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
	message_settle(m);
}

void
message_attempt(struct message *m)
{
	struct smtpclient_recipient *to =
	    xcalloc(m->env->recipient_count, sizeof(*to));
	const struct recipient *r;
	size_t i, n = 0;

	m->index = xcalloc(m->env->recipient_count, sizeof(*m->index));
	for (i = 0; i < m->env->recipient_count; i++) {
		r = &m->env->recipients[i];
		if (r->status != RECIPIENT_OPEN)
			continue;
		to[n] = (struct smtpclient_recipient){ r->mailbox, r->notify,
			r->orcpt };
		m->index[n++] = i;
	}
	m->mail = (struct smtpclient_mail){
		.session = m->env->session,
		.id = m->id,
		.sender = m->env->sender,
		.options = &m->env->options,
		.recipients = to,
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
	message_log(LOG_LEVEL_ERROR, m, "expired");
}

/* Nothing promised yet: the client decides with the smarthost's word. */
static void
settle_live(struct message *m, uint32_t open, uint32_t failed)
{
	if (is_decided(m)) {
		message_answer_reply(
		    m, failed == 0 ? FATE_DELIVERED : FATE_REFUSED);
		message_end(&m);
	} else if (m->client.link == 0) {
		message_log(
		    LOG_LEVEL_WARN, m, "dropped"); /* nobody heard 250 */
		message_end(&m);
	} else {
		message_store(m, open == 0 ? SPOOL_HELD : SPOOL_QUEUE);
	}
}

/* The queue has it: what is left to do? */
static void
settle_queued(struct message *m, uint32_t open, uint32_t done, uint32_t failed)
{
	if (m->unwanted && done == 0) {
		message_log(
		    LOG_LEVEL_WARN, m, "dropped"); /* refused meanwhile */
		leave_queue(m, DISK_REMOVE);
	} else if (!m->tried) { /* queue first: now the first attempt */
		message_attempt(m);
	} else if (open == 0 && failed == 0) {
		leave_queue(m, DISK_REMOVE);
	} else if (open == 0 || is_expired(m)) {
		if (open > 0)
			give_up(m);
		leave_queue(m, DISK_HOLD);
	} else if (m->dirty) {
		submit(m, disk_request_new(
			      m->relay, DISK_MARK, m->id, m->env, on_marked));
	} else {
		schedule_add(m->relay->schedule, m->id, m->tries + 1, NULL);
		message_end(&m);
	}
}

void
message_settle(struct message *m)
{
	uint32_t open = envelope_count(m->env, RECIPIENT_OPEN);
	uint32_t done = envelope_count(m->env, RECIPIENT_DONE);
	uint32_t failed = envelope_count(m->env, RECIPIENT_FAILED);

	if (m->disk_busy || m->delivery != NULL)
		return; /* whichever ends last comes here again */
	switch (m->stored) {
	case STORED_NOWHERE:
		settle_live(m, open, failed);
		break;
	case STORED_QUEUE:
		settle_queued(m, open, done, failed);
		break;
	case STORED_HELD:
		message_end(&m);
		break;
	}
}

/* -- from the queue -------------------------------------------------------- */

static void
on_loaded(struct disk_request *r)
{
	struct message *m = returned(r);

	if (r->status != SPOOL_OK) { /* logged; set aside or gone */
		if (r->status == SPOOL_IO)
			schedule_add(
			    m->relay->schedule, m->id, m->tries + 1, NULL);
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
	message_settle(m);
}

void
message_retry(struct relay *relay, uint64_t id, unsigned tries)
{
	struct message *m = message_new(relay, id);

	m->scheduled = true;
	m->tries = tries;
	submit(m, disk_request_new(relay, DISK_LOAD, id, NULL, on_loaded));
}
