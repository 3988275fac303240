/*
 * message - times that clients ask for: not behind one (DELIVERBY), not before
 * one (FUTURERELEASE).
 */

#include "reportpair.h"

#include "holding.h"

/* -- DELIVERBY (RFC 2852) -------------------------------------------------- */

static void
test_behind_its_time_nothing_is_sent(void **state)
{
	struct left l = left_open();

	(void)state;
	l.options.by = BY_RETURN;
	l.options.by_s = now_s();
	find(&l);
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_int_equal(deliveries, 0);
	assert_told("Deliver-By-Date: ");
	assert_told("Action: failed\r\nStatus: 5.4.7\r\n");
	assert_null(strstr(report.text, "Remote-MTA"));
	assert_int_equal(spooled(), 0);
}

static void
test_its_time_is_heeded_while_it_sleeps(void **state)
{
	struct left l = left_open();

	(void)state;
	l.options.by = BY_RETURN;
	l.options.by_s = now_s() + 2;
	find(&l);
	RUN_UNTIL(delivery != NULL);
	deliver(T, T, 451); /* the next try is in an hour */
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_true(now_s() >= l.options.by_s);
	assert_int_equal(deliveries, 1);
	assert_int_equal(spooled(), 0);
}

static void
test_late_by_its_own_time_is_told_once_and_goes_on(void **state)
{
	struct left l = left_open();

	(void)state;
	t.relay.config.warn_after_s = 1; /* does not count for it */
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = 1;
	l.age_s = 10;
	l.options.by = BY_NOTIFY;
	l.options.by_s = now_s();
	find(&l);
	RUN_UNTIL(delivery != NULL);
	deliver(T, T, 451);
	RUN_UNTIL(delivery != NULL && report.n > 0);
	assert_told("Action: delayed\r\nStatus: 4.4.7\r\n");
	has_by = true;
	deliver(O, O, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(report.n, 1);
	assert_int_equal(spooled(), 0);
}

static void
test_a_trace_is_told_unless_never(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	begin.options.by = BY_NOTIFY;
	begin.options.by_s = now_s() + DAY_S;
	begin.options.by_trace = true;
	begin.notify[1] = NOTIFY_NEVER;
	has_dsn = has_by = true;
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(O, O, 250);
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_told("bob@example.net\r\nAction: relayed\r\n");
	assert_null(strstr(report.text, "carol@example.net"));
}

/* RFC 2852, 4.1.4.2: nobody behind it will tell that it is late. */
static void
test_the_end_of_the_promise_to_tell_is_told(void **state)
{
	/* clang-format off */
	static const struct {
		enum mail_by	 by;
		bool		 has_by;
		uint32_t	 notify;
		unsigned	 reports;
	} cases[] = {
		{ BY_NOTIFY, false, 0, 1 },
		{ BY_NOTIFY, false, NOTIFY_FAILURE, 1 },
		{ BY_NOTIFY, false, NOTIFY_NEVER, 0 },
		{ BY_NOTIFY, true, 0, 0 },
		{ BY_RETURN, true, 0, 0 },
		{ BY_UNSET, false, 0, 0 },
	};
	/* clang-format on */
	struct begin begin;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("row %zu\n", i);
		begin = good_begin();
		begin.options.by = cases[i].by;
		begin.options.by_s = now_s() + DAY_S;
		begin.notify[0] = begin.notify[1] = cases[i].notify;
		has_dsn = true;
		has_by = cases[i].has_by;
		submit_as(&begin);
		RUN_UNTIL(delivery != NULL);
		deliver(O, O, 250);
		RUN_UNTIL(t.done > 0 && report.n >= cases[i].reports &&
			  messages_count() == 0);
		assert_int_equal(report.n, cases[i].reports);
		assert_told(report.n == 0 ? "" : "Action: relayed\r\n");
		teardown(state);
		setup(state);
	}
}

/* -- FUTURERELEASE (RFC 4865) ---------------------------------------------- */

static void
test_held_is_queued_and_not_tried(void **state)
{
	struct begin begin = good_begin();
	size_t waiting = schedule_waiting(t.relay.schedule);

	(void)state;
	begin.grant.user = slice_of("patient");
	begin.options.hold_until_s = 4102444800; /* 2100 */
	begin.options.hold_request = slice_of("until;2100-01-01T00:00:00Z");
	submit_as(&begin);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_answer(FATE_QUEUED, 250, "2.0.0");
	assert_string_equal(
	    t.text, "to be released on Fri, 1 Jan 2100 00:00:00 +0000");
	assert_int_equal(deliveries, 0);
	assert_int_equal(count_files("queue"), 1);
	assert_int_equal(schedule_waiting(t.relay.schedule), waiting + 1);
	assert_int_equal(holding_count("patient"), 1);
	/* a smarthost that is back is no release */
	schedule_wake(t.relay.schedule);
	event_base_loop(t.relay.base, EVLOOP_NONBLOCK);
	assert_int_equal(deliveries, 0);
}

static void
test_held_is_released_at_its_time(void **state)
{
	struct begin begin = good_begin();
	uint64_t then = now_s() + 2;

	(void)state;
	begin.grant.user = slice_of("soon");
	begin.options.hold_until_s = then;
	submit_as(&begin);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_int_equal(holding_count("soon"), 1);
	RUN_UNTIL(delivery != NULL);
	assert_true(now_s() >= then);
	deliver(O, O, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(holding_count("soon"), 0);
	assert_int_equal(spooled(), 0);
}

/* It is read once, and goes back to sleep; its age counts from the release. */
static void
test_held_stays_held_in_the_next_life(void **state)
{
	size_t waiting = schedule_waiting(t.relay.schedule);
	struct left l = left_open();

	(void)state;
	l.age_s = 2 * (uint64_t)DAY_S;
	l.options.hold_until_s = now_s() + DAY_S;
	find(&l);
	RUN_UNTIL(schedule_running(t.relay.schedule) > 0);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(deliveries, 0);
	assert_int_equal(schedule_waiting(t.relay.schedule), waiting + 1);
	assert_int_equal(holding_count("alice"), 1);
	/* and one whose release has come since is sent, not too old */
	l.options.hold_until_s = now_s() - 1;
	find(&l);
	RUN_UNTIL(delivery != NULL);
	deliver(T, T, 451);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(report.n, 0);
	assert_int_equal(count_files("queue"), 2);
}

static void
hold_one(uint64_t until_s)
{
	struct begin begin = good_begin();

	begin.grant.user = slice_of("many");
	begin.options.hold_until_s = until_s;
	send_begin(&begin);
	RUN_UNTIL(t.ready || t.done > 0);
}

static void
test_nobody_holds_too_many(void **state)
{
	unsigned i;

	for (i = 0; i < t.relay.config.held_messages; i++) {
		hold_one(4102444800);
		assert_true(t.ready);
		assert_int_equal(write(t.fd, content, sizeof(content) - 1),
		    sizeof(content) - 1);
		send_commit(sizeof(content) - 1);
		RUN_UNTIL(t.done > 0 && messages_count() == 0);
		assert_int_equal(t.code, 250);
		teardown(state);
		setup(state);
	}
	hold_one(4102444800);
	assert_answer(FATE_REFUSED, 552, "5.2.2");
	t.done = 0;
	t.request++;
	hold_one(0); /* others are none of these */
	assert_true(t.ready);
	assert_int_equal(messages_count(), 1);
	send_commit(1); /* a lie: it ends */
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
}

static void
test_a_hold_that_came_to_nothing_is_not_counted(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	begin.grant.user = slice_of("undecided");
	begin.options.hold_until_s = 4102444800;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	assert_int_equal(holding_count("undecided"), 1);
	assert_int_equal(holding_count("Undecided"), 1); /* the same person */
	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(holding_count("undecided"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_behind_its_time_nothing_is_sent),
		TEST(test_its_time_is_heeded_while_it_sleeps),
		TEST(test_late_by_its_own_time_is_told_once_and_goes_on),
		TEST(test_a_trace_is_told_unless_never),
		TEST(test_the_end_of_the_promise_to_tell_is_told),
		TEST(test_held_is_queued_and_not_tried),
		TEST(test_held_is_released_at_its_time),
		TEST(test_held_stays_held_in_the_next_life),
		TEST(test_nobody_holds_too_many),
		TEST(test_a_hold_that_came_to_nothing_is_not_counted),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
