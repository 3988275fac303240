#ifndef SUBMITD_PARAMETERS_H
#define SUBMITD_PARAMETERS_H

/*
 * parameters - what may follow the path of MAIL and of RCPT (RFC 5321, 4.1.2,
 * and the RFCs of the extensions).
 *
 * Values are parsed and checked; those that travel on as text (ENVID, ORCPT)
 * are such that they can stand in a command.  Each row of the tables knows the
 * offer it depends on: without it the keyword is as unknown as any other.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "compiler.h"
#include "limits.h"
#include "mailoptions.h"
#include "offers.h"
#include "slice.h"

enum parameters_status {
	PARAMETERS_OK,
	PARAMETERS_UNKNOWN,      /* 555: a keyword or value not offered */
	PARAMETERS_BAD_VALUE,    /* 501: missing, malformed, given twice, or
				  * against another one */
	PARAMETERS_BAD_PRIORITY, /* 501 5.5.2: RFC 6710, 4.1 */
	PARAMETERS_TOO_SOON,     /* 555: BY=...;R below the least time */
};

struct mail_parameters {
	bool has_size;
	uint64_t size; /* octets; saturates, never wraps */
	/* hold_request borrows from the text below, so this struct stays
	 * where it is; envid from what was parsed */
	struct mail_options options;
	char hold_request[LIMIT_HOLD_REQUEST + 1];
	/* When not OK: the keyword at fault, cut; borrows or is static. */
	struct slice culprit;
};

struct rcpt_parameters {
	uint32_t notify; /* set of enum mail_notify */
	struct slice orcpt;
	struct slice culprit; /* as above */
};

/* rest: what path_parse() left over.  now: for times relative to it. */
NODISCARD enum parameters_status parameters_parse_mail(struct slice rest,
    const struct offers *, time_t now, struct mail_parameters *);

/* utf8: SMTPUTF8 was said with MAIL. */
NODISCARD enum parameters_status parameters_parse_rcpt(
    struct slice rest, bool utf8, struct rcpt_parameters *);

#endif
