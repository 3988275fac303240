#ifndef SUBMITD_MAILOPTIONS_H
#define SUBMITD_MAILOPTIONS_H

/*
 * mailoptions - what a client asked for beside sender and recipients: the
 * parameters of MAIL and RCPT that travel with the message.
 *
 * smtp parses them (parameters.c), MAIL_BEGIN carries them, the envelope keeps
 * them, and relay honours them or passes them on.  Slices are borrowed.
 * Unpacking is a border check: what it lets pass can stand in a command.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "pack.h"
#include "slice.h"

/* RFC 6152, RFC 3030: in this order each takes what the one before does. */
enum mail_body { BODY_7BIT, BODY_8BITMIME, BODY_BINARYMIME };

enum mail_ret { RET_UNSET, RET_FULL, RET_HDRS }; /* RFC 3461, 4.3 */

/* RFC 3461, 4.1; a set, NEVER alone in it, 0 when NOTIFY was not given. */
enum mail_notify {
	NOTIFY_NEVER = 1 << 0,
	NOTIFY_SUCCESS = 1 << 1,
	NOTIFY_FAILURE = 1 << 2,
	NOTIFY_DELAY = 1 << 3,
};

enum mail_by { BY_UNSET, BY_NOTIFY, BY_RETURN }; /* RFC 2852, 4 */

#define MAIL_PRIORITY_MIN (-9) /* RFC 6710, 4.1 */
#define MAIL_PRIORITY_MAX 9

struct mail_options {
	uint32_t body;      /* enum mail_body */
	bool smtputf8;      /* RFC 6531 */
	bool require_tls;   /* RFC 8689 */
	uint32_t ret;       /* enum mail_ret */
	struct slice envid; /* xtext, as it came; empty: none */
	bool has_priority;
	int32_t priority;
	uint32_t by;               /* enum mail_by */
	bool by_trace;             /* asked for with T */
	uint64_t by_s;             /* deliver until then: seconds since 1970 */
	uint64_t hold_until_s;     /* RFC 4865, the same; 0: at once */
	struct slice hold_request; /* "for;3600", "until;..."; else empty */
};

struct mail_recipient {
	struct slice mailbox; /* without <> */
	uint32_t notify;      /* set of enum mail_notify */
	struct slice orcpt;   /* "type;address", as it came; empty: none */
};

void mail_options_pack(struct buf *, const struct mail_options *);
void mail_recipient_pack(struct buf *, const struct mail_recipient *);

/* Invalid ones spoil the reading, like short ones. */
void mail_options_unpack(struct unpack *, struct mail_options *);
void mail_recipient_unpack(struct unpack *, struct mail_recipient *);

#endif
