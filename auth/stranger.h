#ifndef SUBMITD_STRANGER_H
#define SUBMITD_STRANGER_H

/*
 * stranger - the stored key of somebody who has none.
 *
 * SCRAM tells a client salt and count of iterations before it has proved
 * anything.  Who has no key gets made-up ones, and the same each time, after a
 * restart and from another gateway with the same configuration too: so that
 * asking twice does not tell (RFC 5802, 5.1 and 9).
 */

#include "config.h"
#include "slice.h"
#include "storedkey.h"

/* Before threads and the first key; the configuration outlives all keys. */
void stranger_start(const struct auth_config *);

/*
 * Any thread.  The first call takes part of a second, on purpose.
 *
 * Make up a key of the scheme, one that storedkey_hash_len() knows.  Names
 * that differ in case only are one stranger, as a directory sees them.
 */
void stranger_key(const char *scheme, struct slice name, struct storedkey *out);

/* True if a real key looks like a made-up one: as many iterations and salt. */
bool stranger_resembles(const struct storedkey *);

#endif
