#ifndef SUBMITD_TEST_SEENREPLY_H
#define SUBMITD_TEST_SEENREPLY_H

/*
 * seenreply - a reply as a client reads it: form asserted (RFC 5321, 4.2.1;
 * RFC 2034, 4), then told in numbers.
 */

#include "cases.h"
#include "limits.h"

struct seen {
	unsigned code;
	unsigned lines;
	bool enhanced; /* on every line, the same */
	char status[12];
};

/* Octets of "x.y.z" at the front of a reply's text, or 0. */
static inline size_t
status_length(struct slice s, unsigned code)
{
	size_t n = 0, part, digits;

	for (part = 0; part < 3; part++) {
		if (part > 0 && (n >= s.n || s.p[n++] != '.'))
			return 0;
		for (digits = 0; n < s.n && isdigit((unsigned char)s.p[n]); n++)
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
	}
	if (s.p[0] != (char)('0' + code / 100) || (n < s.n && s.p[n] != ' '))
		return 0;
	return n < sizeof(((struct seen *)0)->status) ? n : 0;
}

/* One line without its CRLF.  True when more follow. */
static inline bool
see_line(struct slice line, struct seen *r)
{
	struct slice text = slice_from(line, 4);
	unsigned code;
	size_t n, i;

	assert_true(line.n >= 4 && (line.p[3] == ' ' || line.p[3] == '-'));
	for (i = 0; i < line.n; i++)
		assert_in_range((unsigned char)line.p[i], i < 3 ? '0' : ' ',
		    i < 3 ? '9' : '~');
	code = (unsigned)(line.p[0] - '0') * 100 +
	       (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0');
	assert_in_range(code, 200, 599);
	if (code != 334) /* base64, as long as it is: RFC 4954, 4 */
		assert_true(line.n + 2 <= LIMIT_REPLY_LINE);
	n = status_length(text, code);
	if (r->lines++ == 0) {
		r->code = code;
		r->enhanced = n > 0;
		memcpy(r->status, text.p, n);
		r->status[n] = '\0';
	}
	assert_int_equal(code, r->code);
	if (n != strlen(r->status) || memcmp(text.p, r->status, n) != 0)
		r->enhanced = false;
	return line.p[3] == '-';
}

/* The next reply at the front of *server; false: there is none. */
static inline bool
seen_take(struct slice *server, struct seen *r)
{
	const char *end;
	bool more = true;
	size_t n;

	*r = (struct seen){ 0 };
	if (server->n == 0)
		return false;
	while (more) {
		end = server->n == 0 ? NULL
				     : memmem(server->p, server->n, "\r\n", 2);
		if (end == NULL)
			fail_msg("half a reply: '%s'", shown(*server));
		n = (size_t)(end - server->p);
		more = see_line((struct slice){ server->p, n }, r);
		*server = slice_from(*server, n + 2);
	}
	return true;
}

/* RFC 2034, 4: all but the greeting, the answers to HELO and EHLO, and 3xx. */
static inline void
assert_status(const struct seen *r, bool greets)
{
	if (r->code / 100 == 3 || (greets && r->code / 100 == 2))
		assert_true(r->code / 100 == 2 || !r->enhanced);
	else
		assert_true(r->enhanced);
}

#endif
