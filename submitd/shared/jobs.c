/*
 * jobs - a bounded pool of threads beside one event loop.
 *
 * The threads never touch libevent; they say that something is finished by
 * writing to an eventfd.  Invariant: a job is on at most one list, and belongs
 * to a thread from the moment it leaves the first until it enters the second.
 */

#include "jobs.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "xalloc.h"

struct list {
	struct job *first;
	struct job **end; /* where the next one is hung */
};

struct jobs {
	struct jobs_params params;
	pthread_t *threads;
	struct event *readable;
	int wake; /* eventfd: something is finished */
	bool delivering;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	struct list waiting;
	struct list finished;
	size_t busy; /* waiting or running */
	bool stopping;
};

static void
put(struct list *l, struct job *job)
{
	job->next = NULL;
	*l->end = job;
	l->end = &job->next;
}

static struct job *
take(struct list *l)
{
	struct job *job = l->first;

	if (job == NULL)
		return NULL;
	l->first = job->next;
	if (l->first == NULL)
		l->end = &l->first;
	job->next = NULL;
	return job;
}

/* Wait for the next job.  NULL when there will be none. */
static struct job *
next_job(struct jobs *j)
{
	struct job *job;

	pthread_mutex_lock(&j->lock);
	while ((job = take(&j->waiting)) == NULL && !j->stopping)
		pthread_cond_wait(&j->work, &j->lock);
	pthread_mutex_unlock(&j->lock);
	return job;
}

static void
finish(struct jobs *j, struct job *job)
{
	static const uint64_t one = 1;
	ssize_t r;

	pthread_mutex_lock(&j->lock);
	put(&j->finished, job);
	j->busy--;
	pthread_mutex_unlock(&j->lock);
	/* Fails only when the loop has been woken 2^64 times already. */
	r = write(j->wake, &one, sizeof(one));
	(void)r;
}

static void *
serve(void *arg)
{
	struct jobs *j = arg;
	void *state = NULL;
	struct job *job;

	if (j->params.thread_start != NULL)
		state = j->params.thread_start(j->params.arg);
	while ((job = next_job(j)) != NULL) {
		job->thread = state;
		job->run(job);
		finish(j, job);
	}
	if (j->params.thread_stop != NULL)
		j->params.thread_stop(state);
	return NULL;
}

static void
deliver(struct jobs *j)
{
	struct job *job;

	j->delivering = true;
	for (;;) {
		pthread_mutex_lock(&j->lock);
		job = take(&j->finished);
		pthread_mutex_unlock(&j->lock);
		if (job == NULL)
			break;
		job->done(job);
	}
	j->delivering = false;
}

static void
on_finished(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;
	ssize_t r = read(fd, &count, sizeof(count));

	(void)r; /* the list says what there is, not the count */
	(void)what;
	deliver(arg);
}

/* Signals are the loop's: the threads are born with all of them blocked. */
static void
start_threads(struct jobs *j)
{
	sigset_t all, saved;
	size_t i;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	for (i = 0; i < j->params.threads; i++) {
		e = pthread_create(&j->threads[i], NULL, serve, j);
		if (e != 0)
			fatal("cannot start a thread: %s", strerror(e));
	}
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
}

struct jobs *
jobs_new(struct event_base *base, const struct jobs_params *params)
{
	struct jobs *j = xcalloc(1, sizeof(*j));

	BUG_ON(params->threads == 0);
	j->params = *params;
	j->threads = xcalloc(params->threads, sizeof(*j->threads));
	j->waiting.end = &j->waiting.first;
	j->finished.end = &j->finished.first;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->work, NULL);
	j->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (j->wake == -1)
		fatal("eventfd: %s", strerror(errno));
	j->readable =
	    event_new(base, j->wake, EV_READ | EV_PERSIST, on_finished, j);
	if (j->readable == NULL || event_add(j->readable, NULL) == -1)
		fatal("cannot wait for threads");
	start_threads(j);
	return j;
}

int
jobs_submit(struct jobs *j, struct job *job)
{
	int r = -1;

	pthread_mutex_lock(&j->lock);
	if (!j->stopping && j->busy < j->params.threads + j->params.queue) {
		put(&j->waiting, job);
		j->busy++;
		pthread_cond_signal(&j->work);
		r = 0;
	}
	pthread_mutex_unlock(&j->lock);
	return r;
}

size_t
jobs_busy(const struct jobs *jobs)
{
	struct jobs *j = (struct jobs *)jobs; /* the lock is not the value */
	size_t n;

	pthread_mutex_lock(&j->lock);
	n = j->busy;
	pthread_mutex_unlock(&j->lock);
	return n;
}

void
jobs_free(struct jobs **jp)
{
	struct jobs *j = *jp;
	size_t i;

	if (j == NULL)
		return;
	BUG_ON(j->delivering); /* not from inside done() */
	pthread_mutex_lock(&j->lock);
	j->stopping = true;
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->lock);
	for (i = 0; i < j->params.threads; i++)
		pthread_join(j->threads[i], NULL);
	deliver(j);

	event_free(j->readable);
	close(j->wake);
	pthread_cond_destroy(&j->work);
	pthread_mutex_destroy(&j->lock);
	free(j->threads);
	free(j);
	*jp = NULL;
}
