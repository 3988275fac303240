/*
 * messagereport - what the sender of a message is told later, and when.
 *
 * Invariant: a recipient's status says that nothing more is to be told only
 * behind the commit of the report that told it.  A crash in between repeats a
 * report; none is lost.
 */

#include "message_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "compiler.h"
#include "delivery.h"
#include "disk.h"
#include "queueid.h"
#include "relay.h"
#include "schedule.h"
#include "xalloc.h"

/* Until a report is made again that could not be written, at most. */
#define REPORT_AGAIN_S 60

/* -- times ----------------------------------------------------------------- */

static uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

/* Its life begins when it may be sent (RFC 4865, 4.2). */
static uint64_t
begin_s(const struct message *m)
{
	uint64_t arrival = queueid_time_s(m->id);
	uint64_t release = m->env->options.hold_until_s;

	return release > arrival ? release : arrival;
}

static uint64_t
end_s(const struct message *m)
{
	return begin_s(m) + m->relay->config.lifetime_s;
}

bool
message_is_early(const struct message *m)
{
	return now_s() < m->env->options.hold_until_s;
}

bool
message_by_is_over(const struct message *m)
{
	return m->env->options.by == BY_RETURN &&
	       now_s() >= m->env->options.by_s;
}

bool
message_is_over(const struct message *m)
{
	return message_by_is_over(m) || now_s() > end_s(m);
}

/* When a sender hears that it is late; 0: never.  Who said by when it should
 * be there is told then, and not at another time, too. */
static uint64_t
warn_s(const struct message *m)
{
	uint32_t after = m->relay->config.warn_after_s;

	if (m->env->options.by == BY_NOTIFY)
		return m->env->options.by_s;
	return after == 0 ? 0 : begin_s(m) + after;
}

static bool
may_warn(const struct message *m, const struct recipient *r)
{
	return m->env->sender[0] != '\0' && r->status == RECIPIENT_OPEN &&
	       report_wanted(r->notify, REPORT_DELAYED);
}

static bool
is_late(const struct message *m)
{
	return warn_s(m) != 0 && now_s() >= warn_s(m);
}

/* Something is to be done then, even if no server can be asked. */
uint64_t
message_look_s(const struct message *m)
{
	uint64_t look = end_s(m) + 1, warn = warn_s(m);
	uint32_t i;

	if (m->env->options.by == BY_RETURN && m->env->options.by_s < look)
		look = m->env->options.by_s;
	for (i = 0; i < m->env->recipient_count && warn != 0; i++)
		if (may_warn(m, &m->env->recipients[i]) && warn < look)
			look = warn;
	return look;
}

/* -- words ----------------------------------------------------------------- */

/* What was last said of a recipient, by whom; for this life only. */
struct message_word {
	struct smtpreply reply;
	char *server; /* NULL: by us */
};

static struct message_word **
word_of(struct message *m, size_t i)
{
	if (m->words == NULL)
		m->words = xcalloc(
		    m->env->recipient_count, sizeof(struct message_word *));
	return &m->words[i];
}

void
message_note(struct message *m, size_t i, const struct smtpreply *reply,
    const char *server)
{
	struct message_word **w = word_of(m, i);

	if (*w == NULL)
		*w = xcalloc(1, sizeof(**w));
	(*w)->reply = *reply;
	free((*w)->server);
	(*w)->server = server == NULL ? NULL : xstrdup(server);
}

void
message_forget_words(struct message *m)
{
	size_t i;

	for (i = 0; m->words != NULL && i < m->env->recipient_count; i++) {
		if (m->words[i] == NULL)
			continue;
		free(m->words[i]->server);
		free(m->words[i]);
	}
	free(m->words);
	m->words = NULL;
}

/* -- who is to be told ----------------------------------------------------- */

enum recipient_status
message_taken_status(
    const struct message *m, size_t i, const struct delivery_word *w)
{
	const struct recipient *r = &m->env->recipients[i];
	const struct mail_options *o = &m->env->options;
	bool told = !w->dsn && report_wanted(r->notify, REPORT_RELAYED);

	/* RFC 2852, 4.1.4: a trace; the end of the promise to tell */
	if (o->by_trace || (o->by == BY_NOTIFY && !w->by))
		told |= r->notify != NOTIFY_NEVER;
	return told && m->env->sender[0] != '\0' ? RECIPIENT_RELAYED
						 : RECIPIENT_DONE;
}

/* Whether a report that is made now speaks of it; *action: how. */
static bool
is_due(const struct message *m, const struct recipient *r,
    enum report_action *action)
{
	*action = r->status == RECIPIENT_FAILED    ? REPORT_FAILED
		  : r->status == RECIPIENT_RELAYED ? REPORT_RELAYED
						   : REPORT_DELAYED;
	if (m->env->sender[0] == '\0')
		return false;
	return *action != REPORT_DELAYED || (m->late && may_warn(m, r));
}

bool
message_report_due(struct message *m)
{
	enum report_action action;
	uint32_t i;

	m->late |= is_late(m);
	for (i = 0; i < m->env->recipient_count; i++)
		if (is_due(m, &m->env->recipients[i], &action))
			return true;
	return false;
}

bool
message_is_unreportable(const struct message *m)
{
	return m->env->sender[0] == '\0' &&
	       envelope_count(m->env, RECIPIENT_FAILED) > 0;
}

void
message_drop_unwanted(struct message *m)
{
	struct recipient *r;
	struct log_line l;
	uint32_t i;

	for (i = 0; i < m->env->recipient_count; i++) {
		r = &m->env->recipients[i];
		if (r->status != RECIPIENT_FAILED ||
		    m->env->sender[0] == '\0' ||
		    report_wanted(r->notify, REPORT_FAILED))
			continue;
		r->status = RECIPIENT_REPORTED;
		m->dirty = true;
		message_log_begin(&l, LOG_LEVEL_INFO, m, "not_reported");
		log_str(&l, "recipient", r->mailbox);
		log_str(&l, "reason", "notify");
		log_end(&l);
	}
}

/* -- the report ------------------------------------------------------------ */

static void
log_report(const struct message *m, const struct report *r, const uint32_t n[])
{
	struct log_line l;

	message_log_begin(&l, LOG_LEVEL_INFO, m, "report");
	log_str(&l, "report", queueid_format(report_id(r)).s);
	log_u64(&l, "failed", n[REPORT_FAILED]);
	log_u64(&l, "delayed", n[REPORT_DELAYED]);
	log_u64(&l, "relayed", n[REPORT_RELAYED]);
	log_end(&l);
}

/* It is in the queue: what it told is no more to be told. */
static void
record(struct message *m, const struct report *r)
{
	static const enum recipient_status told[] = {
		[REPORT_FAILED] = RECIPIENT_REPORTED,
		[REPORT_DELAYED] = RECIPIENT_WARNED,
		[REPORT_RELAYED] = RECIPIENT_DONE,
	};
	uint32_t i, n[ARRAY_LEN(told)] = { 0 };
	enum report_action action;
	struct recipient *to;

	for (i = 0; i < m->env->recipient_count; i++) {
		to = &m->env->recipients[i];
		if (!is_due(m, to, &action))
			continue;
		to->status = told[action];
		n[action]++;
	}
	m->dirty = true;
	m->relay->reports++;
	log_report(m, r, n);
}

/*
 * The report has no room, and the message may be what takes it: another try
 * can be rid of it, and lets others have their turn meanwhile.
 */
static void
report_later(struct message *m)
{
	struct schedule_when when = { .latest_s = now_s() + REPORT_AGAIN_S };

	schedule_add(m->relay->schedule, m->id, m->tries + 1, &when);
	message_end(&m);
}

static void
on_reported(struct disk_request *r)
{
	static const struct schedule_when now = { .at_once = true };
	struct message *m = message_returned(r);

	if (r->status == SPOOL_OK) {
		m->again_ms = 0;
		record(m, r->report);
		schedule_add(m->relay->schedule, report_id(r->report), 0, &now);
		message_settle(m);
	} else if (m->stored == STORED_NOWHERE &&
		   envelope_count(m->env, RECIPIENT_FAILED) > 0) {
		/* nothing is promised: they may send it again */
		message_answer_trouble(m, r->status);
		message_end(&m);
	} else if (m->stored == STORED_QUEUE && envelope_open(m->env) > 0) {
		report_later(m);
	} else {
		if (m->stored == STORED_NOWHERE)
			message_answer_taken(m);
		message_try_disk_again(m);
	}
}

static struct report *
make_report(const struct message *m)
{
	struct report *r = report_new(
	    queueid_new(), m->env, m->relay->config.hostname, now_s());
	const struct message_word *w;
	enum report_action action;
	struct report_item item;
	uint32_t i;

	report_retry_until(r, end_s(m));
	for (i = 0; i < m->env->recipient_count; i++) {
		if (!is_due(m, &m->env->recipients[i], &action))
			continue;
		w = m->words == NULL ? NULL : m->words[i];
		item = (struct report_item){
			.recipient = &m->env->recipients[i],
			.action = action,
			.reply = w == NULL ? NULL : &w->reply,
			.server = w == NULL ? NULL : w->server,
		};
		/* RFC 3463, 3.5: delivery time expired; RFC 2852, 4.1.4 */
		if (action == REPORT_FAILED && m->gave_up &&
		    (w == NULL || w->reply.code < 500))
			item.status = "5.4.7";
		else if (action == REPORT_DELAYED &&
			 m->env->options.by == BY_NOTIFY)
			item.status = "4.4.7";
		report_add(r, &item);
	}
	return r;
}

void
message_report(struct message *m)
{
	struct disk_request *r =
	    disk_request_new(m->relay, DISK_REPORT, m->id, NULL, on_reported);

	r->report = make_report(m);
	r->size = m->size;
	r->content_at = m->content_at;
	r->content_fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 0);
	if (r->content_fd == -1)
		log_errno(LOG_LEVEL_ERROR, "content_dup_failed", "dup");
	message_disk(m, r);
}
