/*
 * controlsocket - the operator's socket in the file system, and who may use it.
 *
 * Knows nothing of requests.
 */

#include "controlsocket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "xalloc.h"

#define BACKLOG    8
#define GROUPS_MAX 1024 /* a user in more is not looked for */

/* A directory of our own, if it is not there: nobody else looks in. */
static void
make_directory(const char *socket_path)
{
	char *dir = xstrdup(socket_path), *slash = strrchr(dir, '/');

	if (slash != NULL && slash != dir) {
		*slash = '\0';
		/* our umask would keep the group out; bind() tells of trouble
		 */
		if (mkdir(dir, 0750) == 0)
			(void)chmod(dir, 0750);
	}
	free(dir);
}

/*
 * Make room for our socket: one that still answers belongs to a living
 * gateway, and what is no socket is not ours to remove.
 */
static int
clear_path(int fd, const struct sockaddr_un *sa)
{
	struct stat st;

	if (lstat(sa->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	errno = EADDRINUSE;
	if (!S_ISSOCK(st.st_mode) ||
	    connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
		return -1;
	/* a full backlog is an answer, too */
	return errno == ECONNREFUSED ? unlink(sa->sun_path) : -1;
}

static int
bind_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, saved;
	mode_t mask;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	mask = umask(0117);
	if (clear_path(fd, &sa) == 0 &&
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    listen(fd, BACKLOG) == 0) {
		umask(mask);
		return fd;
	}
	saved = errno;
	umask(mask);
	close(fd);
	errno = saved;
	return -1;
}

int
controlsocket_open(const char *path)
{
	make_directory(path);
	return bind_socket(path);
}

/* Whoever the file's mode should let in, even after somebody changed it. */
bool
controlsocket_may_ask(int fd, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	struct ucred who;
	socklen_t n = sizeof(who);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return false;
	if (who.uid == 0 || who.uid == geteuid() || who.gid == group)
		return true;
	n = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) == 0)
		for (i = 0; i < n / sizeof(*groups); i++)
			if (groups[i] == group)
				return true;
	log_event(LOG_LEVEL_WARN, "control_refused", "user %u, pid %d",
	    (unsigned)who.uid, (int)who.pid);
	return false;
}
