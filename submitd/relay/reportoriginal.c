/*
 * reportoriginal - what a report returns of the message it is about.
 *
 * The whole message, or its header.  Nothing that is not ASCII goes where the
 * report did not say so: it is declared, or encoded, and what cannot be
 * declared whole is cut down to its header.
 */

#include "report_private.h"
#include "utf8.h"

#define LINE_MAX_OCTETS 998 /* RFC 5322, 2.1.1 */
#define MESSAGE_ID_MAX  250 /* References of a line each */

static struct slice
front(struct slice s, size_t n)
{
	return (struct slice){ s.p, n < s.n ? n : s.n };
}

/* Octets of the first line of s, its CRLF included; all, if none ends. */
static size_t
line_len(struct slice s)
{
	const char *end = memmem(s.p, s.n, "\r\n", 2);

	return end == NULL ? s.n : (size_t)(end - s.p) + 2;
}

/*
 * The header: whole lines before the first empty one.  A line that does not
 * end is left out if there is more behind it that we do not have.
 */
static struct slice
header_of(struct slice content, uint64_t size)
{
	struct slice all = front(content, LIMIT_REPORT_HEADER);
	bool cut = all.n < size;
	size_t n = 0, len;

	while (n < all.n) {
		len = line_len(slice_from(all, n));
		if (len == 2 && memcmp(all.p + n, "\r\n", 2) == 0)
			break;
		if (cut && n + len == all.n &&
		    (len < 2 || memcmp(all.p + n + len - 2, "\r\n", 2) != 0))
			break;
		n += len;
	}
	return front(all, n);
}

/* Lines as RFC 5322 has them: CRLF, none too long, no NUL. */
static bool
is_clean(struct slice s)
{
	size_t i, at = 0;

	for (i = 0; i < s.n; i++, at++) {
		if (s.p[i] == '\0' || s.p[i] == '\n' || at > LINE_MAX_OCTETS)
			return false;
		if (s.p[i] != '\r')
			continue;
		if (i + 1 == s.n || s.p[i + 1] != '\n')
			return false;
		i++;
		at = (size_t)-1;
	}
	return at <= LINE_MAX_OCTETS;
}

/* A reason of RFC 3463, 3.7: the form of the content was no good. */
static bool
form_was_refused(const struct report *r)
{
	uint32_t i;

	for (i = 0; i < r->about->recipient_count; i++)
		if (strncmp(strchr(r->words[i].status, '.'), ".6.", 3) == 0)
			return true;
	return false;
}

/* RFC 3461, 4.3 and 6.2; RFC 8689, 5 */
static bool
may_return_all(const struct report *r, uint64_t size)
{
	return report_has(r, REPORT_FAILED) && size <= LIMIT_REPORT_CONTENT &&
	       r->about->options.ret != RET_HDRS &&
	       !r->about->options.require_tls;
}

uint64_t
report_wants(const struct report *r, uint64_t size)
{
	if (!may_return_all(r, size) && size > LIMIT_REPORT_HEADER)
		return LIMIT_REPORT_HEADER;
	return size;
}

/* How a part is labelled and brought. */
struct form {
	const char *type;
	bool quoted;
	bool eightbit;
};

static struct form
whole_form(const struct report *r, bool ascii, bool ascii_header)
{
	bool utf8 = report_is_utf8(r);

	if (ascii_header)
		return (struct form){ "message/rfc822", false, !ascii };
	return (struct form){ "message/global", !utf8, utf8 };
}

static struct form
header_form(const struct report *r, struct slice header)
{
	bool utf8 = report_is_utf8(r);

	if (!is_clean(header))
		return (struct form){ "text/rfc822-headers", true, false };
	if (utf8_is_ascii(header))
		return (struct form){ "text/rfc822-headers", false, false };
	if (utf8_is_valid(header)) /* RFC 6533, 6.3 */
		return (struct form){ "message/global-headers", !utf8, utf8 };
	return (struct form){ "text/rfc822-headers", true, false };
}

/* Can all of it be returned as it is, or encoded as RFC 6533 allows? */
static bool
is_returnable(const struct report *r, struct slice content, struct slice header)
{
	bool ascii = utf8_is_ascii(content);

	if (!is_clean(content) || (!ascii && form_was_refused(r)))
		return false;
	return utf8_is_ascii(header) ||
	       (r->about->options.smtputf8 && utf8_is_valid(header));
}

void
report_original(struct buf *b, const struct report *r, struct slice content,
    uint64_t size, bool *eightbit)
{
	struct slice header = header_of(content, size);
	bool whole = may_return_all(r, size) && content.n == size &&
		     is_returnable(r, content, header);
	struct form form =
	    whole ? whole_form(r, utf8_is_ascii(content), utf8_is_ascii(header))
		  : header_form(r, header);
	struct slice s = whole ? content : header;

	buf_printf(b, "Content-Type: %s\r\n", form.type);
	if (form.quoted)
		buf_str(b, "Content-Transfer-Encoding: quoted-printable\r\n");
	else if (form.eightbit)
		buf_str(b, "Content-Transfer-Encoding: 8bit\r\n");
	buf_str(b, "\r\n");
	if (form.quoted)
		report_quoted_printable(b, s);
	else
		buf_add(b, s.p, s.n);
	*eightbit = form.eightbit;
}

/* -- the name of the message ----------------------------------------------- */

/* The <...> at the front of s, or nothing. */
static struct slice
angle(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n && i < MESSAGE_ID_MAX; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' ||
		    (s.p[i] == '<') != (i == 0))
			break;
		if (s.p[i] == '>')
			return front(s, i + 1);
	}
	return front(s, 0);
}

struct slice
report_message_id(struct slice content)
{
	static const struct slice name = { "Message-ID:", 11 };
	struct slice rest = header_of(content, content.n);

	for (; rest.n > 0; rest = slice_from(rest, line_len(rest))) {
		if (!slice_ieq(front(rest, name.n), name))
			continue;
		rest = slice_from(rest, name.n);
		while (rest.n > 0 && strchr(" \t", rest.p[0]) != NULL)
			rest = slice_from(rest, 1);
		/* folded behind the name, as some do */
		if (rest.n > 3 && memcmp(rest.p, "\r\n ", 3) == 0)
			rest = slice_from(rest, 3);
		return angle(rest);
	}
	return (struct slice){ "", 0 };
}
