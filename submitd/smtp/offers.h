#ifndef SUBMITD_OFFERS_H
#define SUBMITD_OFFERS_H

/*
 * offers - which extensions a client is offered now, and what may be asked of
 * them.
 *
 * One set answers both EHLO and the parameters of MAIL, so that we say no to
 * nothing we have announced.  It follows what the smarthosts take (RFC 5321,
 * 2.2.2): a message nobody behind us would take is refused at MAIL.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "buf.h"
#include "config.h"
#include "messages.h"

/* Beside those of enum mail_offer. */
enum own_offer {
	OFFER_IN_CLEAR = 1 << 16, /* whatever is for sessions without TLS */
	OFFER_IN_TLS = 1 << 17,   /* and for those with it */
	OFFER_FUTURERELEASE = 1 << 18,
	OFFER_LOGIN = 1 << 19, /* in TLS, and there is a way to */
};

struct offers {
	uint32_t set;  /* of enum mail_offer and enum own_offer */
	uint64_t size; /* octets of content; 0 is never said */
	uint32_t by_min_s;
	uint32_t hold_max_s;
	uint32_t recipients; /* RCPT commands of one transaction */
};

/* What follows from the configuration, the smarthosts and the session's TLS. */
struct offers offers_now(
    const struct smtp_config *, const struct msg_mail_offers *, bool tls);

/* True if all of needs is offered. */
static inline bool
offers_have(const struct offers *o, uint32_t needs)
{
	return (o->set & needs) == needs;
}

struct hello {
	const char *hostname;
	struct slice mechanisms; /* separated by a space; OFFER_LOGIN: some */
	time_t now;
};

/* Append the reply to EHLO (RFC 5321, 4.1.1.1). */
void offers_print(struct buf *, const struct offers *, const struct hello *);

#endif
