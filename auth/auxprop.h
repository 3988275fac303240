#ifndef SUBMITD_AUXPROP_H
#define SUBMITD_AUXPROP_H

/*
 * auxprop - where libsasl2's mechanisms get a user's stored key from: us.
 *
 * The library asks plug-ins for properties of users.  This one has no
 * directory of its own: it asks the callback AUXPROP_CB_STORED_KEY of the
 * connection at hand, so that the exchange decides.
 */

#include "buf.h"
#include "compiler.h"
#include "slice.h"

/* What options must name for it to be asked. */
#define AUXPROP_NAME "submitd"

/* An identifier of libsasl2's callbacks, beyond its own. */
#define AUXPROP_CB_STORED_KEY 0x5d0001UL

/*
 * Append the stored key of user, in the form of RFC 5803.  The result is
 * libsasl2's: SASL_OK, SASL_NOUSER when there is none, or an error.
 */
typedef int auxprop_stored_key_fn(
    void *context, struct slice user, struct buf *key);

/* Once, after sasl_server_init().  0, or -1 logged. */
NODISCARD int auxprop_start(void);

#endif
