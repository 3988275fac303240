/* jobs - each job runs once, in a thread, and its end is heard in the loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>

#include "jobs.h"

#define MANY 500

struct work {
	struct job job;
	int runs;
	int dones;
	pthread_t thread;
};

static struct {
	struct event_base *base;
	struct jobs *jobs;
	sem_t started; /* one for each job that waits at the gate */
	sem_t gate;
	unsigned done;
	unsigned wanted;
	bool refused; /* by jobs_submit() from done() */
	unsigned starts, stops;
	pthread_mutex_t lock;
} t = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
run_at_once(struct job *job)
{
	struct work *w = (struct work *)job;

	w->runs++;
	w->thread = pthread_self();
}

static void
run_at_the_gate(struct job *job)
{
	sem_post(&t.started);
	sem_wait(&t.gate);
	run_at_once(job);
}

static void
done(struct job *job)
{
	struct work *w = (struct work *)job;

	assert_int_equal(w->runs, 1);
	assert_false(pthread_equal(w->thread, pthread_self()));
	w->dones++;
	if (++t.done == t.wanted)
		event_base_loopbreak(t.base);
}

static void
done_and_submit(struct job *job)
{
	job->done = done;
	((struct work *)job)->runs = 0;
	t.refused = jobs_submit(t.jobs, job) == -1;
	if (t.refused)
		t.done++;
}

static void
set_up(size_t threads, size_t queue)
{
	struct jobs_params p = { .threads = threads, .queue = queue };

	t.base = event_base_new();
	t.jobs = jobs_new(t.base, &p);
	t.done = 0;
	sem_init(&t.started, 0, 0);
	sem_init(&t.gate, 0, 0);
}

static void
tear_down(void)
{
	jobs_free(&t.jobs);
	assert_null(t.jobs);
	event_base_free(t.base);
	sem_destroy(&t.started);
	sem_destroy(&t.gate);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("jobs did not end in time");
}

static void
wait_for(unsigned wanted)
{
	static const struct timeval deadline = { 20, 0 };
	struct event *timer = evtimer_new(t.base, on_deadline, NULL);

	evtimer_add(timer, &deadline);
	t.wanted = wanted;
	if (t.done < wanted)
		event_base_dispatch(t.base);
	event_free(timer);
	assert_int_equal(t.done, wanted);
}

static void
test_every_job_runs_once_and_is_done_once(void **state)
{
	static struct work w[MANY];
	size_t i;

	(void)state;
	set_up(4, MANY);
	for (i = 0; i < MANY; i++) {
		w[i].job = (struct job){ .run = run_at_once, .done = done };
		assert_int_equal(jobs_submit(t.jobs, &w[i].job), 0);
	}
	assert_int_equal(t.done, 0); /* later, always */
	wait_for(MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(w[i].dones, 1);
	assert_int_equal(jobs_busy(t.jobs), 0);
	tear_down();
}

static void
test_a_full_queue_refuses_at_once(void **state)
{
	struct work w[4] = { 0 };
	size_t i;

	(void)state;
	set_up(2, 1);
	for (i = 0; i < 4; i++)
		w[i].job = (struct job){ .run = run_at_the_gate, .done = done };
	for (i = 0; i < 3; i++)
		assert_int_equal(jobs_submit(t.jobs, &w[i].job), 0);
	assert_int_equal(jobs_submit(t.jobs, &w[3].job), -1);
	assert_int_equal(jobs_busy(t.jobs), 3);
	sem_wait(&t.started);
	sem_wait(&t.started); /* running is not done */
	assert_int_equal(jobs_submit(t.jobs, &w[3].job), -1);

	sem_post(&t.gate);
	wait_for(1);
	assert_int_equal(jobs_submit(t.jobs, &w[3].job), 0);
	for (i = 0; i < 3; i++)
		sem_post(&t.gate);
	wait_for(4);
	tear_down();
}

static void
test_jobs_run_side_by_side(void **state)
{
	struct work w[3] = { 0 };
	size_t i;

	(void)state;
	set_up(3, 0);
	for (i = 0; i < 3; i++) {
		w[i].job = (struct job){ .run = run_at_the_gate, .done = done };
		assert_int_equal(jobs_submit(t.jobs, &w[i].job), 0);
	}
	for (i = 0; i < 3; i++)
		sem_wait(&t.started); /* all of them, before one may end */
	for (i = 0; i < 3; i++)
		sem_post(&t.gate);
	wait_for(3);
	tear_down();
}

static void
test_done_may_submit_again(void **state)
{
	struct work w = { .job = {
			      .run = run_at_once, .done = done_and_submit } };

	(void)state;
	set_up(1, 0);
	assert_int_equal(jobs_submit(t.jobs, &w.job), 0);
	wait_for(1);
	assert_false(t.refused);
	assert_int_equal(w.dones, 1);
	tear_down();
}

static void
test_free_ends_every_job_and_takes_no_more(void **state)
{
	struct work w[3] = { 0 };
	size_t i;

	(void)state;
	set_up(1, 2);
	w[0].job = (struct job){ .run = run_at_the_gate, .done = done };
	w[1].job = (struct job){ .run = run_at_once, .done = done };
	w[2].job = (struct job){ .run = run_at_once, .done = done_and_submit };
	for (i = 0; i < 3; i++)
		assert_int_equal(jobs_submit(t.jobs, &w[i].job), 0);
	sem_post(&t.gate);
	t.refused = false;
	jobs_free(&t.jobs);
	assert_int_equal(t.done, 3);
	assert_true(t.refused);
	tear_down(); /* twice is harmless */
}

static void *
thread_start(void *arg)
{
	pthread_mutex_lock(&t.lock);
	t.starts++;
	pthread_mutex_unlock(&t.lock);
	return arg;
}

static void
thread_stop(void *mine)
{
	assert_ptr_equal(mine, &t);
	pthread_mutex_lock(&t.lock);
	t.stops++;
	pthread_mutex_unlock(&t.lock);
}

static bool had_state, blocks_signals;

static void
look_around(struct job *job)
{
	sigset_t now;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	blocks_signals =
	    sigismember(&now, SIGTERM) && sigismember(&now, SIGHUP);
	had_state = job->thread == &t;
	run_at_once(job);
}

static void
test_a_thread_has_its_state_and_no_signals(void **state)
{
	struct jobs_params p = { .threads = 2,
		.queue = 1,
		.thread_start = thread_start,
		.thread_stop = thread_stop,
		.arg = &t };
	struct work w = { .job = { .run = look_around, .done = done } };

	(void)state;
	set_up(1, 0);
	jobs_free(&t.jobs);
	t.jobs = jobs_new(t.base, &p);
	assert_int_equal(jobs_submit(t.jobs, &w.job), 0);
	wait_for(1);
	assert_true(had_state);
	assert_true(blocks_signals);
	tear_down();
	assert_int_equal(t.starts, 2);
	assert_int_equal(t.stops, 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_job_runs_once_and_is_done_once),
		cmocka_unit_test(test_a_full_queue_refuses_at_once),
		cmocka_unit_test(test_jobs_run_side_by_side),
		cmocka_unit_test(test_done_may_submit_again),
		cmocka_unit_test(test_free_ends_every_job_and_takes_no_more),
		cmocka_unit_test(test_a_thread_has_its_state_and_no_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
