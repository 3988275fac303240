/* secretfile - the right file is read, the wrong one told apart in words. */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"
#include "secretfile.h"

#define CERT  "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n"
#define KEY   "-----BEGIN PRIVATE KEY-----\nMAo=\n-----END PRIVATE KEY-----\n"
#define LARGE (1024 * 1024)

static char dir[] = "/tmp/test_secretfile.XXXXXX";
static char path[64];

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int
remove_file(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void
write_file(struct slice content, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, content.p, content.n), content.n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
assert_read(enum secretfile_kind kind, struct slice want)
{
	struct secret got = { 0 };
	char why[256] = "";

	if (secretfile_read(path, kind, &got, why, sizeof(why)) != 0)
		fail_msg("refused: %s", why);
	assert_slice(secret_slice(&got), want);
	secret_wipe(&got);
}

/* Refused with words that hold want; nothing is left of an earlier secret. */
static void
assert_refused(enum secretfile_kind kind, const char *want)
{
	struct secret got = { 0 };
	char why[256] = "";

	secret_set(&got, slice_of("earlier"));
	if (secretfile_read(path, kind, &got, why, sizeof(why)) == 0)
		fail_msg("was read, though it %s", want);
	if (strstr(why, want) == NULL)
		fail_msg("'%s' does not say '%s'", why, want);
	assert_null(got.p);
	assert_int_equal(got.n, 0);
}

static void
test_content_must_be_of_its_kind(void **state)
{
	static const struct {
		enum secretfile_kind kind;
		struct slice content;
		const char *refusal; /* NULL: fine */
	} rows[] = {
		{ SECRETFILE_CERTIFICATE, S(CERT), NULL },
		{ SECRETFILE_CERTIFICATE, S("who: me\n" CERT CERT), NULL },
		{ SECRETFILE_CERTIFICATE, S(CERT KEY), NULL },
		{ SECRETFILE_CERTIFICATE, S(KEY), "no PEM certificate" },
		{ SECRETFILE_CERTIFICATE, S("\x30\x82\x01\0"), "no PEM" },
		{ SECRETFILE_CERTIFICATE, S(""), "is empty" },
		{ SECRETFILE_KEY, S(KEY), NULL },
		{ SECRETFILE_KEY, S("-----BEGIN EC PRIVATE KEY-----\n"), NULL },
		{ SECRETFILE_KEY, S(CERT), "no PEM key" },
		{ SECRETFILE_KEY, S("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
		    "passphrase" },
		{ SECRETFILE_KEY,
		    S("-----BEGIN RSA PRIVATE KEY-----\n"
		      "Proc-Type: 4,ENCRYPTED\n"),
		    "passphrase" },
		{ SECRETFILE_KEY, S(""), "is empty" },
		{ SECRETFILE_PASSWORD, S("hunter2"), NULL },
		{ SECRETFILE_PASSWORD, S(" with spaces "), NULL },
		{ SECRETFILE_PASSWORD, S(""), "is empty" },
		{ SECRETFILE_PASSWORD, S("\n"), "is empty" },
		{ SECRETFILE_PASSWORD, S("\r\n"), "is empty" },
		{ SECRETFILE_PASSWORD, S("one\ntwo\n"), "its only line" },
		{ SECRETFILE_PASSWORD, S("one\n\n"), "its only line" },
		{ SECRETFILE_PASSWORD, S("one\0two\n"), "its only line" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		write_file(rows[i].content, 0600);
		if (rows[i].refusal == NULL)
			assert_read(rows[i].kind, rows[i].content);
		else
			assert_refused(rows[i].kind, rows[i].refusal);
	}
}

static void
test_line_end_is_not_part_of_a_password(void **state)
{
	(void)state;
	write_file(slice_of("hunter2\n"), 0600);
	assert_read(SECRETFILE_PASSWORD, slice_of("hunter2"));
	write_file(slice_of("hunter2\r\n"), 0600);
	assert_read(SECRETFILE_PASSWORD, slice_of("hunter2"));
}

static void
test_mode_decides_who_else_may_come_in(void **state)
{
	static const struct {
		enum secretfile_kind kind;
		mode_t mode;
		const char *refusal;
	} rows[] = {
		{ SECRETFILE_KEY, 0600, NULL },
		{ SECRETFILE_KEY, 0400, NULL },
		{ SECRETFILE_KEY, 0640, NULL }, /* a group may be given it */
		{ SECRETFILE_KEY, 0644, "has mode 0644" },
		{ SECRETFILE_KEY, 0604, "chmod g-w,o-rwx" },
		{ SECRETFILE_KEY, 0601, "has mode 0601" },
		{ SECRETFILE_KEY, 0602, "has mode 0602" },
		{ SECRETFILE_KEY, 0620, "has mode 0620" },
		{ SECRETFILE_CERTIFICATE, 0644, NULL },
		{ SECRETFILE_CERTIFICATE, 0444, NULL },
		{ SECRETFILE_CERTIFICATE, 0664, "chmod go-w" },
		{ SECRETFILE_CERTIFICATE, 0646, "has mode 0646" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		write_file(slice_of(CERT KEY), rows[i].mode);
		if (rows[i].refusal == NULL)
			assert_read(rows[i].kind, slice_of(CERT KEY));
		else
			assert_refused(rows[i].kind, rows[i].refusal);
	}
	write_file(slice_of("hunter2"), 0644);
	assert_refused(SECRETFILE_PASSWORD, "has mode 0644");
}

static void
test_size_has_a_limit(void **state)
{
	char *large = malloc(LARGE + 1);

	(void)state;
	memset(large, 'x', LARGE + 1);
	write_file((struct slice){ large, LARGE }, 0600);
	assert_read(SECRETFILE_PASSWORD, (struct slice){ large, LARGE });
	write_file((struct slice){ large, LARGE + 1 }, 0600);
	assert_refused(SECRETFILE_PASSWORD, "is larger than 1048576 octets");
	free(large);
}

static void
test_missing_file_is_told(void **state)
{
	(void)state;
	assert_refused(SECRETFILE_KEY, "No such file");
}

/* Opening a FIFO without a writer would wait for ever. */
static void
test_only_regular_files_are_read(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(SECRETFILE_KEY, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(dir, path), 0);
	assert_refused(SECRETFILE_KEY, "not a regular file");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    test_content_must_be_of_its_kind, remove_file),
		cmocka_unit_test_teardown(
		    test_line_end_is_not_part_of_a_password, remove_file),
		cmocka_unit_test_teardown(
		    test_mode_decides_who_else_may_come_in, remove_file),
		cmocka_unit_test_teardown(test_size_has_a_limit, remove_file),
		cmocka_unit_test(test_missing_file_is_told),
		cmocka_unit_test_teardown(
		    test_only_regular_files_are_read, remove_file),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
