/*
 * storedkey - what a directory holds of a SCRAM password (RFC 5802, 3).
 *
 * Stricter than libsasl2, which gets what is printed here and nothing else:
 * RFC 5803, 3 calls a count without bounds and base64 that is none ways to
 * attack whoever reads them.
 */

#include "storedkey.h"

#include <inttypes.h>

#include "base64.h"
#include "pack.h"

/* clang-format off */
static const struct {
	const char	*scheme;
	size_t		 hash_len;
} schemes[] = {
	{ "SCRAM-SHA-1",	20 },
	{ "SCRAM-SHA-256",	32 },
	{ "SCRAM-SHA-512",	64 },
};
/* clang-format on */

size_t
storedkey_hash_len(const char *scheme)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(schemes); i++)
		if (strcmp(scheme, schemes[i].scheme) == 0)
			return schemes[i].hash_len;
	return 0;
}

static struct slice
without_spaces_around(struct slice s)
{
	for (; s.n > 0 && s.p[0] == ' '; s.p++, s.n--)
		continue;
	for (; s.n > 0 && s.p[s.n - 1] == ' '; s.n--)
		continue;
	return s;
}

/* Cut *rest at the first c: what is before it.  False: there is no c. */
static bool
cut(struct slice *rest, char c, struct slice *part)
{
	const char *at = rest->n == 0 ? NULL : memchr(rest->p, c, rest->n);

	if (at == NULL)
		return false;
	*part = (struct slice){ rest->p, (size_t)(at - rest->p) };
	*rest = slice_from(*rest, part->n + 1);
	return true;
}

/* RFC 5803, 2: a positive number without leading zeros. */
static bool
read_iterations(struct slice text, uint32_t *out)
{
	size_t i;

	*out = 0;
	if (text.n == 0 || text.p[0] == '0')
		return false;
	for (i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (uint32_t)(text.p[i] - '0');
		if (*out > LIMIT_SCRAM_ITERATIONS)
			return false;
	}
	return *out >= LIMIT_SCRAM_ITERATIONS_MIN;
}

/* Decode to min..max octets. */
static bool
read_octets(
    struct slice text, size_t min, size_t max, unsigned char *out, size_t *n)
{
	struct buf b = buf_new(max);
	bool good = base64_decode(text, &b) == 0 && b.n >= min;

	*n = good ? b.n : 0;
	if (good)
		memcpy(out, b.p, b.n);
	buf_free(&b);
	return good;
}

/* Where the parts of a value stand. */
struct parts {
	struct slice iterations, salt, stored, server;
};

/* authInfo and authValue behind "scheme$" (RFC 3112, 2; spaces round a $). */
static bool
split_rfc5803(struct slice rest, struct parts *p)
{
	struct slice info;

	if (!cut(&rest, '$', &info))
		return false;
	info = without_spaces_around(info);
	rest = without_spaces_around(rest);
	if (!cut(&info, ':', &p->iterations) || !cut(&rest, ':', &p->stored))
		return false;
	p->salt = info;
	p->server = rest;
	return true;
}

/* What is behind "{scheme}". */
static bool
split_dovecot(struct slice rest, struct parts *p)
{
	if (!cut(&rest, ',', &p->iterations) || !cut(&rest, ',', &p->salt) ||
	    !cut(&rest, ',', &p->stored))
		return false;
	p->server = rest;
	return true;
}

static bool
read_parts(const struct parts *p, size_t hash_len, struct storedkey *out)
{
	size_t n;

	out->hash_len = hash_len;
	return read_iterations(p->iterations, &out->iterations) &&
	       read_octets(
		   p->salt, 1, sizeof(out->salt), out->salt, &out->salt_len) &&
	       read_octets(p->stored, hash_len, hash_len, out->stored, &n) &&
	       read_octets(p->server, hash_len, hash_len, out->server, &n);
}

enum storedkey_status
storedkey_parse(struct slice value, const char *scheme, struct storedkey *out)
{
	size_t hash_len = storedkey_hash_len(scheme);
	struct slice rest = without_spaces_around(value), name;
	struct parts parts;
	bool good;

	explicit_bzero(out, sizeof(*out));
	if (hash_len == 0)
		return STOREDKEY_OTHER;
	if (rest.n > 0 && rest.p[0] == '{') {
		rest = slice_from(rest, 1);
		if (!cut(&rest, '}', &name) ||
		    !slice_ieq(name, slice_of(scheme)))
			return STOREDKEY_OTHER;
		good = split_dovecot(rest, &parts);
	} else {
		if (!cut(&rest, '$', &name) ||
		    !slice_eq(without_spaces_around(name), slice_of(scheme)))
			return STOREDKEY_OTHER;
		good = split_rfc5803(rest, &parts);
	}
	if (good && value.n <= LIMIT_STORED_KEY &&
	    read_parts(&parts, hash_len, out))
		return STOREDKEY_GOOD;
	explicit_bzero(out, sizeof(*out));
	return STOREDKEY_BAD;
}

enum storedkey_status
storedkey_find(struct slice values, const char *scheme, struct storedkey *out)
{
	enum storedkey_status best = STOREDKEY_OTHER, now;
	struct unpack u = unpack_begin(values);

	explicit_bzero(out, sizeof(*out));
	while (u.rest.n > 0 && !u.failed) {
		now = storedkey_parse(unpack_bytes(&u), scheme, out);
		if (now == STOREDKEY_GOOD)
			return now;
		if (now == STOREDKEY_BAD)
			best = now;
	}
	return best;
}

static struct slice
octets(const unsigned char *p, size_t n)
{
	return (struct slice){ (const char *)p, n };
}

void
storedkey_print(const struct storedkey *k, const char *scheme, struct buf *b)
{
	buf_printf(b, "%s$%" PRIu32 ":", scheme, k->iterations);
	base64_encode(octets(k->salt, k->salt_len), b);
	buf_str(b, "$");
	base64_encode(octets(k->stored, k->hash_len), b);
	buf_str(b, ":");
	base64_encode(octets(k->server, k->hash_len), b);
}
