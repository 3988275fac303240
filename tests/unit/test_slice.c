/* slice - comparing and cutting runs of bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slice.h"

static void
test_null_is_an_empty_slice(void **state)
{
	(void)state;
	assert_int_equal(slice_of(NULL).n, 0);
	assert_true(slice_eq(slice_of(NULL), slice_of("")));
	assert_true(slice_ieq(slice_of(""), slice_of(NULL)));
}

static void
test_only_slice_ieq_ignores_case(void **state)
{
	(void)state;
	assert_true(slice_eq(slice_of("abc"), slice_of("abc")));
	assert_false(slice_eq(slice_of("abc"), slice_of("aBc")));
	assert_true(slice_ieq(slice_of("abc"), slice_of("aBc")));
	assert_false(slice_ieq(slice_of("abc"), slice_of("abd")));
}

static void
test_a_prefix_is_not_equal(void **state)
{
	(void)state;
	assert_false(slice_eq(slice_of("ab"), slice_of("abc")));
	assert_false(slice_ieq(slice_of("abc"), slice_of("ab")));
}

static void
test_octets_behind_a_nul_count(void **state)
{
	struct slice a = { "x\0a", 3 }, b = { "x\0b", 3 };

	(void)state;
	assert_false(slice_eq(a, b));
	assert_true(slice_eq(a, a));
	assert_false(slice_ieq(a, b));
	assert_true(slice_ieq(a, a));
}

static void
test_slice_from_never_leaves_the_slice(void **state)
{
	struct slice s = slice_of("hello");

	(void)state;
	assert_true(slice_eq(slice_from(s, 0), s));
	assert_true(slice_eq(slice_from(s, 4), slice_of("o")));
	assert_int_equal(slice_from(s, 5).n, 0);
	assert_int_equal(slice_from(s, SIZE_MAX).n, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null_is_an_empty_slice),
		cmocka_unit_test(test_only_slice_ieq_ignores_case),
		cmocka_unit_test(test_a_prefix_is_not_equal),
		cmocka_unit_test(test_octets_behind_a_nul_count),
		cmocka_unit_test(test_slice_from_never_leaves_the_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
