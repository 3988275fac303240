/*
 * sandbox - what a role gives up before it reads its first byte from outside.
 *
 * Not a policy: what a role may touch comes from the role.  Invariant: what an
 * administrator counts on (another user, no way back, no new privileges) is
 * there or the role does not start; what a system may lack (chroot, Landlock)
 * is logged when it is missing.
 */

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

/* Of kernels newer than the header we are built with. */
#define FS_TRUNCATE     (1ULL << 14) /* ABI 3 */
#define FS_IOCTL_DEV    (1ULL << 15) /* ABI 5 */
#define NET_BIND_TCP    (1ULL << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)  /* ABI 4 */
#define SCOPE_ABSTRACT  (1ULL << 0)  /* ABI 6 */
#define SCOPE_SIGNAL    (1ULL << 1)  /* ABI 6 */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                               \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |         \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER |        \
	    FS_TRUNCATE)
/* Those that make sense for what is not a directory. */
#define FS_OF_FILE                                                             \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    FS_TRUNCATE)

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/* What could not be had, for one line in the log. */
struct given_up {
	char text[256];
};

static void
give_up(struct given_up *g, const char *what)
{
	size_t n = strlen(g->text);

	snprintf(
	    g->text + n, sizeof(g->text) - n, "%s%s", n == 0 ? "" : ", ", what);
}

void
sandbox_no_dumps(void)
{
	static const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("cannot forbid core dumps: %s", strerror(errno));
}

static bool
has_one_thread(void)
{
	struct stat st;

	/* A directory has two links and one for each below it. */
	return stat("/proc/self/task", &st) == -1 || st.st_nlink <= 3;
}

/* -- files (Landlock) ------------------------------------------------------ */

static uint64_t
fs_known(long abi)
{
	uint64_t known = LANDLOCK_ACCESS_FS_REFER - 1;

	if (abi >= 2)
		known |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		known |= FS_TRUNCATE;
	if (abi >= 5)
		known |= FS_IOCTL_DEV;
	return known;
}

static bool
wants_to_write(const struct sandbox *s)
{
	unsigned i;

	for (i = 0; i < s->path_count; i++)
		if (s->paths[i].write)
			return true;
	return false;
}

/* Allow what is beneath one path; a path that is not there needs no rule. */
static int
allow(int ruleset, const struct sandbox_path *p, uint64_t known)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;
	int r = -1;

	rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return 0;
	rule.allowed_access = FS_READ | (p->write ? FS_WRITE : 0);
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILE;
	rule.allowed_access &= known;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == 0)
		r = 0;
	else
		log_errno(LOG_LEVEL_ERROR, "landlock", "%s", p->path);
	close(rule.parent_fd);
	return r;
}

/*
 * Name the files that stay within reach, while they can be named.  *ruleset is
 * -1 where the kernel has no Landlock.
 */
static int
build_ruleset(const struct sandbox *s, struct given_up *g, int *ruleset)
{
	struct ruleset_attr attr = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	unsigned i;

	*ruleset = -1;
	/* The first ABI forbids every link and rename between directories. */
	if (abi < 1 || (abi == 1 && wants_to_write(s))) {
		give_up(g, "Landlock (not in this kernel)");
		return 0;
	}
	attr.handled_access_fs = fs_known(abi);
	if (abi >= 4 && !s->network)
		attr.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
	else if (!s->network)
		give_up(g, "no TCP of its own (needs Linux 6.7)");
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	*ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (*ruleset == -1) {
		log_errno(LOG_LEVEL_ERROR, "landlock", "cannot make a ruleset");
		return -1;
	}
	for (i = 0; i < s->path_count; i++)
		if (allow(*ruleset, &s->paths[i], attr.handled_access_fs) == -1)
			return -1;
	return 0;
}

static int
enforce(int ruleset)
{
	if (ruleset == -1 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == 0)
		return 0;
	log_errno(LOG_LEVEL_ERROR, "landlock", "cannot enforce");
	return -1;
}

/* -- root directory and user ----------------------------------------------- */

/*
 * A directory without a name: nobody can put anything into it, and nothing is
 * left behind.  -1 with errno.
 */
static int
open_empty_root(void)
{
	char run[] = "/run/submitd.XXXXXX", tmp[] = "/tmp/submitd.XXXXXX";
	const char *name = mkdtemp(run);
	int fd;

	if (name == NULL)
		name = mkdtemp(tmp);
	if (name == NULL)
		return -1;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rmdir(name);
	if (fd != -1 && fchmod(fd, 0) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
change_root(const struct sandbox *s, struct given_up *g)
{
	int fd = s->root_fd == -1 ? open_empty_root() : s->root_fd;
	char what[128];

	if (fd == -1 || fchdir(fd) == -1 || chroot(".") == -1 ||
	    chdir("/") == -1) {
		snprintf(what, sizeof(what), "chroot (%s)", strerror(errno));
		give_up(g, what);
	}
	if (fd != -1 && fd != s->root_fd)
		close(fd);
}

/* Become another user, and make sure that there is no way back. */
static int
change_user(uid_t uid, gid_t gid)
{
	if (uid == 0 || gid == 0) {
		log_event(LOG_LEVEL_ERROR, "sandbox",
		    "the user of a role must not be root");
		return -1;
	}
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1) {
		log_errno(LOG_LEVEL_ERROR, "sandbox",
		    "cannot become user %ju, group %ju", (uintmax_t)uid,
		    (uintmax_t)gid);
		return -1;
	}
	if (setuid(0) == 0 || setgid(0) == 0 || getuid() != uid ||
	    geteuid() != uid || getgid() != gid || getegid() != gid) {
		log_event(LOG_LEVEL_ERROR, "sandbox",
		    "still able to become root: not started");
		return -1;
	}
	return 0;
}

/* -- resources ------------------------------------------------------------- */

/* Set a limit, or what is nearest to it below. */
static int
limit(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit now;
	struct rlimit want = { value, value };

	if (setrlimit(what, &want) == 0)
		return 0;
	if (getrlimit(what, &now) == -1)
		return -1;
	want.rlim_cur = want.rlim_max = now.rlim_max;
	return value > now.rlim_max ? setrlimit(what, &want) : -1;
}

static int
limit_resources(const struct sandbox *s, struct given_up *g)
{
	struct stat st;
	int r = 0;

	/* A log that goes to a file must be able to grow. */
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		give_up(g, "file size limit (stderr is a file)");
	else
		r = limit(RLIMIT_FSIZE, s->max_file_size);
	if (r == 0 && s->max_files > 0)
		r = limit(RLIMIT_NOFILE, s->max_files);
	/* Threads count as processes, and those of all who share the user. */
	if (r == 0 && !s->threads)
		r = limit(RLIMIT_NPROC, 0);
	if (r == -1)
		log_errno(LOG_LEVEL_ERROR, "sandbox", "cannot set a limit");
	return r;
}

/* -------------------------------------------------------------------------- */

int
sandbox_enter(const struct sandbox *s, bool as_root, uid_t uid, gid_t gid)
{
	struct given_up g = { "" };
	struct log_line l;
	int ruleset = -1, r = -1;

	if (!has_one_thread()) {
		log_event(LOG_LEVEL_ERROR, "sandbox", "a thread runs already");
		return -1;
	}
	if (build_ruleset(s, &g, &ruleset) == -1)
		goto out;
	if (!as_root)
		give_up(&g, "own user and chroot (not started as root)");
	else if (s->chroot_wanted)
		change_root(s, &g);
	if (limit_resources(s, &g) == -1)
		goto out;
	if (as_root && change_user(uid, gid) == -1)
		goto out;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_errno(LOG_LEVEL_ERROR, "sandbox", "no_new_privs");
		goto out;
	}
	sandbox_no_dumps(); /* changing the user may have undone it */
	if (enforce(ruleset) == -1)
		goto out;
	if (g.text[0] != '\0') {
		log_begin(&l, LOG_LEVEL_WARN, 0, "sandbox");
		log_str(&l, "given_up", g.text);
		log_end(&l);
	}
	r = 0;
out:
	if (ruleset != -1)
		close(ruleset);
	return r;
}
