/* log - lines that can be split again, whatever a stranger puts into them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "log.h"

static int saved_stderr;
static int memory;
static char text[1 << 20];

static void
capture(void)
{
	memory = memfd_create("log", MFD_CLOEXEC);
	assert_true(memory >= 0);
	fflush(stderr);
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(saved_stderr >= 0);
	assert_int_equal(dup2(memory, STDERR_FILENO), STDERR_FILENO);
}

/* What was written since capture(). */
static const char *
captured(void)
{
	ssize_t n = pread(memory, text, sizeof(text) - 1, 0);

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(memory);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void
assert_matches(const char *line, const char *pattern)
{
	regex_t r;

	assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&r, line, 0, NULL, 0) != 0)
		fail_msg("'%s' does not match '%s'", line, pattern);
	regfree(&r);
}

static size_t
count_lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void
test_a_line_names_time_role_session_and_event(void **state)
{
	struct log_line l;

	(void)state;
	capture();
	log_begin(&l, LOG_LEVEL_INFO, 0x112233aabbccddULL, "session");
	log_str(&l, "user", "alice");
	log_u64(&l, "size", UINT64_MAX);
	log_fmt(&l, "tls", "TLSv1.%d", 3);
	log_end(&l);
	assert_matches(captured(),
	    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}"
	    "[+-][0-9]{2}:[0-9]{2} test\\[[0-9]+\\] 00112233aabbccdd session "
	    "user=alice size=18446744073709551615 tls=TLSv1\\.3\n$");
}

static void
test_an_event_of_no_session_has_a_dash(void **state)
{
	(void)state;
	capture();
	log_event(LOG_LEVEL_WARN, "started", "%d roles", 3);
	assert_matches(captured(), "\\] - started text=\"3 roles\"\n$");
}

static void
test_what_could_break_a_line_is_quoted(void **state)
{
	static const struct {
		struct slice value;
		const char *written;
	} cases[] = {
		{ { "plain", 5 }, "plain" },
		{ { "a@b.example", 11 }, "a@b.example" },
		{ { "", 0 }, "\"\"" },
		{ { NULL, 0 }, "\"\"" },
		{ { "two words", 9 }, "\"two words\"" },
		{ { "a\"b\\c", 5 }, "\"a\\\"b\\\\c\"" },
		{ { "x\r\ny", 4 }, "\"x\\x0d\\x0ay\"" },
		{ { "a\0b", 3 }, "\"a\\x00b\"" },
		{ { "\x1b[2J", 4 }, "\"\\x1b[2J\"" },
		{ { "J\xc3\xb6rg", 5 }, "\"J\\xc3\\xb6rg\"" },
		{ { "\x7f", 1 }, "\"\\x7f\"" },
	};
	char expected[128];
	struct log_line l;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		capture();
		log_begin(&l, LOG_LEVEL_INFO, 0, "event");
		log_slice(&l, "k", cases[i].value);
		log_end(&l);
		snprintf(expected, sizeof(expected), " - event k=%s\n",
		    cases[i].written);
		assert_string_equal(strstr(captured(), " - event"), expected);
	}
}

static void
test_no_octet_adds_a_line_or_a_field(void **state)
{
	struct log_line l;
	char value[4];
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		memcpy(value, "a=b", 4);
		value[1] = (char)c;
		capture();
		log_begin(&l, LOG_LEVEL_ERROR, 0, "event");
		log_slice(&l, "k", (struct slice){ value, 3 });
		log_str(&l, "end", "yes");
		log_end(&l);
		captured();
		assert_int_equal(count_lines(text), 1);
		assert_matches(text,
		    " k=(\"([^\"\\\\]|\\\\[\"\\\\x])*\"|[^ \"]+) end=yes\n$");
	}
}

static void
test_a_long_value_is_cut_and_says_so(void **state)
{
	static char value[LIMIT_LOG_VALUE + 1];
	struct log_line l;

	(void)state;
	memset(value, 'v', sizeof(value));
	capture();
	log_begin(&l, LOG_LEVEL_INFO, 0, "event");
	log_slice(&l, "k", (struct slice){ value, sizeof(value) });
	log_fmt(&l, "f", "%.*s", (int)sizeof(value), value);
	log_slice(&l, "fits", (struct slice){ value, LIMIT_LOG_VALUE });
	log_end(&l);
	assert_matches(
	    captured(), " k=\"v+\\.\\.\\.\" f=\"v+\\.\\.\\.\" fits=v+\n$");
}

static void
test_a_long_line_stays_one_line_and_says_so(void **state)
{
	static char value[LIMIT_LOG_VALUE];
	struct log_line l;
	int i;

	(void)state;
	memset(value, '\n', sizeof(value)); /* four octets for one */
	capture();
	log_begin(&l, LOG_LEVEL_INFO, 0, "event");
	log_str(&l, "first", "here");
	for (i = 0; i < 10; i++)
		log_slice(&l, "k", (struct slice){ value, sizeof(value) });
	log_end(&l);
	captured();
	assert_int_equal(count_lines(text), 1);
	assert_true(strlen(text) <= LOG_LINE_MAX);
	assert_matches(text, " first=here .* cut=yes\n$");
}

static void
test_lines_above_the_level_are_not_written(void **state)
{
	(void)state;
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_WARN);
	capture();
	log_event(LOG_LEVEL_INFO, "no", "no");
	log_event(LOG_LEVEL_DEBUG, "no", "no");
	log_event(LOG_LEVEL_WARN, "yes", "yes");
	log_event(LOG_LEVEL_ERROR, "yes", "yes");
	captured();
	assert_int_equal(count_lines(text), 2);
	assert_null(strstr(text, "no"));
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_DEBUG);
}

static void
test_log_errno_tells_the_error_and_keeps_it(void **state)
{
	(void)state;
	capture();
	errno = ENOENT;
	log_errno(LOG_LEVEL_ERROR, "open", "%s", "file");
	assert_int_equal(errno, ENOENT);
	assert_matches(captured(),
	    " - open text=file error=\"No such file or directory\"\n$");
}

/* systemd says which stream is the journal's; another one is not. */
static void
test_the_journal_gets_a_priority_instead_of_a_time(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	capture();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_DEBUG);
	log_event(LOG_LEVEL_ERROR, "one", "x");
	log_event(LOG_LEVEL_DEBUG, "two", "x");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_DEBUG);
	log_event(LOG_LEVEL_ERROR, "three", "x");
	unsetenv("JOURNAL_STREAM");
	assert_matches(captured(), "^<3>test\\[[0-9]+\\] - one text=x\n"
				   "<7>test\\[[0-9]+\\] - two text=x\n"
				   "[0-9]{4}-.* - three text=x\n$");
}

static void
test_a_flood_is_thinned_and_counted_but_errors_get_through(void **state)
{
	int tries, i;

	(void)state;
	capture();
	/* More than two seconds' worth, wherever the second began. */
	for (i = 0; i < 3 * LIMIT_LOG_LINES_PER_SECOND; i++)
		log_event(LOG_LEVEL_INFO, "flood", "%d", i);
	log_event(LOG_LEVEL_ERROR, "error", "through");
	captured();
	assert_true(count_lines(text) < 3 * LIMIT_LOG_LINES_PER_SECOND);
	assert_non_null(strstr(text, "error text=through"));

	/* The count comes with the first line of a later second. */
	for (tries = 0; tries < 300; tries++) {
		if (strstr(text, "log_dropped") != NULL)
			break;
		poll(NULL, 0, 10);
		capture();
		log_event(LOG_LEVEL_ERROR, "next", "x");
		captured();
	}
	assert_matches(text, " - log_dropped lines=[0-9]+\n");
}

static void
test_a_reader_that_stands_still_costs_lines_not_time(void **state)
{
	char junk[4096] = { 0 };
	int pipes[2], i;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(pipes[1], junk, sizeof(junk)) > 0)
		;
	assert_int_equal(fcntl(pipes[1], F_SETFL, 0), 0); /* blocking */
	saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	dup2(pipes[1], STDERR_FILENO);
	alarm(10);
	for (i = 0; i < 100; i++)
		log_event(LOG_LEVEL_ERROR, "event", "nobody reads");
	alarm(0);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipes[0]);
	close(pipes[1]);
}

static int
setup(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_open("test", LOG_TO_STDERR, LOG_LEVEL_DEBUG);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_names_time_role_session_and_event),
		cmocka_unit_test(test_an_event_of_no_session_has_a_dash),
		cmocka_unit_test(test_what_could_break_a_line_is_quoted),
		cmocka_unit_test(test_no_octet_adds_a_line_or_a_field),
		cmocka_unit_test(test_a_long_value_is_cut_and_says_so),
		cmocka_unit_test(test_a_long_line_stays_one_line_and_says_so),
		cmocka_unit_test(test_lines_above_the_level_are_not_written),
		cmocka_unit_test(test_log_errno_tells_the_error_and_keeps_it),
		cmocka_unit_test(
		    test_the_journal_gets_a_priority_instead_of_a_time),
		cmocka_unit_test(
		    test_a_flood_is_thinned_and_counted_but_errors_get_through),
		cmocka_unit_test(
		    test_a_reader_that_stands_still_costs_lines_not_time),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
