#ifndef SUBMITD_CLIENTCERT_H
#define SUBMITD_CLIENTCERT_H

/*
 * clientcert - who a TLS client says it is, by a certificate of an authority
 * that we trust for that.
 *
 * A certificate that does not verify is none: the client can still log in in
 * another way.
 */

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"

struct clientcert {
	struct buf subject;   /* RFC 4514; empty: nobody */
	struct buf mailboxes; /* packed; rfc822Name of the subjectAltName */
	uint32_t mailbox_count;
};

/*
 * There is one, it was verified in this connection or the resumed one, and it
 * has not expired since.
 */
NODISCARD bool clientcert_is_good(const SSL *);

/*
 * What a good one says; at most LIMIT_CERTIFICATE_MAILBOXES mailboxes, those
 * that are no printable ASCII left out.  To be freed also when false.
 */
bool clientcert_read(const SSL *, struct clientcert *);
void clientcert_free(struct clientcert *);

#endif
