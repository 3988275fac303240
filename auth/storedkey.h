#ifndef SUBMITD_STOREDKEY_H
#define SUBMITD_STOREDKEY_H

/*
 * storedkey - what a directory holds of a SCRAM password (RFC 5802, 3).
 *
 * Pure.  Two ways to write it are read:
 *
 *	SCRAM-SHA-256$4096:salt$StoredKey:ServerKey	RFC 5803
 *	{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey	Dovecot's
 *
 * A key is worth a password to whoever can send it on: wipe what held one.
 */

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "limits.h"
#include "slice.h"

#define STOREDKEY_HASH_MAX 64 /* octets of the longest hash */

struct storedkey {
	uint32_t iterations;
	size_t salt_len;
	size_t hash_len; /* of both keys */
	unsigned char salt[LIMIT_SCRAM_SALT];
	unsigned char stored[STOREDKEY_HASH_MAX];
	unsigned char server[STOREDKEY_HASH_MAX];
};

enum storedkey_status {
	STOREDKEY_GOOD,
	STOREDKEY_OTHER, /* it is of another scheme, or there is none */
	STOREDKEY_BAD,   /* it says the scheme and is not what that must be */
};

/* Octets of a scheme's hash ("SCRAM-SHA-256": 32); 0: none we know. */
size_t storedkey_hash_len(const char *scheme);

/* Read one value; *out is wiped unless it is GOOD. */
NODISCARD enum storedkey_status storedkey_parse(
    struct slice value, const char *scheme, struct storedkey *out);

/*
 * The first good one among packed values.  BAD: there was one of the scheme,
 * and none is good.
 */
NODISCARD enum storedkey_status storedkey_find(
    struct slice values, const char *scheme, struct storedkey *out);

/* Append it as RFC 5803 has it, without a space. */
void storedkey_print(
    const struct storedkey *, const char *scheme, struct buf *);

#endif
