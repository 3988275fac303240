/*
 * message - what its sender is told later: when, in which order with the disk
 * and the client, and what a crash leaves.
 */

#include "reportpair.h"

/* -- who is told ----------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char	*sender;
	uint32_t	 notify[RECIPIENTS];
	enum outcome	 outcome[RECIPIENTS];
	bool		 dsn;		/* the smarthost's */
	unsigned	 reports;
	size_t		 held;
	const char	*told;
} matrix[] = {
	{ "alice@example.org", { 0, 0 }, { O, P }, false, 1, 0,
	  "carol@example.net\r\nAction: failed\r\nStatus: 5.0.0\r\n" },
	{ "alice@example.org", { 0, NOTIFY_FAILURE }, { O, P }, false, 1, 0,
	  "Action: failed" },
	{ "alice@example.org", { 0, NOTIFY_NEVER }, { O, P }, false, 0, 0, "" },
	{ "alice@example.org", { 0, NOTIFY_SUCCESS }, { O, P }, false, 0, 0, "" },
	{ "alice@example.org", { 0, NOTIFY_DELAY }, { O, P }, false, 0, 0, "" },
	{ "alice@example.org", { 0, 0 }, { O, O }, false, 0, 0, "" },
	{ "alice@example.org", { NOTIFY_SUCCESS, 0 }, { O, O }, false, 1, 0,
	  "bob@example.net\r\nAction: relayed\r\n" },
	{ "alice@example.org", { NOTIFY_SUCCESS, 0 }, { O, O }, true, 0, 0, "" },
	{ "alice@example.org", { NOTIFY_FAILURE, NOTIFY_DELAY }, { O, O },
	  false, 0, 0, "" },
	/* one report for all of an attempt */
	{ "alice@example.org", { NOTIFY_SUCCESS, 0 }, { O, P }, false, 1, 0,
	  "bob@example.net\r\nAction: relayed\r\nStatus: 2.0.0\r\n" },
	/* the client hears it itself */
	{ "alice@example.org", { 0, NOTIFY_FAILURE }, { P, P }, false, 0, 0,
	  "" },
	/* nobody to tell */
	{ "", { 0, 0 }, { O, P }, false, 0, 1, "" },
	{ "", { 0, NOTIFY_FAILURE }, { O, P }, false, 0, 1, "" },
	{ "", { NOTIFY_SUCCESS, NOTIFY_SUCCESS }, { O, O }, false, 0, 0, "" },
};
/* clang-format on */

static void
test_notify_and_the_outcome_decide(void **state)
{
	struct begin begin;
	size_t i;

	for (i = 0; i < ARRAY_LEN(matrix); i++) {
		print_message("row %zu\n", i);
		begin = good_begin();
		begin.sender = matrix[i].sender;
		memcpy(begin.notify, matrix[i].notify, sizeof(matrix->notify));
		has_dsn = matrix[i].dsn;
		submit_as(&begin);
		RUN_UNTIL(delivery != NULL);
		deliver(matrix[i].outcome[0], matrix[i].outcome[1],
		    matrix[i].outcome[0] == P ? 550 : 250);
		RUN_UNTIL(t.done > 0 && report.n >= matrix[i].reports &&
			  messages_count() == 0);
		assert_int_equal(t.code, matrix[i].outcome[0] == P ? 550 : 250);
		assert_int_equal(report.n, matrix[i].reports);
		assert_int_equal(count_files("held"), matrix[i].held);
		assert_int_equal(count_files("queue"), 0);
		assert_told(report.n == 0 ? "" : matrix[i].told);
		teardown(state);
		setup(state);
	}
}

static void
test_it_goes_to_the_sender_and_names_who_failed_only(void **state)
{
	struct begin begin = good_begin();
	uint64_t before = t.relay.reports;

	(void)state;
	begin.options.require_tls = true;
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(O, P, 250);
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_string_equal(report.to, "alice@example.org");
	assert_int_equal(report.notify, NOTIFY_NEVER);
	assert_true(report.require_tls);
	assert_told("To: <alice@example.org>\r\n");
	assert_told("carol@example.net");
	assert_null(strstr(report.text, "bob@example.net"));
	assert_int_equal(t.relay.reports, before + 1);
}

/* -- the order of things --------------------------------------------------- */

static void
test_the_report_is_durable_before_250(void **state)
{
	(void)state;
	disk.gated = true;
	submit();
	RUN_UNTIL(delivery != NULL);
	deliver(O, P, 250);
	RUN_UNTIL(jobs_busy(t.relay.disk) > 0);
	assert_int_equal(t.done, 0);
	assert_int_equal(spooled(), 0);
	disk_go();
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_DELIVERED, 250, "2.0.0");
	assert_int_equal(t.queued, 1);
	disk.gated = false;
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_int_equal(spooled(), 0);
}

/* Delivered is delivered: 451 now would have it sent again. */
static void
test_a_success_that_cannot_be_told_yet_is_told_later(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	begin.notify[0] = NOTIFY_SUCCESS;
	disk.error = ENOSPC;
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(O, O, 250);
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
	assert_int_equal(report.n, 0);
	assert_int_equal(messages_count(), 1);
	disk.error = 0;
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_int_equal(t.done, 1);
	assert_int_equal(spooled(), 0);
}

/* Whichever step the disk refuses: once more, until all of it is done. */
static void
test_no_step_that_fails_loses_a_report(void **state)
{
	atomic_int *const steps[] = { &disk.error, &disk.fsync, &disk.unlink };
	struct left l = left_open();
	size_t i;

	for (i = 0; i < ARRAY_LEN(steps); i++) {
		print_message("step %zu\n", i);
		find(&l);
		RUN_UNTIL(delivery != NULL);
		*steps[i] = ENOSPC;
		deliver(O, P, 250);
		RUN_UNTIL(disk.refused > 0 && jobs_busy(t.relay.disk) == 0);
		assert_int_equal(messages_count() > 0, 1);
		*steps[i] = 0;
		RUN_UNTIL(report.n > 0 && messages_count() == 0);
		assert_int_equal(report.n, 1);
		assert_int_equal(deliveries, 1);
		assert_int_equal(spooled(), 0);
		teardown(state);
		setup(state);
	}
}

/* Who has it, and who never will, is on record before the report is made. */
static void
test_the_outcome_is_on_record_before_the_report(void **state)
{
	struct left l = left_open();
	uint64_t id = find(&l);

	(void)state;
	RUN_UNTIL(delivery != NULL);
	disk.gated = true;
	deliver(T, P, 550);
	RUN_UNTIL(jobs_busy(t.relay.disk) > 0);
	disk_go(); /* the mark; the report waits */
	RUN_UNTIL(status_of(id, 1) == RECIPIENT_FAILED);
	assert_int_equal(count_files("queue"), 1);
	disk_go(); /* the report; the second mark waits */
	RUN_UNTIL(count_files("queue") == 2);
	disk_go(); /* the second mark */
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_int_equal(status_of(id, 0), RECIPIENT_OPEN);
	assert_int_equal(status_of(id, 1), RECIPIENT_REPORTED);
}

static void
test_what_a_crash_left_to_tell_is_told(void **state)
{
	/* clang-format off */
	static const struct {
		enum recipient_status	 status[RECIPIENTS];
		unsigned		 reports;
		const char		*told;
	} cases[] = {
		{ { RECIPIENT_DONE, RECIPIENT_FAILED }, 1,
		  "carol@example.net\r\nAction: failed\r\nStatus: 5.0.0\r\n" },
		{ { RECIPIENT_RELAYED, RECIPIENT_DONE }, 1,
		  "bob@example.net\r\nAction: relayed\r\n" },
		{ { RECIPIENT_DONE, RECIPIENT_REPORTED }, 0, "" },
		{ { RECIPIENT_REPORTED, RECIPIENT_REPORTED }, 0, "" },
		{ { RECIPIENT_DONE, RECIPIENT_DONE }, 0, "" },
	};
	/* clang-format on */
	struct left l;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("row %zu\n", i);
		l = left_open();
		memcpy(l.status, cases[i].status, sizeof(l.status));
		find(&l);
		RUN_UNTIL(report.n >= cases[i].reports &&
			  count_files("queue") == 0 && messages_count() == 0);
		assert_int_equal(report.n, cases[i].reports);
		assert_told(report.n == 0 ? "" : cases[i].told);
		assert_int_equal(deliveries, 0);
		assert_int_equal(spooled(), 0);
		teardown(state);
		setup(state);
	}
}

/* -- too late -------------------------------------------------------------- */

static void
test_too_old_is_told_with_the_last_word(void **state)
{
	struct left l = left_open();

	(void)state;
	l.age_s = DAY_S + 1;
	find(&l);
	RUN_UNTIL(delivery != NULL);
	deliver(O, T, 451);
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_told("carol@example.net\r\nAction: failed\r\nStatus: 5.4.7\r\n"
		    "Remote-MTA: dns; smart.example\r\n"
		    "Diagnostic-Code: smtp; 451 4.2.0 word\r\n");
	assert_null(strstr(report.text, "bob@example.net"));
	assert_int_equal(spooled(), 0);
}

static void
test_late_is_told_once(void **state)
{
	struct left l = left_open();
	uint64_t id;

	(void)state;
	t.relay.config.warn_after_s = 3600;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = 1;
	l.age_s = 3600;
	id = find(&l);
	RUN_UNTIL(delivery != NULL);
	deliver(T, T, 451);
	RUN_UNTIL(delivery != NULL && report.n > 0);
	assert_told("Action: delayed\r\nStatus: 4.2.0\r\n");
	assert_told("Will-Retry-Until: ");
	assert_int_equal(status_of(id, 0), RECIPIENT_WARNED);
	deliver(T, O, 451);
	RUN_UNTIL(delivery != NULL);
	assert_int_equal(delivery->n, 1);
	deliver(O, O, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(report.n, 1);
	assert_int_equal(spooled(), 0);
}

/* Else a full disk keeps in the queue what fills it. */
static void
test_a_warning_that_cannot_be_written_keeps_nothing_back(void **state)
{
	struct left l = left_open();

	(void)state;
	t.relay.config.warn_after_s = 3600;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = 1;
	l.age_s = 3600;
	(void)find(&l);
	RUN_UNTIL(delivery != NULL);
	disk.error = ENOSPC;
	deliver(T, T, 451);
	RUN_UNTIL(delivery != NULL); /* tried again, though */
	assert_true(disk.refused > 0);
	deliver(O, O, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(report.n, 0);
	assert_int_equal(spooled(), 0);
}

static void
test_late_is_told_to_those_who_want_it(void **state)
{
	/* clang-format off */
	static const struct {
		const char	*sender;
		uint32_t	 warn_after_s;
		uint32_t	 notify;
		unsigned	 reports;
	} cases[] = {
		{ "alice@example.org", 3600, NOTIFY_DELAY, 1 },
		{ "alice@example.org", 3600, NOTIFY_FAILURE, 0 },
		{ "alice@example.org", 3600, NOTIFY_NEVER, 0 },
		{ "alice@example.org", 7200, 0, 0 },
		{ "alice@example.org", 0, 0, 0 },
		{ "", 3600, 0, 0 },
	};
	/* clang-format on */
	struct left l;
	uint64_t id;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("row %zu\n", i);
		t.relay.config.warn_after_s = cases[i].warn_after_s;
		l = left_open();
		l.sender = cases[i].sender;
		l.age_s = 3601;
		l.notify = cases[i].notify;
		id = find(&l);
		RUN_UNTIL(delivery != NULL);
		deliver(T, T, 451);
		RUN_UNTIL(
		    report.n >= cases[i].reports && messages_count() == 0);
		assert_int_equal(report.n, cases[i].reports);
		assert_int_equal(status_of(id, 0),
		    cases[i].reports > 0 ? RECIPIENT_WARNED : RECIPIENT_OPEN);
		teardown(state);
		setup(state);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_notify_and_the_outcome_decide),
		TEST(test_it_goes_to_the_sender_and_names_who_failed_only),
		TEST(test_the_report_is_durable_before_250),
		TEST(test_a_success_that_cannot_be_told_yet_is_told_later),
		TEST(test_no_step_that_fails_loses_a_report),
		TEST(test_the_outcome_is_on_record_before_the_report),
		TEST(test_what_a_crash_left_to_tell_is_told),
		TEST(test_too_old_is_told_with_the_last_word),
		TEST(test_late_is_told_once),
		TEST(test_a_warning_that_cannot_be_written_keeps_nothing_back),
		TEST(test_late_is_told_to_those_who_want_it),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
