/*
 * path - the address grammar of RFC 5321, 4.1.2, and nothing beyond it.
 *
 * A recursive descent over a slice: each take_*() eats one production from the
 * front of *in and says whether it was there.  No I/O, no allocation.
 */

#include "path.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "limits.h"

static bool
is_atext(char c)
{
	return isalnum((unsigned char)c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
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
	size_t n = 0;

	while (n < in->n && is_atext(in->p[n]))
		n++;
	*in = slice_from(*in, n);
	return n > 0;
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
	size_t i;

	for (i = 1; i < in->n && in->p[i] != '"'; i++) {
		if (in->p[i] == '\\')
			i++;
		if (i >= in->n || in->p[i] < 0x20 || in->p[i] > 0x7e)
			return false;
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

/* One label: let-dig [ *( ALPHA / DIGIT / "-" ) let-dig ], 63 at most. */
static size_t
label_length(struct slice in)
{
	size_t n = 0;

	while (n < in.n && (isalnum((unsigned char)in.p[n]) || in.p[n] == '-'))
		n++;
	if (n == 0 || n > 63 || in.p[0] == '-' || in.p[n - 1] == '-')
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
	if (local > LIMIT_LOCAL_PART)
		return PATH_TOO_LONG;
	if (!take_char(in, '@'))
		return PATH_LOCAL;
	path->domain = *in;
	if (!take_domain(in, &labels))
		return PATH_BAD;
	path->domain.n -= in->n;
	path->mailbox.n = start.n - in->n;
	if (path->domain.n > LIMIT_DOMAIN || path->mailbox.n > LIMIT_PATH - 2)
		return PATH_TOO_LONG;
	return labels < 2 ? PATH_BAD_DOMAIN : PATH_OK;
}

static bool
is_ascii(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/*
 * What stands between < and the first >.  One in quotes ends the search too
 * early, which only costs the better reply: the grammar is ASCII as well.
 */
static bool
has_non_ascii_path(struct slice in)
{
	const char *end = memchr(in.p, '>', in.n);

	return end != NULL &&
	       !is_ascii((struct slice){ in.p, (size_t)(end - in.p) });
}

/* [ A-d-l ":" ] Mailbox, or nothing at all; up to the closing bracket. */
static enum path_status
take_path(struct slice *in, struct path *path)
{
	if (in->n > 0 && in->p[0] == '>')
		return PATH_NULL;
	if (has_non_ascii_path(*in))
		return PATH_NOT_ASCII;
	if (in->n > 0 && in->p[0] == '@' && !take_source_route(in))
		return PATH_BAD;
	return take_mailbox(in, path);
}

enum path_status
path_parse(struct slice in, struct path *path, struct slice *rest)
{
	enum path_status st;

	*path = (struct path){ { "", 0 }, { "", 0 } };
	*rest = (struct slice){ "", 0 };
	if (!take_char(&in, '<'))
		return PATH_BAD;
	st = take_path(&in, path);
	if (st == PATH_BAD || st == PATH_TOO_LONG || st == PATH_NOT_ASCII)
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

	*path = (struct path){ { "", 0 }, { "", 0 } };
	if (!is_ascii(in))
		return PATH_NOT_ASCII;
	st = take_mailbox(&in, path);
	return in.n == 0 ? st : PATH_BAD;
}
