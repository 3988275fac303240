/*
 * session_content - a message's content, from whichever verb brings it, into
 * relay's file, and what became of the message.
 *
 * relay owns the file and the message; we hold a descriptor to append to.  A
 * message exists for relay from its MAIL_BEGIN until MAIL_DONE or our ABORT.
 */

#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "relayclient.h"
#include "session.h"
#include "sessions.h"
#include "utf8.h"
#include "worker.h"

#define SMALL_RUN 16384 /* of content: cheaper to copy than to write apart */

void
session_drop_tx(struct session *s)
{
	session_cancel_request(s);
	tx_free(&s->tx);
}

bool
session_content_open(struct session *s)
{
	struct msg_mail_begin begin = {
		.session = s->id,
		.grant = buf_slice(&s->grant),
		.sender = slice_of(s->tx->sender),
		.options = s->tx->options,
		.recipient_count = s->tx->recipient_count,
		.recipients = buf_slice(&s->tx->recipients),
	};

	s->request = sessions_request(s->worker->sessions, s->id);
	if (relayclient_begin(s->worker->relay, s->request, &begin) == -1) {
		s->request = 0;
		tx_free(&s->tx);
		return false;
	}
	session_enter(s, ST_OPENING);
	return true;
}

bool
session_content_is_open(const struct session *s)
{
	return s->tx != NULL && s->tx->fd != -1;
}

bool
session_content_is_refused(const struct session *s)
{
	return s->tx->refused || s->tx->dot.text.fault != TEXT_CLEAN;
}

/* -- writing --------------------------------------------------------------- */

/* Append to the file.  Trouble refuses the message; the rest is swallowed. */
static void
content_write(struct tx *tx, struct slice run)
{
	ssize_t n;

	while (run.n > 0 && !tx->refused) {
		n = write(tx->fd, run.p, run.n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			log_errno(LOG_LEVEL_WARN, "content_write_failed",
			    "id %s", tx->queue_id);
			tx_refuse(tx, errno == ENOSPC || errno == EDQUOT
					  ? R_452_FULL
					  : R_451_STORAGE);
			return;
		}
		tx->written += (uint64_t)n;
		run = slice_from(run, (size_t)n);
	}
}

/* -- taking ---------------------------------------------------------------- */

static const enum reply fault_replies[] = {
	[TEXT_BARE_CR] = R_550_BARE_CR,
	[TEXT_BARE_LF] = R_550_BARE_LF,
	[TEXT_NUL] = R_550_NUL,
	[TEXT_LONG_LINE] = R_554_LONG_LINE,
};

/*
 * Held back until the header is over.  Then that goes out in one write, with
 * what came behind it if this is little: a small message takes one write.
 */
static void
take_into_header(struct session *s, struct slice run)
{
	struct buf out = buf_new(LIMIT_HEADER_OUT + SMALL_RUN);

	if (session_header_take(s, &run, &out)) {
		if (run.n <= SMALL_RUN) {
			buf_add(&out, run.p, run.n);
			run.n = 0;
		}
		if (!buf_ok(&out))
			tx_refuse(s->tx, R_451_STORAGE);
		content_write(s->tx, buf_slice(&out));
		content_write(s->tx, run);
	}
	buf_free(&out);
}

void
session_content_take(struct session *s, struct slice run)
{
	struct tx *tx = s->tx;
	bool ascii = utf8_is_ascii(run);

	if (tx->dot.text.fault != TEXT_CLEAN)
		tx_refuse(tx, fault_replies[tx->dot.text.fault]);
	tx->content += run.n;
	if (tx->content > tx->size_max)
		tx_refuse(tx, R_552_TOO_BIG);
	tx->eightbit |= !ascii;
	if (tx->eightbit && tx->sevenbit)
		tx_refuse(tx, R_554_EIGHTBIT);
	if (tx->refused)
		return;
	if (tx->header.status == HEADERBLOCK_MORE)
		take_into_header(s, run);
	else
		content_write(tx, run);
}

/* What the reply tells beside its text; text has room for a number. */
static struct slice
refusal_argument(const struct session *s, char text[24])
{
	unsigned long number;

	if (s->tx->refusal == s->tx->fixup.notes.refusal)
		return buf_slice(&s->tx->fixup.notes.detail);
	if (s->tx->refusal == R_552_TOO_BIG)
		number = (unsigned long)s->tx->size_max;
	else if (s->tx->refusal == R_552_HEADER_TOO_BIG)
		number = LIMIT_HEADER;
	else
		number = s->tx->dot.text.lines + 1;
	(void)snprintf(text, 24, "%lu", number);
	return slice_of(text);
}

static enum verdict
refuse_content(struct session *s)
{
	enum reply why = s->tx->refusal;
	char text[24];
	struct slice argument = refusal_argument(s, text);
	struct msg_mail_done done = {
		.fate = FATE_REFUSED,
		.code = reply_code(why),
	};
	enum verdict v;

	session_log_message(s, &done);
	v = session_reject_with(s, why, argument);
	session_drop_tx(s);
	session_enter(s, ST_COMMAND);
	return v;
}

static enum verdict
commit(struct session *s)
{
	struct msg_mail_commit commit = {
		.size = s->tx->written,
		.eightbit = s->tx->eightbit,
		.utf8_header = s->tx->utf8_header,
	};

	close(s->tx->fd);
	s->tx->fd = -1;
	session_enter(s, ST_COMMITTING);
	relayclient_commit(s->worker->relay, s->request, &commit);
	return AGAIN;
}

/* The content is over, and nothing has told the header from a body. */
static void
end_header(struct session *s)
{
	struct buf out = buf_new(LIMIT_HEADER_OUT);

	if (session_header_end(s, &out))
		content_write(s->tx, buf_slice(&out));
	buf_free(&out);
}

/*
 * What is wrong with the content as a whole goes before what was found on the
 * way, so that the answer does not depend on how the content was split.
 */
static void
overrule(struct session *s)
{
	struct tx *tx = s->tx;

	if (tx->dot.text.fault != TEXT_CLEAN)
		tx->refusal = fault_replies[tx->dot.text.fault];
	else if (tx->content > tx->size_max)
		tx->refusal = R_552_TOO_BIG;
	else if (tx->eightbit && tx->sevenbit)
		tx->refusal = R_554_EIGHTBIT;
	else
		return;
	tx->refused = true;
}

enum verdict
session_content_end(struct session *s)
{
	overrule(s);
	if (!s->tx->refused && s->tx->header.status == HEADERBLOCK_MORE)
		end_header(s);
	return s->tx->refused ? refuse_content(s) : commit(s);
}

enum verdict
session_content_endless(struct session *s)
{
	char text[16];

	(void)snprintf(
	    text, sizeof(text), "%u", s->worker->config.max_message_size);
	session_reply_with(s, R_552_TOO_BIG, slice_of(text));
	s->ending = END_REFUSED;
	return HANGUP;
}

/* A least rate over all of it: a trickle of bytes does not move this. */
static uint64_t
rate_deadline(const struct session *s, uint64_t since_ms, uint64_t octets)
{
	const struct smtp_config *config = &s->worker->config;

	if (config->data_rate == 0)
		return UINT64_MAX;
	return since_ms + config->data_timeout_ms +
	       octets * 1000 / config->data_rate;
}

/*
 * Two absolute bounds: that rate, and silence, which bytes move.  Silence
 * between chunks is the command timeout's.
 */
uint64_t
session_content_deadline(const struct session *s)
{
	uint64_t timeout = s->worker->config.data_timeout_ms;
	bool thrown = s->state == ST_CHUNK && s->chunk.refused;
	uint64_t silence, rate;

	if (session_content_is_open(s) && !thrown) {
		silence = s->tx->last_octet_ms + timeout;
		rate =
		    rate_deadline(s, s->tx->content_since_ms, s->tx->received);
	} else {
		silence = s->chunk.last_octet_ms + timeout;
		rate = rate_deadline(s, s->chunk.since_ms, s->chunk.octets);
	}
	if (s->state == ST_COMMAND)
		silence = s->deadline_ms;
	return silence < rate ? silence : rate;
}

/* -- answers --------------------------------------------------------------- */

void
session_mail_ready(struct session *s, struct slice queue_id, int fd)
{
	struct tx *tx = s->tx;

	BUG_ON(s->state != ST_OPENING || tx == NULL);
	tx->fd = fd;
	memcpy(tx->queue_id, queue_id.p, queue_id.n);
	tx->queue_id[queue_id.n] = '\0';
	dot_begin(&tx->dot, s->worker->config.max_content_line);
	tx->content_since_ms = tx->last_octet_ms = clock_ms();
	if (tx->chunked) {
		session_chunk_read(s);
	} else {
		session_reply(s, R_354_GO_AHEAD);
		session_enter(s, ST_CONTENT);
	}
	session_drive(&s);
}

/* 250 with our id in front: "id 0c1x... delivered: 2.0.0 Ok: queued as ..." */
static void
tell_fate(struct session *s, const struct msg_mail_done *done, struct buf *out)
{
	struct buf text = buf_new(LIMIT_COMMAND_LINE);
	struct slice enhanced = done->enhanced;

	if (done->fate != FATE_REFUSED)
		buf_printf(&text, "Ok, id %s, %s", s->tx->queue_id,
		    done->fate == FATE_QUEUED ? "queued" : "delivered");
	if (done->fate != FATE_REFUSED && done->text.n > 0)
		buf_str(&text, ": ");
	buf_add(&text, done->text.p, done->text.n);
	/* A smarthost may contradict itself; we do not (RFC 2034, 4). */
	if (enhanced.n > 0 &&
	    (unsigned)(enhanced.p[0] - '0') != done->code / 100)
		enhanced.n = 0;
	reply_add_foreign(out, done->code, enhanced, buf_slice(&text));
	buf_free(&text);
}

void
session_mail_done(struct session *s, const struct msg_mail_done *done)
{
	/* the chunk that was to open it is still to be read */
	bool chunk = s->state == ST_OPENING && s->tx->chunked;
	/* 4xx is trouble of ours or of those behind us */
	bool error = done->fate == FATE_REFUSED && done->code >= 500;
	bool over = error && ++s->errors >= s->worker->config.max_errors;
	enum verdict v = AGAIN;

	session_log_message(s, done);
	s->request = 0;
	tell_fate(s, done, chunk && !over ? &s->chunk.held : &s->out);
	if (over)
		v = session_hangup(s, R_421_ERRORS, END_REFUSED);
	if (done->fate != FATE_REFUSED) {
		s->messages++;
		s->junk = 0;
	}
	tx_free(&s->tx);
	if (chunk)
		session_chunk_read(s);
	else
		session_enter(s, ST_COMMAND);
	session_resume(&s, v);
}

/* relay is gone or silent: we do not know, so the client asks again. */
static const struct msg_mail_done unknown_fate = {
	.fate = FATE_REFUSED,
	.code = 451,
	.enhanced = { "4.3.0", 5 },
	.text = { "Cannot take mail just now; please try again", 43 },
};

void
session_mail_lost(struct session *s)
{
	if (session_content_is_open(s)) {
		s->request = 0; /* nobody to abort at */
		tx_refuse(s->tx, R_451_NO_RELAY);
	} else if (s->state == ST_OPENING || s->state == ST_COMMITTING) {
		session_mail_done(s, &unknown_fate);
	}
}

enum verdict
session_mail_overdue(struct session *s)
{
	bool chunk = s->state == ST_OPENING && s->tx->chunked;

	session_log_message(s, &unknown_fate);
	relayclient_abort(s->worker->relay, s->request); /* committed or not */
	s->request = 0;
	tx_free(&s->tx);
	if (chunk)
		return session_chunk_refuse(s, R_451_NO_RELAY);
	session_enter(s, ST_COMMAND);
	return session_reject(s, R_451_NO_RELAY);
}
