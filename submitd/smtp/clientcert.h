#ifndef SUBMITD_SMTP_CLIENTCERT_H
#define SUBMITD_SMTP_CLIENTCERT_H

/*
 * clientcert - the certificate that a client has shown, and whom it names.
 *
 * A handshake goes on whatever certificate there was (tls.h), so whoever wants
 * to believe one asks here first.
 */

#include <openssl/ssl.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"

enum clientcert_status {
	CLIENTCERT_NONE, /* none was shown, or nobody asked for one */
	CLIENTCERT_BAD,  /* it proves nothing */
	CLIENTCERT_GOOD, /* its owner is at the other end, and vouched for */
};

/*
 * Of a connection whose handshake is done.  A session that was resumed has the
 * certificate it began with, which must be within its time still.  *why:
 * static, why it is bad; else NULL.
 */
enum clientcert_status clientcert_check(const SSL *, const char **why);

/* Whom it names.  Everything in it is valid UTF-8 without controls. */
struct clientcert {
	struct buf subject; /* RFC 4514; empty: none, or too long */
	uint32_t mailbox_count;
	struct buf mailboxes; /* packed byte strings: rfc822Name (RFC 5280,
			       * 4.2.1.6), SmtpUTF8Mailbox (RFC 8398) */
};

/* What it names beyond the limits, and what is no such name, is left out. */
struct clientcert clientcert_read(const X509 *);
void clientcert_free(struct clientcert *);

#endif
