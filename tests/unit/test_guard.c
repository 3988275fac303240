/*
 * guard - what is a sign and what is not yet one, and that it is told once an
 * hour.
 */

#include "cases.h"

#include "compiler.h"
#include "guard.h"

#define T0 UINT64_C(1790000100)

static struct ledger *ledger;
static struct account *account;
static struct relay_config config;

static int
setup(void **state)
{
	(void)state;
	ledger = ledger_new(NULL, NULL);
	account = ledger_use(ledger, "alice", T0);
	config = (struct relay_config){ .guard_refused_least = 10 };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ledger_free(&ledger);
	return 0;
}

static bool
sees(enum guard_sign sign, uint64_t now_s)
{
	enum guard_sign seen;

	account = ledger_use(ledger, "alice", now_s);
	if (!guard_sees(&config, account, now_s, &seen))
		return false;
	assert_int_equal(seen, sign);
	return true;
}

static void
test_nothing_is_a_sign_when_all_is_off(void **state)
{
	(void)state;
	tally_add(&account->spent[QUOTA_NEW_RECIPIENTS], 100000);
	guard_note_judged(account, 0, 1000);
	assert_false(sees(GUARD_NETWORKS, T0));
}

/* clang-format off */
static const struct {
	const char *address;
	uint32_t networks; /* afterwards */
} addresses[] = {
	{ "192.0.2.1", 1 },
	{ "192.0.2.254", 1 },
	{ "192.0.3.1", 2 },
	{ "2001:db8:1::1", 3 },
	{ "2001:db8:1:ffff::2", 3 },
	{ "2001:db8:2::1", 4 },
	{ "", 4 },
	{ "not an address", 4 },
	{ "192.0.2.7", 4 },
};
/* clang-format on */

static void
test_networks_are_counted_not_addresses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(addresses); i++) {
		guard_note_network(account, addresses[i].address, T0);
		assert_int_equal(account->network_n, addresses[i].networks);
	}
}

static void
visit(unsigned n, uint64_t now_s)
{
	char address[32];

	(void)snprintf(
	    address, sizeof(address), "10.%u.%u.1", n / 256, n % 256);
	guard_note_network(account, address, now_s);
}

static void
test_many_networks_are_a_sign(void **state)
{
	unsigned i;

	(void)state;
	config.guard_networks = 3;
	for (i = 0; i < 3; i++)
		visit(i, T0 + i);
	assert_false(sees(GUARD_NETWORKS, T0 + 3));
	visit(3, T0 + 3);
	assert_true(sees(GUARD_NETWORKS, T0 + 3));
	for (i = 0; i < 4; i++)
		visit(i, T0 + 3500);
	assert_false(sees(GUARD_NETWORKS, T0 + 3602)); /* told once an hour */
	assert_true(sees(GUARD_NETWORKS, T0 + 3603));
}

/* Looked at for another reason, when the hour of the networks is over. */
static void
test_networks_are_no_sign_for_longer_than_their_hour(void **state)
{
	unsigned i;

	(void)state;
	config.guard_networks = 3;
	for (i = 0; i < 4; i++)
		visit(i, T0);
	assert_true(sees(GUARD_NETWORKS, T0));
	assert_false(sees(GUARD_NETWORKS, T0 + 3600));
	assert_int_equal(account->network_n, 0);
}

static void
test_a_network_is_forgotten_after_an_hour(void **state)
{
	unsigned i;

	(void)state;
	config.guard_networks = 3;
	for (i = 0; i < 10; i++)
		visit(i, T0 + (uint64_t)i * 1200);
	assert_int_equal(account->network_n, 3);
	assert_false(sees(GUARD_NETWORKS, T0 + 10800));
}

static void
test_any_number_of_networks_fits(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++)
		visit(i, T0 + i);
	assert_int_equal(account->network_n, LIMIT_ACCOUNT_NETWORKS);
}

/* What was seen at a time that is still to come was not. */
static void
test_a_clock_that_was_ahead_silences_nothing(void **state)
{
	unsigned i;

	(void)state;
	config.guard_networks = 3;
	for (i = 0; i < 4; i++)
		visit(i, T0 + 100000000);
	assert_true(sees(GUARD_NETWORKS, T0 + 100000000));
	visit(0, T0);
	assert_int_equal(account->network_n, 1);
	assert_false(sees(GUARD_NETWORKS, T0));
	for (i = 0; i < 4; i++)
		visit(i, T0 + 1);
	assert_true(sees(GUARD_NETWORKS, T0 + 1));
	assert_false(sees(GUARD_NETWORKS, T0 + 2));
	assert_false(sees(GUARD_NETWORKS, T0)); /* a second is no matter */
}

/* The numbers of a file may be anything. */
static void
test_times_do_not_overflow(void **state)
{
	(void)state;
	config.guard_networks = 1;
	account->alarmed_s[GUARD_NETWORKS] = UINT64_MAX;
	visit(0, T0);
	account->networks[0].seen_s = UINT64_MAX;
	visit(1, T0);
	visit(2, T0);
	assert_int_equal(account->network_n, 2);
	assert_true(sees(GUARD_NETWORKS, T0));
}

static void
test_a_burst_of_new_recipients_is_a_sign(void **state)
{
	uint64_t i;

	(void)state;
	config.guard_new_recipients = 20;
	for (i = 0; i < 24; i++) { /* four an hour's part: 12 at once */
		account = ledger_use(ledger, "alice", T0 + i * 300);
		tally_add(&account->spent[QUOTA_NEW_RECIPIENTS], 4);
		assert_false(sees(GUARD_NEW_RECIPIENTS, T0 + i * 300));
	}
	tally_add(&account->spent[QUOTA_NEW_RECIPIENTS], 8);
	assert_false(sees(GUARD_NEW_RECIPIENTS, T0 + 23 * 300));
	tally_add(&account->spent[QUOTA_NEW_RECIPIENTS], 1);
	assert_true(sees(GUARD_NEW_RECIPIENTS, T0 + 23 * 300));
}

static void
test_a_share_of_refusals_is_a_sign_if_there_are_enough(void **state)
{
	(void)state;
	config.guard_refused = 50;
	guard_note_judged(account, 0, 9);
	assert_false(sees(GUARD_REFUSED, T0)); /* of nine: too few to tell */
	guard_note_judged(account, 9, 0);
	assert_false(sees(GUARD_REFUSED, T0)); /* half is not more than half */
	guard_note_judged(account, 0, 1);
	assert_true(sees(GUARD_REFUSED, T0));
}

static void
test_each_sign_is_told(void **state)
{
	unsigned i;

	(void)state;
	config.guard_refused = 50;
	config.guard_networks = 1;
	guard_note_judged(account, 0, 10);
	for (i = 0; i < 2; i++)
		visit(i, T0);
	assert_true(sees(GUARD_NETWORKS, T0));
	assert_true(sees(GUARD_REFUSED, T0));
	assert_false(sees(GUARD_NETWORKS, T0));
}

static void
test_the_detail_says_what_was_seen(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	config.guard_refused = 50;
	guard_note_judged(account, 1, 29);
	guard_detail(&b, &config, account, GUARD_REFUSED);
	assert_slice(buf_slice(&b), slice_of("seen=97 most=50"));
	assert_string_equal(guard_name(GUARD_REFUSED), "refused");
	buf_free(&b);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_nothing_is_a_sign_when_all_is_off),
		CASE(test_networks_are_counted_not_addresses),
		CASE(test_many_networks_are_a_sign),
		CASE(test_networks_are_no_sign_for_longer_than_their_hour),
		CASE(test_a_network_is_forgotten_after_an_hour),
		CASE(test_any_number_of_networks_fits),
		CASE(test_a_clock_that_was_ahead_silences_nothing),
		CASE(test_times_do_not_overflow),
		CASE(test_a_burst_of_new_recipients_is_a_sign),
		CASE(test_a_share_of_refusals_is_a_sign_if_there_are_enough),
		CASE(test_each_sign_is_told),
		CASE(test_the_detail_says_what_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
