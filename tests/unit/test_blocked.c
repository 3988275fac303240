/* blocked - who is on the list, as relay says it. */

#include "cases.h"

#include "blocked.h"
#include "limits.h"

static unsigned seen;

static void
see(const struct msg_account *m, void *arg)
{
	(void)arg;
	assert_int_equal(m->state, ACCOUNT_BLOCKED);
	assert_true(slice_eq(m->reason, slice_of("operator")));
	seen++;
}

static bool
say(struct blocked *b, const char *user, enum account_state state)
{
	struct msg_account m = { slice_of(user), state, slice_of("operator") };

	return blocked_take(b, &m);
}

static unsigned
count(const struct blocked *b)
{
	seen = 0;
	blocked_each(b, see, NULL);
	return seen;
}

static void
test_only_changes_are_changes(void **state)
{
	struct blocked *b = blocked_new();

	(void)state;
	assert_false(say(b, "alice", ACCOUNT_OPEN));
	assert_true(say(b, "alice", ACCOUNT_BLOCKED));
	assert_false(say(b, "Alice", ACCOUNT_BLOCKED));
	assert_true(say(b, "bob", ACCOUNT_BLOCKED));
	assert_int_equal(count(b), 2);
	assert_true(say(b, "ALICE", ACCOUNT_OPEN));
	assert_int_equal(count(b), 1);
	blocked_free(&b);
	assert_null(b);
}

static void
test_the_list_is_bounded(void **state)
{
	struct blocked *b = blocked_new();
	char name[16];
	unsigned i;

	(void)state;
	for (i = 0; i < LIMIT_BLOCKED; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		assert_true(say(b, name, ACCOUNT_BLOCKED));
	}
	assert_false(say(b, "one more", ACCOUNT_BLOCKED));
	assert_int_equal(count(b), LIMIT_BLOCKED);
	blocked_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_changes_are_changes),
		cmocka_unit_test(test_the_list_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
