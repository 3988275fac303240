/* messages - what unpacks is what packing would have made, octet for octet. */

#include "fuzz.h"

#include "messages.h"
#include "utf8.h"

static void
assert_word(struct slice s, bool spaces)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		assert_true(
		    (unsigned char)s.p[i] > ' ' - spaces && s.p[i] != 0x7f);
	assert_true(utf8_is_valid(s));
}

/* What relay puts into commands cannot end them. */
static void
assert_envelope(const struct msg_mail_begin *m)
{
	struct unpack u = unpack_begin(m->recipients);
	struct mail_recipient r;
	uint32_t i;

	assert_in_range(m->recipient_count, 1, LIMIT_RECIPIENTS_MAX);
	assert_word(m->sender, true);
	assert_word(m->options.envid, false);
	assert_word(m->options.hold_request, false);
	assert_in_range(m->options.priority + 100, 100 + MAIL_PRIORITY_MIN,
	    100 + MAIL_PRIORITY_MAX);
	for (i = 0; i < m->recipient_count; i++) {
		mail_recipient_unpack(&u, &r);
		assert_true(r.mailbox.n > 0 && r.mailbox.n <= LIMIT_PATH);
		assert_word(r.mailbox, true);
		assert_word(r.orcpt, false);
		assert_true(
		    (r.notify & NOTIFY_NEVER) == 0 || r.notify == NOTIFY_NEVER);
	}
	assert_true(unpack_end(&u));
}

static void
assert_fate(const struct msg_mail_done *m)
{
	size_t i;

	assert_true(m->fate <= FATE_REFUSED);
	assert_true(m->fate == FATE_REFUSED
			? m->code / 100 == 4 || m->code / 100 == 5
			: m->code / 100 == 2);
	for (i = 0; i < m->text.n; i++)
		assert_in_range(m->text.p[i], 0x20, 0x7e);
}

/* Unpacking and packing again must change nothing. */
#define REPACK(name, check)                                                    \
	static int name##_repack(struct slice s, struct buf *again)            \
	{                                                                      \
		struct msg_##name m;                                           \
		if (msg_##name##_unpack(s, &m) == -1)                          \
			return -1;                                             \
		check(&m);                                                     \
		msg_##name##_pack(again, &m);                                  \
		return 0;                                                      \
	}
REPACK(listen, (void))
REPACK(peer, (void))
REPACK(ticket_keys, (void))
REPACK(auth_start, (void))
REPACK(auth_step, (void))
REPACK(auth_done, (void))
REPACK(auth_ended, (void))
REPACK(control_ask, (void))
REPACK(control_answer, (void))
REPACK(account, (void))
REPACK(alarm, (void))
REPACK(mail_begin, assert_envelope)
REPACK(mail_commit, (void))
REPACK(mail_offers, (void))
REPACK(mail_done, assert_fate)

static int (*const repack[])(struct slice, struct buf *) = {
	listen_repack,
	peer_repack,
	ticket_keys_repack,
	auth_start_repack,
	auth_step_repack,
	auth_done_repack,
	mail_begin_repack,
	mail_commit_repack,
	mail_offers_repack,
	mail_done_repack,
	auth_ended_repack,
	control_ask_repack,
	control_answer_repack,
	account_repack,
	alarm_repack,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint8_t type = fuzz_u8(&in);
	struct buf again = buf_new(2 * size + 64);
	char *p = fuzz_copy(in);

	in.p = p;
	if (repack[type % ARRAY_LEN(repack)](in, &again) == 0) {
		assert_true(buf_ok(&again));
		assert_slice(buf_slice(&again), in);
	}
	buf_free(&again);
	free(p);
	return 0;
}
