/* mailoptions - each value survives the wire, and no other passes for one. */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "mailoptions.h"

static const struct mail_options full = {
	.body = BODY_BINARYMIME,
	.smtputf8 = true,
	.require_tls = true,
	.ret = RET_FULL,
	.envid = S("QQ+3D314159"),
	.has_priority = true,
	.priority = 9,
	.by = BY_NOTIFY,
	.by_trace = true,
	.by_s = LIMIT_TIME_S,
	.hold_until_s = 1,
	.hold_request = S("until;2026-12-24T18:00:00Z"),
};

static bool
survives(const struct mail_options *o)
{
	struct buf b = buf_new(1000), again = buf_new(1000);
	struct mail_options got;
	struct unpack u;
	bool same;

	mail_options_pack(&b, o);
	u = unpack_begin(buf_slice(&b));
	mail_options_unpack(&u, &got);
	mail_options_pack(&again, &got);
	same = unpack_end(&u) && slice_eq(buf_slice(&b), buf_slice(&again));
	buf_free(&b);
	buf_free(&again);
	return same;
}

static void
test_options_survive(void **state)
{
	struct mail_options o = full;

	(void)state;
	assert_true(survives(&full));
	assert_true(survives(&(struct mail_options){ 0 }));
	for (o.priority = MAIL_PRIORITY_MIN; o.priority <= MAIL_PRIORITY_MAX;
	     o.priority++)
		assert_true(survives(&o));
	assert_false(survives(&o)); /* one too high */
}

static void
test_values_out_of_range_spoil_the_reading(void **state)
{
	struct mail_options o;

	(void)state;
#define BAD(field, value)                                                      \
	(o = full, o.field = (value), assert_false(survives(&o)))
	BAD(body, BODY_BINARYMIME + 1);
	BAD(ret, RET_HDRS + 1);
	BAD(by, BY_RETURN + 1);
	BAD(envid, slice_of("a b"));
	BAD(envid, slice_of("a\r\nRCPT"));
	BAD(envid, slice_of("\xc3\xa4"));
	BAD(hold_request, slice_of("for; 1"));
	BAD(by_s, LIMIT_TIME_S + UINT64_C(1));
	BAD(hold_until_s, UINT64_MAX);
#undef BAD
}

static bool
passes(const char *mailbox, uint32_t notify, const char *orcpt)
{
	struct mail_recipient r = { slice_of(mailbox), notify,
		slice_of(orcpt) },
			      got;
	struct buf b = buf_new(2000);
	struct unpack u;
	bool ok;

	mail_recipient_pack(&b, &r);
	u = unpack_begin(buf_slice(&b));
	mail_recipient_unpack(&u, &got);
	ok = unpack_end(&u);
	if (ok) {
		assert_slice(got.mailbox, r.mailbox);
		assert_slice(got.orcpt, r.orcpt);
		assert_int_equal(got.notify, notify);
	}
	buf_free(&b);
	return ok;
}

static void
test_recipients(void **state)
{
	char longest[LIMIT_ORCPT + 2];

	(void)state;
	memset(longest, 'o', sizeof(longest));
	longest[LIMIT_ORCPT] = '\0';
	assert_true(passes("a@b", 0, longest));
	longest[LIMIT_ORCPT] = 'o';
	longest[LIMIT_ORCPT + 1] = '\0';
	assert_false(passes("a@b", 0, longest));
	assert_true(passes("j\xc3\xb6@b", NOTIFY_NEVER, "utf-8;j\xc3\xb6@b"));
	assert_true(passes("a@b", NOTIFY_SUCCESS | NOTIFY_DELAY, ""));
	assert_false(passes("a@b", NOTIFY_NEVER | NOTIFY_DELAY, ""));
	assert_false(passes("a@b", 16, ""));
	assert_false(passes("", 0, ""));
	assert_false(passes("a@b\r\nX", 0, ""));
	assert_false(passes("\xff@b", 0, ""));
	assert_false(passes("a@b", 0, "rfc822;a b"));
	assert_false(passes("a@b", 0, "rfc822;a\n"));
}

/* Whatever is read as options packs to the octets it was read from. */
static void
reads_as_written(struct slice in)
{
	struct unpack u = unpack_begin(in);
	struct buf b = buf_new(2000);
	struct mail_options o;

	mail_options_unpack(&u, &o);
	if (unpack_end(&u)) {
		mail_options_pack(&b, &o);
		assert_slice(buf_slice(&b), in);
	}
	buf_free(&b);
}

static void
test_there_is_one_encoding(void **state)
{
	struct buf b = buf_new(1000);

	(void)state;
	mail_options_pack(&b, &full);
	truncated(buf_slice(&b), reads_as_written);
	mutated(buf_slice(&b), reads_as_written);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_survive),
		cmocka_unit_test(test_values_out_of_range_spoil_the_reading),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_there_is_one_encoding),
	};

	return cmocka_run_group_tests_name("mailoptions", tests, NULL, NULL);
}
