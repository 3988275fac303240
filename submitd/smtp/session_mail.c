/*
 * session_mail - MAIL and RCPT: the envelope, and whether the sender may.
 */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "identity.h"
#include "parameters.h"
#include "path.h"
#include "session.h"
#include "worker.h"

/* Path grammar to reply, for both verbs. */
static const enum reply sender_faults[] = {
	[PATH_OK] = R_250_SENDER,
	[PATH_NULL] = R_250_SENDER,
	[PATH_LOCAL] = R_501_SENDER_SYNTAX,
	[PATH_BAD] = R_501_SENDER_SYNTAX,
	[PATH_BAD_DOMAIN] = R_554_SENDER_DOMAIN,
	[PATH_TOO_LONG] = R_501_SENDER_SYNTAX,
};

static const enum reply recipient_faults[] = {
	[PATH_OK] = R_250_RECIPIENT,
	[PATH_NULL] = R_501_RECIPIENT_SYNTAX,
	[PATH_LOCAL] = R_501_RECIPIENT_SYNTAX,
	[PATH_BAD] = R_501_RECIPIENT_SYNTAX,
	[PATH_BAD_DOMAIN] = R_554_RECIPIENT_DOMAIN,
	[PATH_TOO_LONG] = R_501_RECIPIENT_SYNTAX,
};

/*
 * RFC 6409, 4.2: one label may be completed by a rule of the site, more may
 * not; room has the result.
 */
static enum path_status
complete(const struct session *s, enum path_status st, struct path *path,
    char room[LIMIT_PATH])
{
	const char *domain = s->worker->config.complete_domain;
	size_t local = path->mailbox.n - path->domain.n;
	int n;

	if (st != PATH_BAD_DOMAIN || domain == NULL)
		return st;
	n = snprintf(room, LIMIT_PATH, "%.*s.%s", (int)path->mailbox.n,
	    path->mailbox.p, domain);
	if (n < 0 || n > LIMIT_PATH - 2) /* without its brackets */
		return PATH_TOO_LONG;
	path->mailbox = (struct slice){ room, (size_t)n };
	path->domain = slice_from(path->mailbox, local);
	return PATH_OK;
}

/* 550 with the addresses the user may use: most often they mistyped theirs. */
static enum verdict
not_yours(struct session *s, const struct grant *g)
{
	struct buf names = buf_new(LIMIT_OUTPUT);
	enum verdict v;

	identity_add_names(&names, g);
	v = identity_is_nobody(g)
		? session_reject(s, R_550_NOT_YOURS_NONE)
		: session_reject_with(s, R_550_NOT_YOURS, buf_slice(&names));
	buf_free(&names);
	return v;
}

static enum verdict
reject_with_number(struct session *s, enum reply r, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	return session_reject_with(s, r, slice_of(text));
}

static enum verdict
refuse_parameter(
    struct session *s, enum parameters_status st, struct slice culprit)
{
	switch (st) {
	case PARAMETERS_UNKNOWN:
		return session_reject_with(s, R_555_PARAMETER, culprit);
	case PARAMETERS_BAD_PRIORITY:
		return session_reject(s, R_501_PRIORITY);
	case PARAMETERS_TOO_SOON:
		return reject_with_number(
		    s, R_555_BY_TOO_SOON, session_offers(s).by_min_s);
	case PARAMETERS_BAD_VALUE:
	case PARAMETERS_OK:
		break;
	}
	return session_reject_with(s, R_501_PARAMETER, culprit);
}

/* May this user send as sender, empty for <>?  If not, AGAIN or HANGUP. */
static bool
may_send(struct session *s, struct slice sender, enum verdict *v)
{
	struct grant g;

	if (grant_read(buf_slice(&s->grant), &g) == -1)
		*v = session_hangup(s, R_421_TROUBLE, END_TROUBLE);
	else if (clock_ms() >= g.expires_ms)
		*v = session_hangup(s, R_421_SESSION_OLD, END_REFUSED);
	else if (sender.n == 0 && !s->worker->config.null_sender)
		*v = session_reject(s, R_550_NULL_SENDER);
	else if (sender.n > 0 && !grant_allows(&g, sender))
		*v = not_yours(s, &g);
	else
		return true;
	return false;
}

/*
 * Open the transaction.  What was offered holds for all of it, whatever the
 * smarthosts come to lack meanwhile.
 */
static void
begin(struct session *s, struct slice sender, const struct offers *offers,
    struct mail_options *options)
{
	int max = (int)s->worker->config.max_priority;
	bool lowered = options->has_priority && options->priority > max;
	char text[16];

	if (lowered) /* RFC 6710, 4.1 */
		options->priority = max;
	s->tx = tx_new(sender, options);
	s->chunk.swallowed = 0;
	s->tx->size_max = offers->size;
	s->tx->sevenbit = !offers_have(offers, OFFER_8BITMIME);
	(void)snprintf(text, sizeof(text), "%d", max);
	session_reply_with(s, lowered ? R_250_PRIORITY : R_250_SENDER,
	    slice_of(lowered ? text : ""));
}

/* Path and parameters are fine: what about this user, and the size? */
static enum verdict
judge_sender(struct session *s, const struct path *path,
    const struct offers *offers, struct mail_parameters *mp)
{
	struct buf sender = buf_new(LIMIT_PATH);
	enum verdict v = AGAIN;

	path_plain(path->mailbox, &sender);
	if (may_send(s, buf_slice(&sender), &v)) {
		if (mp->has_size && mp->size > offers->size)
			v = reject_with_number(
			    s, R_552_SIZE_DECLARED, offers->size);
		else
			begin(s, buf_slice(&sender), offers, &mp->options);
	}
	buf_free(&sender);
	return v;
}

enum verdict
verb_mail(struct session *s, const struct command *cmd)
{
	struct offers offers = session_offers(s);
	enum parameters_status ps;
	char room[LIMIT_PATH];
	struct mail_parameters mp;
	enum path_status st;
	struct slice rest;
	struct path path;

	st = path_parse(cmd->arg, &path, &rest);
	st = complete(s, st, &path, room);
	if (st != PATH_OK && st != PATH_NULL)
		return session_reject(s, sender_faults[st]);
	if (path.utf8 && !offers_have(&offers, OFFER_SMTPUTF8))
		return session_reject(s, R_550_SENDER_ASCII);
	ps = parameters_parse_mail(rest, &offers, time(NULL), &mp);
	if (ps != PARAMETERS_OK)
		return refuse_parameter(s, ps, mp.culprit);
	if (path.utf8 && !mp.options.smtputf8)
		return session_reject(s, R_550_SENDER_UTF8);
	return judge_sender(s, &path, &offers, &mp);
}

/* -- RCPT ------------------------------------------------------------------ */

/*
 * The client goes on with those that were taken (RFC 5321, 4.5.3.1.10), so
 * one too many is no error of it; too many of them are.
 */
static enum verdict
one_too_many(struct session *s)
{
	if (++s->tx->refused_count > LIMIT_RECIPIENTS_MAX)
		return session_hangup(s, R_421_ERRORS, END_REFUSED);
	session_reply(s, R_452_TOO_MANY_RCPT);
	return AGAIN;
}

static enum verdict
refuse_recipient(struct session *s, enum reply why)
{
	s->tx->refused_count++;
	return session_reject(s, why);
}

/* The envelope goes to relay in one frame, with the grant. */
static bool
envelope_is_full(const struct session *s)
{
	static const size_t fixed = 256; /* what no slice below is */
	size_t mail = LIMIT_PATH + LIMIT_ENVID + LIMIT_HOLD_REQUEST;

	return s->grant.n + s->tx->recipients.n + fixed + mail + LIMIT_PATH +
		   LIMIT_ORCPT >
	       LIMIT_FRAME;
}

/* RFC 9422, 4.2: each RCPT counts, whatever became of it. */
static bool
is_one_too_many(const struct session *s)
{
	return s->tx->recipient_count + s->tx->refused_count >=
		   s->worker->config.max_recipients ||
	       envelope_is_full(s);
}

/* RFC 5321, 4.5.1: <postmaster> alone is our own. */
static bool
is_postmaster(enum path_status st, const struct path *path)
{
	return st == PATH_LOCAL &&
	       slice_ieq(path->mailbox, slice_of("postmaster"));
}

/* What is wrong with the path; R_250_RECIPIENT: nothing. */
static enum reply
recipient_fault(struct session *s, enum path_status st, const struct path *path)
{
	struct offers offers;

	if (is_postmaster(st, path))
		return R_250_RECIPIENT;
	if (st != PATH_OK)
		return recipient_faults[st];
	if (path->literal)
		return R_550_LITERAL;
	if (!path->utf8 || s->tx->options.smtputf8)
		return R_250_RECIPIENT;
	offers = session_offers(s);
	return offers_have(&offers, OFFER_SMTPUTF8) ? R_553_RCPT_UTF8
						    : R_553_RCPT_ASCII;
}

/* The mailbox as it goes on; false: it would be too long. */
static bool
add_recipient(struct session *s, const struct path *path,
    const struct rcpt_parameters *rp)
{
	struct buf mailbox = buf_new(LIMIT_PATH - 2); /* and its brackets */
	struct mail_recipient r = { .notify = rp->notify, .orcpt = rp->orcpt };
	bool fits;

	if (path->domain.n == 0)
		buf_printf(&mailbox, "postmaster@%s", session_hostname(s));
	else
		path_plain(path->mailbox, &mailbox);
	r.mailbox = buf_slice(&mailbox);
	fits = buf_ok(&mailbox);
	if (fits)
		tx_add_recipient(s->tx, &r);
	buf_free(&mailbox);
	return fits;
}

enum verdict
verb_rcpt(struct session *s, const struct command *cmd)
{
	enum parameters_status ps;
	struct rcpt_parameters rp;
	char room[LIMIT_PATH];
	enum path_status st;
	enum reply fault;
	struct slice rest;
	struct path path;

	if (is_one_too_many(s))
		return one_too_many(s);
	st = path_parse(cmd->arg, &path, &rest);
	st = complete(s, st, &path, room);
	fault = recipient_fault(s, st, &path);
	if (fault != R_250_RECIPIENT)
		return refuse_recipient(s, fault);
	ps = parameters_parse_rcpt(rest, s->tx->options.smtputf8, &rp);
	if (ps != PARAMETERS_OK) {
		s->tx->refused_count++;
		return refuse_parameter(s, ps, rp.culprit);
	}
	if (!add_recipient(s, &path, &rp))
		return refuse_recipient(s, R_501_RECIPIENT_SYNTAX);
	session_reply(s, R_250_RECIPIENT);
	return AGAIN;
}
