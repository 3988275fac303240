/*
 * spoolnote - a note is the last one or the one before, whole, whatever fails
 * and wherever a process ends.
 */

#include "spooltree.h"

static const struct slice first = S("the first note");
static const struct slice second = S("the second, which is longer");

static void
assert_note(struct slice want)
{
	struct buf b = buf_new(100);

	assert_int_equal(spool_note_read(spool, 7, &b), SPOOL_OK);
	assert_slice(buf_slice(&b), want);
	buf_free(&b);
}

static bool
is_note(struct slice want)
{
	struct buf b = buf_new(100);
	bool same = spool_note_read(spool, 7, &b) == SPOOL_OK &&
		    slice_eq(buf_slice(&b), want);

	buf_free(&b);
	return same;
}

static void
test_a_note_is_replaced(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	assert_int_equal(spool_note_read(spool, 7, &b), SPOOL_GONE);
	assert_int_equal(spool_note_write(spool, 7, first), SPOOL_OK);
	assert_note(first);
	assert_int_equal(spool_note_write(spool, 8, first), SPOOL_OK);
	assert_int_equal(spool_note_write(spool, 7, second), SPOOL_OK);
	assert_note(second);
	assert_int_equal(count_files("accounts"), 2);
	buf_free(&b);
}

static void
test_it_is_synced_before_it_gets_its_name(void **state)
{
	(void)state;
	assert_int_equal(spool_note_write(spool, 7, first), SPOOL_OK);
	assert_string_equal(fault.order, "wsmd");
}

static void
test_a_call_that_fails_leaves_a_whole_note(void **state)
{
	unsigned at;

	for (at = 1; at <= 4; at++) {
		setup(state);
		assert_int_equal(spool_note_write(spool, 7, first), SPOOL_OK);
		fault.made = 0;
		fault.at = at;
		fault.error = at % 2 == 0 ? EIO : ENOSPC;
		assert_int_not_equal(
		    spool_note_write(spool, 7, second), SPOOL_OK);
		fault.error = 0;
		fault.at = 0;
		assert_true(is_note(at < 4 ? first : second));
		assert_int_equal(spool_note_write(spool, 7, second), SPOOL_OK);
		assert_note(second);
	}
}

static void
test_a_process_that_ends_leaves_a_whole_note(void **state)
{
	unsigned at;
	int status;
	pid_t pid;

	for (at = 1; at <= 4; at++) {
		setup(state);
		assert_int_equal(spool_note_write(spool, 7, first), SPOOL_OK);
		fault.made = 0;
		fault.at = at;
		pid = fork();
		if (pid == 0) /* ends before it answers */
			_exit(spool_note_write(spool, 7, second) == SPOOL_OK
				  ? 1
				  : 2);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		fault.at = 0;
		assert_true(is_note(at < 3 ? first : second));
	}
}

static void
test_slight_trouble_does_not_matter(void **state)
{
	(void)state;
	fault.slight = true;
	assert_int_equal(spool_note_write(spool, 7, second), SPOOL_OK);
	assert_note(second);
}

static void
test_a_note_is_set_aside(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	assert_int_equal(spool_note_write(spool, 7, first), SPOOL_OK);
	spool_note_set_aside(spool, 7);
	assert_int_equal(spool_note_read(spool, 7, &b), SPOOL_GONE);
	assert_int_equal(count_files("corrupt"), 1);
	buf_free(&b);
}

static void
test_a_link_in_its_place_is_not_followed(void **state)
{
	struct buf b = buf_new(100);

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path_of("accounts", "07")), 0);
	assert_int_equal(spool_note_read(spool, 7, &b), SPOOL_IO);
	assert_int_equal(b.n, 0);
	assert_int_equal(
	    symlink("/dev/null", path_of("accounts", "07.new")), 0);
	assert_int_equal(spool_note_write(spool, 7, first), SPOOL_IO);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_note_is_replaced, setup),
		cmocka_unit_test_setup(
		    test_it_is_synced_before_it_gets_its_name, setup),
		cmocka_unit_test_setup(
		    test_a_call_that_fails_leaves_a_whole_note, setup),
		cmocka_unit_test_setup(
		    test_a_process_that_ends_leaves_a_whole_note, setup),
		cmocka_unit_test_setup(
		    test_slight_trouble_does_not_matter, setup),
		cmocka_unit_test_setup(test_a_note_is_set_aside, setup),
		cmocka_unit_test_setup(
		    test_a_link_in_its_place_is_not_followed, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
