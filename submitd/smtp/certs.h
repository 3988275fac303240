#ifndef SUBMITD_SMTP_CERTS_H
#define SUBMITD_SMTP_CERTS_H

/*
 * certs - the certificates of a listener, and which one a client is shown.
 *
 * Certificates for one name, each with a key of another kind, stand side by
 * side in one context: OpenSSL takes the one that the client can verify.
 * Among contexts the client's SNI chooses, before a ticket is looked at: what
 * was begun under one certificate is not resumed under another.  A name that
 * is in no certificate, or none, gets the first (RFC 9325, 3.7, would rather
 * end that; but mail clients are set up with all sorts of names).
 */

#include "compiler.h"
#include "config.h"

struct certs;
struct ssl_ctx_st; /* OpenSSL's SSL_CTX */
struct tls_server;

#define CERTS_WHY 1024

/*
 * Certificates and their keys, as many; what is asked of clients is said in
 * struct tls_server (tls.h).  -1 with the reason, which names file and line,
 * in why.  Borrows nothing.
 */
NODISCARD int certs_new(const struct pem_files *certificates,
    const struct pem_files *keys, const struct tls_server *, struct certs **out,
    char why[CERTS_WHY]);

/* Sets *cp to NULL; NULL inside is fine. */
void certs_free(struct certs **cp);

/* To make a connection of; the client's SNI then changes it.  NULL for NULL. */
struct ssl_ctx_st *certs_ctx(const struct certs *);

#endif
