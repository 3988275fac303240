/*
 * session_bdat - BDAT: content in chunks of a known size (RFC 3030, 2).
 *
 * The octets of a chunk follow its command whatever we think of it, so a chunk
 * that is refused is read to its end before it is answered: that also holds
 * for clients that have not logged in, and keeps content from being run as
 * commands.  A chunk that fails takes its message with it.
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/uio.h>

#include "clock.h"
#include "session.h"
#include "worker.h"

#define PIECES 16 /* of input looked at in one go */

/* What a chunk costs that brings nothing: its command has to be read, too. */
#define LEAST_COST 512

/* Octets of a chunk to throw away. */
static bool
is_swallowing(const struct session *s)
{
	return s->chunk.refused || s->chunk.held.n > 0;
}

void
session_chunk_read(struct session *s)
{
	s->chunk.since_ms = s->chunk.last_octet_ms = clock_ms();
	if (s->tx != NULL)
		s->tx->last_octet_ms = s->chunk.since_ms;
	session_enter(s, ST_CHUNK);
}

enum verdict
session_chunk_refuse(struct session *s, enum reply why)
{
	s->chunk.refused = true;
	s->chunk.refusal = why;
	session_chunk_read(s);
	return AGAIN;
}

/* The chunk is welcome: it is the first of its message, or goes on. */
static enum verdict
accept_chunk(struct session *s)
{
	uint64_t size = s->chunk.frame.size;
	struct tx *tx = s->tx;

	/* Known before it comes: the disk is spared. */
	if (size > tx->size_max || tx->content > tx->size_max - size)
		tx_refuse(tx, R_552_TOO_BIG);
	if (tx->chunked) {
		session_chunk_read(s);
		return AGAIN;
	}
	tx->chunked = true;
	if (!session_content_open(s))
		return session_chunk_refuse(s, R_451_NO_RELAY);
	return AGAIN;
}

static enum verdict
begin_chunk(struct session *s, const struct command *cmd)
{
	enum bdat_status st = bdat_parse(cmd->arg, &s->chunk.frame);

	s->chunk.refused = false;
	s->chunk.octets = 0;
	if (s->chunk.failed || s->chunk.frame.size == 0)
		s->chunk.swallowed += LEAST_COST;
	if (st == BDAT_BAD_SIZE) /* what follows could be anything */
		return session_hangup(s, R_501_BDAT_SIZE, END_REFUSED);
	return st == BDAT_OK ? AGAIN : session_chunk_refuse(s, R_501_BDAT);
}

enum verdict
session_chunk_unwelcome(
    struct session *s, const struct command *cmd, enum reply why)
{
	enum verdict v = begin_chunk(s, cmd);

	return v == HANGUP ? v : session_chunk_refuse(s, why);
}

enum verdict
verb_bdat(struct session *s, const struct command *cmd)
{
	enum verdict v = begin_chunk(s, cmd);

	return v == HANGUP || s->chunk.refused ? v : accept_chunk(s);
}

/* -- octets ---------------------------------------------------------------- */

static void
take_run(struct session *s, struct slice run)
{
	struct tx *tx = s->tx;

	s->chunk.octets += run.n;
	if (is_swallowing(s)) {
		s->chunk.swallowed += run.n;
		return;
	}
	tx->received += run.n;
	if (tx->options.body != BODY_BINARYMIME)
		textcheck_run(&tx->dot.text, run);
	session_content_take(s, run);
}

static void
take_chunk(struct session *s, struct evbuffer *in)
{
	struct evbuffer_iovec v[PIECES];
	struct slice piece, run;
	size_t used = 0;
	int i, n = evbuffer_peek(in, -1, NULL, v, PIECES);

	for (i = 0; i < n && i < PIECES && s->chunk.frame.left > 0; i++) {
		piece = (struct slice){ v[i].iov_base, v[i].iov_len };
		run = bdat_take(&s->chunk.frame, &piece);
		take_run(s, run);
		used += run.n;
	}
	evbuffer_drain(in, used);
	s->chunk.last_octet_ms = clock_ms();
	if (!is_swallowing(s))
		s->tx->last_octet_ms = s->chunk.last_octet_ms;
}

/* -- its end --------------------------------------------------------------- */

/*
 * Those that were sent without waiting fail, too, which is no error of their
 * own (RFC 3030, 2).
 */
static enum verdict
answer_refused(struct session *s)
{
	struct chunk *c = &s->chunk;
	enum reply why = c->refusal;
	bool again = c->failed;

	if (again && why == R_503_NO_MAIL)
		why = R_503_CHUNK_FAILED;
	c->failed = !c->frame.last;
	if (why == R_501_BDAT)
		session_drop_tx(s);
	if (!again)
		return session_reject(s, why);
	session_reply(s, why);
	return AGAIN;
}

static enum verdict
answer_chunk(struct session *s)
{
	struct chunk *c = &s->chunk;
	enum verdict v = AGAIN;
	char text[24];

	session_enter(s, ST_COMMAND);
	if (c->held.n > 0) {
		buf_add(&s->out, c->held.p, c->held.n);
		buf_free(&c->held);
		c->failed = !c->frame.last;
	} else if (c->refused) {
		v = answer_refused(s);
	} else if (c->frame.last || session_content_is_refused(s)) {
		if (s->tx->options.body != BODY_BINARYMIME && c->frame.last)
			textcheck_end(&s->tx->dot.text);
		v = session_content_end(s);
		c->failed = s->tx == NULL && !c->frame.last;
	} else {
		(void)snprintf(text, sizeof(text), "%" PRIu64, c->frame.size);
		session_reply_with(s, R_250_CHUNK, slice_of(text));
	}
	return v;
}

static bool
is_endless(const struct session *s)
{
	uint64_t bound = 2 * (uint64_t)s->worker->config.max_message_size;

	return s->chunk.swallowed > bound ||
	       (s->tx != NULL && s->tx->received > bound);
}

enum verdict
step_chunk(struct session *s)
{
	struct evbuffer *in = bufferevent_get_input(s->bev);

	if (is_endless(s))
		return session_content_endless(s);
	if (s->chunk.frame.left == 0)
		return answer_chunk(s);
	if (evbuffer_get_length(in) == 0)
		return WAIT_CLIENT;
	take_chunk(s, in);
	return AGAIN;
}
