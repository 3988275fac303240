/*
 * process - fork, exec, and the parcel that goes along.
 *
 * Between fork and exec only async-signal-safe calls.  What a child has is
 * what is listed here: descriptors, environment, arguments, no signal ignored.
 */

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "role.h"

#define CHILD_ENV_MAX 16

/*
 * libldap and libsasl2 free copies of passwords as they are.  Told so at its
 * start, the C library overwrites what is freed, and keeps no cache that it
 * would leave out.
 */
#define FORGETFUL_HEAP                                                         \
	"GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"

static const char *const names[] = {
	[ROLE_SMTP] = "smtp",
	[ROLE_AUTH] = "auth",
	[ROLE_RELAY] = "relay",
	[ROLE_COUNT] = "none",
};

const char *
process_role_name(enum role_id role)
{
	return names[role];
}

/* -- where the executables are --------------------------------------------- */

static int
find_executable(enum role_id role, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	int len = -1;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		len = snprintf(
		    path, PATH_MAX, "%s/submitd-%s", self, names[role]);
	}
	if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
		return 0;
	len = snprintf(path, PATH_MAX, LIBEXECDIR "/submitd-%s", names[role]);
	if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
		return 0;
	log_event(LOG_LEVEL_ERROR, "role_missing",
	    "submitd-%s is neither beside submitd nor in " LIBEXECDIR,
	    names[role]);
	return -1;
}

/* -- the child ------------------------------------------------------------- */

/* What a role may know of our environment. */
static void
child_environment(
    enum role_id role, char *env[CHILD_ENV_MAX], char text[][PATH_MAX])
{
	static const char *const passed[] = { "JOURNAL_STREAM", "TZ",
		"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
		"TSAN_OPTIONS" };
	const char *value;
	size_t i, n = 0;

	env[n++] = (char *)(uintptr_t) "PATH=/usr/bin:/bin";
	env[n++] = (char *)(uintptr_t) "LANG=C";
	if (role == ROLE_AUTH)
		env[n++] = (char *)(uintptr_t)FORGETFUL_HEAP;
	for (i = 0; i < ARRAY_LEN(passed); i++) {
		value = getenv(passed[i]);
		if (value == NULL || strlen(value) > PATH_MAX / 2)
			continue;
		snprintf(text[i], PATH_MAX, "%s=%s", passed[i], value);
		env[n++] = text[i];
	}
	env[n] = NULL;
}

void
process_reset_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * No signal comes in between: every signal is blocked since before fork(),
 * since master's handlers would speak to master's loop.
 */
NORETURN static void
become(const char *path, char *const argv[], char *const env[], int link)
{
	int null;

	process_reset_signals();
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* dup2() onto itself would keep close-on-exec: go round. */
	if (null == -1 || (argv[1] == NULL && dup2(null, STDIN_FILENO) == -1) ||
	    (link = fcntl(link, F_DUPFD_CLOEXEC, ROLE_FD + 1)) == -1 ||
	    dup2(link, ROLE_FD) == -1)
		_exit(127);
	/* Also what whoever started master left open. */
	close_range(ROLE_FD + 1, ~0U, 0);
	execve(path, argv, env);
	_exit(127);
}

pid_t
process_start(enum role_id role, char *const words[], int *link)
{
	static char text[CHILD_ENV_MAX][PATH_MAX];
	char path[PATH_MAX], name[32], *env[CHILD_ENV_MAX];
	char *argv[PROCESS_WORDS_MAX + 2] = { name };
	sigset_t all, before;
	int pair[2];
	size_t n;
	pid_t pid;

	for (n = 0; words != NULL && words[n] != NULL; n++) {
		BUG_ON(n == PROCESS_WORDS_MAX);
		argv[n + 1] = words[n];
	}
	*link = -1;
	if (find_executable(role, path) == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		log_errno(LOG_LEVEL_ERROR, "role_start_failed", "socketpair");
		return -1;
	}
	snprintf(name, sizeof(name), "submitd-%s", names[role]);
	child_environment(role, env, text);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(path, argv, env, pair[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (pid == -1) {
		log_errno(LOG_LEVEL_ERROR, "role_start_failed", "fork");
		close(pair[0]);
		return -1;
	}
	*link = pair[0];
	return pid;
}

/* -- the parcel ------------------------------------------------------------ */

static void
pack_part(enum role_id role, const struct config *c, struct buf *b)
{
	switch (role) {
	case ROLE_SMTP:
		smtp_config_pack(b, &c->smtp);
		break;
	case ROLE_AUTH:
		auth_config_pack(b, &c->auth);
		break;
	case ROLE_RELAY:
		relay_config_pack(b, &c->relay);
		break;
	case ROLE_COUNT:
		break;
	}
}

static int
write_all(int fd, struct slice s)
{
	ssize_t n;

	while (s.n > 0) {
		n = write(fd, s.p, s.n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s = slice_from(s, (size_t)n);
	}
	return 0;
}

int
process_config_fd(enum role_id role, const struct config *c)
{
	struct buf b = buf_new(LIMIT_CONFIG);
	int fd = memfd_create("config", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	pack_part(role, c, &b);
	if (fd == -1 || !buf_ok(&b) || write_all(fd, buf_slice(&b)) == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) ==
		-1) {
		log_errno(
		    LOG_LEVEL_ERROR, "config_pack_failed", "%s", names[role]);
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	buf_free(&b);
	return fd;
}
