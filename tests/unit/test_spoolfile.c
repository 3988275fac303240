/* spoolfile - what is not a whole message of ours is never sent. */

#include "spooltree.h"

static char file[4096];
static size_t file_n;

static void
put_file(const char *name, const char *p, size_t n)
{
	int fd = open(path_of("queue", name),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

/* The octets of a good file, which is gone afterwards. */
static void
take_file(void)
{
	int fd;

	assert_int_equal(do_commit(), SPOOL_OK);
	assert_int_equal(do_mark(), SPOOL_OK);
	fd = open(path_of("queue", queueid_format(ID).s), O_RDONLY | O_CLOEXEC);
	file_n = (size_t)read(fd, file, sizeof(file));
	close(fd);
	assert_true(file_n > 100 && file_n < sizeof(file));
	assert_int_equal(do_remove(), SPOOL_OK);
}

/* What stands in queue/ID is to be put aside, never loaded. */
static void
assert_set_aside(void)
{
	assert_int_equal(do_load(), SPOOL_CORRUPT);
	assert_false(is_in("queue"));
	assert_true(is_in("corrupt"));
	assert_int_equal(remove(path_of("corrupt", queueid_format(ID).s)), 0);
}

static void
test_a_file_cut_anywhere_is_set_aside(void **state)
{
	size_t n;

	(void)state;
	take_file();
	for (n = 0; n < file_n; n++) {
		put_file(queueid_format(ID).s, file, n);
		assert_set_aside();
	}
	put_file(queueid_format(ID).s, file, file_n + 1);
	assert_set_aside();
	put_file(queueid_format(ID).s, file, file_n);
	assert_int_equal(do_load(), SPOOL_OK);
}

static void
test_no_flipped_bit_goes_unseen(void **state)
{
	enum spool_status status;
	unsigned newer = 0;
	size_t bit;

	(void)state;
	take_file();
	for (bit = 0; bit < file_n * 8; bit++) {
		file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
		put_file(queueid_format(ID).s, file, file_n);
		file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
		/* A version cannot be told from a bit gone wrong in it. */
		if (bit / 8 < 8 || bit / 8 > 11 || bit == 11 * 8 + 1) {
			assert_set_aside();
			continue;
		}
		status = do_load();
		assert_int_equal(status, SPOOL_NEWER);
		assert_true(is_in("queue"));
		newer++;
	}
	assert_int_equal(newer, 31);
}

static void
test_a_file_under_another_name_is_set_aside(void **state)
{
	struct spool_message m;

	(void)state;
	take_file();
	put_file(queueid_format(OTHER).s, file, file_n);
	assert_int_equal(spool_load(spool, OTHER, &m), SPOOL_CORRUPT);
	assert_int_equal(do_load(), SPOOL_GONE);
}

static void
test_what_is_no_file_is_set_aside(void **state)
{
	struct queueid_text id = queueid_format(ID);
	const char *name = id.s;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path_of("queue", name)), 0);
	assert_set_aside();
	assert_int_equal(mkfifo(path_of("queue", name), 0600), 0);
	assert_set_aside();
	assert_int_equal(mkdir(path_of("queue", name), 0700), 0);
	assert_set_aside();
	assert_int_equal(mknod(path_of("queue", name), S_IFSOCK | 0600, 0), 0);
	assert_set_aside();
}

static void
test_a_scan_finds_ours_and_clears_the_rest(void **state)
{
	static const char *const foreign[] = { "core", "x", "0123456789abc.",
		"0123456789ABC", "zzzzzzzzzzzzz", "00000000000000" };
	uint64_t *ids;
	size_t i, n;

	(void)state;
	take_file();
	put_file(queueid_format(ID).s, file, file_n);
	put_file(queueid_format(OTHER).s, file, 3);
	for (i = 0; i < ARRAY_LEN(foreign); i++)
		put_file(foreign[i], "x", 1);
	assert_int_equal(mkdir(path_of("queue", "directory"), 0700), 0);
	assert_int_equal(symlink("/dev/null", path_of("incoming", "a")), 0);
	assert_int_equal(spool_scan(spool, &ids, &n), SPOOL_OK);
	assert_int_equal(n, 2);
	assert_true((ids[0] == ID && ids[1] == OTHER) ||
		    (ids[0] == OTHER && ids[1] == ID));
	free(ids);
	assert_int_equal(count_files("incoming"), 0);
	assert_int_equal(count_files("queue"), 2);
	assert_int_equal(count_files("corrupt"), ARRAY_LEN(foreign) + 1);
	assert_int_equal(do_load(), SPOOL_OK);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_cut_anywhere_is_set_aside),
		TEST(test_no_flipped_bit_goes_unseen),
		TEST(test_a_file_under_another_name_is_set_aside),
		TEST(test_what_is_no_file_is_set_aside),
		TEST(test_a_scan_finds_ours_and_clears_the_rest),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
