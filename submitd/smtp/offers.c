/*
 * offers - the table of extensions, and the reply to EHLO made from it.
 *
 * BURL (RFC 4468) is not in it: to fetch a message from the user's IMAP server
 * takes a trust of that server in us that nothing here can set up.
 */

#include "offers.h"

#include <inttypes.h>

#include "compiler.h"

/* Octets our own header fields may add to a message, at most. */
#define ROOM_FOR_FIELDS 4096

struct offers
offers_now(const struct smtp_config *config,
    const struct msg_mail_offers *smarthosts, bool tls)
{
	struct offers o = {
		.set = smarthosts->extensions,
		.size = config->max_message_size,
		.by_min_s = smarthosts->by_min_s,
		.hold_max_s = config->future_release_s,
		.recipients = config->max_recipients,
	};
	uint64_t room = smarthosts->size > ROOM_FOR_FIELDS
			    ? smarthosts->size - ROOM_FOR_FIELDS
			    : 1;

	if (smarthosts->size != 0 && room < o.size)
		o.size = room;
	o.set |= tls ? OFFER_IN_TLS | OFFER_LOGIN : OFFER_IN_CLEAR;
	if (o.hold_max_s > 0)
		o.set |= OFFER_FUTURERELEASE;
	if (!(o.set & OFFER_8BITMIME)) /* RFC 6531, 3.1 */
		o.set &= ~(uint32_t)(OFFER_SMTPUTF8 | OFFER_BINARYMIME);
	return o;
}

/* -- what stands behind a keyword ------------------------------------------ */

static void
put_size(struct buf *b, const struct offers *o, const struct hello *h)
{
	(void)h;
	buf_printf(b, " %" PRIu64, o->size);
}

static void
put_mechanisms(struct buf *b, const struct offers *o, const struct hello *h)
{
	(void)o;
	buf_str(b, " ");
	buf_add(b, h->mechanisms.p, h->mechanisms.n);
}

static void
put_limits(struct buf *b, const struct offers *o, const struct hello *h)
{
	(void)h;
	buf_printf(b, " RCPTMAX=%u", o->recipients);
}

/* RFC 4865, 3: the longest time, and the date that is now. */
static void
put_hold(struct buf *b, const struct offers *o, const struct hello *h)
{
	time_t last = h->now + (time_t)o->hold_max_s;
	struct tm t;

	gmtime_r(&last, &t);
	buf_printf(b, " %u %04d-%02d-%02dT%02d:%02d:%02dZ", o->hold_max_s,
	    t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
	    t.tm_sec);
}

/* RFC 2852, 3: the least time in mode R, if there is one. */
static void
put_by(struct buf *b, const struct offers *o, const struct hello *h)
{
	(void)h;
	if (o->by_min_s > 0)
		buf_printf(b, " %u", o->by_min_s);
}

/* clang-format off */
static const struct {
	const char	*keyword;
	uint32_t	 needs;	/* 0: always */
	void		(*put)(struct buf *, const struct offers *,
			    const struct hello *);
} rows[] = {
	{ "PIPELINING",	0,			NULL },			/* RFC 2920 */
	{ "SIZE",	0,			put_size },		/* RFC 1870 */
	{ "8BITMIME",	OFFER_8BITMIME,		NULL },			/* RFC 6152 */
	{ "STARTTLS",	OFFER_IN_CLEAR,		NULL },			/* RFC 3207 */
	{ "AUTH",	OFFER_LOGIN,		put_mechanisms },	/* RFC 4954 */
	{ "DSN",	0,			NULL },			/* RFC 3461 */
	{ "CHUNKING",	0,			NULL },			/* RFC 3030 */
	{ "BINARYMIME",	OFFER_BINARYMIME,	NULL },			/* RFC 3030 */
	{ "SMTPUTF8",	OFFER_SMTPUTF8,		NULL },			/* RFC 6531 */
	{ "REQUIRETLS",	OFFER_REQUIRETLS | OFFER_IN_TLS, NULL },		/* RFC 8689 */
	{ "FUTURERELEASE", OFFER_FUTURERELEASE,	put_hold },		/* RFC 4865 */
	{ "DELIVERBY",	OFFER_DELIVERBY,	put_by },		/* RFC 2852 */
	{ "MT-PRIORITY", OFFER_MT_PRIORITY,	NULL },			/* RFC 6710 */
	{ "LIMITS",	0,			put_limits },		/* RFC 9422 */
	{ "ENHANCEDSTATUSCODES", 0,		NULL },			/* RFC 2034 */
};
/* clang-format on */

void
offers_print(struct buf *b, const struct offers *o, const struct hello *h)
{
	const char *more;
	size_t i;

	buf_printf(b, "250-%s\r\n", h->hostname);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (!offers_have(o, rows[i].needs))
			continue;
		/* the last row needs nothing, so it is there */
		more = i + 1 < ARRAY_LEN(rows) ? "-" : " ";
		buf_printf(b, "250%s%s", more, rows[i].keyword);
		if (rows[i].put != NULL)
			rows[i].put(b, o, h);
		buf_str(b, "\r\n");
	}
}
