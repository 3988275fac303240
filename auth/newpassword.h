#ifndef SUBMITD_NEWPASSWORD_H
#define SUBMITD_NEWPASSWORD_H

/*
 * newpassword - what a directory is to keep of a new password.
 *
 * No I/O but for random numbers and the time it takes.
 */

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "slice.h"
#include "storedkey.h"

/*
 * A userPassword value (RFC 2307, 5.3).  CRYPT is SHA-512 of crypt(5), which
 * OpenLDAP and 389 DS know without a module; SSHA is for directories that do
 * not; CLEAR is the password itself, for those that hash what they get.  -1:
 * cannot.
 */
NODISCARD int newpassword_hash(
    enum password_scheme, struct slice password, struct buf *out);

/* The keys of a SCRAM mechanism, of a salt and so many rounds.  -1: cannot. */
NODISCARD int newpassword_key(const char *scheme, struct slice password,
    struct slice salt, uint32_t iterations, struct storedkey *);

/*
 * A value for scram_attribute (RFC 5803), of a new salt: SCRAM-SHA-256, ...
 * It looks like what users without a key are told (stranger.h).  The password
 * is prepared (SASLprep).  -1: cannot.
 */
NODISCARD int newpassword_stored(const struct auth_config *, const char *scheme,
    struct slice password, struct buf *out);

#endif
