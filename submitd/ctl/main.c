/*
 * submitctl - the operator's side of the control socket.
 *
 *	submitctl [-s SOCKET] status
 *
 * Exit status: 0 answered, 1 refused by the daemon, 2 wrong usage, 3 the
 * daemon cannot be reached.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/submitd/control"
#define PATIENCE_S     5 /* the daemon takes one second at most */

enum { DONE = 0, REFUSED = 1, USAGE = 2, UNREACHABLE = 3 };

static int
usage(FILE *to, int status)
{
	fputs("usage: submitctl [-s SOCKET] status\n", to);
	return status;
}

static int
unreachable(const char *path)
{
	fprintf(stderr, "submitctl: %s: %s (is submitd running?)\n", path,
	    strerror(errno));
	return UNREACHABLE;
}

static int
dial_socket(const char *path)
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
static int
print_answer(FILE *answer)
{
	char line[4096];
	bool ok;

	if (fgets(line, sizeof(line), answer) == NULL) {
		fputs("submitctl: no answer\n", stderr);
		return UNREACHABLE;
	}
	ok = strncmp(line, "ok", 2) == 0;
	if (!ok || line[2] != '\n')
		fprintf(stderr, "submitctl: %s", line);
	while (fgets(line, sizeof(line), answer) != NULL)
		fputs(line, stdout);
	return ok ? DONE : REFUSED;
}

int
main(int argc, char **argv)
{
	const char *path = DEFAULT_SOCKET;
	FILE *stream;
	int c, fd, status;

	while ((c = getopt(argc, argv, "s:h")) != -1) {
		if (c == 'h')
			return usage(stdout, DONE);
		if (c != 's')
			return usage(stderr, USAGE);
		path = optarg;
	}
	if (optind + 1 != argc)
		return usage(stderr, USAGE);
	signal(SIGPIPE, SIG_IGN); /* a daemon too busy hangs up on us */
	if ((fd = dial_socket(path)) == -1)
		return unreachable(path);
	if ((stream = fdopen(fd, "r+")) == NULL)
		return unreachable(path);
	if (dprintf(fd, "%s\n", argv[optind]) < 0)
		status = unreachable(path);
	else
		status = print_answer(stream);
	fclose(stream);
	return status;
}
