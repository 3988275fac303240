#ifndef SUBMITD_JWKS_H
#define SUBMITD_JWKS_H

/*
 * jwks - the keys by which an authorization server signs its tokens (RFC 7517).
 *
 * Public keys of RSA (2048 bits and more) and of the curve P-256, read once
 * from the text of a file.  May be shared by threads: a lock guards the
 * library's key objects.
 */

#include <stdbool.h>

#include "compiler.h"
#include "slice.h"

struct jwks;

enum jwks_kind { JWKS_RSA, JWKS_P256 };

/*
 * Read a JWK Set.  Keys of other kinds, for other uses, or with a private
 * part are passed over and counted in *skipped.  NULL, and *why in words, when
 * it is no such set or no key is left.
 */
struct jwks *jwks_new(struct slice text, unsigned *skipped, const char **why);
void jwks_free(struct jwks **);

unsigned jwks_count(const struct jwks *);

/*
 * Does a key of this kind vouch for the token, a JWS in compact form whose
 * shape was checked?  kid: its key's id; empty: every key of the kind is tried.
 */
NODISCARD bool jwks_verify(
    const struct jwks *, enum jwks_kind, struct slice kid, struct slice token);

#endif
