/*
 * spool - what was promised is there, whole, whatever call fails and wherever
 * the process ends; and nobody else can touch it.
 */

#include "spooltree.h"

enum before { EMPTY, QUEUED };

/* clang-format off */
static const struct {
	const char		*name;
	enum spool_status	(*run)(void);
	enum before		 before;
	const char		*order; /* of the calls, if all goes well */
} operations[] = {
	{ "commit",		do_commit,	EMPTY,	"wrwwsld" },
	{ "commit to held",	do_commit_held,	EMPTY,	"wrwwsld" },
	{ "mark",		do_mark,	QUEUED,	"ps" },
	{ "hold",		do_hold,	QUEUED,	"mdd" },
	{ "remove",		do_remove,	QUEUED,	"u" },
	{ "load",		do_load,	QUEUED,	"rrr" },
};
/* clang-format on */

/* The tree as operation i wants to find it. */
static void
prepare(size_t i)
{
	start_over();
	if (operations[i].before == QUEUED)
		assert_int_equal(do_commit(), SPOOL_OK);
	fault.made = 0;
	memset(fault.order, 0, sizeof(fault.order));
}

/*
 * Whatever happened: a file in queue/ is a whole message, nothing was taken
 * for corrupt, and a message that was there is not gone from everywhere.
 */
static void
assert_whole_or_nothing(size_t i)
{
	uint64_t *ids;
	size_t n;

	fault.at = fault.made = 0;
	fault.slight = false;
	assert_int_equal(spool_scan(spool, &ids, &n), SPOOL_OK);
	free(ids);
	assert_int_equal(n, is_in("queue"));
	assert_int_equal(count_files("incoming"), 0);
	if (is_in("queue"))
		assert_int_equal(do_load(), SPOOL_OK);
	else if (operations[i].before == QUEUED &&
		 operations[i].run != do_remove)
		assert_true(is_in("held"));
	assert_int_equal(count_files("corrupt"), 0);
}

static void
test_calls_are_made_in_the_order_that_keeps_promises(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		prepare(i);
		assert_int_equal(operations[i].run(), SPOOL_OK);
		assert_string_equal(fault.order, operations[i].order);
		assert_whole_or_nothing(i);
	}
}

static void
assert_failure(size_t i, unsigned at, int error, bool onwards)
{
	enum spool_status status;

	prepare(i);
	print_message("%s: call %u (%c), error %d%s\n", operations[i].name, at,
	    operations[i].order[at - 1], error, onwards ? " for good" : "");
	fault.at = at;
	fault.error = error;
	fault.onwards = onwards;
	status = operations[i].run();
	assert_true(
	    status == SPOOL_IO || (status == SPOOL_FULL && error == ENOSPC));
	if (error == ENOSPC && operations[i].order[at - 1] == 'w')
		assert_int_equal(status, SPOOL_FULL);
	if (operations[i].before == EMPTY && !onwards)
		assert_false(is_in("queue") || is_in("held"));
	assert_whole_or_nothing(i);
}

static void
test_a_call_that_fails_leaves_all_or_nothing(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	unsigned at;
	size_t i, e;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++)
		for (at = 1; at <= strlen(operations[i].order); at++)
			for (e = 0; e < ARRAY_LEN(errors); e++) {
				assert_failure(i, at, errors[e], false);
				assert_failure(i, at, errors[e], true);
			}
}

static void
test_the_next_message_is_fine(void **state)
{
	unsigned at;

	(void)state;
	for (at = 1; at <= strlen(operations[0].order); at++) {
		prepare(0);
		fault.at = at;
		fault.error = EIO;
		assert_int_not_equal(do_commit(), SPOOL_OK);
		fault.at = 0;
		assert_int_equal(do_commit(), SPOOL_OK);
		assert_int_equal(do_load(), SPOOL_OK);
	}
}

/* Linux forgets what it could not write: a second fsync would say all is well
 */
static void
test_a_failed_sync_is_not_tried_again(void **state)
{
	(void)state;
	fault.at = 5;
	fault.error = EIO;
	assert_int_equal(do_commit(), SPOOL_IO);
	assert_string_equal(fault.order, "wrwws");
}

static void
run_to_the_end(size_t i, unsigned at)
{
	pid_t child;
	int status;

	prepare(i);
	print_message("%s: ends behind call %u\n", operations[i].name, at);
	spool_close(&spool); /* the child has files and /proc of its own */
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		spool = spool_open(root, getuid(), getgid(), 0, &sys);
		fault.at = at;
		(void)operations[i].run();
		_exit(1); /* the call was not reached */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	spool = spool_open(root, getuid(), getgid(), 0, &sys);
	assert_whole_or_nothing(i);
}

static void
test_a_process_that_ends_anywhere_leaves_all_or_nothing(void **state)
{
	unsigned at;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++)
		for (at = 1; at <= strlen(operations[i].order); at++)
			run_to_the_end(i, at);
}

/* A file system without O_TMPFILE: names in incoming/, gone afterwards. */
static void
test_the_same_without_unnamed_files(void **state)
{
	fault.no_tmpfile = true;
	test_calls_are_made_in_the_order_that_keeps_promises(state);
	test_a_call_that_fails_leaves_all_or_nothing(state);
	test_a_process_that_ends_anywhere_leaves_all_or_nothing(state);
	fault.no_tmpfile = false;
}

static void
test_short_and_interrupted_calls_go_unnoticed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		prepare(i);
		fault.slight = true;
		assert_int_equal(operations[i].run(), SPOOL_OK);
		assert_whole_or_nothing(i);
	}
}

static void
test_marks_are_there_when_loaded(void **state)
{
	struct spool_message m;

	(void)state;
	assert_int_equal(do_commit(), SPOOL_OK);
	assert_int_equal(do_mark(), SPOOL_OK);
	assert_int_equal(spool_load(spool, ID, &m), SPOOL_OK);
	assert_int_equal(m.envelope->recipients[0].status, RECIPIENT_DONE);
	assert_int_equal(m.envelope->recipients[1].status, RECIPIENT_FAILED);
	envelope_free(&m.envelope);
	close(m.fd);
}

/* -- receiving, and who owns the tree -------------------------------------- */

static void
test_a_worker_can_add_and_nothing_else(void **state)
{
	char text[8];
	int fd, worker;

	(void)state;
	assert_int_equal(spool_receive(spool, &fd, &worker), SPOOL_OK);
	assert_int_equal(write(worker, "abc", 3), 3);
	assert_int_equal(pwrite(worker, "X", 1, 0), 1); /* appends */
	assert_int_equal(pread(fd, text, sizeof(text), 0), 4);
	assert_memory_equal(text, "abcX", 4);
	assert_int_equal(pread(worker, text, 1, 0), -1);
	assert_int_equal(errno, EBADF);
	assert_true(fcntl(worker, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(count_files("queue") + count_files("incoming"), 0);
	close(fd);
	close(worker);
}

static void
test_a_worker_cannot_change_what_was_committed(void **state)
{
	int fd, worker, own = content;

	(void)state;
	assert_int_equal(spool_receive(spool, &fd, &worker), SPOOL_OK);
	assert_int_equal(write(worker, content_text, sizeof(content_text) - 1),
	    sizeof(content_text) - 1);
	content = fd;
	assert_int_equal(do_commit(), SPOOL_OK);
	content = own;
	assert_int_equal(ftruncate(worker, 3), 0);
	assert_int_equal(do_load(), SPOOL_OK);
	close(fd);
	close(worker);
}

static void
test_content_shorter_than_said_is_not_committed(void **state)
{
	int own = content;

	(void)state;
	content = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(do_commit(), SPOOL_IO);
	close(content);
	content = own;
	assert_false(is_in("queue"));
}

static void
test_without_room_nothing_is_received(void **state)
{
	int fd, worker;

	(void)state;
	spool_close(&spool);
	spool = spool_open(root, getuid(), getgid(), UINT64_MAX, &sys);
	assert_non_null(spool);
	assert_int_equal(spool_receive(spool, &fd, &worker), SPOOL_FULL);
	assert_int_equal(fd, -1);
	assert_int_equal(worker, -1);
}

static void
test_a_tree_has_one_owner(void **state)
{
	(void)state;
	assert_null(spool_open(root, getuid(), getgid(), 0, &sys));
	spool_close(&spool);
	spool = spool_open(root, getuid(), getgid(), 0, &sys);
	assert_non_null(spool);
}

static void
test_a_tree_is_closed_to_others(void **state)
{
	static const char *const dirs[] = { "queue", "held", "corrupt",
		"accounts", "incoming" };
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(dirs); i++) {
		assert_int_equal(stat(path_of(dirs[i], ""), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0700);
	}
	assert_int_equal(do_commit(), SPOOL_OK);
	assert_int_equal(stat(path_of("queue", queueid_format(ID).s), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls_are_made_in_the_order_that_keeps_promises),
		TEST(test_a_call_that_fails_leaves_all_or_nothing),
		TEST(test_the_next_message_is_fine),
		TEST(test_a_failed_sync_is_not_tried_again),
		TEST(test_a_process_that_ends_anywhere_leaves_all_or_nothing),
		TEST(test_the_same_without_unnamed_files),
		TEST(test_short_and_interrupted_calls_go_unnoticed),
		TEST(test_marks_are_there_when_loaded),
		TEST(test_a_worker_can_add_and_nothing_else),
		TEST(test_a_worker_cannot_change_what_was_committed),
		TEST(test_content_shorter_than_said_is_not_committed),
		TEST(test_without_room_nothing_is_received),
		TEST(test_a_tree_has_one_owner),
		TEST(test_a_tree_is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
