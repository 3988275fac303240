/*
 * line - cut a byte stream into SMTP lines.
 *
 * Accepts CRLF only (RFC 5321, 2.3.8): two servers that disagree about line
 * ends can be made to disagree about where a message ends.  Does no I/O.
 */

#include "line.h"

enum line_status
line_find(struct slice in, size_t max, size_t *scan, struct slice *line)
{
	size_t i;

	*line = (struct slice){ "", 0 };
	for (i = *scan; i < in.n; i++) {
		if (in.p[i] == '\n' || in.p[i] == '\0')
			return LINE_BARE;
		if (in.p[i] == '\r') {
			if (i + 1 == in.n)
				break; /* its LF may come next */
			if (in.p[i + 1] != '\n')
				return LINE_BARE;
			*line = (struct slice){ in.p, i };
			*scan = 0;
			return LINE_WHOLE;
		}
		if (i == max)
			return LINE_TOO_LONG;
	}
	*scan = i;
	return LINE_PARTIAL;
}
