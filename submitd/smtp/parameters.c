/*
 * parameters - ESMTP parameters of MAIL, by table.
 *
 * Each row has a keyword and the function that judges its value.  Pure.
 */

#include "parameters.h"

#include <ctype.h>

#include "buf.h"
#include "limits.h"
#include "path.h"

/* RFC 1870, 4: size-value = 1*20DIGIT */
static bool
set_size(struct slice value, struct mail_parameters *mp)
{
	size_t i;

	if (mp->has_size || value.n == 0 || value.n > 20)
		return false;
	mp->has_size = true;
	mp->size = 0;
	for (i = 0; i < value.n; i++) {
		if (!isdigit((unsigned char)value.p[i]))
			return false;
		if (__builtin_mul_overflow(mp->size, 10, &mp->size) ||
		    __builtin_add_overflow(
			mp->size, (uint64_t)(value.p[i] - '0'), &mp->size))
			mp->size = UINT64_MAX; /* too big, however big */
	}
	return true;
}

/* RFC 6152, 2 */
static bool
set_body(struct slice value, struct mail_parameters *mp)
{
	if (mp->has_body)
		return false;
	mp->has_body = true;
	if (slice_ieq(value, slice_of("7BIT")))
		mp->body = BODY_7BIT;
	else if (slice_ieq(value, slice_of("8BITMIME")))
		mp->body = BODY_8BITMIME;
	else
		return false;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F') /* upper case only: RFC 3461, 4 */
		return c - 'A' + 10;
	return -1;
}

/* xtext of RFC 3461, 4, decoding to printable ASCII only. */
static bool
xtext_decode(struct slice in, struct buf *out)
{
	size_t i;
	int hi, lo;
	char c;

	for (i = 0; i < in.n; i++) {
		c = in.p[i];
		if (c == '+') {
			if (in.n - i < 3 || (hi = hex_digit(in.p[i + 1])) < 0 ||
			    (lo = hex_digit(in.p[i + 2])) < 0)
				return false;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '=') {
			return false;
		}
		if (c < 0x20 || c > 0x7e)
			return false;
		buf_add(out, &c, 1);
	}
	return buf_ok(out);
}

/*
 * RFC 4954, 5: a mailbox or <>.  We trust no client to assert it, so a domain
 * that is not fully qualified does no harm.
 */
static bool
set_auth(struct slice value, struct mail_parameters *mp)
{
	struct buf mailbox = buf_new(LIMIT_PATH);
	enum path_status st;
	struct path path;
	bool ok = false;

	if (!mp->has_auth && xtext_decode(value, &mailbox)) {
		st = path_parse_mailbox(buf_slice(&mailbox), &path);
		ok = st == PATH_OK || st == PATH_BAD_DOMAIN ||
		     slice_eq(buf_slice(&mailbox), slice_of("<>"));
	}
	mp->has_auth = true;
	buf_free(&mailbox);
	return ok;
}

/* clang-format off */
static const struct {
	const char	*keyword;
	bool		(*set)(struct slice, struct mail_parameters *);
} mail_rows[] = {
	{ "SIZE",	set_size },
	{ "BODY",	set_body },
	{ "AUTH",	set_auth },
};
/* clang-format on */

/* The next space-separated word; false when none is left. */
static bool
next_word(struct slice *in, struct slice *word)
{
	const char *space;

	while (in->n > 0 && in->p[0] == ' ')
		*in = slice_from(*in, 1);
	if (in->n == 0)
		return false;
	space = memchr(in->p, ' ', in->n);
	*word = *in;
	if (space != NULL)
		word->n = (size_t)(space - in->p);
	*in = slice_from(*in, word->n);
	return true;
}

static enum parameters_status
mail_parameter(struct slice word, struct mail_parameters *mp)
{
	const char *equals = memchr(word.p, '=', word.n);
	struct slice value = { "", 0 };
	size_t i;

	if (equals != NULL) {
		value = slice_from(word, (size_t)(equals - word.p) + 1);
		word.n = (size_t)(equals - word.p);
	}
	for (i = 0; i < ARRAY_LEN(mail_rows); i++)
		if (slice_ieq(word, slice_of(mail_rows[i].keyword)))
			return mail_rows[i].set(value, mp)
				   ? PARAMETERS_OK
				   : PARAMETERS_BAD_VALUE;
	return PARAMETERS_UNKNOWN;
}

enum parameters_status
parameters_parse_mail(struct slice rest, struct mail_parameters *mp)
{
	enum parameters_status st = PARAMETERS_OK;
	struct slice word;
	unsigned n = 0;

	*mp = (struct mail_parameters){ .body = BODY_7BIT };
	while (st == PARAMETERS_OK && next_word(&rest, &word))
		st = ++n > LIMIT_PARAMETERS ? PARAMETERS_BAD_VALUE
					    : mail_parameter(word, mp);
	return st;
}

enum parameters_status
parameters_parse_rcpt(struct slice rest)
{
	struct slice word;

	return next_word(&rest, &word) ? PARAMETERS_UNKNOWN : PARAMETERS_OK;
}
