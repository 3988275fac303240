/*
 * ctluser - commands that the directory answers, not the daemon.
 */

#include "ctluser.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctlsocket.h"

#define WORDS_MAX 20

/* submitd lies where submitctl lies. */
static int
find_submitd(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return -1;
	path[n] = '\0';
	slash = strrchr(path, '/') + 1;
	if ((size_t)(slash - path) + sizeof("submitd") > PATH_MAX)
		return -1;
	memcpy(slash, "submitd", sizeof("submitd"));
	return 0;
}

int
ctluser_run(const struct ctluser *u, int argc, char **argv)
{
	const char *words[WORDS_MAX + 1] = { "submitd" };
	char path[PATH_MAX];
	size_t n = 1;
	int i;

	if (u->config != NULL) {
		words[n++] = "-f";
		words[n++] = u->config;
	}
	words[n++] = "--user";
	words[n++] = "--";
	if (u->bind_dn != NULL) {
		words[n++] = "-D";
		words[n++] = u->bind_dn;
	}
	if (u->password_file != NULL) {
		words[n++] = "-y";
		words[n++] = u->password_file;
	}
	if (u->sure)
		words[n++] = "-Y";
	for (i = 0; i < argc && n < WORDS_MAX; i++)
		words[n++] = argv[i];
	if (find_submitd(path) == 0)
		execv(path, (char *const *)(uintptr_t)words);
	fprintf(stderr, "submitctl: %s: %s\n", path, strerror(errno));
	return CTL_UNREACHABLE;
}
