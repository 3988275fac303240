#ifndef SUBMITD_SPOOL_H
#define SUBMITD_SPOOL_H

/*
 * spool - messages we have promised to deliver.
 *
 * A message is one file and lives in one directory at a time:
 *
 *	queue/ID	committed; we said 250, and must not lose it
 *	held/ID		some recipients failed for good; for the operator
 *	corrupt/NAME	unreadable or not ours; for the operator
 *	incoming/NAME	never complete; removed at start
 *
 * Beside them are notes on users, which are ledgerfile.h's:
 *
 *	accounts/NN	replaced as a whole
 *
 * Content arrives in a file that has no name and that is never committed: the
 * smtp worker holds a descriptor of it, and with one a captured worker could
 * rewrite at any time what it finds there.  spool_commit() copies it, checksum
 * on the way, into a file that no other process ever had.
 *
 * A file is: envelope head (envelope.h), content, end record (type u8 'E',
 * content length u64, SHA-256 of plain head, content and length).
 *
 * Every call but spool_open() and spool_close() blocks for the disk and may
 * run in any thread; calls for one id must not overlap.  Failures are logged
 * here.  One process owns the tree; nobody else can name a file in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "compiler.h"
#include "envelope.h"
#include "slice.h"

enum spool_status {
	SPOOL_OK,
	SPOOL_FULL,    /* no room now: answer 452 */
	SPOOL_IO,      /* answer 451 */
	SPOOL_CORRUPT, /* moved to corrupt/ */
	SPOOL_NEWER,   /* of a later version; left alone */
	SPOOL_GONE,    /* no such message */
};

enum spool_place { SPOOL_QUEUE, SPOOL_HELD };

/* The system calls that decide, so that tests can make each of them fail. */
struct spool_sys {
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
	ssize_t (*pread)(int, void *, size_t, off_t);
	int (*fdatasync)(int);
	int (*fsync)(int);
	int (*linkat)(int, const char *, int, const char *, int);
	int (*renameat)(int, const char *, int, const char *);
	int (*unlinkat)(int, const char *, int);
};

extern const struct spool_sys spool_sys_real;

struct spool;

/*
 * Open, and make if need be, the tree at path, for uid and gid when root gives
 * itself up later.  reserve: free octets below which nothing new is received.
 * NULL: logged; also when another process has it.  Before the chroot.
 */
struct spool *spool_open(const char *path, uid_t uid, gid_t gid,
    uint64_t reserve, const struct spool_sys *);
void spool_close(struct spool **);

/* The tree itself, to become the root directory.  Borrowed. */
int spool_root_fd(const struct spool *);

/*
 * An unnamed file for content, opened twice: *fd to read, and *worker_fd for
 * the smtp worker, write-only and appending.  Both the caller's.  OK, FULL, IO.
 */
NODISCARD enum spool_status spool_receive(
    const struct spool *, int *fd, int *worker_fd);

/* What spool_commit() needs of an envelope: both forms of its head. */
struct spool_head {
	struct slice head;
	struct slice plain;
};

/*
 * Make a message durable.  On OK size octets of content_fd and the envelope
 * are on stable storage under their name before the call returns.  Otherwise
 * nothing of the message remains.  OK, FULL, IO.
 */
NODISCARD enum spool_status spool_commit(const struct spool *, uint64_t id,
    const struct spool_head *, int content_fd, uint64_t size, enum spool_place);

struct spool_message {
	struct envelope *envelope;
	int fd; /* read-only */
	uint64_t content_at;
	uint64_t size; /* of the content */
};

/*
 * Open a message of the queue and check all of it.  On OK *m is filled, its
 * envelope and descriptor the caller's.  OK, IO, CORRUPT, NEWER, GONE.
 */
NODISCARD enum spool_status spool_load(
    const struct spool *, uint64_t id, struct spool_message *m);

/* These three: GONE, if it is not in the queue any more. */

/* Record what recipients became of: a head that differs in nothing else. */
NODISCARD enum spool_status spool_mark(
    const struct spool *, uint64_t id, struct slice head);

/* Durably move from the queue to held. */
NODISCARD enum spool_status spool_hold(const struct spool *, uint64_t id);

/* Remove from the queue; power lost soon after may bring it back. */
NODISCARD enum spool_status spool_remove(const struct spool *, uint64_t id);

/*
 * Clear incoming/, move what is not ours out of queue/, and list the rest:
 * *ids is the caller's to free.
 */
NODISCARD enum spool_status spool_scan(
    const struct spool *, uint64_t **ids, size_t *n);

/*
 * Replace a note, durably; before that, what was there stays.  OK, FULL, IO.
 * One call for one number at a time.
 */
NODISCARD enum spool_status spool_note_write(
    const struct spool *, unsigned number, struct slice);

/* Append all of a note.  OK, IO, GONE: there is none. */
NODISCARD enum spool_status spool_note_read(
    const struct spool *, unsigned number, struct buf *);

/* Move it to corrupt/, with an alarm. */
void spool_note_set_aside(const struct spool *, unsigned number);

#endif
