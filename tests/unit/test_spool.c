/*
 * spool - what was promised is there, whole, whatever call fails and wherever
 * the process ends; and what is not whole is never sent.
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

/* -- system calls that fail when told to ------------------------------------ */

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
static bool
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
static int
ended(int result)
{
	if (fault.error == 0 && fault.made == fault.at)
		_exit(0);
	return result;
}

static ssize_t
sys_write(int fd, const void *p, size_t n)
{
	return fails('w') ? -1
			  : ended((int)write(fd, p, fault.slight ? 1 : n));
}

static ssize_t
sys_pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fails('p')
		   ? -1
		   : ended((int)pwrite(fd, p, fault.slight ? 1 : n, at));
}

static ssize_t
sys_pread(int fd, void *p, size_t n, off_t at)
{
	return fails('r') ? -1
			  : ended((int)pread(fd, p, fault.slight ? 1 : n, at));
}

static int
sys_fdatasync(int fd)
{
	return fails('s') ? -1 : ended(fdatasync(fd));
}

static int
sys_fsync(int fd)
{
	return fails('d') ? -1 : ended(fsync(fd));
}

static int
sys_linkat(int from, const char *a, int to, const char *b, int flags)
{
	return fails('l') ? -1 : ended(linkat(from, a, to, b, flags));
}

static int
sys_renameat(int from, const char *a, int to, const char *b)
{
	return fails('m') ? -1 : ended(renameat(from, a, to, b));
}

static int
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

/* -- a tree and a message ---------------------------------------------------- */

static char root[] = "/tmp/submitd-test-spool-XXXXXX";
static struct spool *spool;
static int content; /* a file that holds content_text */

static const char content_text[] = "Subject: spool\r\n\r\nOne line.\r\n";

static struct recipient recipients[] = {
	{ (char[]){ "bob@example.net" }, RECIPIENT_OPEN },
	{ (char[]){ "carol@example.net" }, RECIPIENT_OPEN },
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

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level == 0 ? 0 : remove(path);
}

/* An empty tree, opened anew. */
static void
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

static int
setup(void **state)
{
	(void)state;
	start_over();
	return 0;
}

static int
group_setup(void **state)
{
	size_t n = sizeof(content_text) - 1;

	(void)state;
	if (mkdtemp(root) == NULL)
		return -1;
	content = memfd_create("content", MFD_CLOEXEC);
	return write(content, content_text, n) == (ssize_t)n ? 0 : -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	spool_close(&spool);
	close(content);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return rmdir(root);
}

static char *
path_of(const char *dir, const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", root, dir, name);
	return path;
}

static bool
is_in(const char *dir)
{
	struct stat st;

	return lstat(path_of(dir, queueid_format(ID).s), &st) == 0;
}

static size_t
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

/* -- what can be asked of it ------------------------------------------------- */

static enum spool_status
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

static enum spool_status
do_commit(void)
{
	return commit_to(SPOOL_QUEUE);
}

static enum spool_status
do_commit_held(void)
{
	return commit_to(SPOOL_HELD);
}

static enum spool_status
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

static enum spool_status
do_hold(void)
{
	return spool_hold(spool, ID);
}

static enum spool_status
do_remove(void)
{
	return spool_remove(spool, ID);
}

/* Load, and see that it is the very message. */
static enum spool_status
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
	assert_int_equal(
	    pread(m.fd, text, sizeof(text), (off_t)m.content_at) >=
		(ssize_t)m.size,
	    1);
	assert_memory_equal(text, content_text, m.size);
	envelope_free(&m.envelope);
	close(m.fd);
	return status;
}

enum before { EMPTY, QUEUED };

/* clang-format off */
static const struct {
	const char		*name;
	enum spool_status	(*run)(void);
	enum before		 before;
	const char		*order; /* of the calls, if all goes well */
} operations[] = {
	{ "commit",		do_commit,	EMPTY,	"wrwwsld" },
	{ "commit to held",	do_commit_held,	EMPTY,	"wrwwsld" },
	{ "mark",		do_mark,	QUEUED,	"ps" },
	{ "hold",		do_hold,	QUEUED,	"mdd" },
	{ "remove",		do_remove,	QUEUED,	"u" },
	{ "load",		do_load,	QUEUED,	"rrr" },
};
/* clang-format on */

/* The tree as operation i wants to find it. */
static void
prepare(size_t i)
{
	start_over();
	if (operations[i].before == QUEUED)
		assert_int_equal(do_commit(), SPOOL_OK);
	fault.made = 0;
	memset(fault.order, 0, sizeof(fault.order));
}

/*
 * Whatever happened: a file in queue/ is a whole message, nothing was taken
 * for corrupt, and a message that was there is not gone from everywhere.
 */
static void
assert_whole_or_nothing(size_t i)
{
	uint64_t *ids;
	size_t n;

	fault.at = fault.made = 0;
	fault.slight = false;
	assert_int_equal(spool_scan(spool, &ids, &n), SPOOL_OK);
	free(ids);
	assert_int_equal(n, is_in("queue"));
	assert_int_equal(count_files("incoming"), 0);
	if (is_in("queue"))
		assert_int_equal(do_load(), SPOOL_OK);
	else if (operations[i].before == QUEUED &&
		 operations[i].run != do_remove)
		assert_true(is_in("held"));
	assert_int_equal(count_files("corrupt"), 0);
}

static void
test_calls_are_made_in_the_order_that_keeps_promises(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		prepare(i);
		assert_int_equal(operations[i].run(), SPOOL_OK);
		assert_string_equal(fault.order, operations[i].order);
		assert_whole_or_nothing(i);
	}
}

static void
assert_failure(size_t i, unsigned at, int error, bool onwards)
{
	enum spool_status status;

	prepare(i);
	print_message("%s: call %u (%c), error %d%s\n", operations[i].name, at,
	    operations[i].order[at - 1], error, onwards ? " for good" : "");
	fault.at = at;
	fault.error = error;
	fault.onwards = onwards;
	status = operations[i].run();
	assert_true(status == SPOOL_IO ||
		    (status == SPOOL_FULL && error == ENOSPC));
	if (error == ENOSPC && operations[i].order[at - 1] == 'w')
		assert_int_equal(status, SPOOL_FULL);
	if (operations[i].before == EMPTY && !onwards)
		assert_false(is_in("queue") || is_in("held"));
	assert_whole_or_nothing(i);
}

static void
test_a_call_that_fails_leaves_all_or_nothing(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	unsigned at;
	size_t i, e;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++)
		for (at = 1; at <= strlen(operations[i].order); at++)
			for (e = 0; e < ARRAY_LEN(errors); e++) {
				assert_failure(i, at, errors[e], false);
				assert_failure(i, at, errors[e], true);
			}
}

static void
test_the_next_message_is_fine(void **state)
{
	unsigned at;

	(void)state;
	for (at = 1; at <= strlen(operations[0].order); at++) {
		prepare(0);
		fault.at = at;
		fault.error = EIO;
		assert_int_not_equal(do_commit(), SPOOL_OK);
		fault.at = 0;
		assert_int_equal(do_commit(), SPOOL_OK);
		assert_int_equal(do_load(), SPOOL_OK);
	}
}

/* Linux forgets what it could not write: a second fsync would say all is well */
static void
test_a_failed_sync_is_not_tried_again(void **state)
{
	(void)state;
	fault.at = 5;
	fault.error = EIO;
	assert_int_equal(do_commit(), SPOOL_IO);
	assert_string_equal(fault.order, "wrwws");
}

static void
run_to_the_end(size_t i, unsigned at)
{
	pid_t child;
	int status;

	prepare(i);
	print_message("%s: ends behind call %u\n", operations[i].name, at);
	spool_close(&spool); /* the child has files and /proc of its own */
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		spool = spool_open(root, getuid(), getgid(), 0, &sys);
		fault.at = at;
		(void)operations[i].run();
		_exit(1); /* the call was not reached */
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	spool = spool_open(root, getuid(), getgid(), 0, &sys);
	assert_whole_or_nothing(i);
}

static void
test_a_process_that_ends_anywhere_leaves_all_or_nothing(void **state)
{
	unsigned at;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++)
		for (at = 1; at <= strlen(operations[i].order); at++)
			run_to_the_end(i, at);
}

/* A file system without O_TMPFILE: names in incoming/, gone afterwards. */
static void
test_the_same_without_unnamed_files(void **state)
{
	fault.no_tmpfile = true;
	test_calls_are_made_in_the_order_that_keeps_promises(state);
	test_a_call_that_fails_leaves_all_or_nothing(state);
	test_a_process_that_ends_anywhere_leaves_all_or_nothing(state);
	fault.no_tmpfile = false;
}

static void
test_short_and_interrupted_calls_go_unnoticed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		prepare(i);
		fault.slight = true;
		assert_int_equal(operations[i].run(), SPOOL_OK);
		assert_whole_or_nothing(i);
	}
}

static void
test_marks_are_there_when_loaded(void **state)
{
	struct spool_message m;

	(void)state;
	assert_int_equal(do_commit(), SPOOL_OK);
	assert_int_equal(do_mark(), SPOOL_OK);
	assert_int_equal(spool_load(spool, ID, &m), SPOOL_OK);
	assert_int_equal(m.envelope->recipients[0].status, RECIPIENT_DONE);
	assert_int_equal(m.envelope->recipients[1].status, RECIPIENT_FAILED);
	envelope_free(&m.envelope);
	close(m.fd);
}

/* -- files that are not whole ------------------------------------------------ */

static char file[4096];
static size_t file_n;

static void
put_file(const char *name, const char *p, size_t n)
{
	int fd = open(path_of("queue", name),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

/* The octets of a good file, which is gone afterwards. */
static void
take_file(void)
{
	int fd;

	assert_int_equal(do_commit(), SPOOL_OK);
	fd = open(path_of("queue", queueid_format(ID).s), O_RDONLY | O_CLOEXEC);
	file_n = (size_t)read(fd, file, sizeof(file));
	close(fd);
	assert_true(file_n > 100 && file_n < sizeof(file));
	assert_int_equal(do_remove(), SPOOL_OK);
}

/* What stands in queue/ID is to be put aside, never loaded. */
static void
assert_set_aside(void)
{
	assert_int_equal(do_load(), SPOOL_CORRUPT);
	assert_false(is_in("queue"));
	assert_true(is_in("corrupt"));
	assert_int_equal(remove(path_of("corrupt", queueid_format(ID).s)), 0);
}

static void
test_a_file_cut_anywhere_is_set_aside(void **state)
{
	size_t n;

	(void)state;
	take_file();
	for (n = 0; n < file_n; n++) {
		put_file(queueid_format(ID).s, file, n);
		assert_set_aside();
	}
	put_file(queueid_format(ID).s, file, file_n + 1);
	assert_set_aside();
	put_file(queueid_format(ID).s, file, file_n);
	assert_int_equal(do_load(), SPOOL_OK);
}

static void
test_no_flipped_bit_goes_unseen(void **state)
{
	enum spool_status status;
	unsigned newer = 0;
	size_t bit;

	(void)state;
	take_file();
	for (bit = 0; bit < file_n * 8; bit++) {
		file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
		put_file(queueid_format(ID).s, file, file_n);
		file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
		/* A version cannot be told from a bit gone wrong in it. */
		if (bit / 8 < 8 || bit / 8 > 11 || bit == 11 * 8) {
			assert_set_aside();
			continue;
		}
		status = do_load();
		assert_int_equal(status, SPOOL_NEWER);
		assert_true(is_in("queue"));
		newer++;
	}
	assert_int_equal(newer, 31);
}

static void
test_a_file_under_another_name_is_set_aside(void **state)
{
	struct spool_message m;

	(void)state;
	take_file();
	put_file(queueid_format(OTHER).s, file, file_n);
	assert_int_equal(spool_load(spool, OTHER, &m), SPOOL_CORRUPT);
	assert_int_equal(do_load(), SPOOL_GONE);
}

static void
test_what_is_no_file_is_set_aside(void **state)
{
	struct queueid_text id = queueid_format(ID);
	const char *name = id.s;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path_of("queue", name)), 0);
	assert_set_aside();
	assert_int_equal(mkfifo(path_of("queue", name), 0600), 0);
	assert_set_aside();
	assert_int_equal(mkdir(path_of("queue", name), 0700), 0);
	assert_set_aside();
	assert_int_equal(mknod(path_of("queue", name), S_IFSOCK | 0600, 0), 0);
	assert_set_aside();
}

static void
test_a_scan_finds_ours_and_clears_the_rest(void **state)
{
	static const char *const foreign[] = { "core", "x", "0123456789abc.",
		"0123456789ABC", "zzzzzzzzzzzzz", "00000000000000" };
	uint64_t *ids;
	size_t i, n;

	(void)state;
	take_file();
	put_file(queueid_format(ID).s, file, file_n);
	put_file(queueid_format(OTHER).s, file, 3);
	for (i = 0; i < ARRAY_LEN(foreign); i++)
		put_file(foreign[i], "x", 1);
	assert_int_equal(mkdir(path_of("queue", "directory"), 0700), 0);
	assert_int_equal(symlink("/dev/null", path_of("incoming", "a")), 0);
	assert_int_equal(spool_scan(spool, &ids, &n), SPOOL_OK);
	assert_int_equal(n, 2);
	assert_true((ids[0] == ID && ids[1] == OTHER) ||
		    (ids[0] == OTHER && ids[1] == ID));
	free(ids);
	assert_int_equal(count_files("incoming"), 0);
	assert_int_equal(count_files("queue"), 2);
	assert_int_equal(count_files("corrupt"), ARRAY_LEN(foreign) + 1);
	assert_int_equal(do_load(), SPOOL_OK);
}

/* -- receiving, and who owns the tree ---------------------------------------- */

static void
test_a_worker_can_add_and_nothing_else(void **state)
{
	char text[8];
	int fd, worker;

	(void)state;
	assert_int_equal(spool_receive(spool, &fd, &worker), SPOOL_OK);
	assert_int_equal(write(worker, "abc", 3), 3);
	assert_int_equal(pwrite(worker, "X", 1, 0), 1); /* appends */
	assert_int_equal(pread(fd, text, sizeof(text), 0), 4);
	assert_memory_equal(text, "abcX", 4);
	assert_int_equal(pread(worker, text, 1, 0), -1);
	assert_int_equal(errno, EBADF);
	assert_true(fcntl(worker, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(count_files("queue") + count_files("incoming"), 0);
	close(fd);
	close(worker);
}

static void
test_a_worker_cannot_change_what_was_committed(void **state)
{
	int fd, worker, own = content;

	(void)state;
	assert_int_equal(spool_receive(spool, &fd, &worker), SPOOL_OK);
	assert_int_equal(write(worker, content_text, sizeof(content_text) - 1),
	    sizeof(content_text) - 1);
	content = fd;
	assert_int_equal(do_commit(), SPOOL_OK);
	content = own;
	assert_int_equal(ftruncate(worker, 3), 0);
	assert_int_equal(do_load(), SPOOL_OK);
	close(fd);
	close(worker);
}

static void
test_content_shorter_than_said_is_not_committed(void **state)
{
	int own = content;

	(void)state;
	content = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(do_commit(), SPOOL_IO);
	close(content);
	content = own;
	assert_false(is_in("queue"));
}

static void
test_without_room_nothing_is_received(void **state)
{
	int fd, worker;

	(void)state;
	spool_close(&spool);
	spool = spool_open(root, getuid(), getgid(), UINT64_MAX, &sys);
	assert_non_null(spool);
	assert_int_equal(spool_receive(spool, &fd, &worker), SPOOL_FULL);
	assert_int_equal(fd, -1);
	assert_int_equal(worker, -1);
}

static void
test_a_tree_has_one_owner(void **state)
{
	(void)state;
	assert_null(spool_open(root, getuid(), getgid(), 0, &sys));
	spool_close(&spool);
	spool = spool_open(root, getuid(), getgid(), 0, &sys);
	assert_non_null(spool);
}

static void
test_a_tree_is_closed_to_others(void **state)
{
	static const char *const dirs[] = { "queue", "held", "corrupt",
		"incoming" };
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(dirs); i++) {
		assert_int_equal(stat(path_of(dirs[i], ""), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0700);
	}
	assert_int_equal(do_commit(), SPOOL_OK);
	assert_int_equal(
	    stat(path_of("queue", queueid_format(ID).s), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls_are_made_in_the_order_that_keeps_promises),
		TEST(test_a_call_that_fails_leaves_all_or_nothing),
		TEST(test_the_next_message_is_fine),
		TEST(test_a_failed_sync_is_not_tried_again),
		TEST(test_a_process_that_ends_anywhere_leaves_all_or_nothing),
		TEST(test_the_same_without_unnamed_files),
		TEST(test_short_and_interrupted_calls_go_unnoticed),
		TEST(test_marks_are_there_when_loaded),
		TEST(test_a_file_cut_anywhere_is_set_aside),
		TEST(test_no_flipped_bit_goes_unseen),
		TEST(test_a_file_under_another_name_is_set_aside),
		TEST(test_what_is_no_file_is_set_aside),
		TEST(test_a_scan_finds_ours_and_clears_the_rest),
		TEST(test_a_worker_can_add_and_nothing_else),
		TEST(test_a_worker_cannot_change_what_was_committed),
		TEST(test_content_shorter_than_said_is_not_committed),
		TEST(test_without_room_nothing_is_received),
		TEST(test_a_tree_has_one_owner),
		TEST(test_a_tree_is_closed_to_others),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
