/*
 * ldappolicy - what a directory says about a password or an account beside
 * the result code of a bind.
 *
 * The octets are a server's, but a server may be anybody's until the operator
 * has seen to it; so every length is checked, and an answer that is not
 * exactly the draft's grammar is none.
 */

#include "ldappolicy.h"

#include <ctype.h>

#define TAG_SEQUENCE 0x30
#define TAG_WARNING  0xa0 /* [0], around one of the next two */
#define TAG_EXPIRES  0x80
#define TAG_GRACE    0x81
#define TAG_ERROR    0x81 /* [1], beside TAG_WARNING */

#define LENGTH_OCTETS_MAX 4 /* of the long form */

/* -- draft-behera-ldap-password-policy-10, 6.2 ------------------------------
 */

/* Cut one element off the front; of definite length (RFC 4511, 5.1). */
static bool
take(struct slice *in, unsigned *tag, struct slice *value)
{
	size_t n, octets, i, head = 2;

	if (in->n < head)
		return false;
	*tag = (unsigned char)in->p[0];
	n = (unsigned char)in->p[1];
	if (n >= 0x80) {
		octets = n & 0x7f;
		head += octets;
		if (octets == 0 || octets > LENGTH_OCTETS_MAX || in->n < head)
			return false;
		for (n = 0, i = 2; i < head; i++)
			n = n << 8 | (unsigned char)in->p[i];
	}
	if (n > in->n - head)
		return false;
	*value = (struct slice){ in->p + head, n };
	*in = slice_from(*in, head + n);
	return true;
}

/* INTEGER (0 .. maxInt) or ENUMERATED. */
static bool
number(struct slice value, uint32_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (value.n == 0 || value.n > sizeof(uint32_t))
		return false;
	for (i = 0; i < value.n; i++)
		n = n << 8 | (unsigned char)value.p[i];
	if (((unsigned char)value.p[0] & 0x80) != 0) /* below 0 */
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool
read_warning(struct slice in, struct ldappolicy_warning *w)
{
	struct slice value;
	uint32_t n;
	unsigned tag;

	if (!take(&in, &tag, &value) || in.n != 0 || !number(value, &n))
		return false;
	switch (tag) {
	case TAG_EXPIRES:
		w->expires = true;
		w->expires_s = n;
		return true;
	case TAG_GRACE:
		w->grace = true;
		w->grace_left = n;
		return true;
	default:
		return false;
	}
}

/* The other errors are about changing a password. */
static enum ldappolicy_says
error_says(uint32_t n)
{
	static const enum ldappolicy_says errors[] = {
		POLICY_EXPIRED,
		POLICY_LOCKED,
		POLICY_MUST_CHANGE,
	};

	return n < ARRAY_LEN(errors) ? errors[n] : POLICY_SILENT;
}

static bool
read_response(struct slice in, struct ldappolicy *out)
{
	struct slice value, rest;
	unsigned tag;
	uint32_t n;

	if (!take(&in, &tag, &rest) || tag != TAG_SEQUENCE || in.n != 0)
		return false;
	if (rest.n == 0)
		return true;
	if (!take(&rest, &tag, &value))
		return false;
	if (tag == TAG_WARNING) {
		if (!read_warning(value, &out->warning))
			return false;
		if (rest.n == 0)
			return true;
		if (!take(&rest, &tag, &value))
			return false;
	}
	if (tag != TAG_ERROR || rest.n != 0 || !number(value, &n))
		return false;
	out->says = error_says(n);
	return true;
}

/* -- Netscape's -------------------------------------------------------------
 */

/* Seconds in decimal digits. */
static bool
read_seconds(struct slice in, uint32_t *out)
{
	uint64_t n = 0;
	size_t i;

	if (in.n == 0 || in.n > 10)
		return false;
	for (i = 0; i < in.n; i++) {
		if (in.p[i] < '0' || in.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(in.p[i] - '0');
	}
	if (n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

void
ldappolicy_control(struct ldappolicy *p, const char *oid, struct slice value)
{
	struct ldappolicy read = *p;

	if (strcmp(oid, LDAPPOLICY_CONTROL) == 0) {
		if (read_response(value, &read))
			*p = read;
	} else if (strcmp(oid, LDAPPOLICY_EXPIRED) == 0) {
		p->expired = true;
	} else if (strcmp(oid, LDAPPOLICY_EXPIRING) == 0 &&
		   read_seconds(value, &read.warning.expires_s)) {
		read.warning.expires = true;
		*p = read;
	}
}

/* -- Active Directory's -----------------------------------------------------
 */

/* clang-format off */
static const struct {
	uint32_t		 code; /* a Windows error */
	enum ldappolicy_says	 says;
} ad_codes[] = {
	{ 0x525,	POLICY_UNKNOWN },
	{ 0x52e,	POLICY_WRONG },
	{ 0x52f,	POLICY_RESTRICTED },
	{ 0x530,	POLICY_HOURS },
	{ 0x531,	POLICY_PLACE },
	{ 0x532,	POLICY_EXPIRED },
	{ 0x533,	POLICY_DISABLED },
	{ 0x701,	POLICY_ENDED },
	{ 0x773,	POLICY_MUST_CHANGE },
	{ 0x775,	POLICY_LOCKED },
};
/* clang-format on */

static bool
is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

/* Where word is in s, whatever its case; s.n: nowhere. */
static size_t
find(struct slice s, struct slice word)
{
	size_t i;

	for (i = 0; i + word.n <= s.n; i++)
		if (slice_ieq((struct slice){ s.p + i, word.n }, word))
			return i;
	return s.n;
}

/*
 * "80090308: LdapErr: DSID-...": another server may repeat in its text what
 * was typed, and what was typed must never say how it went.
 */
static bool
is_ad_text(struct slice text)
{
	static const char after[] = ": LdapErr:";
	size_t i;

	for (i = 0; i < text.n && is_hex(text.p[i]); i++)
		continue;
	return i == 8 && find(slice_from(text, i), slice_of(after)) == 0;
}

/* Hexadecimal digits at the front, and nothing that goes on like one. */
static bool
read_hex(struct slice s, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	*out = 0;
	for (i = 0; i < s.n && i < 8 && is_hex(s.p[i]); i++)
		*out =
		    *out << 4 |
		    (uint32_t)(strchr(digits, tolower((unsigned char)s.p[i])) -
			       digits);
	return i > 0 && (i == s.n || isalnum((unsigned char)s.p[i]) == 0);
}

void
ldappolicy_text(struct ldappolicy *p, struct slice text)
{
	const struct slice word = slice_of(" data ");
	uint32_t code;
	size_t i;

	if (!is_ad_text(text) ||
	    !read_hex(slice_from(text, find(text, word) + word.n), &code))
		return;
	for (i = 0; i < ARRAY_LEN(ad_codes); i++)
		if (ad_codes[i].code == code)
			p->says = ad_codes[i].says;
}

enum ldappolicy_says
ldappolicy_says(const struct ldappolicy *p)
{
	/* Netscape's comes with grace logins as well. */
	if (p->says == POLICY_SILENT && p->expired && !p->warning.grace)
		return POLICY_EXPIRED;
	return p->says;
}
