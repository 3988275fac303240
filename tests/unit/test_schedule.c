/* schedule - waits that double, and no more tries at once than may be. */

#include "cases.h"

#include <event2/event.h>
#include <time.h>

#include "clock.h"
#include "compiler.h"
#include "relay.h"
#include "schedule.h"
#include "smarthost.h"

#define CONNECTIONS 3
#define MESSAGES    20
#define HOUR_MS     3600000

static char server[] = "127.0.0.1:25";
static char *servers[] = { server };

/* What was begun, and what is still running. */
static struct {
	struct relay relay;
	unsigned begun[MESSAGES];
	unsigned tries[MESSAGES];
	unsigned running;
	unsigned highest;
	unsigned total;
} t;

static void
begin(struct relay *relay, uint64_t id, unsigned tries)
{
	assert_ptr_equal(relay, &t.relay);
	assert_true(id < MESSAGES);
	t.begun[id]++;
	t.tries[id] = tries;
	t.total++;
	if (++t.running > t.highest)
		t.highest = t.running;
}

static int
setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.relay.base = event_base_new();
	t.relay.config = (struct relay_config){
		.server = { servers, 1 },
		.connections = CONNECTIONS,
		.retry_min_ms = 1,
		.retry_max_ms = 4,
		.retry_dead_ms = HOUR_MS,
	};
	t.relay.hosts = smarthosts_new(t.relay.base, NULL, &t.relay.config);
	t.relay.schedule = schedule_new(&t.relay, begin);
	return t.relay.hosts == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	smarthosts_free(&t.relay.hosts);
	event_base_free(t.relay.base);
	free(t.relay.schedule);
	return 0;
}

static void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("nothing more was begun");
}

/* Run the loop until so many were begun in all. */
static void
run_until(unsigned total)
{
	static const struct timeval deadline = { 10, 0 };
	struct event *alarm = evtimer_new(t.relay.base, too_late, NULL);

	evtimer_add(alarm, &deadline);
	while (t.total < total)
		event_base_loop(t.relay.base, EVLOOP_ONCE);
	event_free(alarm);
}

static void
end_one(void)
{
	t.running--;
	schedule_tried(t.relay.schedule);
}

static void
test_waits_double_up_to_the_longest(void **state)
{
	/* clang-format off */
	static const struct {
		uint32_t min, max;
		unsigned tries;
		uint32_t middle;
	} cases[] = {
		{ 1000, 60000, 1, 1000 },
		{ 1000, 60000, 2, 2000 },
		{ 1000, 60000, 3, 4000 },
		{ 1000, 60000, 6, 32000 },
		{ 1000, 60000, 7, 60000 },
		{ 1000, 60000, 4000000000U, 60000 },
		{ 1000, 1000, 5, 1000 },
		{ 5000, 1000, 1, 1000 },
		{ 1, 3000000000U, 40, 3000000000U },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t low = schedule_delay_ms(
		    cases[i].min, cases[i].max, cases[i].tries, 0);
		uint32_t high = schedule_delay_ms(
		    cases[i].min, cases[i].max, cases[i].tries, UINT32_MAX);
		double middle = cases[i].middle;

		assert_true(low >= middle * 0.799 && low <= middle * 0.801);
		assert_true(high >= middle * 1.199 && high <= middle * 1.201);
	}
}

static void
test_no_more_run_at_once_than_there_are_connections(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < MESSAGES; i++)
		schedule_add(t.relay.schedule, i, 1 + i % 3, NULL);
	assert_int_equal(t.total, 0); /* not from inside the call */
	assert_int_equal(schedule_waiting(t.relay.schedule), MESSAGES);
	run_until(CONNECTIONS);
	for (i = CONNECTIONS; i < MESSAGES; i++) {
		assert_int_equal(
		    schedule_running(t.relay.schedule), CONNECTIONS);
		end_one();
		run_until(i + 1);
	}
	while (t.running > 0)
		end_one();
	assert_int_equal(t.highest, CONNECTIONS);
	assert_int_equal(schedule_waiting(t.relay.schedule), 0);
	assert_int_equal(schedule_running(t.relay.schedule), 0);
	for (i = 0; i < MESSAGES; i++) {
		assert_int_equal(t.begun[i], 1);
		assert_int_equal(t.tries[i], 1 + i % 3);
	}
}

static void
test_what_was_found_at_the_start_is_tried_soon(void **state)
{
	(void)state;
	schedule_add(t.relay.schedule, 7, 0, NULL);
	run_until(1);
	assert_int_equal(t.begun[7], 1);
	assert_int_equal(t.tries[7], 0);
	end_one();
}

static void
test_nothing_is_begun_behind_a_stop(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < CONNECTIONS + 1; i++)
		schedule_add(t.relay.schedule, i, 1, NULL);
	run_until(CONNECTIONS);
	schedule_stop(t.relay.schedule);
	event_base_dispatch(t.relay.base); /* until every timer has fired */
	end_one();
	assert_int_equal(t.total, CONNECTIONS);
	assert_int_equal(schedule_waiting(t.relay.schedule), 1);
}

/* -- servers that are down, and back --------------------------------------- */

static void
set_well(bool well)
{
	smarthost_note(smarthosts_get(t.relay.hosts, 0), well, "the test");
}

static void
test_nothing_is_begun_while_no_server_is_well(void **state)
{
	unsigned i;

	(void)state;
	set_well(false);
	schedule_add(t.relay.schedule, 7, 1, NULL);
	for (i = 0; i < 10; i++) /* its timer fires in each */
		event_base_loop(t.relay.base, EVLOOP_ONCE);
	assert_int_equal(t.total, 0);
	assert_int_equal(schedule_waiting(t.relay.schedule), 1);
	set_well(true);
	run_until(1);
	assert_int_equal(t.tries[7], 1); /* it was no try */
	end_one();
}

static void
test_a_server_that_is_back_wakes_what_sleeps(void **state)
{
	(void)state;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = HOUR_MS;
	smarthosts_on_back(t.relay.hosts, schedule_wake, t.relay.schedule);
	set_well(false);
	schedule_add(t.relay.schedule, 7, 1, NULL);
	schedule_add(t.relay.schedule, 8, 5, NULL);
	set_well(true);
	assert_int_equal(t.total, 0); /* not from inside the call */
	run_until(2);
	assert_int_equal(t.begun[7] + t.begun[8], 2);
	end_one();
	end_one();
}

/* It was away when the try began, and back before the disk was done. */
static void
test_a_server_that_came_back_meanwhile_is_not_waited_for(void **state)
{
	struct schedule_when when = { .begun_ms = clock_ms() };

	(void)state;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = HOUR_MS;
	smarthosts_on_back(t.relay.hosts, schedule_wake, t.relay.schedule);
	set_well(false);
	set_well(true);
	schedule_add(t.relay.schedule, 7, 3, &when);
	run_until(1);
	assert_int_equal(t.tries[7], 3);
	end_one();
	/* one that began behind that has seen the server as it is */
	when.begun_ms = clock_ms() + 1;
	schedule_add(t.relay.schedule, 8, 1, &when);
	schedule_add(t.relay.schedule, 9, 0, NULL);
	run_until(2);
	assert_int_equal(t.begun[8], 0);
	end_one();
	schedule_wake(t.relay.schedule);
	run_until(3);
	end_one();
}

/* -- times of day ---------------------------------------------------------- */

static uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

static void
test_nothing_is_begun_before_its_time(void **state)
{
	struct schedule_when when = { .not_before_s = now_s() + 1 };

	(void)state;
	smarthosts_on_back(t.relay.hosts, schedule_wake, t.relay.schedule);
	schedule_add(t.relay.schedule, 7, 0, &when);
	set_well(false);
	set_well(true); /* wakes what may be woken */
	run_until(1);
	assert_true(now_s() >= when.not_before_s);
	end_one();
}

/* Its back-off has not ended, and nobody is well. */
static void
test_the_latest_time_ends_every_wait(void **state)
{
	struct schedule_when when = { .latest_s = now_s() + 1 };

	(void)state;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = HOUR_MS;
	set_well(false);
	schedule_add(t.relay.schedule, 7, 3, &when);
	run_until(1);
	assert_true(now_s() >= when.latest_s);
	assert_int_equal(t.tries[7], 3);
	end_one();
}

/* A time that comes after the back-off changes nothing. */
static void
test_the_latest_time_makes_nothing_wait(void **state)
{
	struct schedule_when when = { .latest_s = now_s() + 86400 };

	(void)state;
	schedule_add(t.relay.schedule, 7, 1, &when);
	run_until(1);
	end_one();
}

static void
test_at_once_is_at_once(void **state)
{
	struct schedule_when when = { .at_once = true };

	(void)state;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = HOUR_MS;
	schedule_add(t.relay.schedule, 7, 5, &when);
	assert_int_equal(t.total, 0); /* not from inside the call */
	event_base_loop(t.relay.base, EVLOOP_ONCE);
	assert_int_equal(t.total, 1);
	end_one();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_double_up_to_the_longest),
		TEST(test_no_more_run_at_once_than_there_are_connections),
		TEST(test_what_was_found_at_the_start_is_tried_soon),
		TEST(test_nothing_is_begun_while_no_server_is_well),
		TEST(test_a_server_that_is_back_wakes_what_sleeps),
		TEST(test_a_server_that_came_back_meanwhile_is_not_waited_for),
		TEST(test_nothing_is_begun_before_its_time),
		TEST(test_the_latest_time_ends_every_wait),
		TEST(test_the_latest_time_makes_nothing_wait),
		TEST(test_at_once_is_at_once),
		/* what waits then waits for the end of the process */
		cmocka_unit_test_setup(
		    test_nothing_is_begun_behind_a_stop, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
