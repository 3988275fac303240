/* buf - growth up to a limit, sticky failure, wiping. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buf.h"

static void
assert_holds(const struct buf *b, const char *text)
{
	assert_true(slice_eq(buf_slice(b), slice_of(text)));
}

static void
test_what_is_added_is_there_in_order(void **state)
{
	struct buf b = buf_new(1000);

	(void)state;
	buf_str(&b, "one ");
	buf_add(&b, "two three", 3);
	buf_printf(&b, " %d", 3);
	assert_true(buf_ok(&b));
	assert_holds(&b, "one two 3");
	buf_free(&b);
}

static void
test_the_limit_itself_fits_and_one_more_does_not(void **state)
{
	size_t limit;

	(void)state;
	for (limit = 0; limit < 300; limit++) {
		struct buf b = buf_new(limit);
		size_t i;

		for (i = 0; i < limit; i++)
			buf_add(&b, "x", 1);
		assert_true(buf_ok(&b));
		assert_int_equal(b.n, limit);
		assert_true(b.cap <= limit);
		buf_add(&b, "x", 1);
		assert_false(buf_ok(&b));
		assert_int_equal(b.n, limit);
		buf_free(&b);
	}
}

static void
test_failure_is_sticky_and_nothing_is_added_in_part(void **state)
{
	struct buf b = buf_new(4);

	(void)state;
	buf_str(&b, "abc");
	buf_str(&b, "de");
	assert_false(buf_ok(&b));
	buf_str(&b, "f"); /* would fit, comes too late */
	buf_printf(&b, "g");
	assert_holds(&b, "abc");
	buf_clear(&b);
	assert_true(buf_ok(&b));
	buf_str(&b, "wxyz");
	assert_holds(&b, "wxyz");
	buf_free(&b);
}

static void
test_absurd_sizes_do_not_wrap(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	buf_str(&b, "x");
	buf_add(&b, "y", SIZE_MAX);
	assert_false(buf_ok(&b));
	assert_holds(&b, "x");
	buf_free(&b);
}

static void
test_nothing_is_a_fine_thing_to_add(void **state)
{
	struct buf b = buf_new(0);

	(void)state;
	buf_add(&b, NULL, 0);
	buf_str(&b, "");
	assert_true(buf_ok(&b));
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void
test_drop_forgets_from_the_front(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	buf_str(&b, "hello world");
	buf_drop(&b, 0);
	buf_drop(&b, 6);
	assert_holds(&b, "world");
	buf_drop(&b, 1000);
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void
test_what_was_dropped_is_wiped(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	buf_str(&b, "secret");
	buf_drop(&b, 2);
	assert_memory_equal(b.p, "cret\0\0", 6);
	buf_clear(&b);
	assert_memory_equal(b.p, "\0\0\0\0\0\0", 6);
	buf_free(&b);
}

static void
test_a_freed_buffer_can_be_used_again(void **state)
{
	struct buf b = buf_new(10);

	(void)state;
	buf_str(&b, "far too much text");
	buf_free(&b);
	buf_free(&b);
	assert_null(b.p);
	assert_true(buf_ok(&b));
	buf_str(&b, "again");
	assert_holds(&b, "again");
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_added_is_there_in_order),
		cmocka_unit_test(
		    test_the_limit_itself_fits_and_one_more_does_not),
		cmocka_unit_test(
		    test_failure_is_sticky_and_nothing_is_added_in_part),
		cmocka_unit_test(test_absurd_sizes_do_not_wrap),
		cmocka_unit_test(test_nothing_is_a_fine_thing_to_add),
		cmocka_unit_test(test_drop_forgets_from_the_front),
		cmocka_unit_test(test_what_was_dropped_is_wiped),
		cmocka_unit_test(test_a_freed_buffer_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
