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

/* Append the DN, the name escaped after RFC 4514, 2.4; see buf_ok(). */
void ldapname_add_dn(struct buf *, const char *template, struct slice);

/* A mailbox a user may send as: printable, one @ at least, <= 254 octets. */
NODISCARD bool ldapname_is_mailbox(struct slice value);

#endif
