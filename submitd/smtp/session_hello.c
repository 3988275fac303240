/*
 * session_hello - greeting, STARTTLS, and the verbs without consequence.
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "authclient.h"
#include "mechlist.h"
#include "relayclient.h"
#include "session.h"
#include "worker.h"

/* Any printable octets, so that no client is turned away for its host name. */
static bool
is_hello_name(struct slice s)
{
	size_t i;

	if (s.n == 0 || s.n > LIMIT_EHLO_NAME)
		return false;
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/* RFC 5321, 4.1.4: a new greeting ends a transaction; the login stays. */
static bool
greet(struct session *s, struct slice name, bool esmtp)
{
	if (!is_hello_name(name))
		return false;
	session_drop_tx(s);
	memcpy(s->helo, name.p, name.n);
	s->helo[name.n] = '\0';
	s->hello = true;
	s->esmtp = esmtp;
	return true;
}

enum verdict
verb_helo(struct session *s, const struct command *cmd)
{
	if (!greet(s, cmd->arg, false))
		return session_reject_with(s, R_501_ARGUMENT, slice_of("HELO"));
	session_reply(s, R_250_HELO);
	return AGAIN;
}

struct offers
session_offers(const struct session *s)
{
	return offers_now(
	    &s->worker->config, relayclient_offers(s->worker->relay), s->tls);
}

enum verdict
verb_ehlo(struct session *s, const struct command *cmd)
{
	struct offers offers = session_offers(s);
	struct buf mechanisms = buf_new(LIMIT_REPLY_LINE);
	struct hello hello = {
		.hostname = session_hostname(s),
		.now = time(NULL),
	};

	if (!greet(s, cmd->arg, true))
		return session_reject_with(s, R_501_ARGUMENT, slice_of("EHLO"));
	mechlist_add(&mechanisms, authclient_mechanisms(s->worker->auth),
	    session_mech_facts(s));
	hello.mechanisms = buf_slice(&mechanisms);
	if (mechanisms.n == 0) /* each needs what this session has not */
		offers.set &= ~(uint32_t)OFFER_LOGIN;
	offers_print(&s->out, &offers, &hello);
	buf_free(&mechanisms);
	return AGAIN;
}

enum verdict
verb_starttls(struct session *s, const struct command *cmd)
{
	(void)cmd;
	session_enter(s, ST_STARTTLS);
	return AGAIN;
}

/*
 * ST_STARTTLS, entered twice: to send the 220, and when it is out.
 *
 * Bytes behind the command would be plain text that a man in the middle may
 * have put there for us to take as said inside TLS (CVE-2011-0411): they end
 * the session, before or after the 220.
 */
enum verdict
step_starttls(struct session *s)
{
	struct evbuffer *in = bufferevent_get_input(s->bev);

	if (evbuffer_get_length(in) > 0)
		return session_hangup(s, R_554_STARTTLS_INPUT, END_REFUSED);
	if (!s->tls_promised) {
		s->tls_promised = true;
		session_reply(s, R_220_GO_TLS);
		return WAIT_FLUSH;
	}
	if (evbuffer_get_length(bufferevent_get_output(s->bev)) > 0)
		return WAIT_FLUSH;
	if (session_start_tls(s) == -1) {
		s->ending = END_TROUBLE;
		return HANGUP;
	}
	return WAIT_CLIENT;
}

enum verdict
verb_rset(struct session *s, const struct command *cmd)
{
	(void)cmd;
	session_drop_tx(s);
	session_reply(s, R_250_RESET);
	return AGAIN;
}

enum verdict
verb_noop(struct session *s, const struct command *cmd)
{
	(void)cmd;
	session_reply(s, R_250_OK);
	return AGAIN;
}

/* The same for every name: no oracle (RFC 5321, 3.5.3 and 7.3). */
enum verdict
verb_vrfy(struct session *s, const struct command *cmd)
{
	(void)cmd;
	session_reply(s, R_252_VRFY);
	return AGAIN;
}

static enum verdict
not_offered(struct session *s, const struct command *cmd)
{
	return session_reject_with(
	    s, R_502_NOT_OFFERED, slice_of(command_name(cmd->verb)));
}

enum verdict
verb_expn(struct session *s, const struct command *cmd)
{
	return not_offered(s, cmd);
}

enum verdict
verb_burl(struct session *s, const struct command *cmd)
{
	return not_offered(s, cmd);
}

enum verdict
verb_help(struct session *s, const struct command *cmd)
{
	const char *url = s->worker->config.help_url;

	(void)cmd;
	if (url != NULL)
		session_reply_with(s, R_214_HELP_URL, slice_of(url));
	else
		session_reply(s, R_214_HELP);
	return AGAIN;
}

enum verdict
verb_quit(struct session *s, const struct command *cmd)
{
	(void)cmd;
	return session_hangup(s, R_221_BYE, END_QUIT);
}
