#ifndef SUBMITD_PARAMETERS_H
#define SUBMITD_PARAMETERS_H

/*
 * parameters - what may follow the path of MAIL (RFC 5321, 4.1.2;
 * RFC 1870, RFC 6152, RFC 4954).  RCPT takes none yet.
 *
 * Values are parsed, never carried as text: what goes to the smarthost is
 * printed anew from them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "mailoptions.h"
#include "slice.h"

enum parameters_status {
	PARAMETERS_OK,
	PARAMETERS_UNKNOWN,   /* 555: a keyword we do not offer */
	PARAMETERS_BAD_VALUE, /* 501: missing, malformed, or given twice */
};

struct mail_parameters {
	bool has_size;
	uint64_t size; /* octets; saturates, never wraps */
	bool has_body;
	enum mail_body body;
	bool has_auth; /* AUTH=: checked, then taken as <> (RFC 4954, 5) */
};

/* rest: what path_parse() left over. */
NODISCARD enum parameters_status parameters_parse_mail(
    struct slice rest, struct mail_parameters *);
NODISCARD enum parameters_status parameters_parse_rcpt(struct slice rest);

#endif
