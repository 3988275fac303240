#ifndef SUBMITD_GRANT_H
#define SUBMITD_GRANT_H

/*
 * grant - what a login earned: who this is and what they may send as.
 *
 * auth seals it with HMAC-SHA-256 under a key that only auth and relay hold
 * (master makes it); smtp reads it and passes it on; relay takes no message
 * without a valid one of the same worker process and session, not expired.
 *
 * Wire: fields in the order below (pack.h), then 32 octets of MAC over them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "quota.h"
#include "slice.h"

#define GRANT_MAC_LEN 32

struct grant {
	uint64_t session;
	uint32_t instance;           /* smtp process, struct msg_peer */
	uint64_t expires_ms;         /* clock_ms() */
	struct slice user;           /* canonical, for logs and limits */
	struct slice client_address; /* text, for the trace */
	uint32_t address_count;
	struct slice addresses; /* own; packed: address_count byte strings;
				 * "@domain": every mailbox of it */
	uint32_t delegated_count;
	struct slice delegated; /* the same, of those they may write for: a
				 * Sender field then names the user */
	struct quota quota;
};

/* Pure half (shared/grant.c): fields without judging the MAC. -1: not one. */
NODISCARD int grant_read(struct slice sealed, struct grant *);

/* True if mailbox is one of the user's own, ASCII case aside. */
NODISCARD bool grant_owns(const struct grant *, struct slice mailbox);

/* The same, or one of those they may write for. */
NODISCARD bool grant_allows(const struct grant *, struct slice mailbox);

/* Append the fields in wire order, unsealed. */
void grant_pack(struct buf *, const struct grant *);

/* Keyed half (shared/grantmac.c, libcrypto; linked by auth and relay only). */
enum grant_verdict {
	GRANT_VALID,
	GRANT_FORGED, /* or truncated, or of another key */
	GRANT_EXPIRED,
	GRANT_OTHER_SESSION,
};

/* Append fields and MAC.  0, or -1 when it would exceed LIMIT_GRANT. */
NODISCARD int grant_seal(
    struct slice key, const struct grant *, struct buf *out);

/* Judge and read; *out borrows from sealed and is filled only if VALID. */
NODISCARD enum grant_verdict grant_open(struct slice key, struct slice sealed,
    uint32_t instance, uint64_t session, uint64_t now_ms, struct grant *out);

#endif
