/*
 * binding - what a login can be bound to: the TLS connection it is made on.
 *
 * No tls-server-end-point: it is for those whose TLS ends elsewhere, and is
 * the same for every connection.
 */

#include "binding.h"

#define EXPORTER_LABEL "EXPORTER-Channel-Binding" /* RFC 9266, 2 */
#define EXPORTER_LEN   32

const char *
binding_type(const SSL *ssl)
{
	if (ssl == NULL)
		return NULL;
	switch (SSL_version(ssl)) {
	case TLS1_3_VERSION:
		return "tls-exporter";
	case TLS1_2_VERSION:
		/* Without it two connections can be made to have one value. */
		return SSL_get_extms_support((SSL *)ssl) == 1 ? "tls-unique"
							      : NULL;
	default:
		return NULL;
	}
}

/* RFC 5929, 3.1: the first Finished of the handshake. */
static size_t
first_finished(const SSL *ssl, unsigned char out[LIMIT_BINDING])
{
	size_t n;

	/* The client's, except that a resuming server speaks first. */
	if (SSL_session_reused(ssl) == 1)
		n = SSL_get_finished(ssl, out, LIMIT_BINDING);
	else
		n = SSL_get_peer_finished(ssl, out, LIMIT_BINDING);
	return n <= LIMIT_BINDING ? n : 0;
}

size_t
binding_get(SSL *ssl, unsigned char out[LIMIT_BINDING])
{
	if (binding_type(ssl) == NULL)
		return 0;
	if (SSL_version(ssl) == TLS1_2_VERSION)
		return first_finished(ssl, out);
	/* An empty context, as RFC 9266 has it, is no context in TLS 1.3. */
	if (SSL_export_keying_material(ssl, out, EXPORTER_LEN, EXPORTER_LABEL,
		sizeof(EXPORTER_LABEL) - 1, NULL, 0, 0) != 1)
		return 0;
	return EXPORTER_LEN;
}
