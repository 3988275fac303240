#ifndef SUBMITD_TESTS_SPOOLTREE_H
#define SUBMITD_TESTS_SPOOLTREE_H

/*
 * spooltree - a spool of its own for each test, one message for it, and what
 * can be asked of it.
 *
 * Every system call that decides goes through a table that can make the k-th
 * of them fail, or be the last one of a process.
 */

#include "cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "compiler.h"
#include "queueid.h"
#include "spool.h"

#define ID    0x0123456789abcdefULL
#define OTHER 0x0123456789abcdf0ULL

/* -- system calls that fail when told to ----------------------------------- */

static struct {
	unsigned at;   /* the call that fails, from 1; 0: none */
	bool onwards;  /* and all behind it */
	int error;     /* 0: this call is the last thing the process does */
	bool slight;   /* fail only a little: EINTR, then one octet at a time */
	unsigned made; /* so far */
	char order[256];
	bool no_tmpfile; /* as on a file system that has none */
} fault;

/* Count a call; true if it is to fail, with errno set. */
static inline bool
fails(char letter)
{
	if (fault.made < sizeof(fault.order) - 1)
		fault.order[fault.made] = letter;
	fault.made++;
	if (fault.slight && fault.made % 2 == 1) {
		errno = EINTR;
		return strchr("wpr", letter) != NULL;
	}
	if (fault.error == 0 || fault.at == 0 ||
	    (fault.onwards ? fault.made < fault.at : fault.made != fault.at))
		return false;
	errno = fault.error;
	return true;
}

/* Behind a call that was made. */
static inline int
ended(int result)
{
	if (fault.error == 0 && fault.made == fault.at)
		_exit(0);
	return result;
}

static inline ssize_t
sys_write(int fd, const void *p, size_t n)
{
	return fails('w') ? -1 : ended((int)write(fd, p, fault.slight ? 1 : n));
}

static inline ssize_t
sys_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fails('p') ? -1
			  : ended((int)pwrite(fd, p, fault.slight ? 1 : n, at));
}

static inline ssize_t
sys_pread(int fd, void *p, size_t n, off_t at)
{
	return fails('r') ? -1
			  : ended((int)pread(fd, p, fault.slight ? 1 : n, at));
}

static inline int
sys_fdatasync(int fd)
{
	return fails('s') ? -1 : ended(fdatasync(fd));
}

static inline int
sys_fsync(int fd)
{
	return fails('d') ? -1 : ended(fsync(fd));
}

static inline int
sys_linkat(int from, const char *a, int to, const char *b, int flags)
{
	return fails('l') ? -1 : ended(linkat(from, a, to, b, flags));
}

static inline int
sys_renameat(int from, const char *a, int to, const char *b)
{
	return fails('m') ? -1 : ended(renameat(from, a, to, b));
}

static inline int
sys_unlinkat(int dir, const char *name, int flags)
{
	return fails('u') ? -1 : ended(unlinkat(dir, name, flags));
}

static const struct spool_sys sys = {
	.write = sys_write,
	.pwrite = sys_pwrite,
	.pread = sys_pread,
	.fdatasync = sys_fdatasync,
	.fsync = sys_fsync,
	.linkat = sys_linkat,
	.renameat = sys_renameat,
	.unlinkat = sys_unlinkat,
};

/* Takes the place of the C library's: the linker finds this one first. */
int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (fault.no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

/* -- a tree and a message -------------------------------------------------- */

static char root[] = "/tmp/submitd-test-spool-XXXXXX";
static struct spool *spool;
static int content; /* a file that holds content_text */

static const char content_text[] = "Subject: spool\r\n\r\nOne line.\r\n";

static struct recipient recipients[] = {
	{ (char[]){ "bob@example.net" }, RECIPIENT_OPEN, 0, (char[]){ "" } },
	{ (char[]){ "carol@example.net" }, RECIPIENT_OPEN, 0, (char[]){ "" } },
};

static struct envelope envelope = {
	.id = ID,
	.session = 1,
	.user = (char[]){ "alice" },
	.client_address = (char[]){ "192.0.2.1" },
	.sender = (char[]){ "alice@example.org" },
	.recipient_count = ARRAY_LEN(recipients),
	.recipients = recipients,
};

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level == 0 ? 0 : remove(path);
}

/* An empty tree, opened anew. */
static inline void
start_over(void)
{
	spool_close(&spool);
	fault.at = fault.made = 0;
	fault.error = 0;
	fault.onwards = fault.slight = false;
	memset(fault.order, 0, sizeof(fault.order));
	recipients[0].status = recipients[1].status = RECIPIENT_OPEN;
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	spool = spool_open(root, getuid(), getgid(), 0, &sys);
	assert_non_null(spool);
}

static inline int
setup(void **state)
{
	(void)state;
	start_over();
	return 0;
}

static inline int
group_setup(void **state)
{
	size_t n = sizeof(content_text) - 1;

	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	content = memfd_create("content", MFD_CLOEXEC);
	return write(content, content_text, n) == (ssize_t)n ? 0 : -1;
}

static inline int
group_teardown(void **state)
{
	(void)state;
	spool_close(&spool);
	close(content);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return rmdir(root);
}

static inline char *
path_of(const char *dir, const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", root, dir, name);
	return path;
}

static inline bool
is_in(const char *dir)
{
	struct stat st;

	return lstat(path_of(dir, queueid_format(ID).s), &st) == 0;
}

static inline size_t
count_files(const char *dir)
{
	DIR *d = opendir(path_of(dir, ""));
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* -- what can be asked of it ----------------------------------------------- */

static inline enum spool_status
commit_to(enum spool_place place)
{
	struct buf head = buf_new(ENVELOPE_MAX), plain = buf_new(ENVELOPE_MAX);
	struct spool_head heads;
	enum spool_status status;

	envelope_pack(&head, &envelope, false);
	envelope_pack(&plain, &envelope, true);
	heads = (struct spool_head){ buf_slice(&head), buf_slice(&plain) };
	status = spool_commit(
	    spool, ID, &heads, content, sizeof(content_text) - 1, place);
	buf_free(&head);
	buf_free(&plain);
	return status;
}

static inline enum spool_status
do_commit(void)
{
	return commit_to(SPOOL_QUEUE);
}

static inline enum spool_status
do_commit_held(void)
{
	return commit_to(SPOOL_HELD);
}

static inline enum spool_status
do_mark(void)
{
	struct buf head = buf_new(ENVELOPE_MAX);
	enum spool_status status;

	recipients[0].status = RECIPIENT_DONE;
	recipients[1].status = RECIPIENT_FAILED;
	envelope_pack(&head, &envelope, false);
	status = spool_mark(spool, ID, buf_slice(&head));
	buf_free(&head);
	return status;
}

static inline enum spool_status
do_hold(void)
{
	return spool_hold(spool, ID);
}

static inline enum spool_status
do_remove(void)
{
	return spool_remove(spool, ID);
}

/* Load, and see that it is the very message. */
static inline enum spool_status
do_load(void)
{
	char text[sizeof(content_text)];
	struct spool_message m;
	enum spool_status status = spool_load(spool, ID, &m);

	if (status != SPOOL_OK) {
		assert_null(m.envelope);
		assert_int_equal(m.fd, -1);
		return status;
	}
	assert_true(m.envelope->id == ID);
	assert_string_equal(m.envelope->sender, envelope.sender);
	assert_int_equal(m.envelope->recipient_count, 2);
	assert_int_equal(m.size, sizeof(content_text) - 1);
	assert_int_equal(pread(m.fd, text, sizeof(text), (off_t)m.content_at) >=
			     (ssize_t)m.size,
	    1);
	assert_memory_equal(text, content_text, m.size);
	envelope_free(&m.envelope);
	close(m.fd);
	return status;
}

#endif
