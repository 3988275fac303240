/*
 * smtpparams - the two tables: what keeps a message from a server, and what is
 * said to a server that can have it.
 *
 * Pure: no I/O, no log.  The boundaries have checked every value for what
 * could end a command (mailoptions.c, envelope.c).
 */

#include "smtpparams.h"

#include <inttypes.h>

#include "limits.h"
#include "utf8.h"

/* RFC 2852, 4: of up to nine digits */
#define BY_TIME_MAX INT64_C(999999999)

static bool
has(const struct smtpparams *p, enum smtp_extension e)
{
	return smtp_offers_has(p->offers, e);
}

/* Seconds left to deliver in; not positive: none. */
static int64_t
time_left(const struct smtpparams *p)
{
	uint64_t until = p->mail->options->by_s, now = p->now_s;
	uint64_t apart = until > now ? until - now : now - until;
	int64_t s = apart > BY_TIME_MAX ? BY_TIME_MAX : (int64_t)apart;

	return until > now ? s : -s;
}

/* -- what keeps it from a server ------------------------------------------- */

/* RFC 6531, 3.5 has codes of their own for these three. */
static bool
lacks_utf8(const struct smtpparams *p)
{
	return p->mail->options->smtputf8 && !has(p, EXT_SMTPUTF8);
}

static bool
lacks_utf8_sender(const struct smtpparams *p)
{
	return lacks_utf8(p) && !utf8_is_ascii(slice_of(p->mail->sender));
}

static bool
lacks_utf8_recipient(const struct smtpparams *p)
{
	bool ascii = true;
	size_t i;

	for (i = 0; i < p->mail->recipient_count; i++)
		ascii &=
		    utf8_is_ascii(slice_of(p->mail->recipients[i].mailbox));
	return lacks_utf8(p) && !ascii;
}

static bool
lacks_eightbit(const struct smtpparams *p)
{
	return p->mail->options->body == BODY_8BITMIME && !has(p, EXT_8BITMIME);
}

static bool
lacks_binary(const struct smtpparams *p)
{
	return p->mail->options->body == BODY_BINARYMIME &&
	       !has(p, EXT_BINARYMIME);
}

static bool
lacks_tls(const struct smtpparams *p)
{
	return p->mail->options->require_tls && !has(p, EXT_REQUIRETLS);
}

static bool
is_late(const struct smtpparams *p)
{
	return p->mail->options->by == BY_RETURN && time_left(p) <= 0;
}

static bool
lacks_deliverby(const struct smtpparams *p)
{
	return p->mail->options->by == BY_RETURN &&
	       (!has(p, EXT_DELIVERBY) ||
		   (uint64_t)time_left(p) < p->offers->by_min_s);
}

static bool
lacks_room(const struct smtpparams *p)
{
	return p->offers->size > 0 && p->mail->size > p->offers->size;
}

/* clang-format off */
static const struct {
	bool (*keeps)(const struct smtpparams *);
	unsigned	 code;
	const char	*enhanced;
	const char	*text;
} obstacles[] = {
	{ lacks_utf8_sender, 550, "5.6.7",
	  "The next server does not take this sender address (SMTPUTF8)" },
	{ lacks_utf8_recipient, 553, "5.6.7",
	  "The next server does not take such an address (SMTPUTF8)" },
	{ lacks_utf8, 554, "5.6.9",
	  "The next server does not take UTF-8 in the header (SMTPUTF8)" },
	{ lacks_eightbit, 554, "5.6.3",
	  "The next server does not take 8-bit content (8BITMIME)" },
	{ lacks_binary, 554, "5.6.3",
	  "The next server does not take binary content (BINARYMIME)" },
	{ lacks_tls, 550, "5.7.30",
	  "The next server does not promise TLS onwards (REQUIRETLS)" },
	{ is_late, 554, "5.4.7", "The time to deliver it in is over" },
	{ lacks_deliverby, 554, "5.4.7",
	  "The next server does not promise to deliver in time (DELIVERBY)" },
	{ lacks_room, 552, "5.3.4", "Too large for the next server" },
};
/* clang-format on */

bool
smtpparams_fit(const struct smtpparams *p, struct smtpreply *why)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(obstacles); i++)
		if (obstacles[i].keeps(p)) {
			smtpreply_set(why, obstacles[i].code,
			    obstacles[i].enhanced, "%s", obstacles[i].text);
			return false;
		}
	return true;
}

/* -- what is said ---------------------------------------------------------- */

static void
put_size(struct buf *b, const struct smtpparams *p)
{
	buf_printf(b, " SIZE=%" PRIu64, p->mail->size);
}

static void
put_eightbit(struct buf *b, const struct smtpparams *p)
{
	if (p->mail->options->body == BODY_8BITMIME)
		buf_str(b, " BODY=8BITMIME");
}

static void
put_binary(struct buf *b, const struct smtpparams *p)
{
	if (p->mail->options->body == BODY_BINARYMIME)
		buf_str(b, " BODY=BINARYMIME");
}

static void
put_smtputf8(struct buf *b, const struct smtpparams *p)
{
	if (p->mail->options->smtputf8)
		buf_str(b, " SMTPUTF8");
}

static void
put_ret(struct buf *b, const struct smtpparams *p)
{
	if (p->mail->options->ret != RET_UNSET)
		buf_printf(b, " RET=%s",
		    p->mail->options->ret == RET_FULL ? "FULL" : "HDRS");
}

static void
put_envid(struct buf *b, const struct smtpparams *p)
{
	struct slice envid = p->mail->options->envid;

	if (envid.n == 0)
		return;
	buf_str(b, " ENVID=");
	buf_add(b, envid.p, envid.n);
}

static void
put_requiretls(struct buf *b, const struct smtpparams *p)
{
	if (p->mail->options->require_tls)
		buf_str(b, " REQUIRETLS");
}

static void
put_priority(struct buf *b, const struct smtpparams *p)
{
	if (p->mail->options->has_priority)
		buf_printf(
		    b, " MT-PRIORITY=%" PRId32, p->mail->options->priority);
}

/* RFC 2852, 4.1.4: the time that is left; with N it may be over. */
static void
put_by(struct buf *b, const struct smtpparams *p)
{
	const struct mail_options *o = p->mail->options;

	if (o->by != BY_UNSET)
		buf_printf(b, " BY=%" PRId64 ";%c%s", time_left(p),
		    o->by == BY_RETURN ? 'R' : 'N', o->by_trace ? "T" : "");
}

/* clang-format off */
static const struct {
	enum smtp_extension needs;
	void (*put)(struct buf *, const struct smtpparams *);
} mail_parameters[] = {
	{ EXT_SIZE,		put_size },
	{ EXT_8BITMIME,		put_eightbit },
	{ EXT_BINARYMIME,	put_binary },
	{ EXT_SMTPUTF8,		put_smtputf8 },
	{ EXT_DSN,		put_ret },
	{ EXT_DSN,		put_envid },
	{ EXT_REQUIRETLS,	put_requiretls },
	{ EXT_MT_PRIORITY,	put_priority },
	{ EXT_DELIVERBY,	put_by },
};
/* clang-format on */

void
smtpparams_mail(struct buf *b, const struct smtpparams *p)
{
	size_t i;

	buf_printf(b, "MAIL FROM:<%s>", p->mail->sender);
	for (i = 0; i < ARRAY_LEN(mail_parameters); i++)
		if (has(p, mail_parameters[i].needs))
			mail_parameters[i].put(b, p);
	buf_str(b, "\r\n");
}

static void
put_notify(struct buf *b, uint32_t notify)
{
	static const struct {
		enum mail_notify flag;
		const char *name;
	} names[] = {
		{ NOTIFY_NEVER, "NEVER" },
		{ NOTIFY_SUCCESS, "SUCCESS" },
		{ NOTIFY_FAILURE, "FAILURE" },
		{ NOTIFY_DELAY, "DELAY" },
	};
	const char *lead = " NOTIFY=";
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if ((notify & (uint32_t)names[i].flag) != 0) {
			buf_printf(b, "%s%s", lead, names[i].name);
			lead = ",";
		}
}

/* The code point of a character of n octets. */
static uint32_t
code_point(struct slice s, size_t n)
{
	uint32_t v = (unsigned char)s.p[0];
	size_t i;

	if (n > 1)
		v &= 0x7fU >> n;
	for (i = 1; i < n; i++)
		v = v << 6 | ((unsigned char)s.p[i] & 0x3fU);
	return v;
}

/*
 * RFC 6533, 3: without SMTPUTF8 what is not ASCII goes as \x{HEX}.  Where that
 * outgrows a parameter the original address is left out: it only serves
 * reports, and the server would refuse the recipient for it.
 */
static void
put_escaped_orcpt(struct buf *b, struct slice orcpt)
{
	struct buf escaped = buf_new(LIMIT_ORCPT);
	size_t n;

	while ((n = utf8_length(orcpt)) > 0) {
		if (n == 1)
			buf_add(&escaped, orcpt.p, 1);
		else
			buf_printf(
			    &escaped, "\\x{%" PRIX32 "}", code_point(orcpt, n));
		orcpt = slice_from(orcpt, n);
	}
	if (buf_ok(&escaped)) {
		buf_str(b, " ORCPT=");
		buf_add(b, escaped.p, escaped.n);
	}
	buf_free(&escaped);
}

void
smtpparams_rcpt(struct buf *b, const struct smtpparams *p,
    const struct smtpclient_recipient *r)
{
	struct slice orcpt = slice_of(r->orcpt);

	buf_printf(b, "RCPT TO:<%s>", r->mailbox);
	if (has(p, EXT_DSN)) {
		put_notify(b, r->notify);
		if (orcpt.n > 0 && !p->mail->options->smtputf8)
			put_escaped_orcpt(b, orcpt);
		else if (orcpt.n > 0)
			buf_printf(b, " ORCPT=%s", r->orcpt);
	}
	buf_str(b, "\r\n");
}
