/*
 * sandbox - what a confined process cannot do any more.
 *
 * Each case is a child that enters and tries.  Passes as root, where chroot
 * and another user are tried too, and as an ordinary user.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

#define NOBODY 65534

/* In the child: end with the line that did not hold. */
#define HOLDS(cond)                                                            \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, #cond,  \
			    strerror(errno));                                  \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static char dir[] = "/tmp/test_sandbox.XXXXXX";
static char listed[64], unlisted[64];

static const struct sandbox plain = { .chroot_wanted = true, .root_fd = -1 };

static bool
is_root(void)
{
	return geteuid() == 0;
}

static bool
has_landlock(long abi)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
		   LANDLOCK_CREATE_RULESET_VERSION) >= abi;
}

/* stderr of a test may be a file, which lifts the limit on file sizes. */
static void
enter(const struct sandbox *s)
{
	int p[2];

	HOLDS(pipe2(p, O_CLOEXEC) == 0);
	HOLDS(dup2(p[1], STDERR_FILENO) == STDERR_FILENO);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	HOLDS(sandbox_enter(s, is_root(), NOBODY, NOBODY) == 0);
}

static void
assert_child_succeeds(void (*child)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		child();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
try_files(void)
{
	struct stat st;
	bool root = is_root();

	enter(&plain);
	HOLDS(!is_root());
	if (root) /* Landlock lets a path be looked at, an empty root not */
		HOLDS(stat("/etc", &st) == -1);
	if (!has_landlock(1))
		return;
	HOLDS(open("/etc/passwd", O_RDONLY | O_CLOEXEC) == -1);
	HOLDS(open("/", O_RDONLY | O_CLOEXEC) == -1);
	HOLDS(open(".", O_RDONLY | O_CLOEXEC) == -1);
	HOLDS(open("/tmp/x", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1);
	HOLDS(execl("/bin/true", "true", NULL) == -1);
}

static void
test_no_file_is_within_reach(void **state)
{
	(void)state;
	assert_child_succeeds(try_files);
}

static void
try_listed_paths(void)
{
	struct sandbox s = plain;
	char fresh[80];
	int fd;

	s.chroot_wanted = false;
	s.paths[s.path_count++] = (struct sandbox_path){ "/nowhere", false };
	s.paths[s.path_count++] = (struct sandbox_path){ "/etc/passwd", false };
	s.paths[s.path_count++] = (struct sandbox_path){ listed, true };
	s.max_file_size = 100;
	enter(&s);
	HOLDS(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	HOLDS(open("/etc/passwd", O_WRONLY | O_CLOEXEC) == -1);
	snprintf(fresh, sizeof(fresh), "%s/file", listed);
	fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	HOLDS(fd >= 0 && write(fd, "x", 1) == 1);
	HOLDS(ftruncate(fd, 0) == 0);
	HOLDS(unlink(fresh) == 0);
	if (!has_landlock(2))
		return;
	HOLDS(open("/etc/group", O_RDONLY | O_CLOEXEC) == -1);
	snprintf(fresh, sizeof(fresh), "%s/file", unlisted);
	HOLDS(open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1);
}

static void
test_listed_paths_are_within_reach_and_others_are_not(void **state)
{
	(void)state;
	assert_child_succeeds(try_listed_paths);
}

/* The way a queue file gets its name: unnamed in one folder, linked in another.
 */
static void
try_commit(void)
{
	struct sandbox s = plain;
	int proc = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char number[16];
	int fd;

	s.root_fd = open(listed, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	HOLDS(s.root_fd >= 0 && proc >= 0);
	s.paths[s.path_count++] = (struct sandbox_path){ listed, true };
	s.max_file_size = 100;
	enter(&s);
	fd = openat(s.root_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EOPNOTSUPP)
		return;
	HOLDS(fd >= 0);
	snprintf(number, sizeof(number), "%d", fd);
	HOLDS(linkat(proc, number, s.root_fd, "queue/name",
		  AT_SYMLINK_FOLLOW) == 0);
	HOLDS(renameat(s.root_fd, "queue/name", s.root_fd, "name") == 0);
	HOLDS(unlinkat(s.root_fd, "name", 0) == 0);
	if (is_root())
		HOLDS(open("/queue", O_RDONLY | O_CLOEXEC) >= 0);
}

static void
test_a_spool_can_work_inside(void **state)
{
	(void)state;
	assert_child_succeeds(try_commit);
}

static void
try_attributes(void)
{
	struct sandbox s = plain;
	struct rlimit r;

	s.max_files = 50;
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	enter(&s);
	HOLDS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	HOLDS(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	HOLDS(getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_max == 0);
	HOLDS(getrlimit(RLIMIT_FSIZE, &r) == 0 && r.rlim_max == 0);
	HOLDS(getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_max == 50);
	HOLDS(fork() == -1);
}

static void
test_limits_are_in_force(void **state)
{
	(void)state;
	assert_child_succeeds(try_attributes);
}

static void
try_to_grow_a_file(void)
{
	struct sandbox s = plain;
	char octets[64] = { 0 };
	int fd = open(listed, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	s.max_file_size = 100;
	enter(&s);
	if (fd == -1)
		return;
	HOLDS(write(fd, octets, 64) == 64);
	HOLDS(write(fd, octets, 64) == 36);
	HOLDS(write(fd, octets, 1) == -1 && errno == EFBIG);
}

static void
test_a_file_cannot_grow_beyond_the_limit(void **state)
{
	(void)state;
	assert_child_succeeds(try_to_grow_a_file);
}

static void
try_to_get_back(void)
{
	gid_t groups[8] = { 1 };

	HOLDS(setgroups(1, groups) == 0);
	enter(&plain);
	HOLDS(getuid() != 0 && geteuid() != 0 && getgid() != 0);
	HOLDS(setuid(0) == -1 && seteuid(0) == -1 && setgid(0) == -1);
	HOLDS(setresuid(0, 0, 0) == -1);
	HOLDS(chroot("/") == -1);
	HOLDS(getgroups(8, groups) == 0);
}

static void
test_root_is_gone_for_good(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	assert_child_succeeds(try_to_get_back);
}

/* The other one runs as the same user: ids alone would not protect it. */
static void
try_to_kill(void)
{
	char octet = 0;
	pid_t other;
	int p[2];

	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) == 0);
	other = fork();
	if (other == 0) {
		close(p[0]);
		if (is_root() && setresuid(NOBODY, NOBODY, NOBODY) == -1)
			_exit(1);
		HOLDS(write(p[1], &octet, 1) == 1);
		_exit(read(p[1], &octet, 1) == 0 ? 0 : 1); /* until we end */
	}
	HOLDS(read(p[0], &octet, 1) == 1);
	enter(&plain);
	HOLDS(kill(getpid(), 0) == 0);
	if (has_landlock(6))
		HOLDS(kill(other, 0) == -1 && errno == EPERM);
}

static void
test_no_other_process_can_be_signalled(void **state)
{
	(void)state;
	assert_child_succeeds(try_to_kill);
}

static void *
idle(void *arg)
{
	pause();
	return arg;
}

static void
try_with_a_thread(void)
{
	pthread_t t;

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	HOLDS(pthread_create(&t, NULL, idle, NULL) == 0);
	HOLDS(sandbox_enter(&plain, is_root(), NOBODY, NOBODY) == -1);
}

static void
test_a_process_with_threads_is_not_confined_by_half(void **state)
{
	(void)state;
	assert_child_succeeds(try_with_a_thread);
}

static void *
say_hello(void *arg)
{
	return arg;
}

static void
try_to_start_threads(void)
{
	struct sandbox s = plain;
	pthread_t t;

	s.threads = true;
	enter(&s);
	HOLDS(pthread_create(&t, NULL, say_hello, NULL) == 0);
	HOLDS(pthread_join(t, NULL) == 0);
}

static void
test_threads_can_be_started_inside_when_asked_for(void **state)
{
	(void)state;
	assert_child_succeeds(try_to_start_threads);
}

static void
try_to_stay_root(void)
{
	HOLDS(sandbox_enter(&plain, true, 0, 0) == -1);
}

static void
test_a_role_never_runs_as_root(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	assert_child_succeeds(try_to_stay_root);
}

static void
try_what_is_logged(void)
{
	char text[1024];
	int p[2];
	ssize_t n;

	HOLDS(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
	HOLDS(dup2(p[1], STDERR_FILENO) == STDERR_FILENO);
	HOLDS(sandbox_enter(&plain, is_root(), NOBODY, NOBODY) == 0);
	n = read(p[0], text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	if (n < 0) { /* nothing was given up */
		if (getppid() != 0 && has_landlock(1) && getuid() == NOBODY)
			_exit(0);
		_exit(1);
	}
	if (strstr(text, "given_up=") == NULL)
		_exit(2);
	if (strchr(text, '\n') != text + n - 1)
		_exit(3);
}

static void
test_what_could_not_be_had_is_logged_in_one_line(void **state)
{
	(void)state;
	assert_child_succeeds(try_what_is_logged);
}

static int
setup(void **state)
{
	char queue[80];

	(void)state;
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) == -1)
		return -1;
	snprintf(listed, sizeof(listed), "%s/listed", dir);
	snprintf(unlisted, sizeof(unlisted), "%s/unlisted", dir);
	snprintf(queue, sizeof(queue), "%s/queue", listed);
	if (mkdir(listed, 0777) == -1 || mkdir(unlisted, 0777) == -1 ||
	    mkdir(queue, 0777) == -1)
		return -1;
	/* For the child, who is somebody else when we are root. */
	return chmod(listed, 0777) | chmod(unlisted, 0777) | chmod(queue, 0777);
}

static int
teardown(void **state)
{
	char queue[80];

	(void)state;
	snprintf(queue, sizeof(queue), "%s/queue", listed);
	return rmdir(queue) | rmdir(listed) | rmdir(unlisted) | rmdir(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_file_is_within_reach),
		cmocka_unit_test(
		    test_listed_paths_are_within_reach_and_others_are_not),
		cmocka_unit_test(test_a_spool_can_work_inside),
		cmocka_unit_test(test_limits_are_in_force),
		cmocka_unit_test(test_a_file_cannot_grow_beyond_the_limit),
		cmocka_unit_test(test_root_is_gone_for_good),
		cmocka_unit_test(test_no_other_process_can_be_signalled),
		cmocka_unit_test(
		    test_a_process_with_threads_is_not_confined_by_half),
		cmocka_unit_test(
		    test_threads_can_be_started_inside_when_asked_for),
		cmocka_unit_test(test_a_role_never_runs_as_root),
		cmocka_unit_test(
		    test_what_could_not_be_had_is_logged_in_one_line),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
