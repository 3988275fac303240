/*
 * spool - the tree of directories, and moving files about in it.
 *
 * What is in a file is spoolfile.c's.  Everything is reached through
 * descriptors opened before the chroot; no path is ever built.  Invariant: the
 * one way into queue/ and held/ is spool_name() on a file that was synced.
 */

#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "log.h"
#include "spool_private.h"
#include "xalloc.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const char *const dir_name[DIR_COUNT] = {
	[DIR_ROOT] = ".",
	[DIR_QUEUE] = "queue",
	[DIR_HELD] = "held",
	[DIR_CORRUPT] = "corrupt",
	[DIR_INCOMING] = "incoming",
	[DIR_ACCOUNTS] = "accounts",
};

const struct spool_sys spool_sys_real = {
	.write = write,
	.pwrite = pwrite,
	.pread = pread,
	.fdatasync = fdatasync,
	.fsync = fsync,
	.linkat = linkat,
	.renameat = renameat,
	.unlinkat = unlinkat,
};

enum spool_status
spool_trouble(const char *what, uint64_t id)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	log_errno(LOG_LEVEL_ERROR, "spool_failed", "%s %s", what,
	    id == 0 ? "" : queueid_format(id).s);
	return full ? SPOOL_FULL : SPOOL_IO;
}

enum spool_status
spool_trouble_by_name(const char *what, uint64_t id)
{
	return errno == ENOENT ? SPOOL_GONE : spool_trouble(what, id);
}

/* -- opening --------------------------------------------------------------- */

static int
open_dirs(struct spool *s, const char *path, uid_t uid, gid_t gid)
{
	int i;

	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return -1;
	s->dir[DIR_ROOT] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir[DIR_ROOT] == -1)
		return -1;
	for (i = DIR_QUEUE; i < DIR_COUNT; i++) {
		if (mkdirat(s->dir[DIR_ROOT], dir_name[i], 0700) == -1 &&
		    errno != EEXIST)
			return -1;
		s->dir[i] = openat(s->dir[DIR_ROOT], dir_name[i], DIR_FLAGS);
		if (s->dir[i] == -1)
			return -1;
	}
	/* An ordinary user owns what it made; root gives it to the role. */
	for (i = 0; i < DIR_COUNT && geteuid() == 0; i++)
		if (fchown(s->dir[i], uid, gid) == -1)
			return -1;
	return fsync(s->dir[DIR_ROOT]);
}

/* The lock outlives our ids: it belongs to the open file. */
static int
take_lock(struct spool *s)
{
	s->lock = openat(s->dir[DIR_ROOT], "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock == -1)
		return -1;
	return flock(s->lock, LOCK_EX | LOCK_NB);
}

struct spool *
spool_open(const char *path, uid_t uid, gid_t gid, uint64_t reserve,
    const struct spool_sys *sys)
{
	struct spool *s = xcalloc(1, sizeof(*s));
	int i;

	*s = (struct spool){ .reserve = reserve, .sys = sys, .lock = -1 };
	for (i = 0; i < DIR_COUNT; i++)
		s->dir[i] = -1;
	s->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->proc_fd == -1) {
		log_errno(LOG_LEVEL_ERROR, "spool_unusable", "/proc/self/fd");
		goto fail;
	}
	if (open_dirs(s, path, uid, gid) == -1) {
		log_errno(LOG_LEVEL_ERROR, "spool_unusable", "%s", path);
		goto fail;
	}
	if (take_lock(s) == -1) {
		log_errno(LOG_LEVEL_ERROR, "spool_unusable",
		    "%s: is another submitd using it?", path);
		goto fail;
	}
	return s;
fail:
	spool_close(&s);
	return NULL;
}

void
spool_close(struct spool **sp)
{
	struct spool *s = *sp;
	int i;

	*sp = NULL;
	if (s == NULL)
		return;
	for (i = 0; i < DIR_COUNT; i++)
		if (s->dir[i] != -1)
			close(s->dir[i]);
	if (s->proc_fd != -1)
		close(s->proc_fd);
	if (s->lock != -1)
		close(s->lock);
	free(s);
}

int
spool_root_fd(const struct spool *s)
{
	return s->dir[DIR_ROOT];
}

/* -- files without a name -------------------------------------------------- */

int
spool_temp_open(const struct spool *s, struct spool_temp *t)
{
	uint64_t random;

	t->name.s[0] = '\0';
	t->fd = openat(
	    s->dir[DIR_QUEUE], ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (t->fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return t->fd == -1 ? -1 : 0;
	/* A file system without O_TMPFILE: a name for a while. */
	do {
		if (getrandom(&random, sizeof(random), 0) == -1)
			return -1;
		t->name = queueid_format(random);
		t->fd = openat(s->dir[DIR_INCOMING], t->name.s,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (t->fd == -1 && errno == EEXIST);
	return t->fd == -1 ? -1 : 0;
}

void
spool_temp_forget(const struct spool *s, struct spool_temp *t)
{
	if (t->name.s[0] != '\0')
		unlinkat(s->dir[DIR_INCOMING], t->name.s, 0);
	t->name.s[0] = '\0';
}

int
spool_name(const struct spool *s, int fd, enum spool_dir dir, uint64_t id)
{
	char self[16];

	snprintf(self, sizeof(self), "%d", fd);
	return s->sys->linkat(s->proc_fd, self, s->dir[dir],
	    queueid_format(id).s, AT_SYMLINK_FOLLOW);
}

/* Room for one more message of the largest size, and a file for it? */
static bool
has_room(const struct spool *s)
{
	struct statvfs v;

	if (fstatvfs(s->dir[DIR_QUEUE], &v) == -1)
		return true; /* the write will tell */
	return (uint64_t)v.f_bavail * v.f_frsize >= s->reserve &&
	       (v.f_files == 0 || v.f_favail > 0);
}

enum spool_status
spool_receive(const struct spool *s, int *fd, int *worker_fd)
{
	struct spool_temp temp;
	char self[16];

	*fd = *worker_fd = -1;
	if (!has_room(s)) {
		log_event(LOG_LEVEL_WARN, "spool_full", "no room to receive");
		return SPOOL_FULL;
	}
	if (spool_temp_open(s, &temp) == -1)
		return spool_trouble("cannot create a file", 0);
	spool_temp_forget(s, &temp);
	*fd = temp.fd;
	snprintf(self, sizeof(self), "%d", *fd);
	*worker_fd = openat(s->proc_fd, self, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (*worker_fd == -1) {
		close(*fd);
		*fd = -1;
		return spool_trouble("cannot reopen a file", 0);
	}
	return SPOOL_OK;
}

/* -- messages by name ------------------------------------------------------ */

void
spool_set_aside(const struct spool *s, const char *name, const char *reason)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR, 0, "corrupt");
	log_str(&line, "file", name);
	log_str(&line, "reason", reason);
	log_end(&line);
	if (s->sys->renameat(
		s->dir[DIR_QUEUE], name, s->dir[DIR_CORRUPT], name) == -1)
		log_errno(LOG_LEVEL_ERROR, "spool_failed",
		    "cannot move %s to corrupt/", name);
}

enum spool_status
spool_hold(const struct spool *s, uint64_t id)
{
	struct queueid_text name = queueid_format(id);

	/* The new name must be durable before the old one may go. */
	if (s->sys->renameat(
		s->dir[DIR_QUEUE], name.s, s->dir[DIR_HELD], name.s) == -1 ||
	    s->sys->fsync(s->dir[DIR_HELD]) == -1 ||
	    s->sys->fsync(s->dir[DIR_QUEUE]) == -1)
		return spool_trouble_by_name("cannot hold", id);
	return SPOOL_OK;
}

enum spool_status
spool_remove(const struct spool *s, uint64_t id)
{
	if (s->sys->unlinkat(s->dir[DIR_QUEUE], queueid_format(id).s, 0) == -1)
		return spool_trouble_by_name("cannot remove", id);
	return SPOOL_OK;
}

/* -- at start -------------------------------------------------------------- */

/* A private stream of names: the directory's own offset is shared. */
static DIR *
open_stream(const struct spool *s, enum spool_dir dir)
{
	int fd = openat(s->dir[dir], ".", DIR_FLAGS);
	DIR *stream;

	if (fd == -1)
		return NULL;
	stream = fdopendir(fd);
	if (stream == NULL)
		close(fd);
	return stream;
}

static bool
is_dot(const char *name)
{
	return name[0] == '.' &&
	       (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int
clear_incoming(const struct spool *s)
{
	DIR *stream = open_stream(s, DIR_INCOMING);
	struct dirent *e;

	if (stream == NULL)
		return -1;
	while ((e = readdir(stream)) != NULL)
		if (!is_dot(e->d_name) &&
		    unlinkat(s->dir[DIR_INCOMING], e->d_name, 0) == -1)
			log_errno(LOG_LEVEL_WARN, "spool_failed",
			    "cannot remove incoming/%s", e->d_name);
	closedir(stream);
	return 0;
}

enum spool_status
spool_scan(const struct spool *s, uint64_t **ids, size_t *n)
{
	size_t room = 0;
	struct dirent *e;
	DIR *stream;
	uint64_t id;

	*ids = NULL;
	*n = 0;
	if (clear_incoming(s) == -1)
		return spool_trouble("cannot read incoming/", 0);
	stream = open_stream(s, DIR_QUEUE);
	if (stream == NULL)
		return spool_trouble("cannot read queue/", 0);
	while ((e = readdir(stream)) != NULL) {
		if (is_dot(e->d_name))
			continue;
		if (queueid_parse(slice_of(e->d_name), &id) == -1) {
			spool_set_aside(s, e->d_name, "foreign name");
			continue;
		}
		if (*n == room) {
			room = room == 0 ? 64 : room * 2;
			*ids = xreallocarray(*ids, room, sizeof(**ids));
		}
		(*ids)[(*n)++] = id;
	}
	closedir(stream);
	return SPOOL_OK;
}
