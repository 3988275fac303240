/*
 * smtpoffers - read an EHLO reply, and find what several have in common.
 *
 * Pure: no I/O, no log; memory only where a buf is given.
 */

#include "smtpoffers.h"

#include "compiler.h"
#include "limits.h"

#define SIZE_DIGITS   20 /* RFC 1870, 3 */
#define BY_DIGITS     9  /* RFC 2852, 2 */
#define LIMITS_DIGITS 6  /* RFC 9422, 4 */

#define NO_NUMBER SIZE_MAX

/* Cut the first word off; words are parted by spaces. */
static struct slice
next_word(struct slice *rest)
{
	struct slice word;
	size_t n = 0;

	while (rest->n > 0 && rest->p[0] == ' ')
		*rest = slice_from(*rest, 1);
	while (n < rest->n && rest->p[n] != ' ')
		n++;
	word = (struct slice){ rest->p, n };
	*rest = slice_from(*rest, n);
	return word;
}

/* One to max digits and nothing else; false also for what does not fit. */
static bool
read_number(struct slice s, size_t max, uint64_t *v)
{
	size_t i;

	*v = 0;
	if (s.n == 0 || s.n > max)
		return false;
	for (i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(unsigned char)s.p[i] - '0';

		if (digit > 9 || *v > (UINT64_MAX - digit) / 10)
			return false;
		*v = *v * 10 + digit;
	}
	return true;
}

static void
lower(uint64_t *limit, uint64_t v)
{
	if (v > 0 && (*limit == 0 || v < *limit))
		*limit = v;
}

/* Each returns whether the keyword counts with these parameters. */
static bool
note_size(struct smtp_offers *o, struct slice rest)
{
	uint64_t v;

	if (read_number(next_word(&rest), SIZE_DIGITS, &v))
		lower(&o->size, v);
	return true;
}

static bool
note_deliverby(struct smtp_offers *o, struct slice rest)
{
	struct slice word = next_word(&rest);
	uint64_t v;

	if (word.n == 0)
		return true;
	if (!read_number(word, BY_DIGITS, &v))
		return false;
	if (v > o->by_min_s)
		o->by_min_s = v;
	return true;
}

static const struct {
	const char *name;
	size_t limit;
} limits[] = {
	{ "MAILMAX", offsetof(struct smtp_offers, mail_max) },
	{ "RCPTMAX", offsetof(struct smtp_offers, rcpt_max) },
	{ "RCPTDOMAINMAX", offsetof(struct smtp_offers, domain_max) },
};

static uint64_t
number_at(const struct smtp_offers *o, size_t offset)
{
	uint64_t v;

	memcpy(&v, (const char *)o + offset, sizeof(v));
	return v;
}

/* RFC 9422, 3: others, and those that are no number, are passed over. */
static void
note_limit(struct smtp_offers *o, struct slice word)
{
	const char *equals = memchr(word.p, '=', word.n);
	struct slice name = { word.p, 0 };
	uint64_t v, now;
	size_t i;

	if (equals == NULL)
		return;
	name.n = (size_t)(equals - word.p);
	word = slice_from(word, name.n + 1);
	if (!read_number(word, LIMITS_DIGITS, &v) || word.p[0] == '0')
		return;
	for (i = 0; i < ARRAY_LEN(limits); i++) {
		if (!slice_ieq(name, slice_of(limits[i].name)))
			continue;
		now = number_at(o, limits[i].limit);
		lower(&now, v);
		memcpy((char *)o + limits[i].limit, &now, sizeof(now));
	}
}

static bool
note_limits(struct smtp_offers *o, struct slice rest)
{
	struct slice word;

	while ((word = next_word(&rest)).n > 0)
		note_limit(o, word);
	return true;
}

#define AT(field) offsetof(struct smtp_offers, field)

/* clang-format off */
static const struct {
	const char		*keyword;
	enum smtp_extension	 extension;
	bool (*note)(struct smtp_offers *, struct slice rest);
	size_t			 number;	/* to print with it */
} rows[] = {
	{ "STARTTLS",		EXT_STARTTLS,	NULL,		NO_NUMBER },
	{ "PIPELINING",		EXT_PIPELINING,	NULL,		NO_NUMBER },
	{ "CHUNKING",		EXT_CHUNKING,	NULL,		NO_NUMBER },
	{ "8BITMIME",		EXT_8BITMIME,	NULL,		NO_NUMBER },
	{ "BINARYMIME",		EXT_BINARYMIME,	NULL,		NO_NUMBER },
	{ "SIZE",		EXT_SIZE,	note_size,	AT(size) },
	{ "DSN",		EXT_DSN,	NULL,		NO_NUMBER },
	{ "SMTPUTF8",		EXT_SMTPUTF8,	NULL,		NO_NUMBER },
	{ "REQUIRETLS",		EXT_REQUIRETLS,	NULL,		NO_NUMBER },
	{ "DELIVERBY",		EXT_DELIVERBY,	note_deliverby,	AT(by_min_s) },
	{ "MT-PRIORITY",	EXT_MT_PRIORITY, NULL,		NO_NUMBER },
	{ "LIMITS",		EXT_LIMITS,	note_limits,	NO_NUMBER },
	{ "AUTH",		EXT_AUTH,	NULL,		NO_NUMBER },
	{ "ENHANCEDSTATUSCODES", EXT_ENHANCEDSTATUSCODES, NULL,	NO_NUMBER },
};
/* clang-format on */

void
smtp_offers_note(struct smtp_offers *o, struct slice line)
{
	struct slice keyword;
	size_t i;

	/* The first line is a greeting (RFC 5321, 4.1.1.1). */
	if (o->lines > LIMIT_EXTENSIONS || o->lines++ == 0)
		return;
	keyword = next_word(&line);
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (slice_ieq(keyword, slice_of(rows[i].keyword)) &&
		    (rows[i].note == NULL || rows[i].note(o, line)))
			o->extensions |= (uint32_t)rows[i].extension;
}

void
smtp_offers_settle(struct smtp_offers *o, bool verified)
{
	if (!smtp_offers_has(o, EXT_CHUNKING)) /* RFC 3030, 3 */
		o->extensions &= ~(uint32_t)EXT_BINARYMIME;
	if (!smtp_offers_has(o, EXT_8BITMIME)) /* RFC 6531, 3.1 */
		o->extensions &= ~(uint32_t)EXT_SMTPUTF8;
	if (!verified) /* RFC 8689, 4.2.1 */
		o->extensions &= ~(uint32_t)EXT_REQUIRETLS;
}

void
smtp_offers_print(struct buf *b, const struct smtp_offers *o)
{
	const char *comma = "";
	uint64_t v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (!smtp_offers_has(o, rows[i].extension))
			continue;
		buf_printf(b, "%s%s", comma, rows[i].keyword);
		comma = ",";
		v = rows[i].number == NO_NUMBER ? 0
						: number_at(o, rows[i].number);
		if (v > 0)
			buf_printf(b, "=%llu", (unsigned long long)v);
	}
	for (i = 0; i < ARRAY_LEN(limits); i++)
		if ((v = number_at(o, limits[i].limit)) > 0)
			buf_printf(b, "%s%s=%llu", comma, limits[i].name,
			    (unsigned long long)v);
	if (*comma == '\0')
		buf_str(b, "none");
}

static const struct {
	uint32_t offer; /* enum mail_offer */
	enum smtp_extension needs;
} promised[] = {
	{ OFFER_8BITMIME, EXT_8BITMIME },
	{ OFFER_BINARYMIME, EXT_BINARYMIME },
	{ OFFER_SMTPUTF8, EXT_SMTPUTF8 },
	{ OFFER_REQUIRETLS, EXT_REQUIRETLS },
	{ OFFER_DELIVERBY, EXT_DELIVERBY },
	{ OFFER_MT_PRIORITY, EXT_MT_PRIORITY },
};

void
mail_offers_print(struct buf *b, const struct msg_mail_offers *m)
{
	struct smtp_offers o = { .size = m->size, .by_min_s = m->by_min_s };
	size_t i;

	if (m->size > 0)
		o.extensions |= EXT_SIZE;
	for (i = 0; i < ARRAY_LEN(promised); i++)
		if ((m->extensions & promised[i].offer) != 0)
			o.extensions |= (uint32_t)promised[i].needs;
	smtp_offers_print(b, &o);
}

void
smtp_offers_common(const struct smtp_offers *const servers[], size_t n,
    struct msg_mail_offers *out)
{
	size_t i, k;

	*out = (struct msg_mail_offers){
		.extensions =
		    n == 0 ? (uint32_t)OFFER_8BITMIME : MAIL_OFFERS_ALL,
	};
	for (i = 0; i < n; i++) {
		for (k = 0; k < ARRAY_LEN(promised); k++)
			if (!smtp_offers_has(servers[i], promised[k].needs))
				out->extensions &= ~promised[k].offer;
		lower(&out->size, servers[i]->size);
		if (servers[i]->by_min_s > out->by_min_s)
			out->by_min_s = (uint32_t)servers[i]->by_min_s;
	}
	if ((out->extensions & OFFER_DELIVERBY) == 0)
		out->by_min_s = 0;
}
