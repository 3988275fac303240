#ifndef SUBMITD_XTEXT_H
#define SUBMITD_XTEXT_H

/*
 * xtext - how values that do not fit an ESMTP parameter are written in one
 * (RFC 3461, 4; RFC 6533, 3).
 */

#include <stdbool.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

/* True if in is xtext for printable ASCII, which is appended. */
NODISCARD bool xtext_decode(struct slice in, struct buf *out);

/* The same without the text. */
NODISCARD bool xtext_is_valid(struct slice in);

/*
 * ORCPT's "type;address" (RFC 3461, 4.2), at most LIMIT_ORCPT octets.  The
 * address is xtext; with type utf-8 (RFC 6533, 3) characters beyond ASCII are
 * written \x{HEX}, or stand for themselves if utf8 is true.
 */
NODISCARD bool xtext_is_orcpt(struct slice in, bool utf8);

#endif
