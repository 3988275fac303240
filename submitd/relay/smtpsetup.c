/*
 * smtpsetup - the first half of a connection: greeting, EHLO, STARTTLS, TLS,
 * EHLO again.
 *
 * Not one refusal here is about a message, so none is passed on as permanent;
 * a 5xx means that our configuration and the server's do not agree.  What was
 * learned in clear counts for nothing inside TLS (RFC 3207, 4.2).
 */

#include "smtpclient_private.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "log.h"
#include "tls.h"

static void
progress(struct smtpclient *c, const char *step, const char *text)
{
	if (c->ops->progress != NULL)
		c->ops->progress(c->arg, step, text);
}

static bool
must_verify(const struct smtpclient *c)
{
	return c->params->tls == SMARTHOST_TLS_VERIFY ||
	       c->params->tls == SMARTHOST_TLS_IMPLICIT;
}

/* A refusal of us, not of a message: the operator's to mend, if permanent. */
static enum client_verdict
refused(struct smtpclient *c, const char *step, const struct smtpreply *r)
{
	struct log_line line;

	log_begin(&line, r->code >= 500 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, 0,
	    "smarthost_refuses");
	log_str(&line, "smarthost", c->params->server);
	log_str(&line, "step", step);
	log_u64(&line, "code", r->code);
	log_str(&line, "reply", r->text);
	log_end(&line);
	return client_fail(c, "%s refused: %u %.200s", step, r->code, r->text);
}

/* Put TLS on the socket of c->bev, or on fd when there is none yet. */
static enum client_verdict
begin_tls(struct smtpclient *c)
{
	int fd = bufferevent_getfd(c->bev);
	SSL *ssl = SSL_new(c->params->tls_ctx);

	if (ssl == NULL ||
	    tls_client_name(ssl, c->params->server, must_verify(c)) == -1) {
		tls_log_errors("smarthost_tls", 0);
		SSL_free(ssl);
		return client_fail(c, "TLS cannot be set up");
	}
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	bufferevent_setfd(c->bev, -1); /* the socket moves on */
	bufferevent_free(c->bev);
	c->bev = tls_bufferevent(c->params->base, fd, ssl, false);
	if (c->bev == NULL)
		return client_fail(c, "TLS cannot be set up");
	client_callbacks(c);
	client_enter(c, CLIENT_HANDSHAKE);
	return CLIENT_WAIT;
}

static void
say_ehlo(struct smtpclient *c)
{
	c->offers = (struct smtp_offers){ 0 };
	client_printf(c, "EHLO %s\r\n", c->params->hostname);
	client_enter(c, CLIENT_EHLO);
}

/* RFC 5321, 3.2: what has no EHLO has no extensions either. */
static void
say_helo(struct smtpclient *c)
{
	c->offers = (struct smtp_offers){ 0 };
	client_printf(c, "HELO %s\r\n", c->params->hostname);
	client_enter(c, CLIENT_HELO);
}

enum client_verdict
client_start(struct smtpclient *c)
{
	client_enter(c, CLIENT_GREETING);
	return c->params->tls == SMARTHOST_TLS_IMPLICIT ? begin_tls(c)
							: CLIENT_WAIT;
}

enum client_verdict
client_on_handshake(struct smtpclient *c)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->bev);

	c->encrypted = true;
	progress(c, "tls", SSL_get_version(ssl));
	if (c->params->tls == SMARTHOST_TLS_IMPLICIT)
		client_enter(c, CLIENT_GREETING);
	else
		say_ehlo(c);
	return CLIENT_WAIT;
}

enum client_verdict
client_on_greeting(struct smtpclient *c, const struct smtpreply *r)
{
	if (r->code != 220)
		return refused(c, "greeting", r);
	progress(c, "greeting", r->text);
	say_ehlo(c);
	return CLIENT_WAIT;
}

enum client_verdict
client_on_ehlo(struct smtpclient *c, const struct smtpreply *r)
{
	enum smarthost_tls mode = c->params->tls;
	bool starttls = smtp_offers_has(&c->offers, EXT_STARTTLS);

	if ((r->code == 500 || r->code == 502) && !must_verify(c)) {
		say_helo(c);
		return CLIENT_WAIT;
	}
	if (r->code != 250)
		return refused(c, "EHLO", r);
	smtp_offers_settle(&c->offers, c->encrypted && must_verify(c));
	progress(c, c->encrypted ? "EHLO in TLS" : "EHLO", r->text);
	if (c->encrypted || mode == SMARTHOST_TLS_NONE ||
	    (mode == SMARTHOST_TLS_MAY && !starttls))
		return CLIENT_READY;
	if (!starttls) {
		log_event(LOG_LEVEL_ERROR, "smarthost_without_tls",
		    "%s does not offer STARTTLS, which tls = \"verify\" needs",
		    c->params->server);
		return client_fail(c, "STARTTLS is not offered");
	}
	client_put(c, slice_of("STARTTLS\r\n"));
	client_enter(c, CLIENT_STARTTLS);
	return CLIENT_WAIT;
}

enum client_verdict
client_on_helo(struct smtpclient *c, const struct smtpreply *r)
{
	if (r->code != 250)
		return refused(c, "HELO", r);
	progress(c, "HELO", r->text);
	return CLIENT_READY;
}

enum client_verdict
client_on_starttls(struct smtpclient *c, const struct smtpreply *r)
{
	if (r->code == 220) {
		/* Plain text here would be taken for the server's word
		 * inside TLS: somebody is in between. */
		if (evbuffer_get_length(bufferevent_get_input(c->bev)) > 0) {
			log_event(LOG_LEVEL_ERROR, "smarthost_injection",
			    "%s: bytes behind the reply to STARTTLS",
			    c->params->server);
			return client_fail(c, "bytes behind STARTTLS");
		}
		progress(c, "STARTTLS", r->text);
		return begin_tls(c);
	}
	if (c->params->tls == SMARTHOST_TLS_MAY)
		return CLIENT_READY;
	return refused(c, "STARTTLS", r);
}
