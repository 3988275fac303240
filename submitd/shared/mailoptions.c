/*
 * mailoptions - parameters of MAIL and RCPT, to octets and back.  Pure.
 */

#include "mailoptions.h"

#include "limits.h"
#include "utf8.h"

#define PRIORITY_NONE 0xff

static bool
unpack_bool(struct unpack *u)
{
	uint8_t v = unpack_u8(u);

	if (v > 1)
		u->failed = true;
	return v == 1;
}

/* An enumeration's value, at most max. */
static uint32_t
unpack_choice(struct unpack *u, uint32_t max)
{
	uint8_t v = unpack_u8(u);

	if (v > max)
		u->failed = true;
	return v;
}

/* A time of day that can be added to, and written as a date. */
static uint64_t
unpack_time(struct unpack *u)
{
	uint64_t s = unpack_u64(u);

	if (s > LIMIT_TIME_S)
		u->failed = true;
	return s;
}

/* Printable characters without a space: they can stand in a parameter. */
static struct slice
unpack_word(struct unpack *u, size_t limit)
{
	struct slice s = unpack_bytes(u);
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			u->failed = true;
	if (s.n > limit || !utf8_is_valid(s))
		u->failed = true;
	return u->failed ? (struct slice){ "", 0 } : s;
}

/* A mailbox: spaces may stand in quotes; envelope.c looks closer. */
static struct slice
unpack_mailbox(struct unpack *u)
{
	struct slice s = unpack_bytes(u);
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			u->failed = true;
	if (s.n == 0 || s.n > LIMIT_PATH || !utf8_is_valid(s))
		u->failed = true;
	return u->failed ? (struct slice){ "", 0 } : s;
}

void
mail_options_pack(struct buf *b, const struct mail_options *o)
{
	pack_u8(b, (uint8_t)o->body);
	pack_u8(b, o->smtputf8);
	pack_u8(b, o->require_tls);
	pack_u8(b, (uint8_t)o->ret);
	pack_bytes(b, o->envid);
	pack_u8(b, o->has_priority ? (uint8_t)(o->priority - MAIL_PRIORITY_MIN)
				   : PRIORITY_NONE);
	pack_u8(b, (uint8_t)o->by);
	pack_u8(b, o->by_trace);
	pack_u64(b, o->by_s);
	pack_u64(b, o->hold_until_s);
	pack_bytes(b, o->hold_request);
}

static void
unpack_priority(struct unpack *u, struct mail_options *o)
{
	uint8_t v = unpack_u8(u);

	o->has_priority = v != PRIORITY_NONE;
	if (!o->has_priority)
		return;
	o->priority = MAIL_PRIORITY_MIN + v;
	if (o->priority > MAIL_PRIORITY_MAX)
		u->failed = true;
}

void
mail_options_unpack(struct unpack *u, struct mail_options *o)
{
	*o = (struct mail_options){ 0 };
	o->body = unpack_choice(u, BODY_BINARYMIME);
	o->smtputf8 = unpack_bool(u);
	o->require_tls = unpack_bool(u);
	o->ret = unpack_choice(u, RET_HDRS);
	o->envid = unpack_word(u, LIMIT_ENVID);
	unpack_priority(u, o);
	o->by = unpack_choice(u, BY_RETURN);
	o->by_trace = unpack_bool(u);
	o->by_s = unpack_time(u);
	o->hold_until_s = unpack_time(u);
	o->hold_request = unpack_word(u, LIMIT_HOLD_REQUEST);
	if (!utf8_is_ascii(o->envid) || !utf8_is_ascii(o->hold_request))
		u->failed = true;
	if (u->failed)
		*o = (struct mail_options){ 0 };
}

void
mail_recipient_pack(struct buf *b, const struct mail_recipient *r)
{
	pack_bytes(b, r->mailbox);
	pack_u8(b, (uint8_t)r->notify);
	pack_bytes(b, r->orcpt);
}

static bool
is_notify(uint32_t set)
{
	uint32_t all = NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY;

	return set == NOTIFY_NEVER || (set & ~all) == 0;
}

void
mail_recipient_unpack(struct unpack *u, struct mail_recipient *r)
{
	r->mailbox = unpack_mailbox(u);
	r->notify = unpack_u8(u);
	r->orcpt = unpack_word(u, LIMIT_ORCPT);
	if (!is_notify(r->notify))
		u->failed = true;
	if (u->failed)
		*r = (struct mail_recipient){ { "", 0 }, 0, { "", 0 } };
}
