/*
 * disk - run spool calls in threads, one request at a time for one message.
 */

#include "disk.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "limits.h"
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
	report_free(&r->report);
	buf_free(&r->head);
	buf_free(&r->plain);
	free(r);
}

/* -- reports, in a thread -------------------------------------------------- */

/* n octets of the content, from its front; -1: errno. */
static int
read_front(const struct disk_request *r, char *p, size_t n)
{
	size_t got = 0;
	ssize_t k;

	while (got < n) {
		k = pread(r->content_fd, p + got, n - got,
		    (off_t)(r->content_at + got));
		if (k == -1 && errno == EINTR)
			continue;
		if (k == 0)
			errno = EIO; /* shorter than it was */
		if (k <= 0)
			return -1;
		got += (size_t)k;
	}
	return 0;
}

/* A file without a name, as spool_commit() wants it; -1: errno. */
static int
as_file(struct slice s)
{
	int fd = memfd_create("report", MFD_CLOEXEC);
	ssize_t n = 0;

	while (fd != -1 && s.n > 0) {
		n = write(fd, s.p, s.n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		s = slice_from(s, (size_t)n);
	}
	return fd;
}

static enum spool_status
commit_report(
    struct disk_request *r, const struct envelope *env, struct slice text)
{
	struct spool_head head;
	enum spool_status status = SPOOL_IO;
	int fd = as_file(text);

	envelope_pack(&r->head, env, false);
	envelope_pack(&r->plain, env, true);
	head = (struct spool_head){ buf_slice(&r->head), buf_slice(&r->plain) };
	if (fd == -1) {
		log_errno(LOG_LEVEL_ERROR, "report_failed", "memfd");
		return status;
	}
	status =
	    spool_commit(r->spool, env->id, &head, fd, text.n, SPOOL_QUEUE);
	close(fd);
	return status;
}

static enum spool_status
run_report(struct disk_request *r)
{
	size_t n = (size_t)report_wants(r->report, r->size);
	struct buf out = buf_new(LIMIT_REPORT);
	enum spool_status status = SPOOL_IO;
	char *content = xcalloc(1, n + 1);
	struct envelope *env = NULL;

	if (read_front(r, content, n) == -1)
		log_errno(LOG_LEVEL_ERROR, "report_failed", "read");
	else if (report_write(r->report, (struct slice){ content, n }, r->size,
		     &out, &env) == -1)
		log_event(LOG_LEVEL_ERROR, "report_failed", "too long");
	else
		status = commit_report(r, env, buf_slice(&out));
	envelope_free(&env);
	free(content);
	buf_free(&out);
	return status;
}

/* -- requests -------------------------------------------------------------- */

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
	case DISK_REPORT:
		r->status = run_report(r);
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
