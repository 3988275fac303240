/*
 * keyedhash - HMAC-SHA-256 under keys that never leave the process.
 *
 * No slow hash: it would cost each login what it costs a thief, and a thief
 * who reads this memory has the key and sees the passwords come in.
 */

#include "keyedhash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#include "limits.h"

void
keyedhash_make_key(struct keyedhash_key *key)
{
	BUG_ON(RAND_bytes(key->bytes, sizeof(key->bytes)) != 1);
}

int
keyedhash(const struct keyedhash_key *key, struct slice s,
    unsigned char out[KEYEDHASH_LEN])
{
	unsigned n = 0;

	if (HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes),
		(const unsigned char *)s.p, s.n, out, &n) == NULL)
		return -1;
	return n == KEYEDHASH_LEN ? 0 : -1;
}

/* The user belongs to it: one entry's hash says nothing about another's. */
static int
hash_password(const struct keyedhash_key *key, struct slice user,
    struct slice password, struct keyedhash_password *p)
{
	char text[KEYEDHASH_SALT_LEN + LIMIT_USER_TYPED + 1 + LIMIT_PASSWORD];
	size_t n = KEYEDHASH_SALT_LEN;
	int r;

	if (user.n > LIMIT_USER_TYPED || password.n > LIMIT_PASSWORD)
		return -1;
	memcpy(text, p->salt, n);
	memcpy(text + n, user.p, user.n);
	n += user.n;
	text[n++] = '\0'; /* which no user has in it */
	memcpy(text + n, password.p, password.n);
	n += password.n;
	r = keyedhash(key, (struct slice){ text, n }, p->hash);
	explicit_bzero(text, sizeof(text));
	return r;
}

int
keyedhash_set_password(const struct keyedhash_key *key, struct slice user,
    struct slice password, struct keyedhash_password *out)
{
	if (RAND_bytes(out->salt, sizeof(out->salt)) != 1)
		return -1;
	return hash_password(key, user, password, out);
}

bool
keyedhash_is_password(const struct keyedhash_key *key, struct slice user,
    struct slice password, const struct keyedhash_password *kept)
{
	struct keyedhash_password p = *kept;

	return hash_password(key, user, password, &p) == 0 &&
	       CRYPTO_memcmp(p.hash, kept->hash, sizeof(p.hash)) == 0;
}
