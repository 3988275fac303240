/* messages - each survives the wire, and nothing else passes for it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "limits.h"
#include "messages.h"
#include "pack.h"

static const char ticket_key[TICKET_KEY_LEN] = "name and keys";
static const char two_recipients[] =
    "\0\0\0\3a@b\0\0\0\0\0\0\0\0\3c@d\6\0\0\0\5x;a@b";

static const struct msg_listen listen_sample = {
	.index = 3,
	.name = { "[::1]:465", 9 },
};
static const struct msg_peer peer_sample = { ROLE_RELAY, 77 };
static const struct msg_ticket_keys keys_sample = {
	.current = { ticket_key, TICKET_KEY_LEN },
	.previous = { "", 0 },
};
static const struct msg_auth_start start_sample = {
	.session = 0x1122334455667788,
	.mechanism = { "PLAIN", 5 },
	.has_initial = true,
	.initial = { "\0user\0pass", 10 },
	.client_address = { "192.0.2.1", 9 },
	.binding_type = { "tls-exporter", 12 },
	.binding = { "0123456789abcdef0123456789abcdef", 32 },
	.certificate_subject = { "CN=Alice,O=Example", 18 },
	.certificate_mailbox_count = 1,
	.certificate_mailboxes = { "\0\0\0\3a@b", 7 },
};
static const struct msg_auth_step step_sample = { { "answer", 6 } };
static const struct msg_auth_done done_sample = {
	.verdict = AUTH_ACCEPTED,
	.user = { "alice", 5 },
	.reason = { "ok", 2 },
	.grant = { "sealed", 6 },
};
static const struct msg_auth_ended ended_sample = { 0x1122334455667788 };
static const struct msg_control_ask ask_sample = { 2,
	{ "\0\0\0\4user\0\0\0\4show", 16 } };
static const struct msg_control_answer answer_sample = { CONTROL_NOT_FOUND,
	false, { "no such user", 12 } };
static const struct msg_account account_sample = { { "alice", 5 },
	ACCOUNT_BLOCKED, { "operator", 8 } };
static const struct msg_alarm alarm_sample = { { "networks", 8 },
	{ "alice", 5 }, { "networks=12", 11 } };
static const struct msg_mail_begin begin_sample = {
	.session = 0x1122334455667788,
	.grant = { "sealed", 6 },
	.sender = { "a@b", 3 },
	.options = { .body = BODY_8BITMIME, .envid = { "QQ314159", 8 } },
	.recipient_count = 2,
	.recipients = { two_recipients, sizeof(two_recipients) - 1 },
};
static const struct msg_mail_commit commit_sample = { 0x100000001, true, true };
static const struct msg_mail_offers offers_sample = { OFFER_SMTPUTF8, 1000000,
	60 };
static const struct msg_mail_done fate_sample = {
	.fate = FATE_QUEUED,
	.code = 250,
	.enhanced = { "2.0.0", 5 },
	.text = { "queued", 6 },
	.smarthost = { "", 0 },
};

/* One row per message; unpacking and packing again must change nothing. */
#define REPACK(name)                                                           \
	static int name##_repack(struct slice s, struct buf *again)            \
	{                                                                      \
		struct msg_##name m;                                           \
		if (msg_##name##_unpack(s, &m) == -1)                          \
			return -1;                                             \
		msg_##name##_pack(again, &m);                                  \
		return 0;                                                      \
	}                                                                      \
	static void name##_pack_sample(struct buf *b, const void *sample)      \
	{                                                                      \
		msg_##name##_pack(b, sample);                                  \
	}
REPACK(listen)
REPACK(peer)
REPACK(ticket_keys)
REPACK(auth_start)
REPACK(auth_step)
REPACK(auth_done)
REPACK(auth_ended)
REPACK(control_ask)
REPACK(control_answer)
REPACK(account)
REPACK(alarm)
REPACK(mail_begin)
REPACK(mail_commit)
REPACK(mail_done)
REPACK(mail_offers)

#define ROW(name, sample)                                                      \
	{                                                                      \
#name, name##_repack, name##_pack_sample, &(sample)            \
	}

static const struct {
	const char *name;
	int (*repack)(struct slice, struct buf *);
	void (*pack)(struct buf *, const void *);
	const void *sample;
} messages[] = {
	ROW(listen, listen_sample),
	ROW(peer, peer_sample),
	ROW(ticket_keys, keys_sample),
	ROW(auth_start, start_sample),
	ROW(auth_step, step_sample),
	ROW(auth_done, done_sample),
	ROW(auth_ended, ended_sample),
	ROW(control_ask, ask_sample),
	ROW(control_answer, answer_sample),
	ROW(account, account_sample),
	ROW(alarm, alarm_sample),
	ROW(mail_begin, begin_sample),
	ROW(mail_commit, commit_sample),
	ROW(mail_offers, offers_sample),
	ROW(mail_done, fate_sample),
};

static void
test_every_message_survives_the_wire(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(messages); i++) {
		struct buf wire = buf_new(1000), again = buf_new(1000);

		messages[i].pack(&wire, messages[i].sample);
		if (messages[i].repack(buf_slice(&wire), &again) == -1)
			fail_msg("%s", messages[i].name);
		assert_true(slice_eq(buf_slice(&wire), buf_slice(&again)));
		buf_free(&wire);
		buf_free(&again);
	}
}

static void
test_no_message_is_accepted_cut_or_with_a_tail(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(messages); i++) {
		struct buf wire = buf_new(1000), again = buf_new(1000);

		messages[i].pack(&wire, messages[i].sample);
		for (n = 0; n < wire.n; n++) {
			char *copy = malloc(n + 1);

			assert_non_null(copy);
			memcpy(copy, wire.p, n);
			assert_int_equal(messages[i].repack(
					     (struct slice){ copy, n }, &again),
			    -1);
			free(copy);
		}
		buf_add(&wire, "", 1);
		assert_int_equal(
		    messages[i].repack(buf_slice(&wire), &again), -1);
		buf_free(&wire);
		buf_free(&again);
	}
}

/* Whatever a flipped bit makes of it, reading stays inside the frame. */
static void
test_no_flipped_bit_leads_out_of_the_frame(void **state)
{
	size_t i, k;
	int bit;

	(void)state;
	for (i = 0; i < ARRAY_LEN(messages); i++) {
		struct buf wire = buf_new(1000);

		messages[i].pack(&wire, messages[i].sample);
		for (k = 0; k < wire.n; k++)
			for (bit = 0; bit < 8; bit++) {
				struct buf again = buf_new(1000);

				wire.p[k] = (char)(wire.p[k] ^ (1 << bit));
				if (messages[i].repack(
					buf_slice(&wire), &again) == 0)
					assert_true(slice_eq(buf_slice(&wire),
					    buf_slice(&again)));
				wire.p[k] = (char)(wire.p[k] ^ (1 << bit));
				buf_free(&again);
			}
		buf_free(&wire);
	}
}

static void
test_numbers_without_a_meaning_are_refused(void **state)
{
	struct buf wire = buf_new(1000);
	struct msg_listen l = listen_sample;
	struct msg_peer p = peer_sample;
	struct msg_auth_done d = done_sample;
	struct msg_mail_begin b = begin_sample;

	(void)state;
	l.index = LIMIT_LISTENERS;
	msg_listen_pack(&wire, &l);
	assert_int_equal(msg_listen_unpack(buf_slice(&wire), &l), -1);
	buf_clear(&wire);
	p.role = ROLE_COUNT;
	msg_peer_pack(&wire, &p);
	assert_int_equal(msg_peer_unpack(buf_slice(&wire), &p), -1);
	buf_clear(&wire);
	d.verdict = AUTH_BROKEN + 1;
	msg_auth_done_pack(&wire, &d);
	assert_int_equal(msg_auth_done_unpack(buf_slice(&wire), &d), -1);
	buf_clear(&wire);
	b.options.body = BODY_BINARYMIME + 1;
	msg_mail_begin_pack(&wire, &b);
	assert_int_equal(msg_mail_begin_unpack(buf_slice(&wire), &b), -1);
	buf_free(&wire);
}

static void
test_ticket_keys_have_their_exact_length(void **state)
{
	struct msg_ticket_keys k = keys_sample;
	struct buf wire = buf_new(1000);

	(void)state;
	k.current.n--;
	msg_ticket_keys_pack(&wire, &k);
	assert_int_equal(msg_ticket_keys_unpack(buf_slice(&wire), &k), -1);
	buf_clear(&wire);
	k.current = k.previous = keys_sample.current;
	msg_ticket_keys_pack(&wire, &k);
	assert_int_equal(msg_ticket_keys_unpack(buf_slice(&wire), &k), 0);
	buf_clear(&wire);
	k.previous.n--;
	msg_ticket_keys_pack(&wire, &k);
	assert_int_equal(msg_ticket_keys_unpack(buf_slice(&wire), &k), -1);
	buf_free(&wire);
}

static void
test_a_grant_comes_with_success_and_only_with_it(void **state)
{
	struct msg_auth_done d = done_sample;
	struct buf wire = buf_new(1000);

	(void)state;
	d.grant = (struct slice){ "", 0 };
	msg_auth_done_pack(&wire, &d);
	assert_int_equal(msg_auth_done_unpack(buf_slice(&wire), &d), -1);
	buf_clear(&wire);
	d = done_sample;
	d.verdict = AUTH_REFUSED;
	msg_auth_done_pack(&wire, &d);
	assert_int_equal(msg_auth_done_unpack(buf_slice(&wire), &d), -1);
	buf_free(&wire);
}

static int
try_envelope(const char *sender, const char *recipient, uint32_t count)
{
	struct msg_mail_begin b = begin_sample;
	struct buf list = buf_new(1000), wire = buf_new(2000);
	int r;

	mail_recipient_pack(
	    &list, &(struct mail_recipient){ .mailbox = slice_of(recipient) });
	b.sender = slice_of(sender);
	b.recipients = buf_slice(&list);
	b.recipient_count = count;
	msg_mail_begin_pack(&wire, &b);
	r = msg_mail_begin_unpack(buf_slice(&wire), &b);
	buf_free(&list);
	buf_free(&wire);
	return r;
}

static void
test_an_envelope_cannot_carry_a_second_command(void **state)
{
	char path[LIMIT_PATH + 2];

	(void)state;
	assert_int_equal(try_envelope("a@b", "c@d", 1), 0);
	assert_int_equal(try_envelope("", "c@d", 1), 0); /* <> */
	assert_int_equal(try_envelope("j\xc3\xb6@b", "c@d", 1), 0);
	assert_int_equal(try_envelope("a@b\r\nRCPT TO:<x@y>", "c@d", 1), -1);
	assert_int_equal(try_envelope("a@b", "c@d\n", 1), -1);
	assert_int_equal(try_envelope("a@b", "c\x7f@d", 1), -1);
	assert_int_equal(try_envelope("a@b", "", 1), -1);
	assert_int_equal(try_envelope("a@b", "c@d", 0), -1);
	assert_int_equal(try_envelope("a@b", "c@d", 2), -1);
	memset(path, 'p', sizeof(path));
	path[LIMIT_PATH + 1] = '\0';
	assert_int_equal(try_envelope("a@b", path, 1), -1);
	path[LIMIT_PATH] = '\0';
	assert_int_equal(try_envelope("a@b", path, 1), 0);
}

static int
try_fate(uint32_t fate, uint32_t code, const char *reply)
{
	struct msg_mail_done d = fate_sample;
	struct buf wire = buf_new(4000);
	int r;

	d.fate = fate;
	d.code = code;
	d.text = slice_of(reply);
	msg_mail_done_pack(&wire, &d);
	r = msg_mail_done_unpack(buf_slice(&wire), &d);
	buf_free(&wire);
	return r;
}

static void
test_a_reply_is_positive_only_if_somebody_has_the_message(void **state)
{
	static const struct {
		uint32_t fate, code;
		int r;
	} cases[] = {
		{ FATE_DELIVERED, 250, 0 },
		{ FATE_QUEUED, 250, 0 },
		{ FATE_REFUSED, 451, 0 },
		{ FATE_REFUSED, 554, 0 },
		{ FATE_REFUSED, 250, -1 },
		{ FATE_REFUSED, 354, -1 },
		{ FATE_REFUSED, 600, -1 },
		{ FATE_QUEUED, 451, -1 },
		{ FATE_DELIVERED, 0, -1 },
		{ FATE_REFUSED + 1, 250, -1 },
		{ FATE_REFUSED + 1, 451, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(
		    try_fate(cases[i].fate, cases[i].code, "text"), cases[i].r);
}

static void
test_a_reply_text_stays_on_its_line(void **state)
{
	char text[LIMIT_RESULT_TEXT + 2];

	(void)state;
	assert_int_equal(try_fate(FATE_REFUSED, 554, "no\r\n250 yes"), -1);
	assert_int_equal(try_fate(FATE_REFUSED, 554, "\xff"), -1);
	memset(text, 't', sizeof(text));
	text[LIMIT_RESULT_TEXT + 1] = '\0';
	assert_int_equal(try_fate(FATE_REFUSED, 554, text), -1);
	text[LIMIT_RESULT_TEXT] = '\0';
	assert_int_equal(try_fate(FATE_REFUSED, 554, text), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_message_survives_the_wire),
		cmocka_unit_test(
		    test_no_message_is_accepted_cut_or_with_a_tail),
		cmocka_unit_test(test_no_flipped_bit_leads_out_of_the_frame),
		cmocka_unit_test(test_numbers_without_a_meaning_are_refused),
		cmocka_unit_test(test_ticket_keys_have_their_exact_length),
		cmocka_unit_test(
		    test_a_grant_comes_with_success_and_only_with_it),
		cmocka_unit_test(
		    test_an_envelope_cannot_carry_a_second_command),
		cmocka_unit_test(
		    test_a_reply_is_positive_only_if_somebody_has_the_message),
		cmocka_unit_test(test_a_reply_text_stays_on_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
