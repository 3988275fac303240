#ifndef SUBMITD_TEST_SCRAMCLIENT_H
#define SUBMITD_TEST_SCRAMCLIENT_H

/*
 * scramclient - the client's half of SCRAM (RFC 5802, 3), by hand: it says
 * what it is told to, however wrong, and knows what a server must answer.
 *
 * scram_key() is also how the tests make what a directory holds.
 */

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "base64.h"
#include "storedkey.h"

struct scram_client {
	const EVP_MD *hash;
	const char *password;
	char said[8192]; /* client-first-bare , server-first , final */
	unsigned char client_key[EVP_MAX_MD_SIZE];
	unsigned char server_key[EVP_MAX_MD_SIZE];
	unsigned char stored_key[EVP_MAX_MD_SIZE];
};

static inline const EVP_MD *
scram_hash(const char *scheme)
{
	switch (storedkey_hash_len(scheme)) {
	case 20:
		return EVP_sha1();
	case 32:
		return EVP_sha256();
	default:
		return EVP_sha512();
	}
}

static inline void
scram_hmac(const EVP_MD *hash, const unsigned char *key, const char *text,
    unsigned char *out)
{
	unsigned n = EVP_MAX_MD_SIZE;

	assert_non_null(HMAC(hash, key, EVP_MD_get_size(hash),
	    (const unsigned char *)text, strlen(text), out, &n));
}

static inline void
scram_derive(struct scram_client *c, struct slice salt, uint32_t iterations)
{
	unsigned char salted[EVP_MAX_MD_SIZE];
	int n = EVP_MD_get_size(c->hash);

	assert_int_equal(
	    PKCS5_PBKDF2_HMAC(c->password, -1, (const unsigned char *)salt.p,
		(int)salt.n, (int)iterations, c->hash, n, salted),
	    1);
	scram_hmac(c->hash, salted, "Client Key", c->client_key);
	scram_hmac(c->hash, salted, "Server Key", c->server_key);
	assert_int_equal(EVP_Digest(c->client_key, (size_t)n, c->stored_key,
			     NULL, c->hash, NULL),
	    1);
}

/* What a directory holds of a password. */
static inline struct storedkey
scram_key(const char *scheme, const char *password, struct slice salt,
    uint32_t iterations)
{
	struct scram_client c = { scram_hash(scheme), password, "", { 0 },
		{ 0 }, { 0 } };
	struct storedkey k = { .iterations = iterations, .salt_len = salt.n };

	k.hash_len = storedkey_hash_len(scheme);
	memcpy(k.salt, salt.p, salt.n);
	scram_derive(&c, salt, iterations);
	memcpy(k.stored, c.stored_key, k.hash_len);
	memcpy(k.server, c.server_key, k.hash_len);
	return k;
}

static inline void
scram_base64(const unsigned char *p, size_t n, char *out)
{
	struct buf b = buf_new(4096);

	base64_encode((struct slice){ (const char *)p, n }, &b);
	if (b.n > 0)
		memcpy(out, b.p, b.n);
	out[b.n] = '\0';
	buf_free(&b);
}

/*
 * The final message to server_first, a C string: attribute is "c=" and its
 * value, nonce NULL the one the server made.
 */
static inline void
scram_final(struct scram_client *c, const char *bare, const char *server_first,
    const char *attribute, const char *nonce, char *out)
{
	char r[1024], salt[512], proof[128];
	unsigned char signature[EVP_MAX_MD_SIZE];
	struct buf octets = buf_new(512);
	unsigned iterations;
	size_t i, n = (size_t)EVP_MD_get_size(c->hash);

	assert_int_equal(sscanf(server_first, "r=%1023[^,],s=%511[^,],i=%u", r,
			     salt, &iterations),
	    3);
	assert_int_equal(base64_decode(slice_of(salt), &octets), 0);
	scram_derive(c, buf_slice(&octets), iterations);
	buf_free(&octets);
	snprintf(c->said, sizeof(c->said), "%s,%s,%s,r=%s", bare, server_first,
	    attribute, nonce == NULL ? r : nonce);
	scram_hmac(c->hash, c->stored_key, c->said, signature);
	for (i = 0; i < n; i++)
		signature[i] ^= c->client_key[i];
	scram_base64(signature, n, proof);
	sprintf(
	    out, "%s,r=%s,p=%s", attribute, nonce == NULL ? r : nonce, proof);
}

/* What the server must say last: "v=..." */
static inline void
scram_verifier(struct scram_client *c, char *out)
{
	unsigned char signature[EVP_MAX_MD_SIZE];

	scram_hmac(c->hash, c->server_key, c->said, signature);
	out[0] = 'v';
	out[1] = '=';
	scram_base64(signature, (size_t)EVP_MD_get_size(c->hash), out + 2);
}

#endif
