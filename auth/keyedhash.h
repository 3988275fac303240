#ifndef SUBMITD_KEYEDHASH_H
#define SUBMITD_KEYEDHASH_H

/*
 * keyedhash - HMAC-SHA-256 under keys that are made at random at each start
 * and never leave the process.
 *
 * What is kept of a password is its hash under such a key and a salt: of no
 * use in another process, nor without the key.
 */

#include <stdbool.h>

#include "compiler.h"
#include "slice.h"

#define KEYEDHASH_LEN      32
#define KEYEDHASH_SALT_LEN 16

struct keyedhash_key {
	unsigned char bytes[KEYEDHASH_LEN];
};

/* A password that somebody has: all that is kept of it. */
struct keyedhash_password {
	unsigned char salt[KEYEDHASH_SALT_LEN];
	unsigned char hash[KEYEDHASH_LEN];
};

/* A new key.  Ends the process when there is no randomness. */
void keyedhash_make_key(struct keyedhash_key *);

/* 0, or -1 when libcrypto cannot. */
NODISCARD int keyedhash(const struct keyedhash_key *, struct slice,
    unsigned char out[KEYEDHASH_LEN]);

/*
 * What to keep of a user's password.  -1: too long (LIMIT_PASSWORD), or
 * libcrypto cannot; nothing may be kept then.
 */
NODISCARD int keyedhash_set_password(const struct keyedhash_key *,
    struct slice user, struct slice password, struct keyedhash_password *out);

/* Is it this one?  In constant time; false when in doubt. */
NODISCARD bool keyedhash_is_password(const struct keyedhash_key *,
    struct slice user, struct slice password,
    const struct keyedhash_password *);

#endif
