/*
 * spooldir - make the spool's directories, or say why not.
 *
 * Never follows a symbolic link below the spool's parent, and changes the
 * owner of nothing that it did not make itself.
 */

#include "spooldir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

static const char *const folders[] = { "queue", "incoming", "held", "corrupt",
	"accounts" };

static int
check_owner(int fd, const char *path, uid_t uid)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		log_errno(LOG_LEVEL_ERROR, "spool", "%s", path);
		return -1;
	}
	if (st.st_uid != uid) {
		log_event(LOG_LEVEL_ERROR, "spool",
		    "%s belongs to user %u, the relay runs as user %u: "
		    "chown -R %u %s",
		    path, (unsigned)st.st_uid, (unsigned)uid, (unsigned)uid,
		    path);
		return -1;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		log_event(LOG_LEVEL_ERROR, "spool",
		    "%s has mode %04o, open to other users: chmod 700 %s", path,
		    (unsigned)st.st_mode & 07777, path);
		return -1;
	}
	return 0;
}

/* A descriptor of the directory, made if missing; -1 logged. */
static int
make_folder(int at, const char *name, const char *path, uid_t uid, gid_t gid)
{
	bool made = mkdirat(at, name, 0700) == 0;
	int fd;

	if (!made && errno != EEXIST) {
		log_errno(LOG_LEVEL_ERROR, "spool", "cannot create %s", path);
		return -1;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		log_errno(LOG_LEVEL_ERROR, "spool",
		    "%s is not a directory we may open", path);
		return -1;
	}
	if (made && geteuid() == 0 && fchown(fd, uid, gid) != 0)
		log_errno(LOG_LEVEL_ERROR, "spool", "chown %s", path);
	if (check_owner(fd, path, uid) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
spooldir_prepare(const char *path, uid_t uid, gid_t gid)
{
	char name[PATH_MAX];
	int spool, fd;
	size_t i;

	spool = make_folder(AT_FDCWD, path, path, uid, gid);
	if (spool == -1)
		return -1;
	for (i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, folders[i]);
		fd = make_folder(spool, folders[i], name, uid, gid);
		if (fd == -1)
			break;
		close(fd);
	}
	close(spool);
	return i == ARRAY_LEN(folders) ? 0 : -1;
}
