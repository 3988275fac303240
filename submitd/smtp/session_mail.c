/*
 * session_mail - MAIL and RCPT: the envelope, and whether the sender may.
 */

#include <stdio.h>

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
	[PATH_NOT_ASCII] = R_553_NOT_ASCII,
};

static const enum reply recipient_faults[] = {
	[PATH_OK] = R_250_RECIPIENT,
	[PATH_NULL] = R_501_RECIPIENT_SYNTAX,
	[PATH_LOCAL] = R_501_RECIPIENT_SYNTAX,
	[PATH_BAD] = R_501_RECIPIENT_SYNTAX,
	[PATH_BAD_DOMAIN] = R_554_RECIPIENT_DOMAIN,
	[PATH_TOO_LONG] = R_501_RECIPIENT_SYNTAX,
	[PATH_NOT_ASCII] = R_553_RCPT_NOT_ASCII,
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
	v = g->address_count == 0
		? session_reject(s, R_550_NOT_YOURS_NONE)
		: session_reject_with(s, R_550_NOT_YOURS, buf_slice(&names));
	buf_free(&names);
	return v;
}

static enum verdict
reject_with_number(struct session *s, enum reply r, uint32_t number)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", number);
	return session_reject_with(s, r, slice_of(text));
}

/* The path is fine: may this user send as it?  Then open the transaction. */
static enum verdict
begin(struct session *s, enum path_status st, const struct path *path,
    const struct mail_parameters *mp)
{
	const struct smtp_config *config = &s->worker->config;
	struct mail_options options = { 0 };
	struct grant g;

	if (grant_read(buf_slice(&s->grant), &g) == -1)
		return session_hangup(s, R_421_TROUBLE, END_TROUBLE);
	if (clock_ms() >= g.expires_ms)
		return session_hangup(s, R_421_SESSION_OLD, END_REFUSED);
	if (st == PATH_NULL && !config->null_sender)
		return session_reject(s, R_550_NULL_SENDER);
	if (st != PATH_NULL && !grant_allows(&g, path->mailbox))
		return not_yours(s, &g);
	if (mp->has_size && mp->size > config->max_message_size)
		return reject_with_number(
		    s, R_552_SIZE_DECLARED, config->max_message_size);
	options.body = mp->body;
	s->tx = tx_new(path->mailbox, &options);
	session_reply(s, R_250_SENDER);
	return AGAIN;
}

enum verdict
verb_mail(struct session *s, const struct command *cmd)
{
	char room[LIMIT_PATH];
	struct mail_parameters mp;
	enum path_status st;
	struct slice rest;
	struct path path;

	st = path_parse(cmd->arg, &path, &rest);
	st = complete(s, st, &path, room);
	if (st != PATH_OK && st != PATH_NULL)
		return session_reject(s, sender_faults[st]);
	switch (parameters_parse_mail(rest, &mp)) {
	case PARAMETERS_UNKNOWN:
		return session_reject(s, R_555_PARAMETER);
	case PARAMETERS_BAD_VALUE:
		return session_reject(s, R_501_SENDER_VALUE);
	case PARAMETERS_OK:
		break;
	}
	return begin(s, st, &path, &mp);
}

static void
add_recipient(struct session *s, struct slice mailbox)
{
	struct mail_recipient r = { .mailbox = mailbox };

	tx_add_recipient(s->tx, &r);
}

/* RFC 5321, 4.5.1: <postmaster> alone is our own. */
static bool
add_postmaster(struct session *s)
{
	char mailbox[LIMIT_PATH - 1]; /* the path's limit counts its brackets */
	int n = snprintf(
	    mailbox, sizeof(mailbox), "postmaster@%s", session_hostname(s));

	if (n < 0 || (size_t)n >= sizeof(mailbox))
		return false;
	add_recipient(s, slice_of(mailbox));
	return true;
}

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
	static const size_t fixed = 256; /* sender apart, at most */

	if (s->tx->recipient_count >= s->worker->config.max_recipients)
		return true;
	return s->grant.n + s->tx->recipients.n + fixed +
		   (size_t)2 * LIMIT_PATH >
	       LIMIT_FRAME;
}

enum verdict
verb_rcpt(struct session *s, const struct command *cmd)
{
	char room[LIMIT_PATH];
	enum path_status st;
	struct slice rest;
	struct path path;

	st = path_parse(cmd->arg, &path, &rest);
	st = complete(s, st, &path, room);
	if (st == PATH_LOCAL &&
	    slice_ieq(path.mailbox, slice_of("postmaster"))) {
		st = PATH_OK;
		path.domain.n = 0;
	}
	if (st != PATH_OK)
		return refuse_recipient(s, recipient_faults[st]);
	if (parameters_parse_rcpt(rest) != PARAMETERS_OK)
		return refuse_recipient(s, R_555_PARAMETER);
	if (envelope_is_full(s))
		return one_too_many(s);
	if (path.domain.n == 0 && !add_postmaster(s))
		return refuse_recipient(s, R_501_RECIPIENT_SYNTAX);
	if (path.domain.n > 0)
		add_recipient(s, path.mailbox);
	session_reply(s, R_250_RECIPIENT);
	return AGAIN;
}
