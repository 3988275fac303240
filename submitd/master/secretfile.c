/*
 * secretfile - read a file that holds a certificate, a key or a password.
 *
 * Looks at mode and shape only: whether a key fits its certificate is for
 * the role that has OpenSSL.  Nothing read is ever printed.
 */

#include "secretfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

#define SECRETFILE_MAX 1048576

static bool
is_public(enum secretfile_kind kind)
{
	return kind == SECRETFILE_CERTIFICATE || kind == SECRETFILE_JSON;
}

/* -1 when the mode lets the wrong people in. */
static int
check_mode(const char *path, enum secretfile_kind kind, mode_t mode, char *why,
    size_t why_n)
{
	const mode_t bad =
	    is_public(kind) ? S_IWGRP | S_IWOTH : S_IWGRP | S_IRWXO;

	if ((mode & bad) == 0)
		return 0;
	snprintf(why, why_n,
	    "has mode %04o, open to people it should not be open to: "
	    "chmod %s %s",
	    (unsigned)mode & 07777, is_public(kind) ? "go-w" : "g-w,o-rwx",
	    path);
	return -1;
}

static int
read_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(out, chunk, (size_t)n);
	explicit_bzero(chunk, sizeof(chunk));
	return n == 0 ? 0 : -1;
}

static bool
holds(struct slice s, const char *words)
{
	return s.n > 0 && memmem(s.p, s.n, words, strlen(words)) != NULL;
}

/* What is wrong with the content; NULL if nothing is. */
static const char *
check_content(enum secretfile_kind kind, struct slice s)
{
	if (s.n == 0)
		return "is empty";
	switch (kind) {
	case SECRETFILE_CERTIFICATE:
		if (!holds(s, "-----BEGIN CERTIFICATE-----"))
			return "holds no PEM certificate (no line says BEGIN "
			       "CERTIFICATE)";
		break;
	case SECRETFILE_KEY:
		if (holds(s, "ENCRYPTED"))
			return "holds an encrypted key: nobody is there to "
			       "type its passphrase; store it unencrypted";
		if (!holds(s, "PRIVATE KEY-----"))
			return "holds no PEM key (no line says BEGIN PRIVATE "
			       "KEY)";
		break;
	case SECRETFILE_PASSWORD:
		if (memchr(s.p, '\n', s.n) != NULL ||
		    memchr(s.p, '\0', s.n) != NULL)
			return "must hold the password as its only line";
		break;
	case SECRETFILE_JSON:
		if (memchr(s.p, '{', s.n) == NULL)
			return "holds no JSON object";
		break;
	}
	return NULL;
}

/* An editor's line end is not part of a password. */
static struct slice
without_line_end(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

int
secretfile_read(const char *path, enum secretfile_kind kind, struct secret *out,
    char *why, size_t why_n)
{
	struct buf content = buf_new(SECRETFILE_MAX);
	const char *fault;
	struct slice s;
	struct stat st;
	int r = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	secret_wipe(out);
	if (fd == -1 || fstat(fd, &st) != 0) {
		snprintf(why, why_n, "cannot be opened: %s", strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, why_n, "is not a regular file");
		goto out;
	}
	if (check_mode(path, kind, st.st_mode, why, why_n) != 0)
		goto out;
	if (read_all(fd, &content) != 0) {
		snprintf(why, why_n, "cannot be read: %s", strerror(errno));
		goto out;
	}
	if (!buf_ok(&content)) {
		snprintf(
		    why, why_n, "is larger than %d octets", SECRETFILE_MAX);
		goto out;
	}
	s = buf_slice(&content);
	if (kind == SECRETFILE_PASSWORD)
		s = without_line_end(s);
	if ((fault = check_content(kind, s)) != NULL) {
		snprintf(why, why_n, "%s", fault);
		goto out;
	}
	secret_set(out, s);
	r = 0;
out:
	buf_free(&content);
	if (fd != -1)
		close(fd);
	return r;
}
