#ifndef SUBMITD_JWT_H
#define SUBMITD_JWT_H

/*
 * jwt - what a bearer token says, if it may be believed (RFC 7519, RFC 8725).
 *
 * Signed with RS256 or ES256 by a key of ours, of our issuer, for us, and now.
 * The time is given, so there is no clock in here.
 */

#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "jwks.h"
#include "slice.h"

struct jwt_policy {
	const char *issuer;     /* iss must be this */
	const char *audience;   /* aud must be it, or have it */
	const char *user_claim; /* whose value is the login name */
	const char *scope;      /* scope must have this word; NULL: any */
	uint32_t leeway_s;      /* between the clocks */
};

/*
 * NULL, and the login name appended to user; or why not, as one static token
 * for the log.
 */
NODISCARD const char *jwt_judge(const struct jwks *, const struct jwt_policy *,
    struct slice token, int64_t now_s, struct buf *user);

#endif
