/*
 * allowance - what stands in the way of a message, when it no longer will,
 * and what a person reads.
 */

#include "cases.h"

#include "allowance.h"
#include "compiler.h"

#define T0 UINT64_C(1790000000) /* 2026-09-21, 14:13:20 */

static struct ledger *ledger;
static struct account *account;

static int
setup(void **state)
{
	(void)state;
	ledger = ledger_new(NULL, NULL);
	account = ledger_use(ledger, "alice", T0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ledger_free(&ledger);
	return 0;
}

static void
at(uint64_t s)
{
	account = ledger_use(ledger, "alice", T0 + s);
}

static const struct allowance_want one = { {
    [QUOTA_MESSAGES] = 1,
    [QUOTA_RECIPIENTS] = 2,
    [QUOTA_NEW_RECIPIENTS] = 1,
} };

static void
send_one(void)
{
	struct allowance_refusal why;

	assert_true(allowance_has(account, &one, &why));
	allowance_reserve(account, &one);
	allowance_release(account, &one);
	allowance_spend(account, &one);
}

static void
test_without_a_limit_all_passes(void **state)
{
	struct allowance_refusal why;
	struct allowance_want much = { { 1000, 1000000, 1000000, 1000000000 } };

	(void)state;
	allowance_spend(account, &much);
	assert_true(allowance_has(account, &much, &why));
}

static void
test_the_last_one_passes_and_the_next_does_not(void **state)
{
	struct allowance_refusal why;
	int i;

	(void)state;
	account->quota.max[QUOTA_MESSAGES][QUOTA_DAY] = 3;
	for (i = 0; i < 3; i++)
		send_one();
	assert_false(allowance_has(account, &one, &why));
	assert_int_equal(why.measure, QUOTA_MESSAGES);
	assert_int_equal(why.window, QUOTA_DAY);
	assert_int_equal(why.max, 3);
	assert_int_equal(why.used, 3);
	assert_int_equal(why.wanted, 1);
	/* as late as was said, and not a second later */
	at(why.again_s - T0 - 1);
	account->quota.max[QUOTA_MESSAGES][QUOTA_DAY] = 3;
	assert_false(allowance_has(account, &one, &why));
	at(why.again_s - T0);
	assert_true(allowance_has(account, &one, &why));
}

static void
test_what_is_under_way_counts(void **state)
{
	struct allowance_refusal why;
	int i;

	(void)state;
	account->quota.max[QUOTA_RECIPIENTS][QUOTA_HOUR] = 10;
	for (i = 0; i < 5; i++) {
		assert_true(allowance_has(account, &one, &why));
		allowance_reserve(account, &one);
	}
	assert_false(allowance_has(account, &one, &why));
	assert_int_equal(why.again_s, T0 + 60);
	allowance_release(account, &one); /* it came to nothing */
	assert_true(allowance_has(account, &one, &why));
	allowance_reserve(account, &one);
	for (i = 0; i < 5; i++) {
		allowance_release(account, &one);
		allowance_spend(account, &one);
		assert_false(allowance_has(account, &one, &why));
	}
}

static void
test_too_large_for_ever_is_told_apart(void **state)
{
	struct allowance_want want = { { [QUOTA_NEW_RECIPIENTS] = 201 } };
	struct allowance_refusal why;

	(void)state;
	account->quota.max[QUOTA_NEW_RECIPIENTS][QUOTA_DAY] = 200;
	account->quota.max[QUOTA_NEW_RECIPIENTS][QUOTA_MINUTE] = 300;
	assert_false(allowance_has(account, &want, &why));
	assert_int_equal(why.again_s, 0);
	want.n[QUOTA_NEW_RECIPIENTS] = 200;
	assert_true(allowance_has(account, &want, &why));
}

/* Of several limits the one is told that is in the way for longest. */
static void
test_the_longest_wait_is_told(void **state)
{
	struct allowance_want large = { { 1, 50, 0, 0 } };
	struct allowance_refusal why;

	(void)state;
	account->quota.max[QUOTA_MESSAGES][QUOTA_MINUTE] = 1;
	account->quota.max[QUOTA_MESSAGES][QUOTA_DAY] = 1;
	account->quota.max[QUOTA_RECIPIENTS][QUOTA_HOUR] = 2;
	send_one();
	assert_false(allowance_has(account, &one, &why));
	assert_int_equal(why.measure, QUOTA_MESSAGES);
	assert_int_equal(why.window, QUOTA_DAY);
	assert_false(allowance_has(account, &large, &why));
	assert_int_equal(why.measure, QUOTA_RECIPIENTS);
	assert_int_equal(why.again_s, 0);
}

/* What a message has none of is not in its way. */
static void
test_a_spent_limit_stops_only_what_needs_it(void **state)
{
	struct allowance_want known = { { 1, 1, 0, 0 } };
	struct allowance_refusal why;

	(void)state;
	account->quota.max[QUOTA_NEW_RECIPIENTS][QUOTA_DAY] = 1;
	send_one();
	assert_false(allowance_has(account, &one, &why));
	assert_true(allowance_has(account, &known, &why));
	allowance_spend(account, &one); /* more than is allowed now */
	assert_true(allowance_has(account, &known, &why));
}

/* A limit that was lowered below what is spent. */
static void
test_a_lowered_limit_waits_until_enough_has_gone(void **state)
{
	struct allowance_refusal why;
	uint64_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		at(i * 3600);
		send_one();
	}
	account->quota.max[QUOTA_MESSAGES][QUOTA_DAY] = 2;
	assert_false(allowance_has(account, &one, &why));
	at(why.again_s - T0);
	assert_true(allowance_has(account, &one, &why));
	assert_int_equal(
	    tally_sum(&account->spent[QUOTA_MESSAGES], QUOTA_DAY), 1);
}

/* clang-format off */
static const struct {
	struct allowance_refusal why;
	const char *text;
} texts[] = {
	{ { QUOTA_MESSAGES, QUOTA_DAY, 1000, 1000, 1, T0 + 5700 },
	    "You may send 1000 messages a day: 1000 are used, this message "
	    "takes 1; try again after 15:48:20 UTC, in 95 minutes" },
	{ { QUOTA_NEW_RECIPIENTS, QUOTA_DAY, 200, 190, 30, T0 + 50000 },
	    "You may write to 200 new recipients a day: 190 are used, this "
	    "message takes 30; try again after 04:06:40 UTC, in 14 hours" },
	{ { QUOTA_RECIPIENTS, QUOTA_MINUTE, 5, 5, 1, T0 + 7 },
	    "You may write to 5 recipients a minute: 5 are used, this message "
	    "takes 1; try again after 14:13:27 UTC, in 7 seconds" },
	{ { QUOTA_OCTETS, QUOTA_HOUR, 1048576, 0, 2000000, 0 },
	    "You may send 1048576 octets an hour, and this message alone takes "
	    "at least 2000000: make it smaller, or ask your administrator" },
};
/* clang-format on */

static void
test_people_are_told_what_and_when(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		b = buf_new(LIMIT_RESULT_TEXT);
		allowance_text(&b, &texts[i].why, T0);
		buf_add(&b, "", 1);
		assert_true(buf_ok(&b));
		assert_string_equal(b.p, texts[i].text);
		buf_free(&b);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_without_a_limit_all_passes),
		CASE(test_the_last_one_passes_and_the_next_does_not),
		CASE(test_what_is_under_way_counts),
		CASE(test_too_large_for_ever_is_told_apart),
		CASE(test_the_longest_wait_is_told),
		CASE(test_a_spent_limit_stops_only_what_needs_it),
		CASE(test_a_lowered_limit_waits_until_enough_has_gone),
		CASE(test_people_are_told_what_and_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
