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

#include "compiler.h"
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
expect_list(const struct buf *list, uint32_t count, const char *want)
{
	struct unpack u = unpack_begin(buf_slice(list));
	struct buf text = buf_new(4096);
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct slice s = unpack_bytes(&u);

		buf_printf(&text, "%s%.*s", i > 0 ? " " : "", (int)s.n, s.p);
	}
	assert_true(unpack_end(&u));
	buf_add(&text, "", 1);
	assert_string_equal(text.p, want);
	buf_free(&text);
}

static void
expect_addresses(const struct login *l, const char *want)
{
	expect_list(&l->addresses, l->address_count, want);
}

static void
expect_delegated(const struct login *l, const char *want)
{
	expect_list(&l->delegated, l->delegated_count, want);
}

static void
test_a_second_try_starts_without_rights(void **state)
{
	struct quota defaults = { .sessions = 7 };
	struct login l = login_new();

	(void)state;
	assert_true(login_add_address(&l, slice_of("a@example.net")));
	assert_true(login_add_delegated(
	    &l, slice_of("info"), slice_of("info@example.net")));
	l.truncated = true;
	login_forget_rights(&l, &defaults);
	expect_addresses(&l, "");
	expect_delegated(&l, "");
	assert_int_equal(l.acting_count, 0);
	assert_false(login_act_as(&l, slice_of("info")));
	assert_false(l.truncated);
	assert_int_equal(l.quota.sessions, 7);
	assert_true(login_add_address(&l, slice_of("a@example.net")));
	login_free(&l);
}

static void
test_types_of_addresses(void **state)
{
	struct login l = login_new();

	(void)state;
	assert_true(login_add_address(&l, slice_of("SMTP:a@example.net")));
	assert_true(login_add_address(&l, slice_of("smtp:b@example.net")));
	assert_false(login_add_address(&l, slice_of("smtp:A@example.net")));
	assert_false(login_add_address(&l, slice_of("sip:a@example.net")));
	assert_false(login_add_address(&l, slice_of("x500:/o=x/cn=a@x")));
	assert_false(login_add_address(&l, slice_of("@example.net")));
	expect_addresses(&l, "a@example.net b@example.net");
	login_free(&l);
}

static void
test_domains_stand_among_the_addresses(void **state)
{
	struct login l = login_new();

	(void)state;
	assert_true(login_add_address(&l, slice_of("a@example.net")));
	assert_true(login_add_domain(&l, slice_of("example.org")));
	assert_false(login_add_domain(&l, slice_of("*@Example.org")));
	assert_true(login_add_domain(&l, slice_of("@example.com")));
	assert_false(login_add_domain(&l, slice_of("")));
	expect_addresses(&l, "a@example.net @example.org @example.com");
	login_free(&l);
}

static void
test_a_domain_of_full_length_fits(void **state)
{
	struct login l = login_new();
	char text[LIMIT_DOMAIN + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_false(
	    login_add_domain(&l, (struct slice){ text, LIMIT_DOMAIN + 1 }));
	assert_true(login_add_domain(&l, (struct slice){ text, LIMIT_DOMAIN }));
	assert_int_equal(l.addresses.n, 4 + 1 + LIMIT_DOMAIN);
	login_free(&l);
}

/* Both lists go into one grant. */
static void
test_both_lists_share_the_size_of_a_grant(void **state)
{
	struct login l = login_new();
	char text[255];
	int i, own;

	(void)state;
	for (own = 0; own < 100; own++) {
		snprintf(text, sizeof(text), "%0245d@x.net", own);
		assert_true(login_add_address(&l, slice_of(text)));
	}
	assert_false(l.truncated);
	for (i = 0; i < LIMIT_GRANT_ADDRESSES; i++) {
		snprintf(text, sizeof(text), "%0245d@y.net", i);
		if (!login_add_delegated(&l, slice_of("info"), slice_of(text)))
			break;
	}
	assert_true(l.truncated);
	assert_int_equal(l.delegated_count, i);
	assert_int_equal(l.acting_count, i);
	assert_true(l.addresses.n + l.delegated.n < LIMIT_GRANT);
	login_free(&l);
}

static void
test_the_names_of_delegates_are_bounded(void **state)
{
	char name[LIMIT_USER + 1], text[32];
	struct login l = login_new();
	int i;

	(void)state;
	memset(name, 'n', LIMIT_USER);
	name[LIMIT_USER] = '\0';
	for (i = 0; i < LIMIT_GRANT_ADDRESSES; i++) {
		snprintf(text, sizeof(text), "u%d@example.net", i);
		assert_true(
		    login_add_delegated(&l, slice_of(name), slice_of(text)));
	}
	assert_int_equal(l.delegated_count, LIMIT_GRANT_ADDRESSES);
	assert_in_range(l.acting_count, 100, LIMIT_GRANT_ADDRESSES - 1);
	assert_true(l.truncated);
	assert_true(buf_ok(&l.acting));
	login_free(&l);
}

/* alice, who writes for info (two addresses), desk, and somebody nameless */
static struct login
alice(void)
{
	static const char *const rows[][2] = {
		{ "info", "info@example.net" },
		{ "desk", "desk@example.net" },
		{ "info", "smtp:office@example.net" },
		{ "", "nameless@example.net" },
		{ "desk", "office@example.net" },
		{ "desk", "no mailbox" },
	};
	struct login l = login_new();
	size_t i;

	login_judge(&l, AUTH_ACCEPTED, "ok");
	login_set_user(&l, slice_of("alice"));
	assert_true(login_add_address(&l, slice_of("alice@example.net")));
	for (i = 0; i < ARRAY_LEN(rows); i++)
		(void)login_add_delegated(
		    &l, slice_of(rows[i][0]), slice_of(rows[i][1]));
	return l;
}

static void
test_delegated_addresses_are_kept_once(void **state)
{
	struct login l = alice();

	(void)state;
	expect_addresses(&l, "alice@example.net");
	expect_delegated(&l, "info@example.net desk@example.net "
			     "office@example.net nameless@example.net");
	login_free(&l);
}

static void
test_acting_as_oneself_changes_nothing(void **state)
{
	struct login l = alice();

	(void)state;
	assert_true(login_act_as(&l, slice_of("Alice")));
	assert_null(l.acts_as);
	expect_addresses(&l, "alice@example.net");
	assert_int_equal(l.delegated_count, 4);
	login_free(&l);
}

static void
test_acting_as_a_delegate_takes_their_addresses(void **state)
{
	struct login l = alice();

	(void)state;
	assert_true(login_act_as(&l, slice_of("Desk")));
	assert_string_equal(l.acts_as, "desk");
	assert_string_equal(l.user, "alice");
	expect_addresses(&l, "desk@example.net office@example.net");
	expect_delegated(&l, "");
	/* once is for good */
	assert_true(login_act_as(&l, slice_of("desk")));
	assert_false(login_act_as(&l, slice_of("info")));
	assert_false(login_act_as(&l, slice_of("alice")));
	expect_addresses(&l, "desk@example.net office@example.net");
	login_free(&l);
}

static void
test_nobody_acts_as_others(void **state)
{
	static const char *const others[] = { "", "bob", "inf", "info2",
		"nameless@example.net", "info@example.net" };
	struct login l = alice();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(others); i++)
		assert_false(login_act_as(&l, slice_of(others[i])));
	assert_null(l.acts_as);
	expect_addresses(&l, "alice@example.net");
	assert_int_equal(l.delegated_count, 4);
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
		cmocka_unit_test(test_a_second_try_starts_without_rights),
		cmocka_unit_test(test_types_of_addresses),
		cmocka_unit_test(test_domains_stand_among_the_addresses),
		cmocka_unit_test(test_a_domain_of_full_length_fits),
		cmocka_unit_test(test_both_lists_share_the_size_of_a_grant),
		cmocka_unit_test(test_the_names_of_delegates_are_bounded),
		cmocka_unit_test(test_delegated_addresses_are_kept_once),
		cmocka_unit_test(test_acting_as_oneself_changes_nothing),
		cmocka_unit_test(
		    test_acting_as_a_delegate_takes_their_addresses),
		cmocka_unit_test(test_nobody_acts_as_others),
		cmocka_unit_test(
		    test_refusals_wait_for_the_next_whole_multiple),
		cmocka_unit_test(test_chance_adds_at_most_an_eighth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
