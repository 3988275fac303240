#ifndef SUBMITD_BASE64_H
#define SUBMITD_BASE64_H

/*
 * base64 - RFC 4648, 4, as strict as RFC 4954 wants it: the alphabet and
 * nothing else, padding exactly where it belongs, unused bits zero.
 */

#include "buf.h"
#include "compiler.h"
#include "slice.h"

/* Append what text stands for.  0, or -1 if it is not base64 or too long. */
NODISCARD int base64_decode(struct slice text, struct buf *out);

/* Append the base64 of data. */
void base64_encode(struct slice data, struct buf *out);

#endif
