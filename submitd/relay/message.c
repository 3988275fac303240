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
#include "holding.h"
#include "queueid.h"
#include "relay.h"
#include "report.h"
#include "schedule.h"
#include "xalloc.h"

/* Between tries to record what is done. */
#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 60000

/* -- disk requests --------------------------------------------------------- */

/* The message a request was for, no longer busy with it. */
struct message *
message_returned(struct disk_request *r)
{
	struct message *m = message_find(r->id);

	BUG_ON(m == NULL || !m->disk_busy);
	m->disk_busy = false;
	return m;
}

void
message_disk(struct message *m, struct disk_request *r)
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

	return envelope_taken(m->env) == n || envelope_failed(m->env) == n;
}

static void
answer_queued(struct message *m)
{
	struct buf text = buf_new(LIMIT_RESULT_TEXT);

	if (message_is_early(m)) {
		buf_str(&text, "to be released on ");
		report_date(&text, m->env->options.hold_until_s);
	}
	buf_add(&text, "", 1);
	message_answer(m, FATE_QUEUED, 250, "2.0.0", text.p);
	buf_free(&text);
}

static void
on_committed(struct disk_request *r)
{
	struct message *m = message_returned(r);

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
		answer_queued(m);
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
	message_disk(m, r);
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
void
message_try_disk_again(struct message *m)
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
	struct message *m = message_returned(r);

	if (r->status == SPOOL_OK || r->status == SPOOL_GONE) {
		m->again_ms = 0;
		message_settle(m);
		return;
	}
	m->dirty = true;
	message_try_disk_again(m);
}

/* On the way out of the queue; message_settle() is done with it. */
static void
on_left(struct disk_request *r)
{
	struct message *m = message_returned(r);

	if (r->status != SPOOL_OK && r->status != SPOOL_GONE) {
		message_try_disk_again(m);
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
	message_disk(
	    m, disk_request_new(m->relay, work, m->id, m->env, on_left));
}

/* -- what comes next ------------------------------------------------------- */

/* Its time is over: whoever has not got it does not get it. */
static void
give_up(struct message *m)
{
	uint32_t i;

	for (i = 0; i < m->env->recipient_count; i++)
		if (recipient_is_open(&m->env->recipients[i]))
			m->env->recipients[i].status = RECIPIENT_FAILED;
	m->gave_up = true;
	m->dirty = true;
	message_log(LOG_LEVEL_WARN, m, "expired");
}

static void
finish_live(struct message *m)
{
	message_drop_unwanted(m);
	if (message_report_due(m)) {
		message_report(m);
		return;
	}
	message_answer_taken(m);
	message_end(&m);
}

/* Nothing promised yet: the client decides with the smarthost's word. */
static void
settle_live(struct message *m, uint32_t open)
{
	uint32_t n = m->env->recipient_count;

	if (envelope_count(m->env, RECIPIENT_FAILED) == n) {
		message_answer_reply(m, FATE_REFUSED);
		message_end(&m);
	} else if (envelope_taken(m->env) < n && m->client.link == 0 &&
		   !m->promised) {
		message_log(
		    LOG_LEVEL_WARN, m, "dropped"); /* nobody heard 250 */
		message_end(&m);
	} else if (open > 0) {
		message_store(m, SPOOL_QUEUE);
	} else if (message_is_unreportable(m)) {
		message_store(m, SPOOL_HELD);
	} else {
		finish_live(m);
	}
}

/* Until its release, nothing is done for it. */
static void
fall_asleep(struct message *m)
{
	struct schedule_when when = { .not_before_s =
					  m->env->options.hold_until_s };

	holding_begin(m->id, m->env->user);
	m->asleep = true;
	schedule_add(m->relay->schedule, m->id, m->tries, &when);
	message_end(&m);
}

/* All that was done is on record. */
static void
settle_recorded(struct message *m, uint32_t open)
{
	struct schedule_when when = { .latest_s = message_look_s(m),
		.begun_ms = m->begun_ms };

	if (message_report_due(m)) {
		message_report(m);
	} else if (open == 0) {
		leave_queue(m, DISK_HOLD);
	} else if (message_is_stopped(m)) {
		message_rest(m);
	} else {
		schedule_add(m->relay->schedule, m->id, m->tries + 1, &when);
		message_end(&m);
	}
}

/* The queue has it, and it was tried: what is left to do? */
static void
settle_tried(struct message *m)
{
	uint32_t open = envelope_open(m->env);

	if (open > 0 && message_is_over(m)) {
		give_up(m);
		open = 0;
	}
	message_drop_unwanted(m);
	if (open == 0 && !message_report_due(m) && !message_is_unreportable(m))
		leave_queue(m, DISK_REMOVE);
	else if (m->dirty)
		message_disk(m, disk_request_new(m->relay, DISK_MARK, m->id,
				    m->env, on_marked));
	else
		settle_recorded(m, open);
}

static void
settle_queued(struct message *m)
{
	if (m->unwanted && envelope_taken(m->env) == 0) {
		message_log(
		    LOG_LEVEL_WARN, m, "dropped"); /* refused meanwhile */
		leave_queue(m, DISK_REMOVE);
	} else if (message_is_early(m)) {
		fall_asleep(m);
	} else if (!m->tried && message_is_stopped(m)) {
		message_rest(m);
	} else if (!m->tried && !message_by_is_over(m)) {
		message_attempt(m);
	} else {
		settle_tried(m);
	}
}

void
message_settle(struct message *m)
{
	if (m->disk_busy || m->delivery != NULL)
		return; /* whichever ends last comes here again */
	switch (m->stored) {
	case STORED_NOWHERE:
		settle_live(m, envelope_open(m->env));
		break;
	case STORED_QUEUE:
		settle_queued(m);
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
	struct message *m = message_returned(r);

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
	m->tried = envelope_open(m->env) == 0;
	message_settle(m);
}

void
message_retry(struct relay *relay, uint64_t id, unsigned tries)
{
	struct message *m = message_new(relay, id);

	m->scheduled = true;
	m->tries = tries;
	message_disk(
	    m, disk_request_new(relay, DISK_LOAD, id, NULL, on_loaded));
}
