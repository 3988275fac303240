#ifndef SUBMITD_LDAPNAME_H
#define SUBMITD_LDAPNAME_H

/*
 * ldapname - put what a stranger typed into a filter or a DN, as text.
 *
 * Pure: bytes in, bytes out.  In a template %u stands for the login name and
 * %% for a per cent sign; nothing else may follow a per cent sign.
 */

#include <stdbool.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

/*
 * A login name worth a question: 1 to LIMIT_USER octets of valid UTF-8
 * without control characters (RFC 4616, 2; RFC 4013, 2.3).
 */
NODISCARD bool ldapname_is_sane(struct slice user);

/* The template names the user at least once and holds no other escape. */
NODISCARD bool ldapname_template_is_good(const char *template);

/* Append the filter, the name escaped after RFC 4515, 3; see buf_ok(). */
void ldapname_add_filter(struct buf *, const char *template, struct slice);

/* The same for a filter about somebody known: %u and %d, the entry's DN. */
void ldapname_add_entry_filter(
    struct buf *, const char *template, struct slice user, struct slice dn);

/* What a client's certificate says of its owner. */
struct certificate_names {
	struct slice mailbox; /* %m: an rfc822Name; empty: none */
	struct slice subject; /* %s: RFC 4514 */
};

/* The same for %m and %s. */
void ldapname_add_certificate(
    struct buf *, const char *template, const struct certificate_names *);

/* Append the DN, the name escaped after RFC 4514, 2.4; see buf_ok(). */
void ldapname_add_dn(struct buf *, const char *template, struct slice);

/* A mailbox a user may send as: printable, one @ at least, <= 254 octets. */
NODISCARD bool ldapname_is_mailbox(struct slice value);

/*
 * The mailbox in an attribute's value: "alice@example.net", or with a type in
 * front as in proxyAddresses, "SMTP:alice@example.net".  Empty: it is none, or
 * an address of another kind.  Borrows.
 */
NODISCARD struct slice ldapname_mailbox(struct slice value);

/* The domain in "example.net", "@example.net" or "*@example.net"; else empty.
 */
NODISCARD struct slice ldapname_domain(struct slice value);

#endif
