/*
 * spoolnote - small files that are replaced as a whole.
 *
 * Invariant: under a note's name there is always a whole one, the last or the
 * one before.
 */

#include "spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"

struct note_name {
	char s[16];
};

static struct note_name
name_of(unsigned number, const char *suffix)
{
	struct note_name name;

	(void)snprintf(name.s, sizeof(name.s), "%02x%s", number & 0xff, suffix);
	return name;
}

/* A file of its own, on stable storage; -1: errno. */
static int
write_new(const struct spool *s, const char *name, struct slice data)
{
	int saved, r = -1;
	int fd = openat(s->dir[DIR_ACCOUNTS], name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1)
		return -1;
	if (spool_write_all(s, fd, data) == 0)
		r = s->sys->fdatasync(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

enum spool_status
spool_note_write(const struct spool *s, unsigned number, struct slice data)
{
	struct note_name name = name_of(number, "");
	struct note_name fresh = name_of(number, ".new");
	int dir = s->dir[DIR_ACCOUNTS];

	if (write_new(s, fresh.s, data) == -1 ||
	    s->sys->renameat(dir, fresh.s, dir, name.s) == -1 ||
	    s->sys->fsync(dir) == -1)
		return spool_trouble("cannot write accounts/", 0);
	return SPOOL_OK;
}

enum spool_status
spool_note_read(const struct spool *s, unsigned number, struct buf *out)
{
	enum spool_status status = SPOOL_IO;
	size_t before = out->n;
	char part[4096];
	ssize_t n = 1;
	int fd = openat(s->dir[DIR_ACCOUNTS], name_of(number, "").s,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return spool_trouble_by_name("cannot open accounts/", 0);
	while (n > 0 && buf_ok(out)) {
		n = s->sys->pread(
		    fd, part, sizeof(part), (off_t)(out->n - before));
		if (n > 0)
			buf_add(out, part, (size_t)n);
		else if (n == -1 && errno == EINTR)
			n = 1;
	}
	if (n == -1)
		(void)spool_trouble("cannot read accounts/", 0);
	else
		status = SPOOL_OK;
	close(fd);
	return status;
}

void
spool_note_set_aside(const struct spool *s, unsigned number)
{
	struct note_name name = name_of(number, "");
	struct note_name kept = name_of(number, ".users");

	log_event(LOG_LEVEL_ERROR, "corrupt",
	    "accounts/%s fails its check: moved to corrupt/%s; counts and "
	    "blocks of its users are lost",
	    name.s, kept.s);
	if (s->sys->renameat(s->dir[DIR_ACCOUNTS], name.s, s->dir[DIR_CORRUPT],
		kept.s) == -1)
		(void)spool_trouble("cannot move it to corrupt/", 0);
}
