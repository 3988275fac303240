#ifndef SUBMITD_OAUTHMESSAGE_H
#define SUBMITD_OAUTHMESSAGE_H

/*
 * oauthmessage - the client's message of OAUTHBEARER (RFC 7628, 3.1) and of
 * XOAUTH2, and our answer to a bad token (3.2.2).
 *
 * Pure.  Slices borrow from the message.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

struct oauthmessage {
	bool has_user;     /* the client said who it wants to be */
	struct slice user; /* OAUTHBEARER: still escaped (RFC 5801, 4) */
	struct slice token;
	struct slice host; /* empty: not said */
	bool has_port;
	uint32_t port;
};

/* 0, or -1: it is no such message. */
NODISCARD int oauthmessage_parse_bearer(struct slice, struct oauthmessage *);
NODISCARD int oauthmessage_parse_xoauth2(struct slice, struct oauthmessage *);

/* Append the name, =2C and =3D taken back (RFC 5801, 4).  -1: a bad escape. */
NODISCARD int oauthmessage_add_user(struct buf *, struct slice escaped);

/* Append the JSON that tells a client that its token is no good. */
struct oauthmessage_hint {
	const char *scope;         /* NULL: none to tell */
	const char *discovery_url; /* the same */
};
void oauthmessage_add_failure(
    struct buf *, bool xoauth2, const struct oauthmessage_hint *);

#endif
