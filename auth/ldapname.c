/*
 * ldapname - put what a stranger typed into a filter or a DN, as text.
 *
 * Not a parser of filters or DNs: the templates are the operator's, and only
 * the name is a stranger's.  After escaping it can be nothing but one value
 * in the place where the template has it.
 */

#include "ldapname.h"

#include <stdint.h>

#include "limits.h"

#define MAILBOX_MAX 254 /* RFC 5321, 4.5.3.1.3: a path less its <> */

/* A domain has none of these. */
#define NOT_IN_DOMAIN " *@[]:<>\",;()\\"

static const struct slice none = { "", 0 };

typedef void escape_fn(struct buf *, struct slice);

/* Octets of the UTF-8 character at the start of s; 0 for none (RFC 3629, 4). */
static size_t
utf8_length(struct slice s)
{
	static const struct {
		uint8_t first, last; /* of the lead octet */
		uint8_t low, high;   /* of the second octet */
		uint8_t length;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const uint8_t *p = (const uint8_t *)s.p;
	size_t i, k;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (p[0] >= rows[i].first && p[0] <= rows[i].last)
			break;
	if (i == ARRAY_LEN(rows) || rows[i].length > s.n)
		return 0;
	if (rows[i].length > 1 && (p[1] < rows[i].low || p[1] > rows[i].high))
		return 0;
	for (k = 2; k < rows[i].length; k++)
		if ((p[k] & 0xc0) != 0x80)
			return 0;
	return rows[i].length;
}

/* Valid UTF-8, without C0 and C1 controls and DEL. */
static bool
is_printable(struct slice s)
{
	size_t n;

	for (; s.n > 0; s = slice_from(s, n)) {
		const uint8_t *p = (const uint8_t *)s.p;

		if ((n = utf8_length(s)) == 0)
			return false;
		if (p[0] < 0x20 || p[0] == 0x7f)
			return false;
		if (p[0] == 0xc2 && p[1] < 0xa0)
			return false;
	}
	return true;
}

/* RFC 4515, 3: these octets are written \xx; UTF-8 stays as it is. */
static void
escape_filter(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr("*()\\", s.p[i]) != NULL)
			buf_printf(b, "\\%02x", (unsigned char)s.p[i]);
		else
			buf_add(b, s.p + i, 1);
}

/*
 * RFC 4514, 2.4.  '=' need not be escaped but may be.  A blank at either end
 * and a leading '#' are escaped; we escape every one of them at the ends.
 */
static void
escape_dn(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool end = i == 0 || i == s.n - 1;

		if (s.p[i] == '\0')
			buf_str(b, "\\00");
		else if (strchr("\"+,;<>\\=", s.p[i]) != NULL ||
			 (end && strchr(" #", s.p[i]) != NULL))
			buf_printf(b, "\\%c", s.p[i]);
		else
			buf_add(b, s.p + i, 1);
	}
}

/* Whom a template is about. */
struct whom {
	struct slice user;
	struct slice dn;
	struct slice mailbox; /* %m */
	struct slice subject; /* %s */
};

/* What stands for a letter behind %; NULL: nothing does. */
static const struct slice *
value_of(const struct whom *whom, char letter)
{
	switch (letter) {
	case 'u':
		return &whom->user;
	case 'd':
		return &whom->dn;
	case 'm':
		return &whom->mailbox;
	case 's':
		return &whom->subject;
	default:
		return NULL;
	}
}

static void
expand(struct buf *b, const char *template, const struct whom *whom,
    escape_fn *add)
{
	const struct slice *value;
	const char *p;

	for (p = template; *p != '\0'; p++) {
		value = p[0] == '%' ? value_of(whom, p[1]) : NULL;
		if (value != NULL) {
			add(b, *value);
			p++;
		} else {
			buf_add(b, p, 1);
			p += p[0] == '%' && p[1] == '%';
		}
	}
}

bool
ldapname_is_sane(struct slice user)
{
	return user.n > 0 && user.n <= LIMIT_USER && is_printable(user);
}

bool
ldapname_template_is_good(const char *template)
{
	const char *p;
	bool named = false;

	for (p = strchr(template, '%'); p != NULL; p = strchr(p + 2, '%')) {
		if (p[1] != 'u' && p[1] != '%')
			return false;
		named = named || p[1] == 'u';
	}
	return named;
}

void
ldapname_add_filter(struct buf *b, const char *template, struct slice user)
{
	expand(b, template, &(struct whom){ .user = user }, escape_filter);
}

void
ldapname_add_entry_filter(
    struct buf *b, const char *template, struct slice user, struct slice dn)
{
	expand(b, template, &(struct whom){ .user = user, .dn = dn },
	    escape_filter);
}

void
ldapname_add_certificate(
    struct buf *b, const char *template, const struct certificate_names *names)
{
	expand(b, template,
	    &(struct whom){
		.mailbox = names->mailbox, .subject = names->subject },
	    escape_filter);
}

void
ldapname_add_dn(struct buf *b, const char *template, struct slice user)
{
	expand(b, template, &(struct whom){ .user = user }, escape_dn);
}

bool
ldapname_is_mailbox(struct slice value)
{
	if (value.n == 0 || value.n > MAILBOX_MAX || !is_printable(value))
		return false;
	return memchr(value.p + 1, '@', value.n - 1) != NULL &&
	       value.p[value.n - 1] != '@';
}

struct slice
ldapname_mailbox(struct slice value)
{
	static const char type[] = "smtp:";
	struct slice head = { value.p, strlen(type) };
	const char *at;

	if (value.n >= head.n && slice_ieq(head, slice_of(type)))
		value = slice_from(value, head.n);
	if (!ldapname_is_mailbox(value))
		return none;
	at = memchr(value.p, '@', value.n);
	/* A local part with a colon has quotes (RFC 5321, 4.1.2). */
	if (value.p[0] != '"' &&
	    memchr(value.p, ':', (size_t)(at - value.p)) != NULL)
		return none;
	return value;
}

struct slice
ldapname_domain(struct slice value)
{
	char before = '.';
	size_t i;

	if (value.n > 1 && value.p[0] == '*' && value.p[1] == '@')
		value = slice_from(value, 1);
	if (value.n > 0 && value.p[0] == '@')
		value = slice_from(value, 1);
	if (value.n > LIMIT_DOMAIN || !is_printable(value))
		return none;
	for (i = 0; i < value.n; before = value.p[i++])
		if (strchr(NOT_IN_DOMAIN, value.p[i]) != NULL ||
		    (value.p[i] == '.' && before == '.'))
			return none;
	return before == '.' ? none : value;
}
