/*
 * reportline - dates, folded fields, wrapped paragraphs, quoted-printable.
 *
 * Invariant: no line that is made here is longer than HARD octets, whatever
 * the text is, and no text ends its field or its paragraph.
 */

#include "report_private.h"

#include <time.h>

#include "utf8.h"

#define SOFT 78  /* RFC 5322, 2.1.1 */
#define HARD 900 /* the same says 998; a fold may stand in front */

#define QP_LINE 75 /* RFC 2045, 6.7: 76 with the soft break */

void
report_date(struct buf *b, uint64_t s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL) /* a year that needs more bits */
		gmtime_r(&(time_t){ 0 }, &tm);
	buf_printf(b, "%.3s, %d %.3s %d %02d:%02d:%02d +0000",
	    days + 3 * (size_t)tm.tm_wday, tm.tm_mday,
	    months + 3 * (size_t)tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
}

/* What may stand in a line: one character of s, made harmless. */
static size_t
add_safe(struct buf *b, struct slice s, bool utf8)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n;

	if (c >= ' ' && c < 0x7f) {
		buf_add(b, s.p, 1);
		return 1;
	}
	n = c >= 0x80 && utf8 ? utf8_length(s) : 0;
	if (n == 0) {
		buf_str(b, "?");
		return 1;
	}
	buf_add(b, s.p, n);
	return n;
}

/* The next word of s with the spaces before it: where a line may break. */
static struct slice
next_word(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] == ' ')
		n++;
	while (n < s.n && s.p[n] != ' ')
		n++;
	return (struct slice){ s.p, n };
}

struct wrapping {
	size_t at;        /* octets on the first line already */
	const char *lead; /* begins every other line; ends in a space */
	bool utf8;
};

/*
 * Words on lines; where one does not fit, a new line begins.  The space at a
 * break is the one that the lead ends in (RFC 5322, 2.2.3).
 */
static void
wrap(struct buf *b, struct slice s, const struct wrapping *w)
{
	size_t lead_n = strlen(w->lead), at = w->at, i, n;
	struct slice word;

	for (; s.n > 0; s = slice_from(s, word.n)) {
		word = next_word(s);
		i = 0;
		if (at + word.n > SOFT && at > lead_n && word.p[0] == ' ') {
			buf_str(b, "\r\n");
			buf_str(b, w->lead);
			at = lead_n;
			i = 1;
		}
		for (; i < word.n; i += n, at += n) {
			if (at >= HARD) {
				buf_str(b, "\r\n");
				buf_str(b, w->lead);
				at = lead_n;
			}
			n = add_safe(b, slice_from(word, i), w->utf8);
		}
	}
}

void
report_field(struct buf *b, const char *name, struct slice body, bool utf8)
{
	struct wrapping w = { strlen(name) + 2, " ", utf8 };

	buf_str(b, name);
	buf_str(b, ": ");
	wrap(b, body, &w);
	buf_str(b, "\r\n");
}

void
report_date_field(struct buf *b, const char *name, uint64_t s)
{
	buf_printf(b, "%s: ", name);
	report_date(b, s);
	buf_str(b, "\r\n");
}

void
report_paragraph(struct buf *b, unsigned indent, struct slice text)
{
	char lead[16];
	struct wrapping w = { indent, lead, true };

	(void)snprintf(lead, sizeof(lead), "%*s", (int)indent, "");
	buf_str(b, lead);
	wrap(b, text, &w);
	buf_str(b, "\r\n");
}

/* The octets of s, an escape for each that needs one; last: of its line. */
static size_t
quote_octet(char out[4], unsigned char c, bool last)
{
	bool plain = (c > ' ' && c < 0x7f && c != '=') ||
		     ((c == ' ' || c == '\t') && !last);

	if (plain)
		return (size_t)snprintf(out, 4, "%c", c);
	return (size_t)snprintf(out, 4, "=%02X", c);
}

void
report_quoted_printable(struct buf *b, struct slice in)
{
	size_t i, n, at = 0;
	char text[4];
	bool last;

	for (i = 0; i < in.n; i++) {
		if (in.p[i] == '\r' && i + 1 < in.n && in.p[i + 1] == '\n') {
			buf_str(b, "\r\n");
			at = 0;
			i++;
			continue;
		}
		last = i + 1 == in.n || in.p[i + 1] == '\r';
		n = quote_octet(text, (unsigned char)in.p[i], last);
		if (at + n > QP_LINE) {
			buf_str(b, "=\r\n");
			at = 0;
		}
		buf_add(b, text, n);
		at += n;
	}
	if (at > 0)
		buf_str(b, "\r\n");
}
