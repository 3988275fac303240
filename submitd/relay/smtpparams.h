#ifndef SUBMITD_SMTPPARAMS_H
#define SUBMITD_SMTPPARAMS_H

/*
 * smtpparams - MAIL and RCPT as a given server can take them, and whether it
 * can take a message at all.
 *
 * A parameter goes to a server that offered its extension and to no other.
 * Where a message would not be what it is without the extension, it does not
 * go there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "smtpclient.h"
#include "smtpoffers.h"

/* What there is to pass on, and to whom.  All borrowed. */
struct smtpparams {
	const struct smtp_offers *offers;
	const struct smtpclient_mail *mail;
	uint64_t now_s; /* since 1970 */
};

/* False: the server cannot take the message; *why says so to the client. */
NODISCARD bool smtpparams_fit(const struct smtpparams *, struct smtpreply *why);

/* Append the command with its CRLF.  Room: LIMIT_COMMAND_LINE is enough. */
void smtpparams_mail(struct buf *, const struct smtpparams *);
void smtpparams_rcpt(struct buf *, const struct smtpparams *,
    const struct smtpclient_recipient *);

#endif
