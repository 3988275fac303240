#ifndef SUBMITD_BINDING_H
#define SUBMITD_BINDING_H

/*
 * binding - what a login can be bound to: the TLS connection it is made on.
 *
 * Both ends compute the same octets, and a man in the middle, who has one
 * connection with each, gets different ones (RFC 5056).
 */

#include <openssl/ssl.h>
#include <stddef.h>

#include "compiler.h"
#include "limits.h"

/*
 * The one type there is for this connection, static: "tls-exporter" over TLS
 * 1.3 (RFC 9266), "tls-unique" over 1.2 (RFC 5929) if the handshake had the
 * extended master secret (RFC 7627, RFC 7677, 4).  NULL: none.
 */
const char *binding_type(const SSL *);

/* Its value; the octets, or 0: it cannot be had. */
NODISCARD size_t binding_get(SSL *, unsigned char out[LIMIT_BINDING]);

#endif
