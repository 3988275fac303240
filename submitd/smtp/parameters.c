/*
 * parameters - ESMTP parameters of MAIL and RCPT, by table.
 *
 * Each row has a keyword, the offer it depends on, and the function that
 * judges its value.  Pure.
 */

#include "parameters.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "buf.h"
#include "path.h"
#include "times.h"
#include "xtext.h"

#define CULPRIT_MAX 40 /* octets of a keyword that a reply names */

/* What a row's function gets and fills. */
struct reading {
	const struct offers *offers;
	time_t now;
	bool utf8; /* RCPT: with SMTPUTF8 */
	struct mail_parameters *mail;
	struct rcpt_parameters *rcpt;
};

typedef enum parameters_status set_fn(struct slice value, struct reading *);

static enum parameters_status
verdict(bool fine)
{
	return fine ? PARAMETERS_OK : PARAMETERS_BAD_VALUE;
}

/* -- MAIL ------------------------------------------------------------------ */

/* RFC 1870, 4: size-value = 1*20DIGIT */
static enum parameters_status
set_size(struct slice value, struct reading *r)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < value.n; i++) {
		if (i == 20 || !isdigit((unsigned char)value.p[i]))
			return PARAMETERS_BAD_VALUE;
		if (__builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(
			size, (uint64_t)(value.p[i] - '0'), &size))
			size = UINT64_MAX; /* too big, however big */
	}
	r->mail->has_size = true;
	r->mail->size = size;
	return PARAMETERS_OK;
}

/* RFC 6152, 2; RFC 3030, 3 */
static enum parameters_status
set_body(struct slice value, struct reading *r)
{
	static const struct {
		const char *word;
		enum mail_body body;
		uint32_t needs;
	} words[] = {
		{ "7BIT", BODY_7BIT, 0 },
		{ "8BITMIME", BODY_8BITMIME, OFFER_8BITMIME },
		{ "BINARYMIME", BODY_BINARYMIME, OFFER_BINARYMIME },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		if (!slice_ieq(value, slice_of(words[i].word)))
			continue;
		r->mail->options.body = words[i].body;
		return offers_have(r->offers, words[i].needs)
			   ? PARAMETERS_OK
			   : PARAMETERS_UNKNOWN;
	}
	return PARAMETERS_BAD_VALUE;
}

/*
 * RFC 4954, 5: a mailbox or <>.  We trust no client to assert it: it is
 * checked, then taken as <>, so a domain that is not fully qualified does no
 * harm.
 */
static enum parameters_status
set_auth(struct slice value, struct reading *r)
{
	struct buf mailbox = buf_new(LIMIT_PATH);
	enum path_status st;
	struct path path;
	bool ok = false;

	(void)r;
	if (xtext_decode(value, &mailbox)) {
		st = path_parse_mailbox(buf_slice(&mailbox), &path);
		ok = st == PATH_OK || st == PATH_BAD_DOMAIN ||
		     slice_eq(buf_slice(&mailbox), slice_of("<>"));
	}
	buf_free(&mailbox);
	return verdict(ok);
}

/* RFC 6531, 3.4 */
static enum parameters_status
set_smtputf8(struct slice value, struct reading *r)
{
	(void)value;
	r->mail->options.smtputf8 = true;
	return PARAMETERS_OK;
}

/* RFC 8689, 2 */
static enum parameters_status
set_requiretls(struct slice value, struct reading *r)
{
	(void)value;
	r->mail->options.require_tls = true;
	return PARAMETERS_OK;
}

/* RFC 3461, 4.3 */
static enum parameters_status
set_ret(struct slice value, struct reading *r)
{
	if (slice_ieq(value, slice_of("FULL")))
		r->mail->options.ret = RET_FULL;
	else if (slice_ieq(value, slice_of("HDRS")))
		r->mail->options.ret = RET_HDRS;
	else
		return PARAMETERS_BAD_VALUE;
	return PARAMETERS_OK;
}

/* RFC 3461, 4.4 */
static enum parameters_status
set_envid(struct slice value, struct reading *r)
{
	r->mail->options.envid = value;
	return verdict(value.n <= LIMIT_ENVID && xtext_is_valid(value));
}

/* RFC 6710, 4.1: priority-value = (["-"] NZDIGIT) / "0" */
static enum parameters_status
set_priority(struct slice value, struct reading *r)
{
	bool negative = value.n > 0 && value.p[0] == '-';
	struct slice digit = slice_from(value, negative ? 1 : 0);

	if (digit.n != 1 || !isdigit((unsigned char)digit.p[0]) ||
	    (negative && digit.p[0] == '0'))
		return PARAMETERS_BAD_PRIORITY;
	r->mail->options.has_priority = true;
	r->mail->options.priority = digit.p[0] - '0';
	if (negative)
		r->mail->options.priority = -r->mail->options.priority;
	return PARAMETERS_OK;
}

/* RFC 2852, 4: what must be returned by then cannot be late already. */
static enum parameters_status
set_by(struct slice value, struct reading *r)
{
	struct mail_options *o = &r->mail->options;
	struct times_by by;
	int64_t when;

	if (!times_parse_by(value, &by) ||
	    (by.mode == BY_RETURN && by.seconds <= 0))
		return PARAMETERS_BAD_VALUE;
	if (by.mode == BY_RETURN && by.seconds < r->offers->by_min_s)
		return PARAMETERS_TOO_SOON;
	when = (int64_t)r->now + by.seconds;
	o->by = by.mode;
	o->by_trace = by.trace;
	o->by_s = when > 0 ? (uint64_t)when : 0;
	return PARAMETERS_OK;
}

/* As a DSN tells it: RFC 4865, 6. */
static enum parameters_status
set_hold(struct reading *r, time_t until, const char *how, struct slice value)
{
	struct mail_parameters *mp = r->mail;
	int n;

	/* one of the two at most, and until then no longer than we keep it */
	if (mp->options.hold_until_s != 0 || until <= r->now ||
	    until - r->now > (time_t)r->offers->hold_max_s)
		return PARAMETERS_BAD_VALUE;
	n = snprintf(mp->hold_request, sizeof(mp->hold_request), "%s;%.*s", how,
	    (int)value.n, value.p);
	if (n < 0 || (size_t)n >= sizeof(mp->hold_request))
		return PARAMETERS_BAD_VALUE;
	mp->options.hold_until_s = (uint64_t)until;
	mp->options.hold_request =
	    (struct slice){ mp->hold_request, (size_t)n };
	return PARAMETERS_OK;
}

/* RFC 4865, 4.1 */
static enum parameters_status
set_holdfor(struct slice value, struct reading *r)
{
	uint32_t seconds;

	if (!times_parse_seconds(value, &seconds))
		return PARAMETERS_BAD_VALUE;
	return set_hold(r, r->now + (time_t)seconds, "for", value);
}

static enum parameters_status
set_holduntil(struct slice value, struct reading *r)
{
	time_t until;

	if (!times_parse_date(value, &until))
		return PARAMETERS_BAD_VALUE;
	return set_hold(r, until, "until", value);
}

/* -- RCPT ------------------------------------------------------------------ */

/* RFC 3461, 4.1: NEVER, or a list of the others. */
static enum parameters_status
set_notify(struct slice value, struct reading *r)
{
	static const struct {
		const char *word;
		uint32_t bit;
	} words[] = {
		{ "NEVER", NOTIFY_NEVER },
		{ "SUCCESS", NOTIFY_SUCCESS },
		{ "FAILURE", NOTIFY_FAILURE },
		{ "DELAY", NOTIFY_DELAY },
	};
	struct slice word;
	const char *comma;
	uint32_t set = 0;
	size_t i;

	do {
		comma = value.n == 0 ? NULL : memchr(value.p, ',', value.n);
		word = value;
		if (comma != NULL)
			word.n = (size_t)(comma - value.p);
		for (i = 0; i < ARRAY_LEN(words); i++)
			if (slice_ieq(word, slice_of(words[i].word)))
				break;
		if (i == ARRAY_LEN(words) || (set & words[i].bit))
			return PARAMETERS_BAD_VALUE;
		set |= words[i].bit;
		value = slice_from(value, word.n + 1);
	} while (comma != NULL);
	r->rcpt->notify = set;
	return verdict(set == NOTIFY_NEVER || !(set & NOTIFY_NEVER));
}

/* RFC 3461, 4.2; RFC 6533, 3 */
static enum parameters_status
set_orcpt(struct slice value, struct reading *r)
{
	r->rcpt->orcpt = value;
	return verdict(xtext_is_orcpt(value, r->utf8));
}

/* -- tables ---------------------------------------------------------------- */

enum value { VALUE_NONE, VALUE_ASCII, VALUE_UTF8 };

struct row {
	const char *keyword;
	enum value value;
	uint32_t needs; /* 0: always offered */
	set_fn *set;
};

/* clang-format off */
static const struct row mail_rows[] = {
	{ "SIZE",	VALUE_ASCII,	0,			set_size },
	{ "BODY",	VALUE_ASCII,	0,			set_body },
	{ "AUTH",	VALUE_ASCII,	0,			set_auth },
	{ "SMTPUTF8",	VALUE_NONE,	OFFER_SMTPUTF8,		set_smtputf8 },
	{ "RET",	VALUE_ASCII,	0,			set_ret },
	{ "ENVID",	VALUE_ASCII,	0,			set_envid },
	{ "REQUIRETLS",	VALUE_NONE,	OFFER_REQUIRETLS | OFFER_IN_TLS, set_requiretls },
	{ "MT-PRIORITY", VALUE_ASCII,	OFFER_MT_PRIORITY,	set_priority },
	{ "BY",		VALUE_ASCII,	OFFER_DELIVERBY,	set_by },
	{ "HOLDFOR",	VALUE_ASCII,	OFFER_FUTURERELEASE,	set_holdfor },
	{ "HOLDUNTIL",	VALUE_ASCII,	OFFER_FUTURERELEASE,	set_holduntil },
};

static const struct row rcpt_rows[] = {
	{ "NOTIFY",	VALUE_ASCII,	0,			set_notify },
	{ "ORCPT",	VALUE_UTF8,	0,			set_orcpt },
};
/* clang-format on */

struct table {
	const struct row *rows;
	size_t n;
};

static const struct table mail_table = { mail_rows, ARRAY_LEN(mail_rows) };
static const struct table rcpt_table = { rcpt_rows, ARRAY_LEN(rcpt_rows) };

/* -- words ----------------------------------------------------------------- */

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

/* esmtp-value = 1*(%d33-60 / %d62-126), and what RFC 6531, 3.3 adds */
static bool
is_value(struct slice value, enum value kind)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c <= ' ' || c == '=' || c == 0x7f ||
		    (c > 0x7f && kind != VALUE_UTF8))
			return false;
	}
	return value.n > 0;
}

/* One word, which is the row's. */
static enum parameters_status
apply(const struct row *row, const char *equals, struct slice word,
    struct reading *r)
{
	struct slice value = { "", 0 };

	if (row->value == VALUE_NONE)
		return equals == NULL ? row->set(value, r)
				      : PARAMETERS_BAD_VALUE;
	if (equals != NULL)
		value = slice_from(word, (size_t)(equals - word.p) + 1);
	return is_value(value, row->value) ? row->set(value, r)
					   : PARAMETERS_BAD_VALUE;
}

/* seen: a bit for each row that had its word. */
static enum parameters_status
take_word(
    const struct table *t, struct slice word, struct reading *r, unsigned *seen)
{
	const char *equals = memchr(word.p, '=', word.n);
	struct slice keyword = word;
	size_t i;

	if (equals != NULL)
		keyword.n = (size_t)(equals - word.p);
	for (i = 0; i < t->n; i++)
		if (slice_ieq(keyword, slice_of(t->rows[i].keyword)))
			break;
	if (i == t->n || !offers_have(r->offers, t->rows[i].needs))
		return PARAMETERS_UNKNOWN;
	if (*seen & 1U << i)
		return PARAMETERS_BAD_VALUE;
	*seen |= 1U << i;
	return apply(&t->rows[i], equals, word, r);
}

static enum parameters_status
take_words(const struct table *t, struct slice rest, struct reading *r,
    struct slice *culprit)
{
	enum parameters_status st = PARAMETERS_OK;
	struct slice word;
	unsigned n = 0, seen = 0;
	const char *equals;

	while (st == PARAMETERS_OK && next_word(&rest, &word)) {
		st = ++n > LIMIT_PARAMETERS ? PARAMETERS_BAD_VALUE
					    : take_word(t, word, r, &seen);
		equals = memchr(word.p, '=', word.n);
		*culprit = word;
		if (equals != NULL)
			culprit->n = (size_t)(equals - word.p);
		if (culprit->n > CULPRIT_MAX)
			culprit->n = CULPRIT_MAX;
	}
	return st;
}

enum parameters_status
parameters_parse_mail(struct slice rest, const struct offers *offers,
    time_t now, struct mail_parameters *mp)
{
	struct reading r = { .offers = offers, .now = now, .mail = mp };
	const struct mail_options *o = &mp->options;
	enum parameters_status st;

	*mp = (struct mail_parameters){ .options = { .body = BODY_7BIT } };
	st = take_words(&mail_table, rest, &r, &mp->culprit);
	/* RFC 4865, 5.2: held beyond the time it is to be there by */
	if (st == PARAMETERS_OK && o->by != BY_UNSET &&
	    o->hold_until_s > o->by_s) {
		mp->culprit = slice_of("BY");
		st = PARAMETERS_BAD_VALUE;
	}
	return st;
}

enum parameters_status
parameters_parse_rcpt(struct slice rest, bool utf8, struct rcpt_parameters *rp)
{
	static const struct offers none; /* no row depends on any */
	struct reading r = { .offers = &none, .utf8 = utf8, .rcpt = rp };

	*rp = (struct rcpt_parameters){ .notify = 0 };
	return take_words(&rcpt_table, rest, &r, &rp->culprit);
}
