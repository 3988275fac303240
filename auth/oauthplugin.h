#ifndef SUBMITD_OAUTHPLUGIN_H
#define SUBMITD_OAUTHPLUGIN_H

/*
 * oauthplugin - OAUTHBEARER (RFC 7628) and XOAUTH2 as libsasl2 mechanisms.
 *
 * The library has neither.  The plug-in speaks the two; whose a token is says
 * the callback OAUTHPLUGIN_CB_TOKEN of the connection at hand, so that the
 * exchange decides.
 */

#include "buf.h"
#include "compiler.h"
#include "oauthmessage.h"

/* An identifier of libsasl2's callbacks, beyond its own. */
#define OAUTHPLUGIN_CB_TOKEN 0x5d0002UL

/*
 * Append the login name of whoever the token is for.  The message's user is
 * unescaped; has_user is taken back when it is the same person.  The result is
 * libsasl2's: SASL_OK; SASL_BADAUTH, and the client is told that its token is
 * no good; or another error, which ends it at once.
 */
typedef int oauthplugin_token_fn(
    void *context, struct oauthmessage *, struct buf *user);

/* Once, after sasl_server_init(); the hint outlives it.  0, or -1 logged. */
NODISCARD int oauthplugin_start(const struct oauthmessage_hint *);

#endif
