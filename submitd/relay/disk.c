/*
 * disk - run spool calls in threads, one request at a time for one message.
 */

#include "disk.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "relay.h"
#include "xalloc.h"

static void
request_free(struct disk_request *r)
{
	if (r->content_fd != -1)
		close(r->content_fd);
	if (r->loaded.envelope != NULL) { /* nobody wanted it */
		envelope_free(&r->loaded.envelope);
		close(r->loaded.fd);
	}
	buf_free(&r->head);
	buf_free(&r->plain);
	free(r);
}

/* In a thread. */
static void
run(struct job *job)
{
	struct disk_request *r = (struct disk_request *)job;
	struct spool_head head = { buf_slice(&r->head), buf_slice(&r->plain) };

	switch (r->work) {
	case DISK_COMMIT:
		r->status = spool_commit(
		    r->spool, r->id, &head, r->content_fd, r->size, r->place);
		break;
	case DISK_LOAD:
		r->status = spool_load(r->spool, r->id, &r->loaded);
		break;
	case DISK_MARK:
		r->status = spool_mark(r->spool, r->id, head.head);
		break;
	case DISK_HOLD:
		r->status = spool_mark(r->spool, r->id, head.head);
		if (r->status == SPOOL_OK)
			r->status = spool_hold(r->spool, r->id);
		break;
	case DISK_REMOVE:
		r->status = spool_remove(r->spool, r->id);
		break;
	}
}

static void
done(struct job *job)
{
	struct disk_request *r = (struct disk_request *)job;

	r->done(r);
	request_free(r);
}

struct disk_request *
disk_request_new(struct relay *relay, enum disk_work work, uint64_t id,
    const struct envelope *env, disk_done *then)
{
	struct disk_request *r = xcalloc(1, sizeof(*r));

	r->job.run = run;
	r->job.done = done;
	r->work = work;
	r->spool = relay->spool;
	r->id = id;
	r->done = then;
	r->content_fd = -1;
	r->head = buf_new(ENVELOPE_MAX);
	r->plain = buf_new(ENVELOPE_MAX);
	if (env != NULL) {
		envelope_pack(&r->head, env, false);
		envelope_pack(&r->plain, env, true);
	}
	return r;
}

/* The threads are overrun: told from the loop, like any other answer. */
static void
on_overrun(evutil_socket_t fd, short what, void *arg)
{
	struct disk_request *r = arg;

	(void)fd;
	(void)what;
	r->status = SPOOL_IO;
	done(&r->job);
}

void
disk_submit(struct relay *relay, struct disk_request *r)
{
	static const struct timeval now = { 0, 0 };

	if (jobs_submit(relay->disk, &r->job) == 0)
		return;
	log_event(LOG_LEVEL_WARN, "disk_overrun", "%zu requests wait",
	    jobs_busy(relay->disk));
	if (event_base_once(relay->base, -1, EV_TIMEOUT, on_overrun, r, &now) ==
	    -1)
		fatal("out of memory");
}
