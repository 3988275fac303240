#ifndef SUBMITD_TEST_CONFIGRIG_H
#define SUBMITD_TEST_CONFIGRIG_H

/*
 * configrig - the shortest file, one line of it replaced; what is said on
 * stderr goes to a file.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"
#include "configcheck.h"
#include "configfile.h"
#include "limits.h"
#include "log.h"

#define LINES 5

static struct {
	char dir[32];
	char file[64];
	char said[64];
	char cert[64];
	char secret[64];
	char tls[192];
	struct settings settings;
} rig = { .dir = "/tmp/test_config.XXXXXX" };

static void
write_file(const char *path, const char *content)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static int
make_rig(void **state)
{
	(void)state;
	if (mkdtemp(rig.dir) == NULL)
		return -1;
	snprintf(rig.file, sizeof(rig.file), "%s/conf", rig.dir);
	snprintf(rig.said, sizeof(rig.said), "%s/said", rig.dir);
	snprintf(rig.cert, sizeof(rig.cert), "%s/pem", rig.dir);
	snprintf(rig.secret, sizeof(rig.secret), "%s/secret", rig.dir);
	write_file(rig.secret, "a secret\n");
	snprintf(rig.tls, sizeof(rig.tls),
	    "tls { certificate = \"%s\" key = \"%s\" }", rig.cert, rig.cert);
	write_file(rig.cert, "-----BEGIN CERTIFICATE-----\n"
			     "-----BEGIN PRIVATE KEY-----\n");
	return 0;
}

static int
remove_rig(void **state)
{
	(void)state;
	(void)unlink(rig.file);
	(void)unlink(rig.said);
	(void)unlink(rig.cert);
	(void)unlink(rig.secret);
	return rmdir(rig.dir);
}

/* Load the shortest file, its line n as given; what is said, and *result. */
static const char *
load(unsigned n, const char *line, int *result)
{
	static char said[4096];
	const char *lines[LINES] = { "hostname = \"submit.example.net\"",
		rig.tls, "ldap { uri = {\"ldaps://h\"} base = \"dc=x\" }",
		"smarthost { server = {\"s\"} tls = verify }", "" };
	char text[16384] = "";
	int saved = dup(STDERR_FILENO), fd;
	ssize_t got;
	unsigned i;

	lines[n - 1] = line;
	for (i = 0; i < LINES; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s\n", lines[i]);
	write_file(rig.file, text);
	fd = open(rig.said, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_not_equal(dup2(fd, STDERR_FILENO), -1);
	*result = configfile_load(rig.file, &rig.settings);
	if (*result == 0)
		configcheck_warn(&rig.settings);
	fflush(stderr);
	assert_int_not_equal(dup2(saved, STDERR_FILENO), -1);
	got = pread(fd, said, sizeof(said) - 1, 0);
	said[got < 0 ? 0 : got] = '\0';
	close(saved);
	close(fd);
	return said;
}

#endif
