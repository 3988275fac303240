/*
 * ledger - what is remembered of users, and who is forgotten; known - the same
 * of their recipients.
 */

#include "cases.h"

#include <stdlib.h>

#include "compiler.h"
#include "known.h"
#include "ledger.h"
#include "limits.h"

#define T0 UINT64_C(1790000000)

static unsigned touched;

static void
on_changed(void *arg, struct ledger_page *page)
{
	(void)arg;
	assert_true(page->dirty);
	touched++;
}

static int
setup(void **state)
{
	touched = 0;
	*state = ledger_new(on_changed, NULL);
	return 0;
}

static int
teardown(void **state)
{
	struct ledger *l = *state;

	ledger_free(&l);
	assert_null(l);
	return 0;
}

static void
test_a_user_is_one_account(void **state)
{
	struct ledger *l = *state;
	struct account *a;

	assert_null(ledger_find(l, "alice"));
	a = ledger_use(l, "alice", T0);
	assert_ptr_equal(ledger_find(l, "alice"), a);
	assert_ptr_equal(ledger_use(l, "alice", T0 + 1), a);
	/* an operator who blocks "Alice" means her */
	assert_ptr_equal(ledger_find(l, "ALICE"), a);
	assert_ptr_equal(ledger_use(l, "Alice", T0 + 1), a);
	assert_ptr_not_equal(ledger_use(l, "bob", T0), a);
	assert_int_equal(a->used_s, T0 + 1);
	assert_int_equal(touched, 0);
	ledger_touch(l, a);
	assert_int_equal(touched, 1);
}

/* Names of one page: enough to fill it, and more. */
static const char *
name_in_page(const struct ledger_page *page, struct ledger *l, unsigned *at)
{
	static char name[32];

	do {
		(void)snprintf(name, sizeof(name), "user%u", (*at)++);
	} while (ledger_page_of(l, name) != page);
	return name;
}

static void
test_who_has_not_sent_for_longest_is_forgotten(void **state)
{
	struct ledger *l = *state;
	struct ledger_page *page = ledger_page_of(l, "alice");
	unsigned i, at = 0, first_at = 0;
	char first[32];

	(void)snprintf(
	    first, sizeof(first), "%s", name_in_page(page, l, &first_at));
	ledger_use(l, "alice", T0);
	for (i = 0; i < LIMIT_PAGE_ACCOUNTS - 1; i++)
		ledger_use(l, name_in_page(page, l, &at), T0 + i);
	assert_int_equal(page->n, LIMIT_PAGE_ACCOUNTS);
	ledger_use(l, "alice", T0 + i); /* no longer the oldest */
	ledger_use(l, name_in_page(page, l, &at), T0 + i);
	assert_int_equal(page->n, LIMIT_PAGE_ACCOUNTS);
	assert_non_null(ledger_find(l, "alice"));
	assert_null(ledger_find(l, first));
}

static void
fill_page(struct ledger *l, struct ledger_page *page)
{
	unsigned i, at = 0;

	for (i = 0; i < 2 * LIMIT_PAGE_ACCOUNTS; i++)
		ledger_use(l, name_in_page(page, l, &at), T0 + i);
	assert_int_equal(page->n, LIMIT_PAGE_ACCOUNTS);
}

static void
test_who_is_stopped_or_sending_is_not_forgotten(void **state)
{
	struct ledger *l = *state;
	struct ledger_page *page = ledger_page_of(l, "alice");
	struct account *a = ledger_use(l, "alice", T0);

	account_set_stop(&a->blocked, "stolen", T0);
	fill_page(l, page);
	assert_ptr_equal(ledger_find(l, "alice"), a);
	account_set_stop(&a->blocked, NULL, 0);
	account_set_stop(&a->held, "networks", T0);
	fill_page(l, page);
	assert_ptr_equal(ledger_find(l, "alice"), a);
	account_set_stop(&a->held, NULL, 0);
	a->reserved[QUOTA_MESSAGES] = 1;
	fill_page(l, page);
	assert_ptr_equal(ledger_find(l, "alice"), a);
	a->reserved[QUOTA_MESSAGES] = 0;
	fill_page(l, page);
	assert_null(ledger_find(l, "alice"));
}

static void
test_a_page_has_so_many_recipients(void **state)
{
	struct ledger *l = *state;
	struct ledger_page *page = ledger_page_of(l, "alice");
	unsigned at = 0;
	uint64_t i, n = 0;

	while (n++ < 60) {
		struct account *a =
		    ledger_use(l, name_in_page(page, l, &at), T0 + n);

		for (i = 1; i <= LIMIT_KNOWN_RECIPIENTS / 2; i++)
			account_know(a, i);
	}
	ledger_use(l, "alice", T0 + n);
	assert_true(page->known_n <= LIMIT_PAGE_KNOWN);
	assert_true(page->n < 60);
	assert_non_null(ledger_find(l, "alice"));
}

static void
test_hashes_are_keyed_and_know_no_case(void **state)
{
	struct ledger *l = *state, *other = ledger_new(NULL, NULL);
	struct account *a = ledger_use(l, "alice", T0);
	uint64_t bob = ledger_hash(a, "bob@example.net");

	assert_true(ledger_hash(a, "Bob@EXAMPLE.net") == bob);
	assert_true(ledger_hash(a, "rob@example.net") != bob);
	assert_true(ledger_hash(ledger_use(other, "alice", T0),
			"bob@example.net") != bob);
	ledger_free(&other);
}

/* -- known ----------------------------------------------------------------- */

static void
test_recipients_are_remembered(void **state)
{
	struct known k = { 0 };
	uint64_t i;

	(void)state;
	assert_false(known_has(&k, 1));
	for (i = 0; i < 1000; i++) {
		assert_false(known_has(&k, i << 40 | i << 3 | 5));
		known_add(&k, i << 40 | i << 3 | 5);
		known_add(&k, i << 40 | i << 3 | 5);
	}
	assert_int_equal(known_count(&k), 1000);
	for (i = 0; i < 1000; i++)
		assert_true(known_has(&k, i << 40 | i << 3 | 5));
	assert_false(known_has(&k, 0));
	known_add(&k, 0); /* the mark of a free slot is a hash like others */
	assert_true(known_has(&k, 0));
	known_free(&k);
	assert_int_equal(known_count(&k), 0);
}

static void
test_the_last_used_half_is_kept(void **state)
{
	struct known k = { 0 };
	uint64_t i, n = LIMIT_KNOWN_RECIPIENTS * UINT64_C(3);

	(void)state;
	for (i = 1; i <= n; i++) {
		known_add(&k, i);
		known_add(&k, 1); /* used again and again */
		assert_true(known_count(&k) <= LIMIT_KNOWN_RECIPIENTS);
	}
	for (i = n; i > n - LIMIT_KNOWN_RECIPIENTS / 2 + 1; i--)
		assert_true(known_has(&k, i));
	assert_true(known_has(&k, 1));
	assert_false(known_has(&k, 2));
	known_free(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_a_user_is_one_account, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_who_has_not_sent_for_longest_is_forgotten, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_who_is_stopped_or_sending_is_not_forgotten, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_a_page_has_so_many_recipients, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_hashes_are_keyed_and_know_no_case, setup, teardown),
		cmocka_unit_test(test_recipients_are_remembered),
		cmocka_unit_test(test_the_last_used_half_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
