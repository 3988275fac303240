#ifndef SUBMITD_LINE_H
#define SUBMITD_LINE_H

/*
 * line - cut a byte stream into SMTP lines.
 *
 * A line ends with CRLF and with nothing else (RFC 5321, 2.3.8).  Keeps no
 * state but a scan offset, which the caller holds for as long as it offers the
 * same line, so that a client that sends one octet at a time costs O(n).
 */

#include <stddef.h>

#include "compiler.h"
#include "slice.h"

enum line_status {
	LINE_PARTIAL,  /* no end in sight yet */
	LINE_WHOLE,    /* *line is it, without CRLF; uses line->n + 2 octets */
	LINE_TOO_LONG, /* more than max octets before a CRLF */
	LINE_BARE,     /* a CR or LF that is not part of CRLF, or a NUL */
};

/*
 * Look for a line of at most max octets (CRLF not counted) at the start of in.
 * *scan: 0 for a new line; kept between calls; 0 again after LINE_WHOLE.
 */
NODISCARD enum line_status line_find(
    struct slice in, size_t max, size_t *scan, struct slice *line);

#endif
