/*
 * abuse: who is banned, for how long, and who is not because of them.
 *
 * The clock is a number here.
 */

#include "abuse.h"

#include "cases.h"
#include "limits.h"

#define MINUTE UINT64_C(60000)
#define BEGIN  UINT64_C(5000)

#define PAIR    5
#define ADDRESS 20
#define USER    30
#define BAN_S   900

static struct abuse *abuse;
static uint64_t now;
static bool guarded; /* by the last guess */

static int
set_up(void **state)
{
	static char network[] = "10.0.0.0/8", one[] = "2001:db8:9::1";
	static char *exempt[] = { network, one };
	const struct auth_config config = {
		.failure_delay_ms = 1000,
		.abuse_pair_failures = PAIR,
		.abuse_address_failures = ADDRESS,
		.abuse_user_failures = USER,
		.abuse_window_ms = 10 * MINUTE,
		.abuse_ban_ms = BAN_S * 1000,
		.abuse_max_delay_ms = 15000,
		.abuse_ipv6_prefix = 64,
		.abuse_exempt = { exempt, 2 },
	};

	(void)state;
	abuse = abuse_new(&config);
	now = BEGIN;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	abuse_free(&abuse);
	assert_null(abuse);
	return 0;
}

static uint32_t
retry(const char *address, const char *user)
{
	const struct abuse_who who = { address, slice_of(user),
		slice_of(NULL) };

	return abuse_retry_s(abuse, &who, now);
}

static uint32_t
guess(const char *address, const char *user)
{
	const struct abuse_who who = { address, slice_of(user),
		slice_of(user) };

	return abuse_failed(abuse, &who, now, &guarded);
}

static void
succeed(const char *address, const char *user)
{
	const struct abuse_who who = { address, slice_of(user),
		slice_of(user) };

	abuse_succeeded(abuse, &who, now);
}

/* A name of a set, in turns. */
static const char *
numbered(const char *format, int i)
{
	static char text[4][64];
	static int turn;

	turn = (turn + 1) % 4;
	/* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral) */
	snprintf(text[turn], sizeof(text[turn]), "%s%d", format, i);
	return text[turn];
}

/* Fail until the pair is banned: a user who has nobody else there. */
static void
ban_pair(const char *address, const char *user)
{
	int i;

	for (i = 0; i < PAIR; i++) {
		assert_int_equal(retry(address, user), 0);
		guess(address, user);
	}
	assert_int_equal(retry(address, user), BAN_S);
}

static void
test_delay_grows_to_its_end(void **state)
{
	static const uint32_t want[] = { 1000, 2000, 4000, 8000, 15000 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(guess("192.0.2.1", "alice"), want[i]);
	/* who is at another address does not feel it */
	assert_int_equal(guess("192.0.2.2", "alice"), 1000);
	/* a login ends it; the address remembers */
	now += 20 * MINUTE;
	guess("192.0.2.1", "alice");
	guess("192.0.2.1", "alice");
	succeed("192.0.2.1", "alice");
	assert_int_equal(guess("192.0.2.1", "alice"), 1000);
}

static void
test_others_failures_at_an_address_delay_too(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(guess("192.0.2.1", numbered("u", i)), 1000);
	assert_int_equal(guess("192.0.2.1", "u5"), 2000);
	assert_int_equal(guess("192.0.2.1", "u6"), 2000);
}

static void
test_a_pair_is_banned_and_nobody_else(void **state)
{
	(void)state;
	ban_pair("192.0.2.1", "alice");
	assert_int_equal(retry("192.0.2.1", "bob"), 0);
	assert_int_equal(retry("192.0.2.1", ""), 0);
	assert_int_equal(retry("192.0.2.2", "alice"), 0);
	now += 1;
	assert_int_equal(retry("192.0.2.1", "alice"), BAN_S);
	now += (BAN_S - 1) * 1000;
	assert_int_equal(retry("192.0.2.1", "alice"), 1);
	now += 999;
	assert_int_equal(retry("192.0.2.1", "alice"), 0);
	/* and begins anew */
	ban_pair("192.0.2.1", "alice");
}

static void
test_case_of_a_name_makes_no_new_user(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < PAIR; i++)
		guess("192.0.2.1", i % 2 == 0 ? "alice" : "aLICE");
	assert_int_equal(retry("192.0.2.1", "Alice"), BAN_S);
}

static void
test_failures_outside_the_window_do_not_count(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < PAIR - 1; i++)
		guess("192.0.2.1", "alice");
	now += 10 * MINUTE;
	for (i = 0; i < PAIR - 1; i++)
		guess("192.0.2.1", "alice");
	assert_int_equal(retry("192.0.2.1", "alice"), 0);
	now += 10 * MINUTE - 1;
	guess("192.0.2.1", "alice");
	assert_int_equal(retry("192.0.2.1", "alice"), BAN_S);
}

static void
test_a_login_clears_the_pair(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3 * PAIR; i++) {
		guess("192.0.2.1", "alice");
		if (i % 2 == 0)
			succeed("192.0.2.1", "alice");
	}
	assert_int_equal(retry("192.0.2.1", "alice"), 0);
}

static void
test_an_address_that_tries_many_users_is_banned(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < ADDRESS; i++) {
		assert_int_equal(retry("192.0.2.1", ""), 0);
		guess("192.0.2.1", numbered("u", i));
	}
	assert_int_equal(retry("192.0.2.1", ""), BAN_S);
	assert_int_equal(retry("192.0.2.1", "another"), BAN_S);
	assert_int_equal(retry("192.0.2.2", "u1"), 0);
	now += BAN_S * 1000;
	assert_int_equal(retry("192.0.2.1", ""), 0);
}

/* Pairs are off here, or they would be banned long before. */
static void
test_an_address_that_tries_one_user_gets_more(void **state)
{
	const struct auth_config config = {
		.abuse_address_failures = 10,
		.abuse_window_ms = 10 * MINUTE,
		.abuse_ban_ms = 60000,
	};
	int i;

	(void)state;
	abuse_free(&abuse);
	abuse = abuse_new(&config);
	for (i = 0; i < 40; i++) {
		assert_int_equal(retry("192.0.2.1", ""), 0);
		guess("192.0.2.1", numbered("u", i % 2));
	}
	assert_int_equal(retry("192.0.2.1", ""), 60);
}

/* One office: some phones know an old password and try others, too. */
static void
test_an_office_is_not_banned_for_its_phones(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		succeed("192.0.2.1", numbered("colleague", i));
	for (i = 0; i < 8; i++)
		ban_pair("192.0.2.1", numbered("phone", i));
	assert_int_equal(retry("192.0.2.1", ""), 0);
	assert_int_equal(retry("192.0.2.1", "colleague1"), 0);
	/* without the eight it would be: */
	for (i = 0; i < ADDRESS / PAIR; i++)
		ban_pair("192.0.2.2", numbered("phone", i));
	assert_int_equal(retry("192.0.2.2", ""), BAN_S);
}

/* Who has an account gets no more than one person's share for it. */
static void
test_own_logins_do_not_buy_tries(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2 * ADDRESS; i++) {
		assert_int_equal(retry("192.0.2.1", ""), 0);
		guess("192.0.2.1", numbered("u", i));
		succeed("192.0.2.1", "mallory");
	}
	assert_int_equal(retry("192.0.2.1", ""), BAN_S);
	/* and only as long as they are recent */
	now += 3 * 24 * 60 * MINUTE;
	for (i = 0; i < ADDRESS; i++)
		guess("192.0.2.1", numbered("v", i));
	assert_int_equal(retry("192.0.2.1", ""), BAN_S);
}

/* A user whom a whole net of machines tries. */
static void
test_a_guarded_user_still_gets_in(void **state)
{
	int i;

	(void)state;
	succeed("198.51.100.7", "alice");
	for (i = 0; i < USER; i++) {
		guess(numbered("192.0.2.", i), "alice");
		assert_int_equal(guarded, i == USER - 1);
	}
	/* machines that come new have one try each */
	assert_int_equal(retry("203.0.113.1", "alice"), 0);
	guess("203.0.113.1", "alice");
	assert_int_equal(retry("203.0.113.1", "alice"), BAN_S);
	assert_false(guarded); /* no news */
	/* so does Alice on a journey: with the right password she is in */
	assert_int_equal(retry("203.0.113.2", "alice"), 0);
	succeed("203.0.113.2", "alice");
	/* and then has as many as ever, as she has at home */
	guess("203.0.113.2", "alice");
	assert_int_equal(retry("203.0.113.2", "alice"), 0);
	guess("198.51.100.7", "alice");
	assert_int_equal(retry("198.51.100.7", "alice"), 0);
	/* nobody else is guarded */
	guess("203.0.113.1", "bob");
	assert_int_equal(retry("203.0.113.1", "bob"), 0);
	/* each failure of a stranger lengthens it; then it ends */
	now += BAN_S * 1000;
	guess("203.0.113.9", "alice");
	assert_int_equal(retry("203.0.113.9", "alice"), 0);
}

static void
test_own_phones_do_not_guard_a_user(void **state)
{
	struct buf out = buf_new(4096);
	int i;

	(void)state;
	for (i = 0; i < 2 * USER; i++) {
		const char *address = numbered("192.0.2.", i);

		succeed(address, "alice");
		guess(address, "alice");
	}
	abuse_list(abuse, now, &out);
	assert_int_equal(out.n, 0);
	buf_free(&out);
}

static void
test_an_ipv6_prefix_is_one_client(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < PAIR; i++)
		guess(numbered("2001:db8:1:2::", i), "alice");
	assert_int_equal(retry("2001:db8:1:2:ffff::1", "alice"), BAN_S);
	assert_int_equal(retry("2001:db8:1:3::1", "alice"), 0);
	/* IPv4 in IPv6 is IPv4 */
	for (i = 0; i < PAIR; i++)
		guess("::ffff:192.0.2.1", "alice");
	assert_int_equal(retry("192.0.2.1", "alice"), BAN_S);
	assert_int_equal(retry("192.0.2.2", "alice"), 0);
}

static void
test_who_is_exempt_is_never_counted(void **state)
{
	static const char *const addresses[] = { "10.1.2.3", "2001:db8:9::1" };
	size_t a;
	int i;

	(void)state;
	for (a = 0; a < ARRAY_LEN(addresses); a++) {
		for (i = 0; i < 10 * USER; i++)
			assert_int_equal(guess(addresses[a], "alice"), 0);
		assert_int_equal(retry(addresses[a], "alice"), 0);
	}
	assert_int_equal(guess("192.0.2.1", "alice"), 1000);
	assert_int_equal(guess("2001:db8:9::2", "alice"), 1000);
}

/* Else the first failure behind it would be one too many already. */
static void
test_counting_begins_anew_behind_a_short_ban(void **state)
{
	const struct auth_config config = {
		.abuse_pair_failures = PAIR,
		.abuse_window_ms = 100 * MINUTE,
		.abuse_ban_ms = MINUTE,
	};
	int i;

	(void)state;
	abuse_free(&abuse);
	abuse = abuse_new(&config);
	for (i = 0; i < PAIR; i++)
		guess("192.0.2.1", "alice");
	assert_int_equal(retry("192.0.2.1", "alice"), 60);
	now += MINUTE;
	for (i = 0; i < PAIR; i++) {
		assert_int_equal(retry("192.0.2.1", "alice"), 0);
		guess("192.0.2.1", "alice");
	}
	assert_int_equal(retry("192.0.2.1", "alice"), 60);
}

static void
test_zero_bans_nobody(void **state)
{
	const struct auth_config config = {
		.failure_delay_ms = 10,
		.abuse_window_ms = MINUTE,
		.abuse_ban_ms = MINUTE,
	};
	int i;

	(void)state;
	abuse_free(&abuse);
	abuse = abuse_new(&config);
	for (i = 0; i < 1000; i++)
		assert_int_equal(guess("192.0.2.1", numbered("u", i % 5)), 0);
	assert_int_equal(retry("192.0.2.1", "u1"), 0);
}

static void
expect_list(const char *want)
{
	struct buf out = buf_new(4096);

	abuse_list(abuse, now, &out);
	if (!slice_eq(buf_slice(&out), slice_of(want)))
		fail_msg("'%.*s', not '%s'", (int)out.n, out.p, want);
	buf_free(&out);
}

static void
test_bans_are_listed_and_lifted(void **state)
{
	int i;

	(void)state;
	expect_list("");
	ban_pair("192.0.2.1", "a person");
	ban_pair("2001:db8::7", "bob");
	now += 100000;
	for (i = 0; i < ADDRESS - PAIR; i++)
		guess("2001:db8::8", numbered("u", i));
	expect_list("kind=pair address=192.0.2.1 failures=5 left_s=800 "
		    "user=a person\n"
		    "kind=pair address=2001:db8::/64 failures=5 left_s=800 "
		    "user=bob\n"
		    "kind=address address=2001:db8::/64 failures=20 "
		    "left_s=900\n");
	assert_int_equal(abuse_lift(abuse, slice_of("nobody"), now), 0);
	assert_int_equal(abuse_lift(abuse, slice_of("192.0.2.2"), now), 0);
	assert_int_equal(abuse_lift(abuse, slice_of("A Person"), now), 1);
	assert_int_equal(retry("192.0.2.1", "a person"), 0);
	assert_int_equal(abuse_lift(abuse, slice_of("2001:db8::/64"), now), 2);
	assert_int_equal(retry("2001:db8::7", "bob"), 0);
	expect_list("");
	/* forgotten, not only forgiven; the address is another matter */
	assert_int_equal(guess("192.0.2.1", "a person"), 2000);
	ban_pair("192.0.2.4", "carol@example.org");
	ban_pair("192.0.2.5", "carol@example.org");
	assert_int_equal(
	    abuse_lift(abuse, slice_of("carol@example.org@192.0.2.6"), now), 0);
	assert_int_equal(
	    abuse_lift(abuse, slice_of("Carol@example.org@192.0.2.5"), now), 1);
	assert_int_equal(retry("192.0.2.5", "carol@example.org"), 0);
	assert_int_equal(
	    abuse_lift(abuse, slice_of("carol@example.org"), now), 1);
	ban_pair("192.0.2.3", "x");
	ban_pair("192.0.2.3", "y");
	assert_int_equal(abuse_lift(abuse, slice_of("all"), now), 2);
	expect_list("");
}

static void
test_a_lift_knows_the_canonical_name(void **state)
{
	const struct abuse_who who = { "192.0.2.1",
		slice_of("alice@example.org"), slice_of("alice") };
	int i;

	(void)state;
	for (i = 0; i < PAIR; i++)
		abuse_failed(abuse, &who, now, &guarded);
	assert_int_equal(retry("192.0.2.1", "alice@example.org"), BAN_S);
	assert_int_equal(abuse_lift(abuse, slice_of("alice"), now), 1);
	assert_int_equal(retry("192.0.2.1", "alice@example.org"), 0);
}

/* The table is full of others: the oldest ban goes, and memory does not grow */
static void
test_a_flood_of_names_stays_bounded(void **state)
{
	struct buf out = buf_new(4096);
	int i;

	(void)state;
	ban_pair("192.0.2.1", "alice");
	for (i = 0; i < LIMIT_ABUSE_RECORDS - 1; i++)
		guess("192.0.2.2", numbered("u", i));
	assert_int_equal(retry("192.0.2.1", "alice"), BAN_S); /* used now */
	for (i = 0; i < LIMIT_ABUSE_RECORDS - 1; i++)
		guess("192.0.2.2", numbered("v", i));
	assert_int_equal(retry("192.0.2.1", "alice"), BAN_S);
	guess("192.0.2.2", "w");
	for (i = 0; i < LIMIT_ABUSE_RECORDS; i++)
		guess("192.0.2.2", numbered("x", i));
	assert_int_equal(retry("192.0.2.1", "alice"), 0);
	abuse_stats(abuse, &out);
	buf_free(&out);
}

static void
test_an_address_that_is_none_is_a_client_too(void **state)
{
	(void)state;
	ban_pair("", "alice");
	assert_int_equal(retry("nonsense", "alice"), BAN_S);
	assert_int_equal(retry(NULL, "alice"), BAN_S);
	assert_int_equal(retry("192.0.2.1", "alice"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delay_grows_to_its_end),
		TEST(test_others_failures_at_an_address_delay_too),
		TEST(test_a_pair_is_banned_and_nobody_else),
		TEST(test_case_of_a_name_makes_no_new_user),
		TEST(test_failures_outside_the_window_do_not_count),
		TEST(test_a_login_clears_the_pair),
		TEST(test_an_address_that_tries_many_users_is_banned),
		TEST(test_an_address_that_tries_one_user_gets_more),
		TEST(test_an_office_is_not_banned_for_its_phones),
		TEST(test_own_logins_do_not_buy_tries),
		TEST(test_a_guarded_user_still_gets_in),
		TEST(test_own_phones_do_not_guard_a_user),
		TEST(test_an_ipv6_prefix_is_one_client),
		TEST(test_who_is_exempt_is_never_counted),
		TEST(test_counting_begins_anew_behind_a_short_ban),
		TEST(test_zero_bans_nobody),
		TEST(test_bans_are_listed_and_lifted),
		TEST(test_a_lift_knows_the_canonical_name),
		TEST(test_a_flood_of_names_stays_bounded),
		TEST(test_an_address_that_is_none_is_a_client_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
