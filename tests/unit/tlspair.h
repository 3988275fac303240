#ifndef SUBMITD_TESTS_TLSPAIR_H
#define SUBMITD_TESTS_TLSPAIR_H

/*
 * tlspair - certificates made on the spot, and two ends of TLS that talk over
 * a pair of memory BIOs.
 *
 * The lax contexts agree to anything OpenSSL still can: they show that what
 * ours refuse could have been had.
 */

#include "cases.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "buf.h"

/* -- certificates ---------------------------------------------------------- */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
	struct buf key_pem, cert_pem;
};

static inline struct buf
pem_of(EVP_PKEY *key, X509 *cert, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf b = buf_new(16384);
	char *p;
	long n;

	if (cert != NULL)
		assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	if (key != NULL)
		assert_int_equal(
		    PEM_write_bio_PKCS8PrivateKey(bio, key,
			passphrase ? EVP_aes_128_cbc() : NULL, passphrase,
			passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
		    1);
	n = BIO_get_mem_data(bio, &p);
	buf_add(&b, p, (size_t)n);
	BIO_free(bio);
	return b;
}

static inline void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* Takes key.  names NULL: a CA.  issuer NULL: itself. */
static inline struct identity
issue(EVP_PKEY *key, const char *names, const struct identity *issuer,
    long lifetime_s)
{
	static long serial;
	struct identity id = { .key = key, .cert = X509_new() };
	X509_NAME *name = X509_get_subject_name(id.cert);
	char cn[64];

	assert_non_null(key);
	if (issuer == NULL)
		issuer = &id;
	snprintf(cn, sizeof(cn), "cn%ld.example.com", ++serial);
	X509_set_version(id.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(id.cert), lifetime_s);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (void *)cn, -1, -1, 0);
	X509_set_issuer_name(id.cert, X509_get_subject_name(issuer->cert));
	X509_set_pubkey(id.cert, key);
	if (names != NULL)
		add_extension(
		    id.cert, issuer->cert, NID_subject_alt_name, names);
	else
		add_extension(id.cert, issuer->cert, NID_basic_constraints,
		    "critical,CA:TRUE");
	assert_true(X509_sign(id.cert, issuer->key, EVP_sha256()) > 0);
	id.cert_pem = pem_of(NULL, id.cert, NULL);
	id.key_pem = pem_of(key, NULL, NULL);
	return id;
}

static inline void
identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
	buf_free(&id->cert_pem);
	buf_free(&id->key_pem);
}

/* -- the two ends ---------------------------------------------------------- */

/* A server that takes anything OpenSSL still can. */
static inline SSL_CTX *
lax_server_ctx(const struct identity *id, int max_version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_options(ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, max_version), 1);
	assert_int_equal(
	    SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL"), 1);
	assert_int_equal(SSL_CTX_use_certificate(ctx, id->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, id->key), 1);
	return ctx;
}

/* A client that would do anything in one version of TLS. */
static inline SSL_CTX *
lax_client_ctx(int version, const char *ciphers)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, ciphers), 1);
	return ctx;
}

struct pair {
	SSL *client, *server;
};

static inline struct pair
pair_new(SSL_CTX *client, SSL_CTX *server)
{
	struct pair p = { SSL_new(client), SSL_new(server) };
	BIO *c, *s;

	assert_int_equal(BIO_new_bio_pair(&c, 0, &s, 0), 1);
	SSL_set_bio(p.client, c, c);
	SSL_set_bio(p.server, s, s);
	SSL_set_connect_state(p.client);
	SSL_set_accept_state(p.server);
	return p;
}

static inline void
pair_free(struct pair *p)
{
	/* Without this a session that ends without a word is not resumed. */
	SSL_set_shutdown(p->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(p->client);
	SSL_free(p->server);
	ERR_clear_error();
}

/* One octet, which brings tickets and late alerts along. */
static inline bool
passes(SSL *from, SSL *to)
{
	char c = 'x';

	return SSL_write(from, &c, 1) == 1 && SSL_read(to, &c, 1) == 1;
}

static inline bool
shakes_hands(struct pair *p)
{
	int turn, c = 0, s = 0;

	for (turn = 0; turn < 20 && (c != 1 || s != 1); turn++) {
		c = SSL_do_handshake(p->client);
		s = SSL_do_handshake(p->server);
	}
	return c == 1 && s == 1 && passes(p->client, p->server) &&
	       passes(p->server, p->client);
}

/* Both contexts are used up. */
static inline bool
agrees(SSL_CTX *client, SSL_CTX *server)
{
	struct pair p = pair_new(client, server);
	bool ok = shakes_hands(&p);

	pair_free(&p);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok;
}

#endif
