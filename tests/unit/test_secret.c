/* secret - holding bytes, letting go of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "secret.h"

static void
test_a_secret_is_a_copy_with_a_nul_behind_it(void **state)
{
	char text[] = "pass\0word";
	struct secret s = { NULL, 0 };

	(void)state;
	secret_set(&s, (struct slice){ text, 9 });
	text[0] = 'X';
	assert_int_equal(s.n, 9);
	assert_memory_equal(s.p, "pass\0word", 10);
	secret_wipe(&s);
}

static void
test_a_secret_may_be_set_to_a_part_of_itself(void **state)
{
	struct secret s = { NULL, 0 };

	(void)state;
	secret_set(&s, slice_of("old and new"));
	secret_set(&s, slice_from(secret_slice(&s), 8));
	assert_true(slice_eq(secret_slice(&s), slice_of("new")));
	secret_wipe(&s);
}

static void
test_wiping_twice_is_harmless(void **state)
{
	struct secret s = { NULL, 0 };

	(void)state;
	secret_wipe(&s);
	secret_set(&s, slice_of("x"));
	secret_wipe(&s);
	secret_wipe(&s);
	assert_null(s.p);
	assert_int_equal(s.n, 0);
}

static void
test_an_empty_secret_is_still_a_string(void **state)
{
	struct secret s = { NULL, 0 };

	(void)state;
	secret_set(&s, slice_of(NULL));
	assert_string_equal(s.p, "");
	secret_wipe(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_secret_is_a_copy_with_a_nul_behind_it),
		cmocka_unit_test(test_a_secret_may_be_set_to_a_part_of_itself),
		cmocka_unit_test(test_wiping_twice_is_harmless),
		cmocka_unit_test(test_an_empty_secret_is_still_a_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
