#ifndef SUBMITD_TLS_H
#define SUBMITD_TLS_H

/*
 * tls - OpenSSL contexts and connections the way we want them (RFC 9325):
 * TLS 1.2 and 1.3, forward secrecy and AEAD only, no compression, no
 * renegotiation, no early data.  Linked by smtp and relay only.
 */

#include <openssl/ssl.h>
#include <stdbool.h>

#include "compiler.h"
#include "messages.h"
#include "slice.h"

struct bufferevent;
struct event_base;

/* A certificate with those between it and the root, and its key. */
struct tls_credential {
	struct slice cert_pem; /* leaf first */
	struct slice key_pem;
};

struct tls_server {
	const char *name; /* short; where sessions resume */
	/*
	 * Clients may show a certificate that one of these has issued; empty:
	 * they are not asked.  Any handshake goes on, with a bad certificate,
	 * too: SSL_get_verify_result() says what it is worth.
	 */
	struct slice client_ca_pem;
};

/*
 * Server side, with n credentials, each of another kind of key.  Sessions
 * resume only where these and all of struct tls_server are the same.
 * Tickets are made with the keys of tls_ticket_keys_set(), one per connection;
 * without keys there is no resumption.  0, or -1 logged.
 */
NODISCARD int tls_server_ctx(const struct tls_credential *, size_t n,
    const struct tls_server *, SSL_CTX **out);

/* Holds the PEM text something to trust, and nothing that cannot be read? */
NODISCARD bool tls_can_trust(struct slice ca_pem);

/* For all server contexts of the process.  -1: wrong length. */
NODISCARD int tls_ticket_keys_set(const struct msg_ticket_keys *);

/*
 * Client side.  verify: chain and name must be right, anchored in ca_pem or,
 * when that is empty, in the system's store (loaded now, before a chroot).
 * Revocation lists may stand in ca_pem; then each of its authorities needs
 * one.
 */
NODISCARD int tls_client_ctx(bool verify, struct slice ca_pem, SSL_CTX **out);

/*
 * Set SNI and the name to verify (an address literal goes to the IP check)
 * on a client connection.
 */
NODISCARD int tls_client_name(SSL *, const char *host, bool verify);

/*
 * Put TLS on a connected socket.  Takes fd and ssl whatever happens: on NULL
 * both are gone.  The bufferevent owns both.
 */
struct bufferevent *tls_bufferevent(
    struct event_base *, int fd, SSL *ssl, bool server);

/* Log and empty OpenSSL's error queue. */
void tls_log_errors(const char *event, uint64_t session);

#endif
