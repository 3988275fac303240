/*
 * oauthmessage - the client's messages of OAUTHBEARER and XOAUTH2.
 *
 * Both are fields separated by the octet 0x01; the first has a gs2 header in
 * front.  Knows nothing of what is in a token.
 */

#include "oauthmessage.h"

#define SEPARATOR "\x01"

/* What stands before the next separator, which is taken, too; or -1. */
static int
next_field(struct slice *rest, struct slice *field)
{
	const char *end = memchr(rest->p, SEPARATOR[0], rest->n);

	if (end == NULL)
		return -1;
	*field = (struct slice){ rest->p, (size_t)(end - rest->p) };
	*rest = slice_from(*rest, field->n + 1);
	return 0;
}

/* "name=value"; false: it is not that one. */
static bool
has_name(struct slice field, const char *name, struct slice *value)
{
	size_t n = strlen(name);

	if (field.n <= n || memcmp(field.p, name, n) != 0 || field.p[n] != '=')
		return false;
	*value = slice_from(field, n + 1);
	return true;
}

/* RFC 6750, 2.1: a b64token behind "Bearer" and spaces, case aside. */
static int
take_token(struct slice value, struct slice *token)
{
	static const char lead[] = "bearer ";
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789-._~+/=";
	size_t i;

	if (value.n < sizeof(lead) ||
	    !slice_ieq(
		(struct slice){ value.p, sizeof(lead) - 1 }, slice_of(lead)))
		return -1;
	value = slice_from(value, sizeof(lead) - 1);
	while (value.n > 0 && value.p[0] == ' ')
		value = slice_from(value, 1);
	for (i = 0; i < value.n; i++)
		if (memchr(alphabet, value.p[i], sizeof(alphabet) - 1) == NULL)
			return -1;
	*token = value;
	return value.n == 0 ? -1 : 0;
}

static int
take_port(struct slice value, struct oauthmessage *m)
{
	size_t i;

	m->port = 0;
	for (i = 0; i < value.n && i < 5; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return -1;
		m->port = m->port * 10 + (uint32_t)(value.p[i] - '0');
	}
	m->has_port = true;
	return i == value.n && i > 0 && m->port > 0 && m->port <= 65535 ? 0
									: -1;
}

/* RFC 7628, 3.1: a key is letters; unknown ones are let pass. */
static int
take_pair(struct slice field, struct oauthmessage *m)
{
	const char *equals = memchr(field.p, '=', field.n);
	struct slice value;
	size_t i;

	if (equals == NULL || equals == field.p)
		return -1;
	for (i = 0; i < (size_t)(equals - field.p); i++)
		if ((field.p[i] | 0x20) < 'a' || (field.p[i] | 0x20) > 'z')
			return -1;
	if (has_name(field, "auth", &value))
		return m->token.n > 0 ? -1 : take_token(value, &m->token);
	if (has_name(field, "port", &value))
		return m->has_port ? -1 : take_port(value, m);
	if (has_name(field, "host", &value)) {
		if (m->host.n > 0 || value.n == 0)
			return -1;
		m->host = value;
	}
	return 0;
}

/* Pairs, each with its separator, and one more at the end of all. */
static int
take_pairs(struct slice rest, struct oauthmessage *m)
{
	struct slice field;

	for (;;) {
		if (next_field(&rest, &field) == -1)
			return -1;
		if (field.n == 0)
			break;
		if (take_pair(field, m) == -1)
			return -1;
	}
	return rest.n == 0 && m->token.n > 0 ? 0 : -1;
}

/* "n,a=USER,": no channel binding, and a name or none (RFC 5801, 4). */
static int
take_gs2(struct slice header, struct oauthmessage *m)
{
	if (header.n < 3 || header.p[header.n - 1] != ',' ||
	    (header.p[0] != 'n' && header.p[0] != 'y') || header.p[1] != ',')
		return -1;
	header = (struct slice){ header.p + 2, header.n - 3 };
	m->user = slice_of("");
	if (header.n == 0)
		return 0;
	m->has_user = has_name(header, "a", &m->user);
	return m->has_user && m->user.n > 0 &&
		       memchr(m->user.p, ',', m->user.n) == NULL
		   ? 0
		   : -1;
}

int
oauthmessage_parse_bearer(struct slice s, struct oauthmessage *m)
{
	struct slice header;

	*m = (struct oauthmessage){ 0 };
	if (next_field(&s, &header) == -1 || take_gs2(header, m) == -1)
		return -1;
	return take_pairs(s, m);
}

int
oauthmessage_parse_xoauth2(struct slice s, struct oauthmessage *m)
{
	struct slice field;

	*m = (struct oauthmessage){ 0 };
	if (next_field(&s, &field) == -1 ||
	    !has_name(field, "user", &m->user) || m->user.n == 0)
		return -1;
	m->has_user = true;
	return take_pairs(s, m);
}

int
oauthmessage_add_user(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] != '=') {
			buf_add(b, s.p + i, 1);
			continue;
		}
		if (s.n - i < 3)
			return -1;
		if (memcmp(s.p + i, "=2C", 3) == 0)
			buf_str(b, ",");
		else if (memcmp(s.p + i, "=3D", 3) == 0)
			buf_str(b, "=");
		else
			return -1;
		i += 2;
	}
	return buf_ok(b) ? 0 : -1;
}

/* The configuration's words hold nothing that JSON would have escaped. */
static void
add_member(struct buf *b, const char *name, const char *value)
{
	if (value != NULL)
		buf_printf(b, ",\"%s\":\"%s\"", name, value);
}

void
oauthmessage_add_failure(
    struct buf *b, bool xoauth2, const struct oauthmessage_hint *hint)
{
	buf_printf(b, "{\"status\":\"%s\"", xoauth2 ? "400" : "invalid_token");
	if (xoauth2)
		buf_str(b, ",\"schemes\":\"bearer\"");
	add_member(b, "scope", hint->scope);
	if (!xoauth2)
		add_member(b, "openid-configuration", hint->discovery_url);
	buf_str(b, "}");
}
