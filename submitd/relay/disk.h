#ifndef SUBMITD_DISK_H
#define SUBMITD_DISK_H

/*
 * disk - the calls of spool.h that block, as jobs for the disk threads.
 *
 * A request is a value: the message it is for is named by id, and found again
 * (or not) when the request is done.
 */

#include <stdint.h>

#include "compiler.h"
#include "envelope.h"
#include "jobs.h"
#include "report.h"
#include "spool.h"

struct relay;

enum disk_work {
	DISK_COMMIT, /* spool_commit() */
	DISK_LOAD,   /* spool_load() */
	DISK_MARK,   /* spool_mark() */
	DISK_HOLD,   /* spool_mark(), then spool_hold() */
	DISK_REMOVE, /* spool_remove() */
	DISK_REPORT, /* write a report, then spool_commit() that */
};

struct disk_request;
typedef void disk_done(struct disk_request *);

struct disk_request {
	struct job job; /* first */
	enum disk_work work;
	const struct spool *spool;
	uint64_t id;
	disk_done *done; /* in the loop; the request is freed behind it */

	struct buf head;     /* COMMIT, MARK, HOLD: statuses as they are */
	struct buf plain;    /* COMMIT */
	int content_fd;      /* COMMIT, REPORT: a duplicate, ours */
	uint64_t content_at; /* REPORT */
	uint64_t size;
	enum spool_place place;
	struct report *report; /* REPORT: ours */

	enum spool_status status;
	struct spool_message loaded; /* LOAD: the receiver takes it */
};

/* envelope may be NULL for LOAD, REMOVE and REPORT. */
struct disk_request *disk_request_new(struct relay *, enum disk_work,
    uint64_t id, const struct envelope *, disk_done *);

/* Takes the request.  When the threads are overrun, done comes with IO. */
void disk_submit(struct relay *, struct disk_request *);

#endif
