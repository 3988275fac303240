/*
 * smtpreply - cut SMTP replies out of a byte stream.
 *
 * Strict about the code, since a decision hangs on it; lenient about a
 * missing CR and about what the text holds, since nothing does.  Pure: no
 * I/O, no allocation, no log.  Invariant: octets <= REPLY_OCTETS.
 */

#include "smtpreply.h"

#include <stdarg.h>
#include <stdio.h>

#define REPLY_OCTETS ((size_t)LIMIT_REPLY_LINES * LIMIT_REPLY_LINE)
#define CODE_LEN     3

void
smtpreply_start(struct smtpreply_parser *p)
{
	*p = (struct smtpreply_parser){ 0 };
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code of a line, or 0.  RFC 5321, 4.2: first digit 2 to 5. */
static unsigned
line_code(const struct smtpreply_parser *p)
{
	const char *s = p->line;

	if (p->line_n < CODE_LEN || s[0] < '2' || s[0] > '5' ||
	    !is_digit(s[1]) || !is_digit(s[2]))
		return 0;
	if (p->line_n > CODE_LEN && s[CODE_LEN] != ' ' && s[CODE_LEN] != '-')
		return 0;
	return (unsigned)(s[0] - '0') * 100 + (unsigned)(s[1] - '0') * 10 +
	       (unsigned)(s[2] - '0');
}

/* Octets of one number of an enhanced code at s: 1 to 3 digits, or 0. */
static size_t
number_len(struct slice s)
{
	size_t n = 0;

	while (n < s.n && n < 4 && is_digit(s.p[n]))
		n++;
	return n > 3 ? 0 : n;
}

/*
 * Length of the enhanced status code (RFC 2034, 4) that begins text, or 0.
 * Its class must be that of the code: "250 5.1.1 ..." is text.
 */
static size_t
enhanced_len(struct slice text, char class)
{
	size_t n = 1, part, len;

	if (text.n == 0 || text.p[0] != class)
		return 0;
	for (part = 0; part < 2; part++) {
		if (n >= text.n || text.p[n] != '.')
			return 0;
		len = number_len(slice_from(text, n + 1));
		if (len == 0)
			return 0;
		n += 1 + len;
	}
	return n == text.n || text.p[n] == ' ' ? n : 0;
}

/* Append what can be shown of text to the reply's. */
static void
keep_text(struct smtpreply *r, struct slice text)
{
	size_t n = strlen(r->text), i;

	if (n > 0 && text.n > 0 && n < LIMIT_REPLY_TEXT)
		r->text[n++] = ' ';
	for (i = 0; i < text.n && n < LIMIT_REPLY_TEXT; i++)
		r->text[n++] =
		    text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?';
	r->text[n] = '\0';
}

struct slice
smtpreply_line(const struct smtpreply_parser *p)
{
	return slice_from((struct slice){ p->line, p->line_n }, CODE_LEN + 1);
}

/* A line is whole: check it and keep it. */
static enum smtpreply_status
line_end(struct smtpreply_parser *p)
{
	struct smtpreply *r = &p->reply;
	struct slice text;
	unsigned code;
	size_t n;

	p->line_ended = true;
	if (p->line_n > 0 && p->line[p->line_n - 1] == '\r')
		p->line_n--;
	code = line_code(p);
	if (code == 0 || (r->code != 0 && r->code != code) ||
	    ++p->lines > LIMIT_REPLY_LINES)
		return SMTPREPLY_BAD;
	r->code = code;
	text = smtpreply_line(p);
	n = enhanced_len(text, p->line[0]);
	if (n > 0) {
		memcpy(r->enhanced, text.p, n);
		r->enhanced[n] = '\0';
		text = slice_from(text, n + 1);
	}
	keep_text(r, text);
	return p->line_n > CODE_LEN && p->line[CODE_LEN] == '-'
		   ? SMTPREPLY_LINE
		   : SMTPREPLY_DONE;
}

enum smtpreply_status
smtpreply_feed(struct smtpreply_parser *p, struct slice in, size_t *used)
{
	enum smtpreply_status status = SMTPREPLY_MORE;
	size_t i = 0;

	if (p->line_ended) {
		p->line_ended = false;
		p->line_n = 0;
	}
	for (; i < in.n && status == SMTPREPLY_MORE; i++) {
		if (++p->octets > REPLY_OCTETS || in.p[i] == '\0')
			status = SMTPREPLY_BAD;
		else if (in.p[i] == '\n')
			status = line_end(p);
		else if (p->line_n < sizeof(p->line))
			p->line[p->line_n++] = in.p[i];
	}
	*used = i;
	return status;
}

void
smtpreply_set(struct smtpreply *r, unsigned code, const char *enhanced,
    const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	snprintf(r->enhanced, sizeof(r->enhanced), "%s", enhanced);
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}
