/*
 * session_command - from a line of the client to the verb that runs.
 *
 * Admission is data: each verb's row lists the facts it needs and those it
 * forbids; verb functions start from certainty.
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "clock.h"
#include "log.h"
#include "session.h"
#include "stray.h"
#include "worker.h"

/* -- admission: what must be true for a verb ------------------------------- */

enum {
	NEED_TLS = 1 << 0,
	NEED_HELLO = 1 << 1,
	NEED_AUTH = 1 << 2,
	NEED_MAIL = 1 << 3,
	NEED_RCPT = 1 << 4,
	NO_TLS = 1 << 5,
	NO_AUTH = 1 << 6,
	NO_MAIL = 1 << 7,
	NO_CHUNK = 1 << 8,
	NO_BINARY = 1 << 9,
	JUNK = 1 << 10, /* brings no message nearer */
};

#define NEED_LOGIN (NEED_TLS | NEED_HELLO | NEED_AUTH)

/* clang-format off */
static const struct {
	verb_fn		*fn;
	unsigned	 facts;
} admission[] = {
	[VERB_EHLO]	= { verb_ehlo,		JUNK },
	[VERB_HELO]	= { verb_helo,		JUNK },
	[VERB_STARTTLS]	= { verb_starttls,	NEED_HELLO | NO_TLS },
	[VERB_AUTH]	= { verb_auth,		NEED_TLS | NEED_HELLO | NO_AUTH | NO_MAIL },
	[VERB_MAIL]	= { verb_mail,		NEED_LOGIN | NO_MAIL },
	[VERB_RCPT]	= { verb_rcpt,		NEED_LOGIN | NEED_MAIL | NO_CHUNK },
	[VERB_DATA]	= { verb_data,		NEED_LOGIN | NEED_MAIL | NEED_RCPT | NO_CHUNK | NO_BINARY },
	[VERB_RSET]	= { verb_rset,		JUNK },
	[VERB_NOOP]	= { verb_noop,		JUNK },
	[VERB_VRFY]	= { verb_vrfy,		NEED_LOGIN | JUNK },
	[VERB_EXPN]	= { verb_expn,		NEED_LOGIN | JUNK },
	[VERB_HELP]	= { verb_help,		NEED_TLS | JUNK },
	[VERB_QUIT]	= { verb_quit,		0 },
	[VERB_BDAT]	= { verb_bdat,		NEED_LOGIN | NEED_MAIL | NEED_RCPT },
	[VERB_BURL]	= { verb_burl,		NEED_LOGIN },
};

/* In this order the first missing fact is named. */
static const struct {
	unsigned	 fact;
	enum reply	 reply;
} refusals[] = {
	{ NEED_TLS,	R_530_STARTTLS_FIRST },
	{ NO_TLS,	R_503_NO_TLS_NOW },
	{ NEED_HELLO,	R_503_HELLO_FIRST },
	{ NO_AUTH,	R_503_AUTH_DONE },
	{ NO_MAIL,	R_503_IN_TRANSACTION },
	{ NEED_AUTH,	R_530_AUTH_FIRST },
	{ NEED_MAIL,	R_503_NO_MAIL },
	{ NEED_RCPT,	R_503_NO_RCPT },
	{ NO_CHUNK,	R_503_CHUNKS },
	{ NO_BINARY,	R_503_BINARY },
};
/* clang-format on */

/* The facts of which a verb could complain, as they are now. */
static unsigned
missing_facts(const struct session *s)
{
	unsigned m = 0;

	m |= s->tls ? NO_TLS : NEED_TLS;
	m |= s->hello ? 0 : NEED_HELLO;
	m |= s->authenticated ? NO_AUTH : NEED_AUTH;
	m |= s->tx != NULL ? NO_MAIL : NEED_MAIL;
	if (s->tx == NULL || s->tx->recipient_count == 0)
		m |= NEED_RCPT;
	if (s->tx != NULL && s->tx->chunked)
		m |= NO_CHUNK;
	if (s->tx != NULL && s->tx->options.body == BODY_BINARYMIME)
		m |= NO_BINARY;
	return m;
}

/* What stands against a verb; R_250_OK: nothing. */
static enum reply
refusal_of(const struct session *s, enum verb verb)
{
	unsigned lacks = admission[verb].facts & missing_facts(s);
	size_t i;

	/* RFC 5321, 3.3: all RCPTs failed is another thing than none sent. */
	if (lacks == NEED_RCPT && s->tx->refused_count > 0)
		return R_554_NO_VALID_RCPT;
	for (i = 0; i < ARRAY_LEN(refusals); i++)
		if (lacks & refusals[i].fact)
			return refusals[i].reply;
	return R_250_OK;
}

/*
 * Clients keep a session alive with NOOP and put RSET between messages, by
 * the hundred.  That is abuse only as a flood: once logged in they get one
 * more for each second of the session.
 */
static bool
is_flood(struct session *s)
{
	uint64_t age_s = (clock_ms() - s->started_ms) / 1000;

	s->junk++;
	return s->junk > (s->authenticated ? LIMIT_JUNK_LOGGED_IN + age_s
					   : LIMIT_JUNK_COMMANDS);
}

static enum verdict
admit(struct session *s, const struct command *cmd)
{
	enum reply refusal = refusal_of(s, cmd->verb);

	/* with a response behind the mechanism: not asked for, but said */
	if (cmd->verb == VERB_AUTH && refusal == R_530_STARTTLS_FIRST &&
	    memchr(cmd->arg.p, ' ', cmd->arg.n) != NULL)
		session_log_clear_auth(s);
	if (cmd->verb == VERB_BDAT && refusal != R_250_OK)
		return session_chunk_unwelcome(s, cmd, refusal);
	if (cmd->verb != VERB_BDAT)
		s->chunk.failed = false;
	if (refusal != R_250_OK)
		return session_reject(s, refusal);
	if ((admission[cmd->verb].facts & JUNK) && is_flood(s))
		return session_hangup(s, R_421_JUNK, END_REFUSED);
	return admission[cmd->verb].fn(s, cmd);
}

/* -- lines ----------------------------------------------------------------- */

/* Throw away the rest of an overlong line.  True when its end was found. */
static bool
skip_line(struct session *s, struct evbuffer *in)
{
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n", 2, NULL);
	size_t n = evbuffer_get_length(in);

	if (end.pos >= 0) {
		evbuffer_drain(in, (size_t)end.pos + 2);
		s->skipping = false;
		s->skipped = 0;
		return true;
	}
	if (n > 1) { /* the last octet may be the CR of its end */
		evbuffer_drain(in, n - 1);
		s->skipped += n - 1;
	}
	return false;
}

enum line_status
session_read_line(struct session *s, size_t max, struct slice *line)
{
	struct evbuffer *in = bufferevent_get_input(s->bev);
	enum line_status st;
	struct slice have;
	size_t n;

	*line = (struct slice){ "", 0 };
	if (s->skipping && !skip_line(s, in))
		return s->skipped > LIMIT_INPUT ? LINE_BARE : LINE_PARTIAL;
	if ((n = evbuffer_get_length(in)) == 0)
		return LINE_PARTIAL;
	if (n > max + 2)
		n = max + 2;
	have = (struct slice){ (char *)evbuffer_pullup(in, (ssize_t)n), n };
	st = line_find(have, max, &s->line_scan, line);
	if (st == LINE_TOO_LONG) {
		s->line_scan = 0;
		s->skipping = true;
	}
	return st;
}

void
session_drop_line(struct session *s, struct slice line, bool secret)
{
	if (secret) /* it lies in our own input buffer */
		explicit_bzero((char *)(uintptr_t)line.p, line.n);
	evbuffer_drain(bufferevent_get_input(s->bev), line.n + 2);
}

/* The line is still there: the rest of AUTH is RFC 4954's to refuse (6). */
static enum verdict
reject_long_line(struct session *s)
{
	static const char auth[] = "AUTH ", bdat[] = "BDAT ";
	char start[sizeof(auth) - 1] = "";
	struct evbuffer *in = bufferevent_get_input(s->bev);

	(void)evbuffer_copyout(in, start, sizeof(start));
	if (strncasecmp(start, auth, sizeof(start)) == 0)
		return session_reject(s, R_500_AUTH_TOO_LONG);
	if (strncasecmp(start, bdat, sizeof(start)) == 0)
		return session_hangup(s, R_501_BDAT_SIZE, END_REFUSED);
	return session_reject(s, R_500_TOO_LONG);
}

static enum verdict
unknown_verb(struct session *s, struct slice line)
{
	if (line.n == 0)
		return session_reject(s, R_500_EMPTY);
	/* a browser made to talk to us goes on, so we do not */
	if (command_is_http(line))
		return session_hangup(s, R_500_UNKNOWN, END_REFUSED);
	return session_reject(s, R_500_UNKNOWN);
}

/* Refuse a line.  Behind BDAT it cannot be known where the next one begins. */
static enum verdict
refuse_line(struct session *s, enum verb verb, enum reply why)
{
	if (verb == VERB_BDAT)
		return session_hangup(s, R_501_BDAT_SIZE, END_REFUSED);
	return session_reject_with(s, why, slice_of(command_name(verb)));
}

static enum verdict
run_command(struct session *s, struct slice line)
{
	struct command cmd;
	enum verdict v;

	switch (command_parse(line, &cmd)) {
	case PARSE_UNKNOWN_VERB:
		v = unknown_verb(s, line);
		break;
	case PARSE_BAD_ARGUMENT:
	case PARSE_BAD_OCTET:
		v = refuse_line(s, cmd.verb, R_501_ARGUMENT);
		break;
	case PARSE_OK:
	default:
		if (line.n > LIMIT_COMMAND_LINE && cmd.verb != VERB_AUTH)
			v = refuse_line(s, cmd.verb, R_500_TOO_LONG);
		else
			v = admit(s, &cmd);
		break;
	}
	session_drop_line(s, line, cmd.verb == VERB_AUTH);
	return v;
}

/* Before the first command: is this client in the wrong place? */
static enum stray
find_stray(struct session *s)
{
	struct evbuffer *in = bufferevent_get_input(s->bev);
	char first[16];
	enum stray stray;
	struct log_line l;
	ssize_t n;

	if (s->tls || s->commands > 0)
		return STRAY_NONE;
	if ((n = evbuffer_copyout(in, first, sizeof(first))) <= 0)
		return STRAY_NONE;
	stray = stray_judge((struct slice){ first, (size_t)n });
	if (stray == STRAY_NONE)
		return STRAY_NONE;
	log_begin(&l, LOG_LEVEL_WARN, s->id, stray_event(stray));
	log_str(&l, "client", s->address);
	log_str(&l, "listener", s->listener->name);
	log_str(&l, "hint", stray_hint(stray));
	log_end(&l);
	return stray;
}

enum verdict
step_command(struct session *s)
{
	struct slice line;

	if (s->ending !=
	    END_NONE) /* it left while its message was handed over */
		return HANGUP;
	if (s->expelled)
		return session_hangup(s, R_421_BLOCKED, END_BLOCKED);
	if (s->worker->draining && !session_content_is_open(s))
		return session_hangup(s, R_421_SHUTDOWN, END_SHUTDOWN);
	switch (find_stray(s)) {
	case STRAY_NONE:
	case STRAY_PROXY_V2:
		break;
	case STRAY_TLS:
		s->ending = END_REFUSED; /* it would not understand a word */
		return HANGUP;
	case STRAY_PROXY:
		return session_hangup(s, R_500_UNKNOWN, END_REFUSED);
	}
	switch (session_read_line(s, LIMIT_AUTH_LINE, &line)) {
	case LINE_PARTIAL:
		return WAIT_CLIENT;
	case LINE_TOO_LONG:
		return reject_long_line(s);
	case LINE_BARE:
		/*
		 * Where the next command starts is anybody's guess now, and
		 * guessing is how commands are smuggled.
		 */
		return session_hangup(s, R_500_BARE, END_REFUSED);
	case LINE_WHOLE:
		break;
	}
	s->commands++;
	session_enter(s, ST_COMMAND); /* a new command, a new deadline */
	return run_command(s, line);
}
