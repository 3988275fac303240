/* hook - the operator's program hears of alarms, and can do no harm. */

#include "cases.h"

#include <event2/event.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook.h"
#include "limits.h"

static struct event_base *base;
static struct settings settings;
static struct hook *hook;
static char dir[] = "/tmp/test_hook.XXXXXX";
static char program[PATH_MAX];
static char output[PATH_MAX];

static void
write_program(const char *text)
{
	FILE *f = fopen(program, "we");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\nout=%s\n%s\n", output, text);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(program, 0700), 0);
}

static int
setup(void **state)
{
	(void)state;
	(void)unlink(output);
	settings.alarm_command = program;
	settings.alarm_timeout_ms = 60000;
	hook = hook_new(base, &settings);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hook_free(&hook);
	assert_null(hook);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return 0;
}

static void
raise_alarm(const char *user)
{
	struct msg_alarm m = { slice_of("new_recipients"), slice_of(user),
		slice_of("count=201 limit=200") };

	hook_alarm(hook, &m);
}

/* The next that ends, as master does it; its status. */
static int
reap(void)
{
	int status = -1;
	pid_t pid = waitpid(-1, &status, 0);

	assert_true(pid > 0);
	assert_true(hook_reap(hook, pid, status));
	return status;
}

/* What the program left. */
static const char *
left(void)
{
	static char text[8192];
	FILE *f = fopen(output, "re");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
test_a_program_gets_the_alarm_and_nothing_else(void **state)
{
	(void)state;
	write_program("/usr/bin/env -u PWD -u SHLVL -u OLDPWD -u _ "
		      "/usr/bin/env | /usr/bin/sort > $out\n"
		      "echo \"args=$#\" >> $out; /bin/cat >> $out\n"
		      "ls /proc/self/fd | wc -l >> $out");
	raise_alarm("al\nice\xc3\xa9$(x)");
	assert_int_equal(reap(), 0);
	assert_string_equal(left(),
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
	    "/bin\n"
	    "SUBMITD_DETAIL=count=201 limit=200\n"
	    "SUBMITD_EVENT=new_recipients\n"
	    "SUBMITD_USER=al?ice??$(x)\n"
	    "args=0\n4\n");
	assert_false(hook_reap(hook, 1, 0));
}

static void
test_a_few_run_at_a_time_and_a_flood_is_dropped(void **state)
{
	const unsigned all = LIMIT_HOOK_RUNNING + LIMIT_HOOK_WAITING;
	unsigned i;

	(void)state;
	write_program("echo $SUBMITD_USER >> $out; kill -STOP $$");
	for (i = 0; i < all + 10; i++)
		raise_alarm(i < all ? "kept" : "dropped");
	for (i = 0; i < all; i++) {
		int status;
		pid_t pid;

		/* no more than may run have begun: each is waited for */
		pid = waitpid(-1, &status, WUNTRACED);
		assert_true(WIFSTOPPED(status));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(hook_reap(hook, pid, status));
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_null(strstr(left(), "dropped"));
	assert_int_equal(strlen(left()), all * strlen("kept\n"));
	raise_alarm("later");
	assert_true(waitpid(-1, NULL, WUNTRACED) > 0);
	assert_non_null(strstr(left(), "later"));
}

static void
test_who_takes_too_long_is_killed_with_its_children(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	settings.alarm_timeout_ms = 50;
	write_program("sleep 1000 & echo $! > $out; wait");
	raise_alarm("alice");
	event_base_loop(base, EVLOOP_ONCE);
	pid = waitpid(-1, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_true(hook_reap(hook, pid, status));
}

/* Else a flood of alarms would leave more of them each time. */
static void
test_what_a_program_leaves_behind_is_killed_at_its_end(void **state)
{
	char c;
	int fd;

	(void)state;
	(void)unlink(output);
	assert_int_equal(mkfifo(output, 0600), 0);
	write_program("exec 9>$out; sleep 1000 &\nexit 0");
	fd = open(output, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	raise_alarm("alice");
	assert_int_equal(reap(), 0);
	/* the end of the file, when nobody has it open any more */
	alarm(20);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(read(fd, &c, 1), 0);
	alarm(0);
	close(fd);
	(void)unlink(output);
}

static void
test_without_a_program_there_is_only_the_log(void **state)
{
	(void)state;
	settings.alarm_command = NULL;
	raise_alarm("alice");
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

static void
test_a_program_that_is_not_there_is_logged(void **state)
{
	(void)state;
	(void)unlink(program);
	raise_alarm("alice");
	assert_int_equal(WEXITSTATUS(reap()), 127);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_a_program_gets_the_alarm_and_nothing_else, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_a_few_run_at_a_time_and_a_flood_is_dropped, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_who_takes_too_long_is_killed_with_its_children, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_what_a_program_leaves_behind_is_killed_at_its_end,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_without_a_program_there_is_only_the_log, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_a_program_that_is_not_there_is_logged, setup,
		    teardown),
	};
	int failed;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(program, sizeof(program), "%s/program", dir);
	(void)snprintf(output, sizeof(output), "%s/output", dir);
	base = event_base_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	event_base_free(base);
	(void)unlink(program);
	(void)unlink(output);
	(void)rmdir(dir);
	return failed;
}
