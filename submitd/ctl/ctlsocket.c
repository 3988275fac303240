/*
 * ctlsocket - the daemon's control socket, from submitctl's side.
 *
 * Knows no request: a line goes out, and what comes back is for the operator.
 */

#include "ctlsocket.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 15 /* the daemon takes ten seconds at most */

int
ctlsocket_unreachable(const char *path)
{
	fprintf(stderr, "submitctl: %s: %s (is submitd running?)\n", path,
	    strerror(errno));
	return CTL_UNREACHABLE;
}

int
ctlsocket_dial(const char *path)
{
	static const struct timeval patience = { PATIENCE_S, 0 };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, saved;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	saved = errno;
	if (fd != -1)
		close(fd);
	errno = saved;
	return -1;
}

/* The first line is for us, the rest for the operator. */
int
ctlsocket_print(FILE *answer)
{
	char line[4096];
	bool ok;

	if (fgets(line, sizeof(line), answer) == NULL) {
		fputs("submitctl: no answer\n", stderr);
		return CTL_UNREACHABLE;
	}
	ok = strncmp(line, "ok", 2) == 0;
	if (!ok || line[2] != '\n')
		fprintf(stderr, "submitctl: %s", line);
	while (fgets(line, sizeof(line), answer) != NULL)
		fputs(line, stdout);
	return ok ? CTL_DONE : CTL_REFUSED;
}
