/* envelope - the head of a spool file reads back, or is not read at all. */

#include "cases.h"

#include "compiler.h"
#include "envelope.h"
#include "limits.h"

static struct recipient recipients[] = {
	{ (char[]){ "bob@example.net" }, RECIPIENT_OPEN, NOTIFY_NEVER,
	    (char[]){ "" } },
	{ (char[]){ "\"a b<>@\\\"\"@[192.0.2.1]" }, RECIPIENT_DONE, 0,
	    (char[]){ "rfc822;a+2Bb@x.example" } },
	{ (char[]){ "j\xc3\xb6@example.net" }, RECIPIENT_FAILED,
	    NOTIFY_FAILURE | NOTIFY_DELAY,
	    (char[]){ "utf-8;j\xc3\xb6@example.net" } },
};

static struct envelope sample = {
	.id = 0x0123456789abcdef,
	.session = 0xfedcba9876543210,
	.user = (char[]){ "j\xc3\xbcrgen" },
	.client_address = (char[]){ "2001:db8::1" },
	.sender = (char[]){ "alice@example.org" },
	.options = { .body = BODY_8BITMIME,
	    .smtputf8 = true,
	    .require_tls = true,
	    .ret = RET_HDRS,
	    .envid = S("QQ314159"),
	    .has_priority = true,
	    .priority = -9,
	    .by = BY_RETURN,
	    .by_trace = true,
	    .by_s = 1800000000,
	    .hold_until_s = 1799999999,
	    .hold_request = S("for;3600") },
	.recipient_count = ARRAY_LEN(recipients),
	.recipients = recipients,
};

static struct buf head; /* of the sample */

static int
setup(void **state)
{
	(void)state;
	head = buf_new(ENVELOPE_MAX);
	envelope_pack(&head, &sample, false);
	return buf_ok(&head) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	buf_free(&head);
	return 0;
}

static void
test_an_envelope_reads_back(void **state)
{
	struct envelope *env;
	size_t n;
	uint32_t i;

	(void)state;
	assert_int_equal(
	    envelope_read(buf_slice(&head), &env, &n), ENVELOPE_OK);
	assert_int_equal(n, head.n);
	assert_true(env->id == sample.id && env->session == sample.session);
	assert_string_equal(env->user, sample.user);
	assert_string_equal(env->client_address, sample.client_address);
	assert_string_equal(env->sender, sample.sender);
	assert_int_equal(env->options.body, BODY_8BITMIME);
	assert_true(env->options.smtputf8 && env->options.require_tls);
	assert_slice(env->options.envid, sample.options.envid);
	assert_int_equal(env->options.priority, -9);
	assert_slice(env->options.hold_request, sample.options.hold_request);
	assert_int_equal(env->recipient_count, ARRAY_LEN(recipients));
	for (i = 0; i < env->recipient_count; i++) {
		assert_string_equal(
		    env->recipients[i].mailbox, recipients[i].mailbox);
		assert_int_equal(
		    env->recipients[i].status, recipients[i].status);
		assert_int_equal(
		    env->recipients[i].notify, recipients[i].notify);
		assert_string_equal(
		    env->recipients[i].orcpt, recipients[i].orcpt);
	}
	assert_int_equal(envelope_count(env, RECIPIENT_OPEN), 1);
	assert_int_equal(envelope_count(env, RECIPIENT_DONE), 1);
	assert_int_equal(envelope_count(env, RECIPIENT_FAILED), 1);
	envelope_free(&env);
	assert_null(env);
	envelope_free(&env);
}

static void
test_what_follows_the_head_does_not_matter(void **state)
{
	struct buf file = buf_new(ENVELOPE_MAX);
	struct envelope *env;
	size_t n;

	(void)state;
	buf_add(&file, head.p, head.n);
	buf_str(&file, "Rcontent");
	assert_int_equal(
	    envelope_read(buf_slice(&file), &env, &n), ENVELOPE_OK);
	assert_int_equal(n, head.n);
	envelope_free(&env);
	buf_free(&file);
}

static void
test_plain_hides_the_statuses_and_nothing_else(void **state)
{
	struct buf plain = buf_new(ENVELOPE_MAX);
	size_t i, differ = 0;

	(void)state;
	envelope_pack(&plain, &sample, true);
	assert_int_equal(plain.n, head.n);
	for (i = 0; i < head.n; i++) {
		if (plain.p[i] == head.p[i])
			continue;
		differ++;
		assert_int_equal(plain.p[i], RECIPIENT_OPEN);
	}
	assert_int_equal(differ, 2);
	buf_free(&plain);
}

/* No checksum covers a status: a bit gone wrong must not make another. */
static void
test_one_bit_does_not_turn_a_status_into_another(void **state)
{
	static const int all[] = { RECIPIENT_OPEN, RECIPIENT_WARNED,
		RECIPIENT_DONE, RECIPIENT_RELAYED, RECIPIENT_FAILED,
		RECIPIENT_REPORTED };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_LEN(all); i++)
		for (j = 0; j < i; j++)
			assert_true(__builtin_popcount(
					(unsigned)(all[i] ^ all[j])) >= 3);
}

/* There is one encoding: what is read would be written like that. */
static void
is_canonical(struct slice in)
{
	struct buf again = buf_new(ENVELOPE_MAX);
	struct envelope *env;
	size_t n;

	if (envelope_read(in, &env, &n) == ENVELOPE_OK) {
		envelope_pack(&again, env, false);
		assert_slice(buf_slice(&again), (struct slice){ in.p, n });
		envelope_free(&env);
	} else {
		assert_null(env);
		assert_int_equal(n, 0);
	}
	buf_free(&again);
}

static void
is_bad_when_cut(struct slice in)
{
	struct envelope *env;
	size_t n;

	if (in.n < head.n)
		assert_int_equal(envelope_read(in, &env, &n), ENVELOPE_BAD);
}

static void
test_a_head_cut_short_is_bad(void **state)
{
	(void)state;
	truncated(buf_slice(&head), is_bad_when_cut);
}

static void
test_a_spoilt_head_is_bad_or_another_envelope(void **state)
{
	(void)state;
	mutated(buf_slice(&head), is_canonical);
}

static void
test_a_later_version_is_told_from_rubbish(void **state)
{
	struct envelope *env;
	size_t n;

	(void)state;
	head.p[11] = 3; /* behind a magic of 8: the version, u32 */
	assert_int_equal(
	    envelope_read(buf_slice(&head), &env, &n), ENVELOPE_NEWER);
	assert_null(env);
	head.p[11] = 0;
	assert_int_equal(
	    envelope_read(buf_slice(&head), &env, &n), ENVELOPE_BAD);
	head.p[11] = 2;
	head.p[0] ^= 1;
	assert_int_equal(
	    envelope_read(buf_slice(&head), &env, &n), ENVELOPE_BAD);
}

static void
assert_bad(const struct envelope *env)
{
	struct buf b = buf_new(ENVELOPE_MAX);
	struct envelope *read;
	size_t n;

	envelope_pack(&b, env, false);
	assert_int_equal(envelope_read(buf_slice(&b), &read, &n), ENVELOPE_BAD);
	buf_free(&b);
}

static void
test_an_envelope_that_must_not_be_is_bad(void **state)
{
	char end_of_line[] = "a@b\r\nRCPT TO:<c@d";
	char end_of_path[] = "a@b> SIZE=1";
	char control[] = "a\nb";
	struct envelope env;

	(void)state;
	env = sample;
	env.recipient_count = 0;
	assert_bad(&env);
	env = sample;
	env.sender = end_of_line;
	assert_bad(&env);
	env.sender = end_of_path;
	assert_bad(&env);
	env = sample;
	env.user = control;
	assert_bad(&env);
	env = sample;
	env.client_address = control;
	assert_bad(&env);
	env = sample;
	env.options.body = BODY_BINARYMIME + 1;
	assert_bad(&env);
}

static void
test_the_largest_envelope_has_room(void **state)
{
	char mailbox[LIMIT_PATH - 1], user[LIMIT_USER + 1];
	char orcpt[LIMIT_ORCPT + 1];
	struct envelope env = sample, *read;
	struct buf b = buf_new(ENVELOPE_MAX);
	uint32_t i;
	size_t n;

	(void)state;
	memset(mailbox, 'm', sizeof(mailbox) - 1);
	mailbox[sizeof(mailbox) - 1] = '\0';
	memset(user, 'u', sizeof(user) - 1);
	user[sizeof(user) - 1] = '\0';
	memset(orcpt, 'o', sizeof(orcpt) - 1);
	orcpt[sizeof(orcpt) - 1] = '\0';
	env.user = env.client_address = user;
	env.sender = mailbox;
	env.recipient_count = LIMIT_RECIPIENTS_MAX;
	env.recipients = calloc(env.recipient_count, sizeof(*env.recipients));
	for (i = 0; i < env.recipient_count; i++)
		env.recipients[i] =
		    (struct recipient){ mailbox, RECIPIENT_OPEN, 0, orcpt };
	envelope_pack(&b, &env, false);
	assert_true(buf_ok(&b));
	assert_int_equal(envelope_read(buf_slice(&b), &read, &n), ENVELOPE_OK);
	assert_int_equal(read->recipient_count, LIMIT_RECIPIENTS_MAX);
	envelope_free(&read);
	free(env.recipients);
	buf_free(&b);
}

/* clang-format off */
static const struct {
	struct slice	in;
	bool		ok;
} mailboxes[] = {
	{ S("a@b"),			true },
	{ S("a"),			true },
	{ S("a@[IPv6:2001:db8::1]"),	true },
	{ S("\"a b\"@c"),		true },
	{ S("\"a>b<\"@c"),		true },
	{ S("\"a\\\"b\"@c"),		true },
	{ S("\"a\\\\\"@c"),		true },
	{ S(""),			false },
	{ S("a b@c"),			false },
	{ S("a>b@c"),			false },
	{ S("a<b@c"),			false },
	{ S("a@b>"),			false },
	{ S("a\r\n@b"),			false },
	{ S("a\n@b"),			false },
	{ S("a\0@b"),			false },
	{ S("a\x7f@b"),			false },
	{ S("\xc3\xa4@b"),		false },
	{ S("a\"b@c"),			false },
	{ S("\"a@c"),			false },
	{ S("\"a\\\"@c"),		false },
	{ S("\"a\\"),			false },
	{ S("\"a\" @c"),		false },
	{ S("\"a\">@c"),		false },
	{ S("\"a\"\"b\"@c"),		false },
	{ S("\"a\r\n\"@c"),		false },
	{ S("\"a\\\r\"@c"),		false },
};
/* clang-format on */

static void
cannot_leave_its_brackets(struct slice in)
{
	size_t i;

	if (!envelope_mailbox_ok(in, true)) {
		assert_false(envelope_mailbox_ok(in, false));
		return;
	}
	for (i = 0; i < in.n; i++)
		assert_true((unsigned char)in.p[i] >= ' ' && in.p[i] != 0x7f);
	if (in.p[0] != '"')
		assert_true(memchr(in.p, '>', in.n) == NULL &&
			    memchr(in.p, ' ', in.n) == NULL);
}

static void
test_a_mailbox_cannot_end_its_path_or_line(void **state)
{
	char text[LIMIT_PATH];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(mailboxes); i++) {
		if (envelope_mailbox_ok(mailboxes[i].in, false) !=
		    mailboxes[i].ok)
			fail_msg("'%s'", shown(mailboxes[i].in));
		truncated(mailboxes[i].in, cannot_leave_its_brackets);
		mutated(mailboxes[i].in, cannot_leave_its_brackets);
	}
	memset(text, 'a', sizeof(text));
	for (i = LIMIT_PATH - 4; i <= LIMIT_PATH; i++)
		assert_int_equal(
		    envelope_mailbox_ok((struct slice){ text, i }, false),
		    i <= LIMIT_PATH - 2);
}

static void
test_utf8_mailboxes_where_they_were_asked_for(void **state)
{
	(void)state;
	assert_true(envelope_mailbox_ok(slice_of("j\xc3\xb6@b"), true));
	assert_true(envelope_mailbox_ok(slice_of("\"\xc3\xb6 x\"@b"), true));
	assert_false(envelope_mailbox_ok(slice_of("\xc0\xaf@b"), true));
	assert_false(envelope_mailbox_ok(slice_of("\xc3@b"), true));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_envelope_reads_back),
		TEST(test_what_follows_the_head_does_not_matter),
		TEST(test_plain_hides_the_statuses_and_nothing_else),
		TEST(test_one_bit_does_not_turn_a_status_into_another),
		TEST(test_a_head_cut_short_is_bad),
		TEST(test_a_spoilt_head_is_bad_or_another_envelope),
		TEST(test_a_later_version_is_told_from_rubbish),
		TEST(test_an_envelope_that_must_not_be_is_bad),
		TEST(test_the_largest_envelope_has_room),
		TEST(test_a_mailbox_cannot_end_its_path_or_line),
		TEST(test_utf8_mailboxes_where_they_were_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
