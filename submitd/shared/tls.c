/*
 * tls - OpenSSL contexts and connections, the way RFC 9325 asks for.
 *
 * The only file that configures OpenSSL.  It never decides policy: who must
 * use TLS, and what a failure means, is the caller's.
 */

#include "tls.h"

#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "limits.h"
#include "log.h"

/* RFC 9325, 4.2: forward secrecy and AEAD, nothing else. */
#define CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS        "X25519:P-256:P-384"

/* A ticket is good for this long; its key rotates more often (RFC 9325, 3.4).
 */
#define TICKET_LIFETIME_S 7200

struct ticket_key {
	unsigned char name[16];
	unsigned char mac[32];
	unsigned char cipher[32];
	bool set;
};

_Static_assert(16 + 32 + 32 == TICKET_KEY_LEN, "ticket key layout");

/* Current and previous; the process serves one configuration. */
static struct ticket_key ticket_keys[2];

void
tls_log_errors(const char *event, uint64_t session)
{
	struct log_line l;
	char text[256];
	unsigned long code;

	while ((code = ERR_get_error()) != 0) {
		ERR_error_string_n(code, text, sizeof(text));
		log_begin(&l, LOG_LEVEL_WARN, session, event);
		log_str(&l, "openssl", text);
		log_end(&l);
	}
}

static void
ticket_key_set(struct ticket_key *k, struct slice from)
{
	memcpy(k->name, from.p, 16);
	memcpy(k->mac, from.p + 16, 32);
	memcpy(k->cipher, from.p + 48, 32);
	k->set = true;
}

int
tls_ticket_keys_set(const struct msg_ticket_keys *keys)
{
	if (keys->current.n != TICKET_KEY_LEN)
		return -1;
	if (keys->previous.n != 0 && keys->previous.n != TICKET_KEY_LEN)
		return -1;
	explicit_bzero(ticket_keys, sizeof(ticket_keys));
	ticket_key_set(&ticket_keys[0], keys->current);
	if (keys->previous.n != 0)
		ticket_key_set(&ticket_keys[1], keys->previous);
	return 0;
}

static int
ticket_arm(const struct ticket_key *k, unsigned char *iv, EVP_CIPHER_CTX *cctx,
    EVP_MAC_CTX *mctx, int encrypt)
{
	OSSL_PARAM params[3];

	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->mac, sizeof(k->mac));
	params[1] = OSSL_PARAM_construct_utf8_string(
	    OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0);
	params[2] = OSSL_PARAM_construct_end();
	if (EVP_MAC_CTX_set_params(mctx, params) != 1)
		return -1;
	if (EVP_CipherInit_ex(
		cctx, EVP_aes_256_cbc(), NULL, k->cipher, iv, encrypt) != 1)
		return -1;
	return 0;
}

/* OpenSSL's SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
static int
ticket_key_cb(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cctx, EVP_MAC_CTX *mctx, int encrypt)
{
	size_t i;

	(void)ssl;
	if (encrypt) {
		if (!ticket_keys[0].set)
			return 0;
		memcpy(name, ticket_keys[0].name, 16);
		if (RAND_bytes(
			iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
			return -1;
		return ticket_arm(&ticket_keys[0], iv, cctx, mctx, 1) == 0 ? 1
									   : -1;
	}
	for (i = 0; i < ARRAY_LEN(ticket_keys); i++) {
		if (!ticket_keys[i].set ||
		    memcmp(ticket_keys[i].name, name, 16) != 0)
			continue;
		if (ticket_arm(&ticket_keys[i], iv, cctx, mctx, 0) == -1)
			return -1;
		return i == 0 ? 1 : 2; /* 2: fine, but give a fresh one */
	}
	return 0; /* unknown key: a full handshake */
}

/*
 * RFC 7301: a client that speaks ALPN must name us, or a request meant for
 * another protocol could be answered here (the ALPACA attack).
 */
static int
alpn_cb(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned inlen, void *arg)
{
	static const unsigned char smtp[] = "\4smtp";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, outlen, smtp, sizeof(smtp) - 1, in,
		inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* What both directions share. */
static int
ctx_harden(SSL_CTX *ctx)
{
	/* Passwords and tokens come through OpenSSL's own buffer. */
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_security_level(ctx, 2); /* RSA and DH >= 2048 bits */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, CIPHERS_TLS12) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, GROUPS) != 1)
		return -1;
	return 0;
}

/* An encrypted key is an error here, not a question for the terminal. */
static int
no_passphrase_cb(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/*
 * Why PEM_read_bio_X509() found no more: true if there was none, false if one
 * is broken, which must not pass for a shorter chain.
 */
static bool
pem_is_at_end(void)
{
	unsigned long e = ERR_peek_last_error();

	if (ERR_GET_LIB(e) != ERR_LIB_PEM ||
	    ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

/* Take a certificate into a digest of all that are shown. */
static int
digest_add(EVP_MD_CTX *digest, const X509 *cert)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n;

	if (X509_digest(cert, EVP_sha256(), md, &n) != 1)
		return -1;
	return EVP_DigestUpdate(digest, md, n) == 1 ? 0 : -1;
}

/*
 * The chain (leaf first) and the key that fits the leaf.  One of another kind
 * of key before it stays: OpenSSL has a place for each.
 */
static int
ctx_identity(SSL_CTX *ctx, const struct tls_credential *c, EVP_MD_CTX *digest)
{
	BIO *certs = BIO_new_mem_buf(c->cert_pem.p, (int)c->cert_pem.n);
	BIO *keys = BIO_new_mem_buf(c->key_pem.p, (int)c->key_pem.n);
	X509 *cert = NULL;
	EVP_PKEY *key = NULL;
	int r = -1;

	if (certs == NULL || keys == NULL)
		goto out;
	cert = PEM_read_bio_X509(certs, NULL, NULL, NULL);
	key = PEM_read_bio_PrivateKey(keys, NULL, no_passphrase_cb, NULL);
	if (cert == NULL || key == NULL ||
	    SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1 ||
	    digest_add(digest, cert) == -1)
		goto out;
	X509_free(cert);
	while ((cert = PEM_read_bio_X509(certs, NULL, NULL, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(ctx, cert) != 1)
			goto out;
		cert = NULL; /* the context's from here on */
	}
	r = pem_is_at_end() ? 0 : -1;
out:
	X509_free(cert);
	EVP_PKEY_free(key);
	BIO_free(certs);
	BIO_free(keys);
	return r;
}

/*
 * All credentials; and a session id context made of them and of all that says
 * who clients are: a ticket carries the result of a check, which holds for
 * those authorities and revocation lists alone.
 */
static int
ctx_identities(SSL_CTX *ctx, const struct tls_credential *c, size_t n,
    const struct tls_server *server)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char id[SSL_MAX_SID_CTX_LENGTH];
	int r = -1;
	size_t i;

	_Static_assert(sizeof(id) == 32, "fits SHA-256");
	if (digest == NULL ||
	    EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(digest, server->name, strlen(server->name) + 1) !=
		1 ||
	    EVP_DigestUpdate(
		digest, server->client_ca_pem.p, server->client_ca_pem.n) != 1)
		goto out;
	for (i = 0; i < n; i++)
		if (ctx_identity(ctx, &c[i], digest) == -1)
			goto out;
	if (EVP_DigestFinal_ex(digest, id, NULL) == 1 &&
	    SSL_CTX_set_session_id_context(ctx, id, sizeof(id)) == 1)
		r = 0;
out:
	EVP_MD_CTX_free(digest);
	return r;
}

/* A certificate to trust, a revocation list to heed, or both. */
static bool
store_take(X509_STORE *store, const X509_INFO *info)
{
	if (info->x509 != NULL && X509_STORE_add_cert(store, info->x509) != 1)
		return false;
	if (info->crl == NULL)
		return true;
	return X509_STORE_add_crl(store, info->crl) == 1 &&
	       X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
}

/*
 * Trust what is in the PEM text, or the system's store when it is empty.
 * With a revocation list in it nobody is trusted who is revoked, or of whom
 * that is not known (RFC 9325, 7.5).
 */
static int
ctx_trust(SSL_CTX *ctx, struct slice ca_pem)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	struct stack_st_X509_INFO *all;
	bool fine;
	BIO *bio;
	int i;

	if (ca_pem.n == 0)
		return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : -1;
	if ((bio = BIO_new_mem_buf(ca_pem.p, (int)ca_pem.n)) == NULL)
		return -1;
	all = PEM_X509_INFO_read_bio(bio, NULL, no_passphrase_cb, NULL);
	fine = sk_X509_INFO_num(all) > 0;
	for (i = 0; i < sk_X509_INFO_num(all) && fine; i++)
		fine = store_take(store, sk_X509_INFO_value(all, i));
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	BIO_free(bio);
	return fine ? 0 : -1;
}

bool
tls_can_trust(struct slice ca_pem)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	bool fine = ctx != NULL && ca_pem.n > 0 && ctx_trust(ctx, ca_pem) == 0;

	SSL_CTX_free(ctx);
	ERR_clear_error();
	return fine;
}

/*
 * SSL_CTX_set_cert_verify_callback(3).  A certificate that proves nothing is
 * as good as none: the client may have another way to log in.  Ends at the
 * first fault, where the other callback would have a stranger's chain checked
 * to its end.
 */
static int
on_client_chain(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	if (X509_verify_cert(store) != 1 &&
	    X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
	ERR_clear_error();
	return 1;
}

/* Tell clients whose certificates are of use (RFC 8446, 4.2.4). */
static int
name_authorities(SSL_CTX *ctx)
{
	STACK_OF(X509) *all =
	    X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(ctx));
	bool fine = all != NULL;
	int i;

	for (i = 0; i < sk_X509_num(all) && fine; i++)
		fine = SSL_CTX_add_client_CA(ctx, sk_X509_value(all, i)) == 1;
	sk_X509_pop_free(all, X509_free);
	return fine ? 0 : -1;
}

static int
ctx_ask_clients(SSL_CTX *ctx, struct slice ca_pem)
{
	if (ca_pem.n == 0)
		return 0;
	if (ctx_trust(ctx, ca_pem) == -1 || name_authorities(ctx) == -1)
		return -1;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_verify_depth(ctx, LIMIT_CERTIFICATE_DEPTH);
	SSL_CTX_set_max_cert_list(ctx, LIMIT_CERTIFICATE_CHAIN);
	SSL_CTX_set_cert_verify_callback(ctx, on_client_chain, NULL);
	return 0;
}

int
tls_server_ctx(const struct tls_credential *c, size_t n,
    const struct tls_server *server, SSL_CTX **out)
{
	SSL_CTX *ctx;
	int r = -1;

	*out = NULL;
	if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		goto out;
	if (ctx_harden(ctx) == -1 || ctx_identities(ctx, c, n, server) == -1 ||
	    ctx_ask_clients(ctx, server->client_ca_pem) == -1)
		goto out;
	if (SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key_cb) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 1) != 1)
		goto out;
	SSL_CTX_set_timeout(ctx, TICKET_LIFETIME_S);
	SSL_CTX_set_max_early_data(ctx, 0); /* replayable: RFC 8446, 8 */
	SSL_CTX_set_alpn_select_cb(ctx, alpn_cb, NULL);

	*out = ctx;
	ctx = NULL; /* the caller's from here on */
	r = 0;
out:
	if (r == -1)
		tls_log_errors("tls_server_ctx_failed", 0);
	SSL_CTX_free(ctx);
	return r;
}

int
tls_client_ctx(bool verify, struct slice ca_pem, SSL_CTX **out)
{
	SSL_CTX *ctx;
	int r = -1;

	*out = NULL;
	if ((ctx = SSL_CTX_new(TLS_client_method())) == NULL)
		goto out;
	if (ctx_harden(ctx) == -1)
		goto out;
	if (verify && ctx_trust(ctx, ca_pem) == -1)
		goto out;
	SSL_CTX_set_verify(
	    ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);

	*out = ctx;
	ctx = NULL;
	r = 0;
out:
	if (r == -1)
		tls_log_errors("tls_client_ctx_failed", 0);
	SSL_CTX_free(ctx);
	return r;
}

static bool
is_address_literal(const char *host)
{
	unsigned char a[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, a) == 1 ||
	       inet_pton(AF_INET6, host, a) == 1;
}

int
tls_client_name(SSL *ssl, const char *host, bool verify)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (is_address_literal(host)) /* RFC 6066, 3: no SNI for these */
		return !verify ||
			       X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1
			   ? 0
			   : -1;
	if (SSL_set_tlsext_host_name(ssl, host) != 1)
		return -1;
	if (!verify)
		return 0;
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT); /* RFC 7817, 3 */
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 ? 0 : -1;
}

struct bufferevent *
tls_bufferevent(struct event_base *base, int fd, SSL *ssl, bool server)
{
	struct bufferevent *bev;

	/*
	 * Deferred callbacks: otherwise a write could call back, and end the
	 * session, from inside the step that writes.
	 */
	bev = bufferevent_openssl_socket_new(base, fd, ssl,
	    server ? BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING,
	    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (bev == NULL) {
		/*
		 * Out of memory, and libevent 2.1 does not say whether it has
		 * freed ssl (its issue 1774): losing one is the safe side.
		 */
		if (fcntl(fd, F_GETFD) != -1)
			close(fd);
		return NULL;
	}
	/* A peer that ends TCP without close_notify is just gone. */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}
