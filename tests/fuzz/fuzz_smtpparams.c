/*
 * smtpoffers, smtpparams, split - a smarthost's EHLO and a spooled envelope:
 * each command is one line, and holds nothing that was not offered.
 */

#include "fuzz.h"

#include "envelope.h"
#include "limits.h"
#include "smtpparams.h"
#include "split.h"
#include "utf8.h"

static struct smtp_offers
offers_of(struct slice *in, bool verified)
{
	struct smtp_offers o = { 0 };
	struct slice line;
	char *p;

	while ((line = fuzz_line(in)).n > 0) {
		p = fuzz_copy(line);
		smtp_offers_note(&o, (struct slice){ p, line.n });
		free(p);
	}
	smtp_offers_settle(&o, verified);
	return o;
}

/* Shown to people; and what two of a kind have in common is that. */
static void
assert_offers(const struct smtp_offers *o)
{
	const struct smtp_offers *const two[] = { o, o };
	struct msg_mail_offers one, both;
	struct buf b = buf_new(4096);
	size_t i;

	smtp_offers_print(&b, o);
	assert_true(buf_ok(&b) && b.n > 0);
	for (i = 0; i < b.n; i++)
		assert_in_range(b.p[i], '!', '~');
	smtp_offers_common(two, 1, &one);
	smtp_offers_common(two, 2, &both);
	assert_int_equal(one.extensions, both.extensions);
	assert_true(one.size == both.size && one.by_min_s == both.by_min_s);
	buf_clear(&b);
	msg_mail_offers_pack(&b, &one);
	assert_int_equal(msg_mail_offers_unpack(buf_slice(&b), &both), 0);
	buf_free(&b);
}

/* clang-format off */
static const struct {
	const char *keyword;
	enum smtp_extension needs;
} parameters[] = {
	{ "SIZE=",		EXT_SIZE },
	{ "BODY=8BITMIME",	EXT_8BITMIME },
	{ "BODY=BINARYMIME",	EXT_BINARYMIME },
	{ "SMTPUTF8",		EXT_SMTPUTF8 },
	{ "RET=",		EXT_DSN },
	{ "ENVID=",		EXT_DSN },
	{ "NOTIFY=",		EXT_DSN },
	{ "ORCPT=",		EXT_DSN },
	{ "REQUIRETLS",		EXT_REQUIRETLS },
	{ "MT-PRIORITY=",	EXT_MT_PRIORITY },
	{ "BY=",		EXT_DELIVERBY },
};
/* clang-format on */

static bool
is_offered(struct slice word, const struct smtp_offers *o)
{
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(parameters); i++) {
		n = strlen(parameters[i].keyword);
		if (word.n >= n &&
		    memcmp(word.p, parameters[i].keyword, n) == 0)
			return smtp_offers_has(o, parameters[i].needs);
	}
	return false;
}

/* One line: the path, then words of which each was offered. */
static void
assert_command(struct slice s, const char *path, const struct smtpparams *p)
{
	size_t n = strlen(path), i;
	struct slice word;

	assert_true(s.n >= n + 2 && s.n <= LIMIT_COMMAND_LINE);
	assert_memory_equal(s.p, path, n);
	assert_memory_equal(s.p + s.n - 2, "\r\n", 2);
	s.n -= 2;
	for (i = 0; i < s.n; i++)
		assert_true((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f);
	assert_true(utf8_is_valid(s));
	if (!smtp_offers_has(p->offers, EXT_SMTPUTF8))
		assert_true(utf8_is_ascii(s));
	for (s = slice_from(s, n); s.n > 0; s = slice_from(s, word.n)) {
		assert_int_equal(s.p[0], ' ');
		word = s = slice_from(s, 1);
		for (i = 0; i < s.n && s.p[i] != ' '; i++)
			continue;
		word.n = i;
		if (!is_offered(word, p->offers))
			fail_msg("'%s'", shown(word));
	}
}

static void
assert_commands(const struct smtpparams *p)
{
	struct buf b = buf_new(LIMIT_COMMAND_LINE);
	char path[2 * LIMIT_PATH];
	size_t i;

	smtpparams_mail(&b, p);
	assert_true(buf_ok(&b));
	snprintf(path, sizeof(path), "MAIL FROM:<%s>", p->mail->sender);
	assert_command(buf_slice(&b), path, p);
	for (i = 0; i < p->mail->recipient_count; i++) {
		buf_clear(&b);
		smtpparams_rcpt(&b, p, &p->mail->recipients[i]);
		assert_true(buf_ok(&b));
		snprintf(path, sizeof(path), "RCPT TO:<%s>",
		    p->mail->recipients[i].mailbox);
		assert_command(buf_slice(&b), path, p);
	}
	buf_free(&b);
}

/* Those who are picked are no more than there is room for, but one. */
static void
assert_split(const struct smtpparams *p)
{
	const struct smtpclient_recipient *to = p->mail->recipients;
	struct split_room room = { p->offers->rcpt_max, p->offers->domain_max };
	size_t n = p->mail->recipient_count, i, k = 0, picked;
	struct smtpclient_recipient *those = calloc(n, sizeof(*those));
	bool *pick = calloc(n, sizeof(*pick));

	picked = split_pick(to, n, room, pick);
	for (i = 0; i < n; i++)
		if (pick[i])
			those[k++] = to[i];
	assert_int_equal(k, picked);
	assert_true(picked >= 1 && pick[0]);
	assert_true(room.recipients == 0 || picked <= room.recipients);
	assert_true(
	    room.domains == 0 || split_domains(those, picked) <= room.domains);
	free(those);
	free(pick);
}

static void
try_envelope(
    const struct envelope *env, const struct smtp_offers *o, uint32_t size)
{
	size_t n = env->recipient_count, i;
	struct smtpclient_recipient *to = calloc(n, sizeof(*to));
	struct smtpclient_mail mail = {
		.sender = env->sender,
		.options = &env->options,
		.recipients = to,
		.recipient_count = n,
		.size = size,
	};
	struct smtpparams p = { o, &mail, 1800000000 };
	struct smtpreply why;

	for (i = 0; i < n; i++)
		to[i] =
		    (struct smtpclient_recipient){ env->recipients[i].mailbox,
			    env->recipients[i].notify,
			    env->recipients[i].orcpt };
	if (smtpparams_fit(&p, &why))
		assert_commands(&p);
	else
		assert_in_range(why.code, 500, 599);
	assert_split(&p);
	free(to);
}

/* Lines of an EHLO reply up to an empty one; then the head of a spool file. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint8_t flags = fuzz_u8(&in);
	uint32_t octets = fuzz_u32(&in);
	struct smtp_offers o = offers_of(&in, flags & 1);
	struct envelope *env;
	size_t n;

	assert_offers(&o);
	if (envelope_read(in, &env, &n) == ENVELOPE_OK)
		try_envelope(env, &o, octets);
	envelope_free(&env);
	return 0;
}
