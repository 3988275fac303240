/*
 * smtpmail - the second half of a connection: one message, in as few round
 * trips as the server's extensions allow.
 *
 * With PIPELINING the commands go in one flight (RFC 2920); with CHUNKING too
 * a small message goes with them (RFC 3030), so that it costs one round trip.
 * Replies are taken in order whatever was sent ahead.
 */

#include "smtpclient_private.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "smtpparams.h"
#include "split.h"

/* Content up to this size goes in the same flight as its envelope. */
#define AHEAD_MAX 65536

/* Content is read when less than this waits to be sent. */
#define OUTPUT_HIGH 262144

#define CHUNK 32768

static enum outcome
class_of(const struct smtpreply *r)
{
	if (r->code >= 200 && r->code < 300)
		return OUTCOME_OK;
	return r->code >= 500 ? OUTCOME_PERMANENT : OUTCOME_TEMPORARY;
}

/* Every recipient still standing gets the same. */
static void
settle(struct smtpclient *c, const struct smtpreply *r, enum outcome o)
{
	size_t i;

	for (i = 0; i < c->mail.recipient_count; i++)
		if (c->tx.outcomes[i] == OUTCOME_OK)
			c->tx.outcomes[i] = o;
	c->tx.reply = *r;
}

/* The end of a transaction, with the connection fit for another or not. */
static enum client_verdict
over(struct smtpclient *c, const struct smtpreply *r)
{
	c->tx.concluded = true;
	if (r->code == 421) /* RFC 5321, 3.8: it is about to close */
		return client_fail(c, "421 %.200s", r->text);
	if (!c->tx.reset)
		return CLIENT_OVER;
	client_put(c, slice_of("RSET\r\n"));
	client_enter(c, CLIENT_RSET);
	return CLIENT_WAIT;
}

/* -- sending --------------------------------------------------------------- */

static struct smtpparams
params_of(const struct smtpclient *c)
{
	return (
	    struct smtpparams){ &c->offers, &c->mail, (uint64_t)time(NULL) };
}

static void
put_command(struct smtpclient *c, struct buf *command)
{
	BUG_ON(!buf_ok(command));
	client_put(c, buf_slice(command));
	buf_free(command);
}

static void
put_mail(struct smtpclient *c)
{
	struct buf command = buf_new(LIMIT_COMMAND_LINE);
	struct smtpparams params = params_of(c);

	smtpparams_mail(&command, &params);
	put_command(c, &command);
	c->mails++;
	if (c->offers.domain_max > 0)
		c->domains +=
		    split_domains(c->mail.recipients, c->mail.recipient_count);
}

static void
put_rcpt(struct smtpclient *c, size_t i)
{
	struct buf command = buf_new(LIMIT_COMMAND_LINE);
	struct smtpparams params = params_of(c);

	smtpparams_rcpt(&command, &params, &c->mail.recipients[i]);
	put_command(c, &command);
}

static void
put_data(struct smtpclient *c)
{
	if (c->tx.bdat)
		client_printf(
		    c, "BDAT %llu LAST\r\n", (unsigned long long)c->mail.size);
	else
		client_put(c, slice_of("DATA\r\n"));
}

/* Look at text, and send it.  -1: it cannot be sent as it is. */
static int
put_text(struct smtpclient *c, struct slice in)
{
	char out[2 * CHUNK];
	size_t n;

	if (stuff_run(&c->tx.stuff, in, out, &n) == -1)
		return -1;
	/* With BDAT the last octet is the end: look before it goes. */
	if (c->tx.done + in.n == c->mail.size &&
	    c->tx.stuff.at == STUFF_AFTER_CR)
		return -1;
	if (c->tx.bdat) /* looked at, but sent as it is */
		client_put(c, in);
	else
		client_put(c, (struct slice){ out, n });
	return 0;
}

/* RFC 3030, 3: no lines, only octets; and only ever sent by BDAT. */
static bool
is_binary(const struct smtpclient *c)
{
	return c->mail.options->body == BODY_BINARYMIME;
}

/* One chunk from the file.  -1: it cannot be sent as it is. */
static int
put_chunk(struct smtpclient *c, size_t want)
{
	char in[CHUNK];
	struct slice chunk;
	ssize_t n;

	n = pread(
	    c->mail.fd, in, want, (off_t)(c->mail.content_at + c->tx.done));
	if (n <= 0) {
		log_errno(LOG_LEVEL_ERROR, "content_read_failed", "spool file");
		return -1;
	}
	chunk = (struct slice){ in, (size_t)n };
	if (is_binary(c))
		client_put(c, chunk);
	else if (put_text(c, chunk) == -1)
		return -1;
	c->tx.done += (uint64_t)n;
	return 0;
}

static int
put_end(struct smtpclient *c)
{
	char end[STUFF_END_MAX];
	size_t n;

	if (!is_binary(c)) {
		if (stuff_end(&c->tx.stuff, end, &n) == -1)
			return -1;
		if (!c->tx.bdat)
			client_put(c, (struct slice){ end, n });
	}
	c->tx.all_queued = true;
	return 0;
}

/*
 * Nothing but ending the connection tells the server that a message begun is
 * not to be taken.
 */
enum client_verdict
client_pump(struct smtpclient *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	uint64_t left;

	while (!c->tx.all_queued && evbuffer_get_length(out) < OUTPUT_HIGH) {
		left = c->mail.size - c->tx.done;
		if (left == 0) {
			if (put_end(c) == -1)
				return client_fail(c, "content unfit to send");
		} else if (put_chunk(c, left < CHUNK ? left : CHUNK) == -1) {
			return client_fail(c, "content unfit to send");
		}
	}
	if (c->tx.all_queued && c->state == CLIENT_CONTENT)
		client_await_final(c);
	return CLIENT_WAIT;
}

static enum client_verdict
send_content(struct smtpclient *c)
{
	client_enter(c, CLIENT_CONTENT);
	return client_pump(c);
}

/* Look whether this server can take it at all, before it hears of it. */
static bool
is_fit(struct smtpclient *c)
{
	struct smtpparams params = params_of(c);
	struct smtpreply why;

	if (smtpparams_fit(&params, &why))
		return true;
	settle(c, &why, OUTCOME_TEMPORARY); /* others may take it */
	c->tx.unfit = c->tx.concluded = true;
	client_later(c, CLIENT_OVER);
	return false;
}

void
client_begin_mail(struct smtpclient *c)
{
	struct client_transaction *tx = &c->tx;
	size_t i;

	if (!is_fit(c))
		return;
	tx->pipelined = smtp_offers_has(&c->offers, EXT_PIPELINING);
	tx->bdat = smtp_offers_has(&c->offers, EXT_CHUNKING);
	tx->ahead = tx->pipelined && tx->bdat && c->mail.size <= AHEAD_MAX;
	put_mail(c);
	client_enter(c, CLIENT_MAIL);
	if (!tx->pipelined)
		return;
	for (i = 0; i < c->mail.recipient_count; i++)
		put_rcpt(c, i);
	if (tx->ahead || !tx->bdat)
		put_data(c);
	if (tx->ahead && client_pump(c) == CLIENT_HANGUP)
		client_later(c, CLIENT_HANGUP);
}

/* -- replies --------------------------------------------------------------- */

enum client_verdict
client_on_mail(struct smtpclient *c, const struct smtpreply *r)
{
	if (r->code == 421 && c->warm) {
		/* a limit of this connection, or its idle time: not of the
		 * server, and nothing of the message was taken */
		c->tx.tired = true;
		return client_fail(c, "421 %.200s", r->text);
	}
	if (class_of(r) != OUTCOME_OK) {
		settle(c, r, class_of(r));
		if (!c->tx.pipelined || r->code == 421)
			return over(c, r);
		/* the others are on their way, and will be answered */
	} else {
		c->tx.begun = true;
	}
	client_enter(c, CLIENT_RCPT);
	if (!c->tx.pipelined)
		put_rcpt(c, 0);
	return CLIENT_WAIT;
}

/* All recipients have been answered: go on to the content, or not. */
static enum client_verdict
after_rcpt(struct smtpclient *c, const struct smtpreply *r)
{
	struct client_transaction *tx = &c->tx;

	if (tx->ahead) {
		client_enter(c, CLIENT_CONTENT);
		return client_pump(c);
	}
	if (tx->pipelined && !tx->bdat) {
		client_enter(c, CLIENT_DATA);
		return CLIENT_WAIT;
	}
	if (tx->accepted == 0) {
		tx->reset = tx->begun;
		return over(c, r);
	}
	put_data(c);
	if (tx->bdat)
		return send_content(c);
	client_enter(c, CLIENT_DATA);
	return CLIENT_WAIT;
}

enum client_verdict
client_on_rcpt(struct smtpclient *c, const struct smtpreply *r)
{
	struct client_transaction *tx = &c->tx;
	enum outcome o = class_of(r);

	if (tx->begun) { /* else the refusal of MAIL stands */
		tx->outcomes[tx->rcpt] = o;
		if (o == OUTCOME_OK)
			tx->accepted++;
		else if (c->ops->refused != NULL)
			c->ops->refused(c->arg, tx->rcpt, r);
		if (o != OUTCOME_OK && tx->reply.code < 500)
			tx->reply = *r;
	}
	if (r->code == 421) {
		settle(c, r, OUTCOME_TEMPORARY);
		return over(c, r);
	}
	if (++tx->rcpt == c->mail.recipient_count)
		return after_rcpt(c, r);
	client_enter(c, CLIENT_RCPT);
	if (!tx->pipelined)
		put_rcpt(c, tx->rcpt);
	return CLIENT_WAIT;
}

enum client_verdict
client_on_data(struct smtpclient *c, const struct smtpreply *r)
{
	struct client_transaction *tx = &c->tx;

	if (r->code == 354 && tx->accepted > 0)
		return send_content(c);
	if (r->code == 354) {
		/* RFC 2920, 3.1: nobody to deliver to, yet it wants a dot */
		tx->done = c->mail.size;
		return send_content(c);
	}
	if (r->code < 400)
		return client_fail(c, "%u to DATA", r->code);
	if (tx->accepted > 0)
		settle(c, r, class_of(r));
	tx->reset = tx->begun;
	return over(c, r);
}

enum client_verdict
client_on_content(struct smtpclient *c, const struct smtpreply *r)
{
	struct client_transaction *tx = &c->tx;

	if (r->code >= 300 && r->code < 400)
		return client_fail(c, "%u to content", r->code);
	if (!tx->all_queued && r->code < 400)
		return client_fail(c, "%u before the end", r->code);
	/* One reply more than commands: which of them was the last one? */
	if (tx->ahead && r->code < 400 &&
	    evbuffer_get_length(bufferevent_get_input(c->bev)) > 0)
		return client_fail(c, "more replies than commands");
	if (tx->accepted > 0)
		settle(c, r, class_of(r));
	if (!tx->all_queued) { /* refused midway: no way back into step */
		tx->concluded = true;
		return client_fail(c, "%u before the end", r->code);
	}
	/* RFC 3030, 2: a failed BDAT leaves a transaction to be reset */
	tx->reset = tx->bdat && tx->begun && r->code >= 400;
	return over(c, r);
}
