/*
 * session_auth - AUTH (RFC 4954): the exchange between client and auth role.
 *
 * Here are framing and base64 only; mechanisms and verdicts are auth's.
 * Passwords pass through: every buffer that held one is wiped.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "authclient.h"
#include "base64.h"
#include "clientcert.h"
#include "mechlist.h"
#include "session.h"
#include "sessions.h"
#include "worker.h"

/* sasl-mech = 1*20( upper-case / DIGIT / HYPHEN / UNDERSCORE ) */
static bool
set_mechanism(struct session *s, struct slice word)
{
	size_t i;

	if (word.n == 0 || word.n > LIMIT_MECHANISM)
		return false;
	for (i = 0; i < word.n; i++) {
		char c = (char)toupper((unsigned char)word.p[i]);

		if (!isalnum((unsigned char)c) && c != '-' && c != '_')
			return false;
		s->mechanism[i] = c;
	}
	s->mechanism[i] = '\0';
	return true;
}

uint32_t
session_mech_facts(const struct session *s)
{
	uint32_t facts = 0;

	if (s->binding_type != NULL)
		facts |= MECH_HAS_BINDING;
	if (s->certificate)
		facts |= MECH_HAS_CERTIFICATE;
	return facts;
}

static enum verdict
ask(struct session *s, bool has_initial, struct slice initial)
{
	unsigned char binding[LIMIT_BINDING];
	struct clientcert certificate = session_certificate(s);
	struct msg_auth_start start = {
		.session = s->id,
		.mechanism = slice_of(s->mechanism),
		.has_initial = has_initial,
		.initial = initial,
		.client_address = slice_of(s->address),
		.binding_type = slice_of(s->binding_type),
		.binding = { (const char *)binding,
		    session_binding(s, binding) },
		.certificate_subject = buf_slice(&certificate.subject),
		.certificate_mailbox_count = certificate.mailbox_count,
		.certificate_mailboxes = buf_slice(&certificate.mailboxes),
	};
	int r;

	s->request = sessions_request(s->worker->sessions, s->id);
	r = authclient_start(s->worker->auth, s->request, &start);
	clientcert_free(&certificate);
	if (r == -1) {
		s->request = 0;
		return session_reject(s, R_454_AUTH_TROUBLE);
	}
	session_enter(s, ST_AUTHENTICATING);
	return AGAIN;
}

enum verdict
verb_auth(struct session *s, const struct command *cmd)
{
	const char *space = memchr(cmd->arg.p, ' ', cmd->arg.n);
	struct slice word = cmd->arg, text = { "", 0 };
	struct buf initial = buf_new(LIMIT_AUTH_LINE);
	enum verdict v;

	if (space != NULL) {
		word.n = (size_t)(space - cmd->arg.p);
		text = slice_from(cmd->arg, word.n + 1);
		while (text.n > 0 && text.p[0] == ' ') /* Windows Mail: two */
			text = slice_from(text, 1);
	}
	if (!set_mechanism(s, word) ||
	    !mechlist_fits(word, session_mech_facts(s)))
		v = session_reject(s, R_504_MECHANISM);
	else if (slice_eq(text, slice_of("="))) /* RFC 4954, 4: empty */
		v = ask(s, true, slice_of(""));
	else if (base64_decode(text, &initial) == -1)
		v = session_reject(s, R_501_AUTH_BASE64);
	else
		v = ask(s, text.n > 0, buf_slice(&initial));
	buf_free(&initial);
	return v;
}

static void
give_up(struct session *s)
{
	session_cancel_request(s);
	session_enter(s, ST_COMMAND);
}

/* The client's answer to a challenge: base64, or "*" to stop. */
static enum verdict
take_response(struct session *s, struct slice line)
{
	struct buf response;
	enum verdict v = AGAIN;

	if (s->request == 0) { /* auth has gone while we waited for this line */
		session_enter(s, ST_COMMAND);
		return session_reject(s, R_454_AUTH_TROUBLE);
	}
	if (slice_eq(line, slice_of("*"))) {
		give_up(s);
		return session_reject(s, R_501_AUTH_CANCELLED);
	}
	response = buf_new(LIMIT_AUTH_LINE);
	if (base64_decode(line, &response) == -1) {
		give_up(s);
		v = session_reject(s, R_501_AUTH_BASE64);
	} else {
		session_enter(s, ST_AUTHENTICATING);
		authclient_step(
		    s->worker->auth, s->request, buf_slice(&response));
	}
	buf_free(&response);
	return v;
}

enum verdict
step_auth_line(struct session *s)
{
	struct slice line;
	enum verdict v;

	switch (session_read_line(s, LIMIT_AUTH_LINE, &line)) {
	case LINE_PARTIAL:
		return WAIT_CLIENT;
	case LINE_TOO_LONG:
		give_up(s);
		return session_reject(s, R_500_AUTH_TOO_LONG);
	case LINE_BARE:
		give_up(s);
		return session_hangup(s, R_500_BARE, END_REFUSED);
	case LINE_WHOLE:
		break;
	}
	v = take_response(s, line);
	session_drop_line(s, line, true);
	return v;
}

/* -- answers --------------------------------------------------------------- */

void
session_auth_challenge(struct session *s, struct slice data)
{
	struct buf text = buf_new(LIMIT_AUTH_LINE);

	base64_encode(data, &text);
	session_reply_with(s, R_334_CHALLENGE, buf_slice(&text));
	buf_free(&text);
	session_enter(s, ST_AUTH_LINE);
	session_drive(&s);
}

/* Keep what the login earned.  -1: auth sent what is no grant of ours. */
static int
accept_grant(struct session *s, struct slice sealed)
{
	struct grant g;

	if (grant_read(sealed, &g) == -1 || g.session != s->id ||
	    g.user.n > LIMIT_USER)
		return -1;
	buf_clear(&s->grant);
	buf_add(&s->grant, sealed.p, sealed.n);
	if (!buf_ok(&s->grant))
		return -1;
	memcpy(s->user, g.user.p, g.user.n);
	s->user[g.user.n] = '\0';
	s->authenticated = true;
	s->junk = 0;
	return 0;
}

static enum verdict
refused(struct session *s)
{
	session_reply(s, R_535_REFUSED);
	if (++s->auth_failures >= s->worker->config.max_auth_failures)
		return session_hangup(s, R_421_AUTH_FAILURES, END_REFUSED);
	return AGAIN;
}

static enum verdict
limited(struct session *s, uint32_t retry_s)
{
	char seconds[12];

	(void)snprintf(seconds, sizeof(seconds), "%" PRIu32, retry_s);
	return session_reject_with(s, R_454_AUTH_LIMITED, slice_of(seconds));
}

static enum verdict
judged(struct session *s, const struct msg_auth_done *done)
{
	switch ((enum auth_verdict)done->verdict) {
	case AUTH_ACCEPTED:
		if (accept_grant(s, done->grant) == -1)
			break;
		session_reply(s, R_235_WELCOME);
		return AGAIN;
	case AUTH_REFUSED:
		return refused(s);
	case AUTH_NO_MECHANISM:
		return session_reject(s, R_504_MECHANISM);
	case AUTH_BROKEN:
		return session_reject(s, R_501_AUTH_BROKEN);
	case AUTH_TRANSITION:
		return session_reject(s, R_432_TRANSITION);
	case AUTH_TOO_WEAK:
		return session_reject(s, R_534_TOO_WEAK);
	case AUTH_SUSPENDED:
		return session_reject(s, R_535_SUSPENDED);
	case AUTH_LIMITED:
		return limited(s, done->retry_s);
	case AUTH_CROWDED:
		return session_reject(s, R_454_AUTH_CROWDED);
	case AUTH_TROUBLE:
	case AUTH_VERDICTS:
		break;
	}
	return session_reject(s, R_454_AUTH_TROUBLE);
}

void
session_auth_done(struct session *s, const struct msg_auth_done *done)
{
	s->request = 0;
	session_enter(s, ST_COMMAND);
	session_resume(&s, judged(s, done));
}

void
session_auth_lost(struct session *s)
{
	static const struct msg_auth_done trouble = {
		.verdict = AUTH_TROUBLE,
	};

	/* The client owes us a line: it gets its answer behind that. */
	if (s->state == ST_AUTH_LINE)
		s->request = 0;
	else if (s->state == ST_AUTHENTICATING)
		session_auth_done(s, &trouble);
}

enum verdict
session_auth_overdue(struct session *s)
{
	give_up(s);
	return session_reject(s, R_454_AUTH_TROUBLE);
}
