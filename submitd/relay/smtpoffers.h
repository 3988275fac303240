#ifndef SUBMITD_SMTPOFFERS_H
#define SUBMITD_SMTPOFFERS_H

/*
 * smtpoffers - what a smarthost says it takes: its answer to EHLO.
 *
 * A server is believed no number that is not one, and what it says twice
 * counts in the narrower sense.  No offer of its own accord makes us send
 * anything: smtpparams.c asks whether what a message needs is among them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "messages.h"
#include "slice.h"

enum smtp_extension {
	EXT_STARTTLS = 1 << 0,
	EXT_PIPELINING = 1 << 1,
	EXT_CHUNKING = 1 << 2,
	EXT_8BITMIME = 1 << 3,
	EXT_BINARYMIME = 1 << 4,
	EXT_SIZE = 1 << 5,
	EXT_DSN = 1 << 6,
	EXT_SMTPUTF8 = 1 << 7,
	EXT_REQUIRETLS = 1 << 8,
	EXT_DELIVERBY = 1 << 9,
	EXT_MT_PRIORITY = 1 << 10,
	EXT_LIMITS = 1 << 11,
	EXT_AUTH = 1 << 12,
	EXT_ENHANCEDSTATUSCODES = 1 << 13,
};

/* All zero before the first line of a reply.  A limit of 0 is none. */
struct smtp_offers {
	uint32_t extensions; /* set of enum smtp_extension */
	unsigned lines;
	uint64_t size;       /* octets; RFC 1870, 3 */
	uint64_t by_min_s;   /* RFC 2852, 2 */
	uint64_t mail_max;   /* RFC 9422, 4: MAIL in a session, */
	uint64_t rcpt_max;   /* RCPT in a transaction, */
	uint64_t domain_max; /* domains of recipients in a session */
};

/* Take one line of the reply, without its code; the first is a greeting. */
void smtp_offers_note(struct smtp_offers *, struct slice line);

/*
 * After the last line: drop what is no offer without another one.  verified:
 * we are in TLS, and know with whom.
 */
void smtp_offers_settle(struct smtp_offers *, bool verified);

static inline bool
smtp_offers_has(const struct smtp_offers *o, enum smtp_extension e)
{
	return (o->extensions & (uint32_t)e) != 0;
}

/* "PIPELINING,SIZE=1000,..." for people; "none" if there is none. */
void smtp_offers_print(struct buf *, const struct smtp_offers *);
void mail_offers_print(struct buf *, const struct msg_mail_offers *);

/*
 * What a message may need wherever it goes: common to all n servers; n 0,
 * nothing is known: the least we count on.
 */
void smtp_offers_common(const struct smtp_offers *const servers[], size_t n,
    struct msg_mail_offers *);

#endif
