/*
 * headerfield - the table of fields, and the small values.
 */

#include "headerfield.h"

#include "headerlex.h"

enum { HAS_ADDRESSES = 1, IS_AUTHOR = 2 };

/* clang-format off */
static const struct {
	struct slice	name;
	unsigned	is;
} fields[] = {
#define ROW(id, name, is) [id] = { { name, sizeof(name) - 1 }, is }
	ROW(FIELD_OTHER,		"",			0),
	ROW(FIELD_FROM,			"From",			HAS_ADDRESSES | IS_AUTHOR),
	ROW(FIELD_SENDER,		"Sender",		HAS_ADDRESSES | IS_AUTHOR),
	ROW(FIELD_REPLY_TO,		"Reply-To",		HAS_ADDRESSES),
	ROW(FIELD_TO,			"To",			HAS_ADDRESSES),
	ROW(FIELD_CC,			"Cc",			HAS_ADDRESSES),
	ROW(FIELD_BCC,			"Bcc",			HAS_ADDRESSES),
	ROW(FIELD_DATE,			"Date",			0),
	ROW(FIELD_MESSAGE_ID,		"Message-ID",		0),
	ROW(FIELD_RECEIVED,		"Received",		0),
	ROW(FIELD_RETURN_PATH,		"Return-Path",		0),
	ROW(FIELD_AUTHENTICATION_RESULTS, "Authentication-Results", 0),
	ROW(FIELD_RESENT_FROM,		"Resent-From",		HAS_ADDRESSES | IS_AUTHOR),
	ROW(FIELD_RESENT_SENDER,	"Resent-Sender",	HAS_ADDRESSES | IS_AUTHOR),
	ROW(FIELD_RESENT_REPLY_TO,	"Resent-Reply-To",	HAS_ADDRESSES),
	ROW(FIELD_RESENT_TO,		"Resent-To",		HAS_ADDRESSES),
	ROW(FIELD_RESENT_CC,		"Resent-Cc",		HAS_ADDRESSES),
	ROW(FIELD_RESENT_BCC,		"Resent-Bcc",		HAS_ADDRESSES),
	ROW(FIELD_RESENT_DATE,		"Resent-Date",		0),
	ROW(FIELD_RESENT_MESSAGE_ID,	"Resent-Message-ID",	0),
#undef ROW
};
/* clang-format on */

_Static_assert(ARRAY_LEN(fields) == FIELD_COUNT, "a row for every field");

enum header_field
header_field_of(struct slice name)
{
	size_t i;

	for (i = FIELD_OTHER + 1; i < FIELD_COUNT; i++)
		if (fields[i].name.n == name.n &&
		    slice_ieq(fields[i].name, name))
			return (enum header_field)i;
	return FIELD_OTHER;
}

const char *
header_field_name(enum header_field id)
{
	return fields[id].name.p;
}

bool
header_field_has_addresses(enum header_field id)
{
	return (fields[id].is & HAS_ADDRESSES) != 0;
}

bool
header_field_is_author(enum header_field id)
{
	return (fields[id].is & IS_AUTHOR) != 0;
}

/* Octets up to and with the closing bracket; 0: that is no identifier. */
static size_t
message_id_length(struct slice in)
{
	bool quoted = false;
	size_t i, at = 0;

	for (i = 1; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c < ' ' || c == 0x7f || (c == ' ' && !quoted))
			return 0;
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == '@')
			at = i;
		else if (!quoted && c == '<')
			return 0;
		else if (!quoted && c == '>')
			return at > 1 && at + 1 < i ? i + 1 : 0;
	}
	return 0;
}

struct slice
header_message_id(struct slice body)
{
	struct headerlex l = headerlex_begin(body);
	struct slice id = { "", 0 };
	size_t n;

	if (!headerlex_skip_cfws(&l) || headerlex_peek(&l) != '<')
		return id;
	n = message_id_length(slice_from(body, l.at));
	if (n == 0)
		return id;
	id = (struct slice){ body.p + l.at, n };
	l.at += n;
	if (!headerlex_skip_cfws(&l) || headerlex_peek(&l) != HEADERLEX_END)
		id.n = 0;
	return id;
}

/* A MIME token (RFC 2045, 5.1) ends here, or a version follows (RFC 5451). */
static bool
ends_token(int c)
{
	return c == HEADERLEX_END || (c < 0x80 && c <= ' ') ||
	       strchr("()<>@,;:\\\"/[]?=", c) != NULL;
}

bool
header_results_claim(struct slice body, struct slice authserv_id)
{
	struct headerlex l = headerlex_begin(body);
	struct slice id;
	size_t from;

	if (!headerlex_skip_cfws(&l))
		return true;
	from = l.at;
	if (headerlex_peek(&l) == '"') {
		if (!headerlex_quoted(&l, &id) ||
		    memchr(id.p, '\\', id.n) != NULL)
			return true;
	} else {
		while (!ends_token(headerlex_peek(&l)))
			l.at++;
		id = (struct slice){ body.p + from, l.at - from };
	}
	while (id.n > 0 && id.p[id.n - 1] == '.')
		id.n--;
	return slice_ieq(id, authserv_id);
}

bool
header_is_blank(struct slice body)
{
	struct headerlex l = headerlex_begin(body);

	return headerlex_skip_cfws(&l) && headerlex_peek(&l) == HEADERLEX_END;
}
