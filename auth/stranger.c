/*
 * stranger - the stored key of somebody who has none.
 *
 * All of it comes from the name and one secret: one of its own, or the service
 * account's password.  Whoever knows a name that does not exist can check a
 * guess of that password against the salt: so it is stretched, which makes a
 * guess as dear as one against a stored key of the directory's own.
 */

#include "stranger.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#include "log.h"
#include "saslprep.h"

#define STRETCH 600000 /* rounds of PBKDF2 */

#define FOLDED_MAX 2048 /* a name, perhaps longer than it was */
#define HEAD_MAX   64   /* scheme and part, in front of it */
#define SECRET_LEN 32
#define DIGEST_LEN 64 /* SHA-512: as long as anything made of it */

_Static_assert(DIGEST_LEN <= LIMIT_SCRAM_SALT, "a salt holds a digest");
_Static_assert(DIGEST_LEN <= STOREDKEY_HASH_MAX, "and so does a key");

static struct {
	const struct auth_config *config; /* set at start only */
	pthread_mutex_t lock;
	bool made; /* the secret; under the lock */
	unsigned char secret[SECRET_LEN];
} self = { .lock = PTHREAD_MUTEX_INITIALIZER };

void
stranger_start(const struct auth_config *config)
{
	self.config = config;
	self.made = false;
}

static void
make_secret(void)
{
	const struct auth_config *c = self.config;
	const char *base = c->base == NULL ? "" : c->base;
	struct slice password = secret_slice(
	    c->scram_secret.n > 0 ? &c->scram_secret : &c->bind_password);
	struct buf salt = buf_new(sizeof("submitd strangers ") + strlen(base));

	buf_printf(&salt, "submitd strangers %s", base);
	BUG_ON(
	    PKCS5_PBKDF2_HMAC(password.n == 0 ? "" : password.p,
		(int)password.n, (const unsigned char *)salt.p, (int)salt.n,
		STRETCH, EVP_sha256(), sizeof(self.secret), self.secret) != 1);
	buf_free(&salt);
	self.made = true;
}

/* Not at start: auth would be late to say what it offers. */
static const unsigned char *
secret(void)
{
	pthread_mutex_lock(&self.lock);
	if (!self.made)
		make_secret();
	pthread_mutex_unlock(&self.lock);
	return self.secret;
}

/* What a directory that does not look at case takes for the same name. */
static size_t
fold(struct slice name, char *out, size_t size)
{
	size_t n = saslprep_fold(name, out, size);

	if (n > 0 || name.n >= size)
		return n;
	memcpy(out, name.p, name.n);
	return name.n;
}

/* One value per scheme, part of the key, and name. */
static void
derive(const char *scheme, const char *part, struct slice name,
    unsigned char digest[DIGEST_LEN])
{
	char folded[FOLDED_MAX];
	size_t n = fold(name, folded, sizeof(folded));
	struct buf b = buf_new(FOLDED_MAX + HEAD_MAX);
	unsigned length = 0;

	buf_printf(&b, "%s %s ", scheme, part);
	buf_add(&b, folded, n);
	BUG_ON(HMAC(EVP_sha512(), secret(), SECRET_LEN,
		   (const unsigned char *)b.p, b.n, digest, &length) == NULL);
	buf_free(&b);
}

void
stranger_key(const char *scheme, struct slice name, struct storedkey *out)
{
	explicit_bzero(out, sizeof(*out));
	out->iterations = self.config->scram_iterations;
	out->salt_len = self.config->scram_salt;
	out->hash_len = storedkey_hash_len(scheme);
	derive(scheme, "salt", name, out->salt);
	derive(scheme, "stored", name, out->stored);
	derive(scheme, "server", name, out->server);
}

bool
stranger_resembles(const struct storedkey *k)
{
	return k->iterations == self.config->scram_iterations &&
	       k->salt_len == self.config->scram_salt;
}
