/* envelope - the head of a spool file: one encoding, harmless addresses. */

#include "fuzz.h"

#include "envelope.h"
#include "limits.h"
#include "queueid.h"

static void
assert_harmless(const struct envelope *env)
{
	bool utf8 = env->options.smtputf8;
	uint32_t i;

	assert_in_range(env->recipient_count, 1, LIMIT_RECIPIENTS_MAX);
	assert_true(env->sender[0] == '\0' ||
		    envelope_mailbox_ok(slice_of(env->sender), utf8));
	for (i = 0; i < env->recipient_count; i++)
		assert_true(envelope_mailbox_ok(
		    slice_of(env->recipients[i].mailbox), utf8));
	if (!utf8)
		assert_false(envelope_has_utf8(env));
	assert_int_equal(envelope_count(env, RECIPIENT_OPEN) +
			     envelope_count(env, RECIPIENT_DONE) +
			     envelope_count(env, RECIPIENT_FAILED),
	    env->recipient_count);
}

static void
assert_mailbox(struct slice s, bool utf8)
{
	size_t i;

	if (!envelope_mailbox_ok(s, utf8))
		return;
	for (i = 0; i < s.n; i++) {
		assert_true((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f);
		if (s.p[0] != '"')
			assert_null(memchr("<> \"", s.p[i], 4));
		assert_true(utf8 || (unsigned char)s.p[i] < 0x80);
	}
	if (!utf8)
		assert_true(envelope_mailbox_ok(s, true));
}

static void
assert_queueid(struct slice s)
{
	struct queueid_text text;
	uint64_t id;

	if (queueid_parse(s, &id) == -1)
		return;
	text = queueid_format(id);
	assert_slice(slice_of(text.s), s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice file = { (const char *)data, size };
	struct envelope *env;
	struct buf again;
	size_t n;

	assert_mailbox(file, false);
	assert_mailbox(file, true);
	assert_queueid(file);
	if (envelope_read(file, &env, &n) != ENVELOPE_OK) {
		assert_null(env);
		assert_int_equal(n, 0);
		return 0;
	}
	assert_true(n <= file.n);
	assert_harmless(env);
	again = buf_new(ENVELOPE_MAX);
	envelope_pack(&again, env, false);
	assert_slice(buf_slice(&again), (struct slice){ file.p, n });
	envelope_free(&env);
	/* Its head is all it needs. */
	assert_int_equal(
	    envelope_read(buf_slice(&again), &env, &n), ENVELOPE_OK);
	envelope_free(&env);
	buf_free(&again);
	return 0;
}
