/*
 * path - the address grammar of RFC 5321, 4.1.2, with the UTF-8 of RFC 6531,
 * 3.3, and nothing beyond it.
 *
 * A recursive descent over a slice: each take_*() eats one production from the
 * front of *in and says whether it was there.  No I/O.
 */

#include "path.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "limits.h"
#include "utf8.h"

/* LDH-label: RFC 1035, 2.3.4 */
#define LABEL_MAX 63

/*
 * Characters no U-label holds (RFC 5892) that other software may take for a
 * dot, for nothing at all, or for another character: the domain would be
 * another one there.  Not the whole of IDNA: who has the domain will tell.
 */
/* clang-format off */
static const struct {
	uint32_t first, last;
} not_in_labels[] = {
	{ 0x00a0, 0x00a0 },
	{ 0x2000, 0x200b },	/* spaces */
	{ 0x200e, 0x200f },	/* direction marks */
	{ 0x2024, 0x202f },	/* dots, line ends, directions */
	{ 0x205f, 0x206f },
	{ 0x3000, 0x3002 },	/* ideographic space and stops */
	{ 0xe000, 0xf8ff },	/* private use */
	{ 0xfe52, 0xfe52 },	/* small full stop */
	{ 0xfeff, 0xfeff },
	{ 0xff00, 0xffff },	/* full and half width forms */
	{ 0xe0000, 0x10ffff },
};
/* clang-format on */

/*
 * Octets of the character beyond ASCII at the front of in; 0 if there is none.
 * The controls C1 are none.
 */
static size_t
wide_length(struct slice in)
{
	size_t n;

	if (in.n == 0 || (unsigned char)in.p[0] < 0x80)
		return 0;
	n = utf8_length(in);
	if (n == 2 && in.p[0] == '\xc2' && (unsigned char)in.p[1] < 0xa0)
		return 0;
	return n;
}

/* The same for characters that may stand in a label. */
static size_t
wide_label_length(struct slice in)
{
	size_t i, n = wide_length(in);
	uint32_t c;

	if (n == 0)
		return 0;
	c = (unsigned char)in.p[0] & (0x7fU >> n);
	for (i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)in.p[i] & 0x3f);
	for (i = 0; i < ARRAY_LEN(not_in_labels); i++)
		if (c >= not_in_labels[i].first && c <= not_in_labels[i].last)
			return 0;
	return n;
}

/* Octets of the atext at the front of in; 0 if there is none. */
static size_t
atext_length(struct slice in)
{
	if (in.n == 0)
		return 0;
	if (isalnum((unsigned char)in.p[0]) ||
	    (in.p[0] != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", in.p[0]) != NULL))
		return 1;
	return wide_length(in);
}

static bool
take_char(struct slice *in, char c)
{
	if (in->n == 0 || in->p[0] != c)
		return false;
	*in = slice_from(*in, 1);
	return true;
}

/* Atom = 1*atext */
static bool
take_atom(struct slice *in)
{
	size_t n, all = 0;

	while ((n = atext_length(slice_from(*in, all))) > 0)
		all += n;
	*in = slice_from(*in, all);
	return all > 0;
}

/* Dot-string = Atom *("." Atom) */
static bool
take_dot_string(struct slice *in)
{
	do {
		if (!take_atom(in))
			return false;
	} while (take_char(in, '.'));
	return true;
}

/* Quoted-string = DQUOTE *(qtext / quoted-pair) DQUOTE; printable only. */
static bool
take_quoted_string(struct slice *in)
{
	size_t i = 1, n;

	while (i < in->n && in->p[i] != '"') {
		n = wide_length(slice_from(*in, i));
		if (n == 0) { /* a pair quotes ASCII only */
			i += in->p[i] == '\\';
			if (i >= in->n || in->p[i] < 0x20 || in->p[i] > 0x7e)
				return false;
			n = 1;
		}
		i += n;
	}
	if (i >= in->n)
		return false;
	*in = slice_from(*in, i + 1);
	return true;
}

static bool
take_local_part(struct slice *in)
{
	if (in->n > 0 && in->p[0] == '"')
		return take_quoted_string(in);
	return take_dot_string(in);
}

/*
 * One label: let-dig [ *( ALPHA / DIGIT / "-" ) let-dig ], 63 characters at
 * most, or a U-label, which as an A-label has no fewer than its characters.
 */
static size_t
label_length(struct slice in)
{
	size_t n = 0, wide, characters = 0;

	for (; n<in.n; n += wide> 0 ? wide : 1, characters++) {
		wide = wide_label_length(slice_from(in, n));
		if (wide == 0 && !isalnum((unsigned char)in.p[n]) &&
		    in.p[n] != '-')
			break;
	}
	if (n == 0 || characters > LABEL_MAX || in.p[0] == '-' ||
	    in.p[n - 1] == '-')
		return 0;
	return n;
}

/* address-literal = "[" ( IPv4 / "IPv6:" IPv6 ) "]" */
static bool
take_literal(struct slice *in)
{
	unsigned char a[sizeof(struct in6_addr)];
	char text[64];
	const char *end = memchr(in->p, ']', in->n);
	size_t n;

	if (end == NULL || (n = (size_t)(end - in->p) - 1) >= sizeof(text))
		return false;
	memcpy(text, in->p + 1, n);
	text[n] = '\0';
	if (strlen(text) != n)
		return false;
	if (strncasecmp(text, "IPv6:", 5) == 0) {
		if (inet_pton(AF_INET6, text + 5, a) != 1)
			return false;
	} else if (inet_pton(AF_INET, text, a) != 1) {
		return false;
	}
	*in = slice_from(*in, n + 2);
	return true;
}

/* *labels counts them; a literal counts as fully qualified. */
static bool
take_domain(struct slice *in, unsigned *labels)
{
	size_t n;

	*labels = 0;
	if (in->n > 0 && in->p[0] == '[') {
		*labels = 2;
		return take_literal(in);
	}
	do {
		if ((n = label_length(*in)) == 0)
			return false;
		*in = slice_from(*in, n);
		(*labels)++;
	} while (take_char(in, '.'));
	return true;
}

/* A-d-l = At-domain *( "," At-domain ) ":" */
static bool
take_source_route(struct slice *in)
{
	unsigned labels;

	do {
		if (!take_char(in, '@') || !take_domain(in, &labels))
			return false;
	} while (take_char(in, ','));
	return take_char(in, ':');
}

/* Local-part [ "@" domain ], from the front of *in. */
static enum path_status
take_mailbox(struct slice *in, struct path *path)
{
	struct slice start = *in;
	unsigned labels;
	size_t local;

	if (!take_local_part(in))
		return PATH_BAD;
	local = start.n - in->n;
	path->mailbox = (struct slice){ start.p, local };
	path->utf8 = !utf8_is_ascii(path->mailbox);
	if (local > LIMIT_LOCAL_PART)
		return PATH_TOO_LONG;
	if (!take_char(in, '@'))
		return PATH_LOCAL;
	path->domain = *in;
	if (!take_domain(in, &labels))
		return PATH_BAD;
	path->domain.n -= in->n;
	path->mailbox.n = start.n - in->n;
	path->literal = path->domain.p[0] == '[';
	path->utf8 |= !utf8_is_ascii(path->domain);
	if (path->domain.n > LIMIT_DOMAIN || path->mailbox.n > LIMIT_PATH - 2)
		return PATH_TOO_LONG;
	return labels < 2 ? PATH_BAD_DOMAIN : PATH_OK;
}

/* [ A-d-l ":" ] Mailbox, or nothing at all; up to the closing bracket. */
static enum path_status
take_path(struct slice *in, struct path *path)
{
	if (in->n > 0 && in->p[0] == '>')
		return PATH_NULL;
	if (in->n > 0 && in->p[0] == '@' && !take_source_route(in))
		return PATH_BAD;
	return take_mailbox(in, path);
}

enum path_status
path_parse(struct slice in, struct path *path, struct slice *rest)
{
	enum path_status st;

	*path = (struct path){ .mailbox = { "", 0 }, .domain = { "", 0 } };
	*rest = (struct slice){ "", 0 };
	if (!take_char(&in, '<'))
		return PATH_BAD;
	st = take_path(&in, path);
	if (st == PATH_BAD || st == PATH_TOO_LONG)
		return st;
	if (!take_char(&in, '>') || (in.n > 0 && in.p[0] != ' '))
		return PATH_BAD;
	*rest = in;
	return st;
}

enum path_status
path_parse_mailbox(struct slice in, struct path *path)
{
	enum path_status st;

	*path = (struct path){ .mailbox = { "", 0 }, .domain = { "", 0 } };
	st = take_mailbox(&in, path);
	return in.n == 0 ? st : PATH_BAD;
}

/* What the quotes of a quoted-string hold, into out of its own size. */
static size_t
unquote(struct slice quoted, char *out)
{
	size_t i, n = 0;

	for (i = 1; i + 1 < quoted.n; i++) {
		if (quoted.p[i] == '\\')
			i++;
		out[n++] = quoted.p[i];
	}
	return n;
}

void
path_plain(struct slice mailbox, struct buf *b)
{
	struct slice rest = mailbox, local = mailbox;
	char text[LIMIT_LOCAL_PART];
	size_t i, n;

	if (mailbox.n == 0 || mailbox.p[0] != '"' ||
	    !take_quoted_string(&rest)) {
		buf_add(b, mailbox.p, mailbox.n);
		return;
	}
	local.n = mailbox.n - rest.n;
	BUG_ON(local.n > sizeof(text));
	n = unquote(local, text);
	local = (struct slice){ text, n };
	if (take_dot_string(&local) && local.n == 0) {
		buf_add(b, text, n);
	} else {
		buf_str(b, "\"");
		for (i = 0; i < n; i++) {
			if (text[i] == '"' || text[i] == '\\')
				buf_str(b, "\\");
			buf_add(b, text + i, 1);
		}
		buf_str(b, "\"");
	}
	buf_add(b, rest.p, rest.n);
}
