/*
 * newpassword - what a directory is to keep of a new password.
 */

#include "newpassword.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

#include "base64.h"

#define CRYPT_ROUNDS "$6$rounds=200000$"
#define CRYPT_SALT   16 /* characters */
#define SSHA_SALT    16 /* octets */

/* 64 characters, so that six random bits are one of them. */
static const char salt_alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";

static int
random_octets(void *to, size_t n)
{
	return getrandom(to, n, 0) == (ssize_t)n ? 0 : -1;
}

static int
hash_crypt(struct slice password, struct buf *out)
{
	char salt[sizeof(CRYPT_ROUNDS) + CRYPT_SALT], *end = salt;
	unsigned char octets[CRYPT_SALT];
	struct crypt_data data;
	const char *hash;
	size_t i;

	if (random_octets(octets, sizeof(octets)) == -1)
		return -1;
	end = stpcpy(end, CRYPT_ROUNDS);
	for (i = 0; i < CRYPT_SALT; i++)
		*end++ = salt_alphabet[octets[i] & 63];
	*end = '\0';
	memset(&data, 0, sizeof(data));
	/* a secret has a NUL behind it */
	hash = crypt_rn(password.p, salt, &data, sizeof(data));
	if (hash != NULL)
		buf_printf(out, "{CRYPT}%s", hash);
	explicit_bzero(&data, sizeof(data));
	return out->n > 0 && buf_ok(out) ? 0 : -1;
}

static int
hash_ssha(struct slice password, struct buf *out)
{
	unsigned char digest[20 + SSHA_SALT];
	struct buf both = buf_new(password.n + SSHA_SALT);
	int r = -1;

	if (random_octets(digest + 20, SSHA_SALT) == -1)
		goto out;
	buf_add(&both, password.p, password.n);
	buf_add(&both, digest + 20, SSHA_SALT);
	if (!buf_ok(&both) ||
	    EVP_Digest(both.p, both.n, digest, NULL, EVP_sha1(), NULL) != 1)
		goto out;
	buf_str(out, "{SSHA}");
	base64_encode(
	    (struct slice){ (const char *)digest, sizeof(digest) }, out);
	r = buf_ok(out) ? 0 : -1;
out:
	buf_free(&both);
	return r;
}

int
newpassword_hash(
    enum password_scheme scheme, struct slice password, struct buf *out)
{
	switch (scheme) {
	case PASSWORD_CRYPT:
		return hash_crypt(password, out);
	case PASSWORD_SSHA:
		return hash_ssha(password, out);
	case PASSWORD_CLEAR:
		buf_add(out, password.p, password.n);
		return buf_ok(out) ? 0 : -1;
	}
	return -1;
}

/* -- SCRAM ------------------------------------------------------------------
 */

static const EVP_MD *
digest_of(const char *scheme)
{
	if (strcmp(scheme, "SCRAM-SHA-1") == 0)
		return EVP_sha1();
	if (strcmp(scheme, "SCRAM-SHA-256") == 0)
		return EVP_sha256();
	return strcmp(scheme, "SCRAM-SHA-512") == 0 ? EVP_sha512() : NULL;
}

/* RFC 5802, 3: HMAC(SaltedPassword, text). */
static int
hmac(const EVP_MD *md, const unsigned char *salted, size_t n, const char *text,
    unsigned char *out)
{
	return HMAC(md, salted, (int)n, (const unsigned char *)text,
		   strlen(text), out, NULL) == NULL
		   ? -1
		   : 0;
}

int
newpassword_key(const char *scheme, struct slice password, struct slice salt,
    uint32_t iterations, struct storedkey *out)
{
	unsigned char salted[STOREDKEY_HASH_MAX], client[STOREDKEY_HASH_MAX];
	const EVP_MD *md = digest_of(scheme);
	size_t n = storedkey_hash_len(scheme);
	int r = -1;

	*out = (struct storedkey){
		.iterations = iterations, .salt_len = salt.n, .hash_len = n
	};
	if (md == NULL || n == 0 || salt.n > sizeof(out->salt))
		return -1;
	memcpy(out->salt, salt.p, salt.n);
	if (PKCS5_PBKDF2_HMAC(password.p, (int)password.n, out->salt,
		(int)salt.n, (int)iterations, md, (int)n, salted) == 1 &&
	    hmac(md, salted, n, "Client Key", client) == 0 &&
	    EVP_Digest(client, n, out->stored, NULL, md, NULL) == 1 &&
	    hmac(md, salted, n, "Server Key", out->server) == 0)
		r = 0;
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return r;
}

int
newpassword_stored(const struct auth_config *config, const char *scheme,
    struct slice password, struct buf *out)
{
	unsigned char salt[LIMIT_SCRAM_SALT];
	struct storedkey key;
	int r;

	if (random_octets(salt, config->scram_salt) == -1)
		return -1;
	r = newpassword_key(scheme, password,
	    (struct slice){ (const char *)salt, config->scram_salt },
	    config->scram_iterations, &key);
	if (r == 0)
		storedkey_print(&key, scheme, out);
	explicit_bzero(&key, sizeof(key));
	return r == 0 && buf_ok(out) ? 0 : -1;
}
