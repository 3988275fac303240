/*
 * login and refusal: what a login earns, and when a refusal may be told.
 */

#include "login.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "limits.h"
#include "pack.h"
#include "refusal.h"

static void
test_a_login_nobody_judged_is_our_trouble(void **state)
{
	struct login l = login_new();

	(void)state;
	assert_false(l.judged);
	assert_int_equal(l.verdict, AUTH_TROUBLE);
	assert_null(l.user);
	login_free(&l);
}

static void
test_addresses_are_kept_once_and_in_order(void **state)
{
	struct login l = login_new();
	struct unpack u;

	(void)state;
	assert_true(login_add_address(&l, slice_of("b@example.net")));
	assert_true(login_add_address(&l, slice_of("a@example.net")));
	assert_false(login_add_address(&l, slice_of("B@Example.NET")));
	assert_false(login_add_address(&l, slice_of("no mailbox")));
	assert_int_equal(l.address_count, 2);
	u = unpack_begin(buf_slice(&l.addresses));
	assert_true(slice_eq(unpack_bytes(&u), slice_of("b@example.net")));
	assert_true(slice_eq(unpack_bytes(&u), slice_of("a@example.net")));
	assert_true(unpack_end(&u));
	login_free(&l);
}

static void
test_addresses_end_at_their_number(void **state)
{
	struct login l = login_new();
	char text[32];
	int i;

	(void)state;
	for (i = 0; i < LIMIT_GRANT_ADDRESSES + 10; i++) {
		snprintf(text, sizeof(text), "u%d@example.net", i);
		assert_int_equal(login_add_address(&l, slice_of(text)),
		    i < LIMIT_GRANT_ADDRESSES);
	}
	assert_int_equal(l.address_count, LIMIT_GRANT_ADDRESSES);
	login_free(&l);
}

/* Long ones end earlier, so that a grant holds them; short ones still go in */
static void
test_addresses_end_at_the_size_of_a_grant(void **state)
{
	struct login l = login_new();
	char text[255];
	int i;

	(void)state;
	for (i = 0; i < LIMIT_GRANT_ADDRESSES; i++) {
		snprintf(text, sizeof(text), "%0245d@x.net", i);
		if (!login_add_address(&l, slice_of(text)))
			break;
	}
	assert_in_range(i, 100, LIMIT_GRANT_ADDRESSES - 1);
	assert_true(buf_ok(&l.addresses));
	assert_true(l.addresses.n < LIMIT_GRANT);
	assert_int_equal(l.address_count, i);
	login_free(&l);
}

static void
test_a_second_try_starts_without_addresses(void **state)
{
	struct login l = login_new();

	(void)state;
	assert_true(login_add_address(&l, slice_of("a@example.net")));
	login_forget_addresses(&l);
	assert_int_equal(l.address_count, 0);
	assert_int_equal(l.addresses.n, 0);
	assert_true(login_add_address(&l, slice_of("a@example.net")));
	login_free(&l);
}

static void
test_refusals_wait_for_the_next_whole_multiple(void **state)
{
	(void)state;
	assert_int_equal(refusal_due(5000, 5000, 1000, 0), 6000);
	assert_int_equal(refusal_due(5000, 5999, 1000, 0), 6000);
	assert_int_equal(refusal_due(5000, 6000, 1000, 0), 7000);
	assert_int_equal(refusal_due(5000, 9500, 1000, 0), 10000);
	assert_int_equal(refusal_due(5000, 4000, 1000, 0), 6000);
	assert_int_equal(refusal_due(5000, 5300, 0, 77), 5300);
}

static void
test_chance_adds_at_most_an_eighth(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 5000; i++)
		assert_in_range(refusal_due(5000, 5100, 1000, i), 6000, 6125);
	assert_in_range(refusal_due(0, 0, 1000, UINT32_MAX), 1000, 1125);
	assert_int_equal(refusal_due(0, 0, 1, UINT32_MAX), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_login_nobody_judged_is_our_trouble),
		cmocka_unit_test(test_addresses_are_kept_once_and_in_order),
		cmocka_unit_test(test_addresses_end_at_their_number),
		cmocka_unit_test(test_addresses_end_at_the_size_of_a_grant),
		cmocka_unit_test(test_a_second_try_starts_without_addresses),
		cmocka_unit_test(
		    test_refusals_wait_for_the_next_whole_multiple),
		cmocka_unit_test(test_chance_adds_at_most_an_eighth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
