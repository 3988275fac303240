#ifndef SUBMITD_UTF8_H
#define SUBMITD_UTF8_H

/*
 * utf8 - what a string of octets may be (RFC 3629, 4): no overlong forms, no
 * surrogates, nothing beyond U+10FFFF.
 */

#include "compiler.h"
#include "slice.h"

/*
 * Octets of the character at the front of s, 1 to 4; 0 if there is none or it
 * is not one.
 */
NODISCARD size_t utf8_length(struct slice s);

/* True when s is nothing but characters. */
NODISCARD bool utf8_is_valid(struct slice s);

/* True when no octet of s has its high bit set. */
NODISCARD bool utf8_is_ascii(struct slice s);

#endif
