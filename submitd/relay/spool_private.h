#ifndef SUBMITD_SPOOL_PRIVATE_H
#define SUBMITD_SPOOL_PRIVATE_H

/*
 * spool_private - what spool.c (the tree), spoolfile.c (writing and reading
 * one message), spoolnote.c (the same of a note) and nobody else share.
 */

#include "queueid.h"
#include "spool.h"

enum spool_dir {
	DIR_ROOT,
	DIR_QUEUE,
	DIR_HELD,
	DIR_CORRUPT,
	DIR_INCOMING,
	DIR_ACCOUNTS
};

#define DIR_COUNT 6

/* Immutable once open, hence shared by threads without a lock. */
struct spool {
	int dir[DIR_COUNT];
	int proc_fd; /* /proc/self/fd, opened before the chroot */
	int lock;
	uint64_t reserve;
	const struct spool_sys *sys;
};

/* FULL when errno says so, else IO; logs it with id (0: none). */
enum spool_status spool_trouble(const char *what, uint64_t id);

/* The same, and GONE when there is no such name. */
enum spool_status spool_trouble_by_name(const char *what, uint64_t id);

/* A file that no crash leaves behind: no name, or one in incoming/. */
struct spool_temp {
	int fd;                   /* the caller's to close */
	struct queueid_text name; /* empty: none */
};

/* All of it; -1: errno. */
NODISCARD int spool_write_all(const struct spool *, int fd, struct slice);

/* -1: errno. */
NODISCARD int spool_temp_open(const struct spool *, struct spool_temp *);

/* Take its name in incoming/ away, if it has one. */
void spool_temp_forget(const struct spool *, struct spool_temp *);

/* Give a temporary file the name id in dir. -1: errno. */
NODISCARD int spool_name(
    const struct spool *, int fd, enum spool_dir, uint64_t id);

/* Move queue/name to corrupt/, with an alarm. */
void spool_set_aside(
    const struct spool *, const char *name, const char *reason);

#endif
