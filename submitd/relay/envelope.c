/*
 * envelope - the head of a spool file.
 *
 * Pure: no I/O, no log.  The reader is the writer run backwards: it accepts
 * exactly what envelope_pack() makes, records in that order and no other.
 */

#include "envelope.h"

#include <stdlib.h>

#include "limits.h"
#include "pack.h"
#include "utf8.h"
#include "xalloc.h"

static const char magic[8] = { 's', 'u', 'b', 'm', 'i', 't', 'd', '\n' };

#define VERSION 2

enum record {
	RECORD_ID = 'I',
	RECORD_SESSION = 'S',
	RECORD_USER = 'U',
	RECORD_CLIENT = 'A',
	RECORD_SENDER = 'F',
	RECORD_OPTIONS = 'O', /* as mail_options_pack() has them */
	RECORD_COUNT = 'N',
	RECORD_RECIPIENT = 'R', /* status octet, mail_recipient_pack() */
	RECORD_CONTENT = 'C',   /* the octets behind it, up to the end record */
};

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/*
 * Octets of a quoted local part at the front of s, or 0 if there is none.
 * Only in there may a mailbox hold a space or an angle bracket.
 */
static size_t
quoted_len(struct slice s)
{
	size_t i;

	if (s.n == 0 || s.p[0] != '"')
		return 0;
	for (i = 1; i < s.n && !is_control(s.p[i]); i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\' && ++i == s.n)
			return 0;
		if (is_control(s.p[i]))
			return 0;
	}
	return 0;
}

bool
envelope_mailbox_ok(struct slice s, bool utf8)
{
	size_t i = quoted_len(s);

	/* The path's limit counts its two brackets. */
	if (s.n == 0 || s.n > LIMIT_PATH - 2)
		return false;
	for (; i < s.n; i++)
		if (is_control(s.p[i]) || s.p[i] == ' ' || s.p[i] == '<' ||
		    s.p[i] == '>' || s.p[i] == '"')
			return false;
	return utf8 ? utf8_is_valid(s) : utf8_is_ascii(s);
}

/* A line of any script, without control characters. */
static bool
text_ok(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n <= LIMIT_USER;
}

static void
free_options(struct mail_options *o)
{
	free((char *)(uintptr_t)o->envid.p);
	free((char *)(uintptr_t)o->hold_request.p);
	*o = (struct mail_options){ 0 };
}

void
envelope_set_options(struct envelope *env, const struct mail_options *o)
{
	free_options(&env->options);
	env->options = *o;
	env->options.envid.p = xstrndup(o->envid);
	env->options.hold_request.p = xstrndup(o->hold_request);
}

void
envelope_add_recipient(struct envelope *env, const struct mail_recipient *from)
{
	struct recipient *r = &env->recipients[env->recipient_count++];

	r->mailbox = xstrndup(from->mailbox);
	r->status = RECIPIENT_OPEN;
	r->notify = from->notify;
	r->orcpt = xstrndup(from->orcpt);
}

bool
envelope_has_utf8(const struct envelope *env)
{
	bool ascii = utf8_is_ascii(slice_of(env->sender));
	uint32_t i;

	for (i = 0; i < env->recipient_count; i++)
		ascii &= utf8_is_ascii(slice_of(env->recipients[i].mailbox));
	return !ascii;
}

void
envelope_free(struct envelope **envp)
{
	struct envelope *env = *envp;
	uint32_t i;

	*envp = NULL;
	if (env == NULL)
		return;
	for (i = 0; i < env->recipient_count; i++) {
		free(env->recipients[i].mailbox);
		free(env->recipients[i].orcpt);
	}
	free(env->recipients);
	free_options(&env->options);
	free(env->user);
	free(env->client_address);
	free(env->sender);
	free(env);
}

uint32_t
envelope_count(const struct envelope *env, enum recipient_status status)
{
	uint32_t i, n = 0;

	for (i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].status == status)
			n++;
	return n;
}

bool
recipient_is_open(const struct recipient *r)
{
	return r->status == RECIPIENT_OPEN || r->status == RECIPIENT_WARNED;
}

uint32_t
envelope_open(const struct envelope *env)
{
	return envelope_count(env, RECIPIENT_OPEN) +
	       envelope_count(env, RECIPIENT_WARNED);
}

uint32_t
envelope_taken(const struct envelope *env)
{
	return envelope_count(env, RECIPIENT_DONE) +
	       envelope_count(env, RECIPIENT_RELAYED);
}

uint32_t
envelope_failed(const struct envelope *env)
{
	return envelope_count(env, RECIPIENT_FAILED) +
	       envelope_count(env, RECIPIENT_REPORTED);
}

static void
pack_text(struct buf *out, enum record type, const char *s)
{
	pack_u8(out, (uint8_t)type);
	pack_bytes(out, slice_of(s));
}

static void
pack_number(struct buf *out, enum record type, uint64_t v)
{
	pack_u8(out, (uint8_t)type);
	pack_u64(out, v);
}

void
envelope_pack(struct buf *out, const struct envelope *env, bool plain)
{
	const struct recipient *r;
	uint32_t i;

	buf_add(out, magic, sizeof(magic));
	pack_u32(out, VERSION);
	pack_number(out, RECORD_ID, env->id);
	pack_number(out, RECORD_SESSION, env->session);
	pack_text(out, RECORD_USER, env->user);
	pack_text(out, RECORD_CLIENT, env->client_address);
	pack_text(out, RECORD_SENDER, env->sender);
	pack_u8(out, RECORD_OPTIONS);
	mail_options_pack(out, &env->options);
	pack_number(out, RECORD_COUNT, env->recipient_count);
	for (i = 0; i < env->recipient_count; i++) {
		r = &env->recipients[i];
		pack_u8(out, RECORD_RECIPIENT);
		pack_u8(out, (uint8_t)(plain ? RECIPIENT_OPEN : r->status));
		mail_recipient_pack(
		    out, &(struct mail_recipient){ slice_of(r->mailbox),
			     r->notify, slice_of(r->orcpt) });
	}
	pack_u8(out, RECORD_CONTENT);
}

/* A record's type octet; a wrong one spoils the reading. */
static void
expect(struct unpack *u, enum record type)
{
	if (unpack_u8(u) != (uint8_t)type)
		u->failed = true;
}

static uint64_t
unpack_number(struct unpack *u, enum record type)
{
	expect(u, type);
	return unpack_u64(u);
}

static char *
unpack_text(struct unpack *u, enum record type)
{
	struct slice s;

	expect(u, type);
	s = unpack_bytes(u);
	if (!text_ok(s)) {
		u->failed = true;
		s.n = 0;
	}
	return xstrndup(s);
}

static void
unpack_options(struct unpack *u, struct envelope *env)
{
	struct mail_options options;

	expect(u, RECORD_OPTIONS);
	mail_options_unpack(u, &options);
	envelope_set_options(env, &options);
}

static bool
is_status(uint8_t v)
{
	static const uint8_t all[] = { RECIPIENT_OPEN, RECIPIENT_WARNED,
		RECIPIENT_DONE, RECIPIENT_RELAYED, RECIPIENT_FAILED,
		RECIPIENT_REPORTED };

	return memchr(all, v, sizeof(all)) != NULL;
}

static void
unpack_recipients(struct unpack *u, struct envelope *env)
{
	uint64_t n = unpack_number(u, RECORD_COUNT);
	struct mail_recipient r;
	uint8_t status;

	if (u->failed || n == 0 || n > LIMIT_RECIPIENTS_MAX) {
		u->failed = true;
		return;
	}
	env->recipients = xcalloc((size_t)n, sizeof(*env->recipients));
	while (env->recipient_count < n && !u->failed) {
		expect(u, RECORD_RECIPIENT);
		status = unpack_u8(u);
		mail_recipient_unpack(u, &r);
		if (!envelope_mailbox_ok(r.mailbox, env->options.smtputf8) ||
		    !is_status(status))
			u->failed = true;
		envelope_add_recipient(env, &r);
		env->recipients[env->recipient_count - 1].status =
		    (enum recipient_status)status;
	}
}

enum envelope_status
envelope_read(struct slice file, struct envelope **out, size_t *head_len)
{
	struct unpack u = unpack_begin(slice_from(file, sizeof(magic)));
	struct envelope *env;
	uint32_t version;

	*out = NULL;
	*head_len = 0;
	if (file.n < sizeof(magic) || memcmp(file.p, magic, sizeof(magic)) != 0)
		return ENVELOPE_BAD;
	version = unpack_u32(&u);
	if (u.failed || version < VERSION)
		return ENVELOPE_BAD;
	if (version > VERSION)
		return ENVELOPE_NEWER;

	env = xcalloc(1, sizeof(*env));
	env->id = unpack_number(&u, RECORD_ID);
	env->session = unpack_number(&u, RECORD_SESSION);
	env->user = unpack_text(&u, RECORD_USER);
	env->client_address = unpack_text(&u, RECORD_CLIENT);
	env->sender = unpack_text(&u, RECORD_SENDER);
	unpack_options(&u, env);
	unpack_recipients(&u, env);
	expect(&u, RECORD_CONTENT);
	if (u.failed || (env->sender[0] != '\0' &&
			    !envelope_mailbox_ok(slice_of(env->sender),
				env->options.smtputf8))) {
		envelope_free(&env);
		return ENVELOPE_BAD;
	}
	*head_len = file.n - u.rest.n;
	*out = env;
	return ENVELOPE_OK;
}
