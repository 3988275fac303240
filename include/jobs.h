#ifndef SUBMITD_JOBS_H
#define SUBMITD_JOBS_H

/*
 * jobs - a bounded pool of threads beside one event loop, for calls that
 * block: libldap and libsasl2 in auth, fsync in relay.
 *
 * A job is a value: between jobs_submit() and done() it, and all it points
 * to, belong to one thread; the loop does not look at it.  Nothing else is
 * shared.  done() runs in the loop, later, always, exactly once per submitted
 * job, in the order the threads finish.  There is no cancelling: the owner
 * marks its own record and ignores the result.
 */

#include <stddef.h>

#include "compiler.h"

struct event_base;
struct jobs;
struct job;

typedef void job_fn(struct job *);

/* Embed as first member of a larger struct. */
struct job {
	job_fn *run;  /* in a thread */
	job_fn *done; /* in the loop; may free the job */
	void *thread; /* what thread_start returned for the running thread */
	struct job *next; /* the pool's */
};

struct jobs_params {
	size_t threads;
	size_t queue; /* jobs waiting beyond the running ones */
	/* in each thread, before its first job and after its last; or NULL */
	void *(*thread_start)(void *arg);
	void (*thread_stop)(void *state);
	void *arg;
};

struct jobs *jobs_new(struct event_base *, const struct jobs_params *);

/* 0, or -1 at once when the queue is full: the job was not taken. */
NODISCARD int jobs_submit(struct jobs *, struct job *);

/* Jobs queued or running. */
size_t jobs_busy(const struct jobs *);

/*
 * Stop: no further submit; running jobs end, waiting ones are run too; their
 * done() is called from here.  Blocks for them.  Sets *jobs to NULL.  Not to
 * be called from inside done().
 */
void jobs_free(struct jobs **jobs);

#endif
