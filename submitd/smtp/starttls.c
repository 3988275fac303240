/*
 * starttls - put TLS on a session's socket, for both kinds of listener.
 *
 * The only place that changes a session's bufferevent.  What was said before
 * TLS is forgotten here (RFC 3207, 4.2).
 */

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "binding.h"
#include "certs.h"
#include "clientcert.h"
#include "log.h"
#include "session.h"
#include "tls.h"
#include "worker.h"

/* Take the socket out of a bufferevent that owns it, and end that. */
static int
take_socket(struct bufferevent **bev)
{
	int fd = bufferevent_getfd(*bev);

	bufferevent_disable(*bev, EV_READ | EV_WRITE);
	bufferevent_setfd(*bev, -1);
	bufferevent_free(*bev);
	*bev = NULL;
	return fd;
}

/* A bufferevent that is nobody's, so that a failed session can be ended. */
static struct bufferevent *
no_socket(struct event_base *base)
{
	struct bufferevent *bev =
	    bufferevent_socket_new(base, -1, BEV_OPT_DEFER_CALLBACKS);

	if (bev == NULL)
		fatal("out of memory");
	return bev;
}

int
session_start_tls(struct session *s)
{
	int fd = take_socket(&s->bev);
	SSL *ssl = SSL_new(certs_ctx(s->listener->certs));

	if (ssl != NULL)
		s->bev = tls_bufferevent(s->worker->base, fd, ssl, true);
	else
		close(fd);
	if (s->bev == NULL) {
		tls_log_errors("tls_start_failed", s->id);
		s->bev = no_socket(s->worker->base);
		return -1;
	}
	session_set_callbacks(s);
	session_enter(s, ST_HANDSHAKE);
	return 0;
}

/* Whether the client has shown who it is.  What it shows in vain is told. */
static void
take_certificate(struct session *s, const SSL *ssl)
{
	struct log_line l;
	const char *why;

	s->certificate = clientcert_check(ssl, &why) == CLIENTCERT_GOOD;
	if (why == NULL)
		return;
	log_begin(&l, LOG_LEVEL_INFO, s->id, "client_certificate");
	log_str(&l, "client", s->address);
	log_str(&l, "refused", why);
	log_end(&l);
}

void
session_tls_ready(struct session *s)
{
	SSL *ssl = bufferevent_openssl_get_ssl(s->bev);
	bool greet = !s->tls_promised; /* implicit TLS: nothing was said yet */

	s->tls = true;
	s->tls_version = SSL_get_version(ssl);
	s->tls_cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
	s->tls_resumed = SSL_session_reused(ssl) == 1;
	s->binding_type = binding_type(ssl);
	take_certificate(s, ssl);
	s->hello = false;
	s->esmtp = false;
	s->helo[0] = '\0';
	session_enter(s, ST_COMMAND);
	if (greet)
		session_reply(s, R_220_GREETING);
}

size_t
session_binding(struct session *s, unsigned char out[LIMIT_BINDING])
{
	if (s->binding_type == NULL)
		return 0;
	return binding_get(bufferevent_openssl_get_ssl(s->bev), out);
}

struct clientcert
session_certificate(const struct session *s)
{
	if (!s->certificate)
		return (struct clientcert){ 0 };
	return clientcert_read(
	    SSL_get0_peer_certificate(bufferevent_openssl_get_ssl(s->bev)));
}
