/* spooldir - the spool is the relay's own, or there is no start. */

#include "cases.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler.h"
#include "log.h"
#include "spooldir.h"

static const char *const folders[] = { "queue", "incoming", "held", "corrupt",
	"accounts" };
static char dir[] = "/tmp/spooldirXXXXXX";
static char spool[64];

static const char *
below(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", spool, name);
	return path;
}

static int
prepare(void)
{
	return spooldir_prepare(spool, geteuid(), getegid());
}

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/spooldirXXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(spool, sizeof(spool), "%s/spool", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(folders); i++) {
		(void)unlink(below(folders[i]));
		(void)rmdir(below(folders[i]));
	}
	(void)unlink(spool);
	(void)rmdir(spool);
	return rmdir(dir);
}

static void
test_what_is_missing_is_made(void **state)
{
	struct stat st;
	size_t i;

	(void)state;
	assert_int_equal(prepare(), 0);
	for (i = 0; i < ARRAY_LEN(folders); i++) {
		assert_int_equal(lstat(below(folders[i]), &st), 0);
		assert_true(S_ISDIR(st.st_mode));
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_int_equal(rmdir(below("held")), 0);
	assert_int_equal(prepare(), 0);
	assert_int_equal(access(below("held"), F_OK), 0);
}

static void
test_what_is_made_belongs_to_the_relay(void **state)
{
	const uid_t somebody = 54321;
	struct stat st;
	size_t i;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(spooldir_prepare(spool, somebody, somebody), 0);
	for (i = 0; i < ARRAY_LEN(folders); i++) {
		assert_int_equal(lstat(below(folders[i]), &st), 0);
		assert_int_equal(st.st_uid, somebody);
		assert_int_equal(st.st_gid, somebody);
	}
	/* and is not taken over by another user later */
	assert_int_equal(spooldir_prepare(spool, somebody + 1, 0), -1);
	assert_int_equal(lstat(spool, &st), 0);
	assert_int_equal(st.st_uid, somebody);
}

static void
test_symbolic_links_are_refused(void **state)
{
	(void)state;
	assert_int_equal(symlink(dir, spool), 0);
	assert_int_equal(prepare(), -1);
	assert_int_equal(unlink(spool), 0);
	assert_int_equal(mkdir(spool, 0700), 0);
	assert_int_equal(symlink(dir, below("queue")), 0);
	assert_int_equal(prepare(), -1);
}

static void
test_folders_open_to_others_are_refused(void **state)
{
	(void)state;
	assert_int_equal(prepare(), 0);
	assert_int_equal(chmod(below("queue"), 0750), 0);
	assert_int_equal(prepare(), -1);
	assert_int_equal(chmod(below("queue"), 0700), 0);
	assert_int_equal(prepare(), 0);
}

static void
test_a_file_in_the_way_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir(spool, 0700), 0);
	close(open(below("incoming"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(prepare(), -1);
}

static void
test_the_parent_is_not_made_up(void **state)
{
	(void)state;
	assert_int_equal(
	    spooldir_prepare(below("no/such"), geteuid(), getegid()), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_missing_is_made),
		TEST(test_what_is_made_belongs_to_the_relay),
		TEST(test_symbolic_links_are_refused),
		TEST(test_folders_open_to_others_are_refused),
		TEST(test_a_file_in_the_way_is_refused),
		TEST(test_the_parent_is_not_made_up),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
