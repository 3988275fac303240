/*
 * spoolfile - one message's file: write it once, check it, mark it.
 *
 * Blocks for the disk; runs in threads.  Invariant: a file gets its name only
 * when every octet of it, end record included, is on stable storage.
 */

#include "spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "pack.h"
#include "xalloc.h"

#define CHUNK   65536
#define SHA_LEN 32
#define END_LEN (1 + 8 + SHA_LEN)

/* -- the checksum ---------------------------------------------------------- */

static EVP_MD_CTX *
sum_begin(struct slice plain)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, plain.p, plain.n) == 1)
		return md;
	EVP_MD_CTX_free(md);
	errno = ENOMEM;
	return NULL;
}

/* The end record for what md has seen; -1: errno. */
static int
sum_end(EVP_MD_CTX *md, uint64_t size, char end[END_LEN])
{
	unsigned char sum[SHA_LEN];
	struct buf b = buf_new(END_LEN);

	pack_u8(&b, 'E');
	pack_u64(&b, size);
	if (EVP_DigestUpdate(md, b.p + 1, b.n - 1) != 1 ||
	    EVP_DigestFinal_ex(md, sum, NULL) != 1) {
		buf_free(&b);
		errno = ENOMEM;
		return -1;
	}
	buf_add(&b, sum, sizeof(sum));
	memcpy(end, b.p, END_LEN);
	buf_free(&b);
	return 0;
}

/* -- writing --------------------------------------------------------------- */

int
spool_write_all(const struct spool *s, int fd, struct slice data)
{
	ssize_t n;

	while (data.n > 0) {
		n = s->sys->write(fd, data.p, data.n);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data = slice_from(data, (size_t)n);
	}
	return 0;
}

/* Read up to n octets at offset; fewer only at the end of the file. */
static ssize_t
read_at(const struct spool *s, int fd, char *p, size_t n, uint64_t offset)
{
	size_t got = 0;
	ssize_t r;

	while (got < n) {
		r = s->sys->pread(fd, p + got, n - got, (off_t)(offset + got));
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/*
 * Run size octets of from, beginning at offset, through md, and write them
 * to the file to, unless that is -1.
 */
static int
pass_content(const struct spool *s, EVP_MD_CTX *md, int from, uint64_t offset,
    uint64_t size, int to)
{
	char *chunk = xcalloc(1, CHUNK);
	uint64_t done = 0;
	size_t want;
	int r = -1;

	while (done < size) {
		want = size - done < CHUNK ? (size_t)(size - done) : CHUNK;
		if (read_at(s, from, chunk, want, offset + done) !=
		    (ssize_t)want) {
			errno = EIO; /* shorter than it was */
			goto out;
		}
		if (EVP_DigestUpdate(md, chunk, want) != 1)
			goto out;
		if (to != -1 &&
		    spool_write_all(s, to, (struct slice){ chunk, want }) == -1)
			goto out;
		done += want;
	}
	r = 0;
out:
	free(chunk);
	return r;
}

static int
write_file(const struct spool *s, int fd, const struct spool_head *head,
    int content_fd, uint64_t size)
{
	EVP_MD_CTX *md = sum_begin(head->plain);
	char end[END_LEN];
	int r = -1;

	if (md != NULL && spool_write_all(s, fd, head->head) == 0 &&
	    pass_content(s, md, content_fd, 0, size, fd) == 0 &&
	    sum_end(md, size, end) == 0)
		r = spool_write_all(s, fd, (struct slice){ end, END_LEN });
	EVP_MD_CTX_free(md);
	return r;
}

enum spool_status
spool_commit(const struct spool *s, uint64_t id, const struct spool_head *head,
    int content_fd, uint64_t size, enum spool_place place)
{
	enum spool_dir dir = place == SPOOL_HELD ? DIR_HELD : DIR_QUEUE;
	enum spool_status status = SPOOL_OK;
	struct spool_temp temp;

	if (spool_temp_open(s, &temp) == -1)
		return spool_trouble("cannot create", id);
	/*
	 * A sync that failed is final for this file: the kernel forgets what
	 * it could not write, and a second fsync would say that all is well.
	 */
	if (write_file(s, temp.fd, head, content_fd, size) == -1)
		status = spool_trouble("cannot write", id);
	else if (s->sys->fdatasync(temp.fd) == -1)
		status = spool_trouble("cannot sync", id);
	else if (spool_name(s, temp.fd, dir, id) == -1)
		status = spool_trouble("cannot name", id);
	else if (s->sys->fsync(s->dir[dir]) == -1) {
		status = spool_trouble("cannot sync the directory for", id);
		if (s->sys->unlinkat(s->dir[dir], queueid_format(id).s, 0) ==
		    -1)
			(void)spool_trouble("cannot take back", id);
	}
	spool_temp_forget(s, &temp);
	close(temp.fd);
	return status;
}

enum spool_status
spool_mark(const struct spool *s, uint64_t id, struct slice head)
{
	enum spool_status status = SPOOL_OK;
	struct slice rest = head;
	off_t at = 0;
	ssize_t n;
	int fd;

	fd = openat(s->dir[DIR_QUEUE], queueid_format(id).s,
	    O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return spool_trouble_by_name("cannot open", id);
	/* Only status octets differ, so a torn write mixes old and new ones. */
	while (rest.n > 0 && status == SPOOL_OK) {
		n = s->sys->pwrite(fd, rest.p, rest.n, at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			status = spool_trouble("cannot mark", id);
			break;
		}
		at += n;
		rest = slice_from(rest, (size_t)n);
	}
	if (status == SPOOL_OK && s->sys->fdatasync(fd) == -1)
		status = spool_trouble("cannot sync", id);
	close(fd);
	return status;
}

/* -- reading --------------------------------------------------------------- */

/*
 * The head of an open file.  On OK m has its envelope and content_at.  The
 * disk's failure to read is no news of the file: it is tried again later.
 */
static const char *
read_head(const struct spool *s, struct spool_message *m, uint64_t file_size,
    enum spool_status *status)
{
	size_t want =
	    file_size < ENVELOPE_MAX ? (size_t)file_size : ENVELOPE_MAX;
	char *head = xcalloc(1, want + 1);
	const char *why = NULL;
	size_t head_len;
	ssize_t n;

	n = read_at(s, m->fd, head, want, 0);
	if (n == -1) {
		*status = SPOOL_IO;
		why = "cannot be read";
		goto out;
	}
	switch (envelope_read(
	    (struct slice){ head, (size_t)n }, &m->envelope, &head_len)) {
	case ENVELOPE_NEWER:
		*status = SPOOL_NEWER;
		why = "written by a later version";
		break;
	case ENVELOPE_BAD:
		why = "bad envelope";
		break;
	case ENVELOPE_OK:
		m->content_at = head_len;
		break;
	}
out:
	free(head);
	return why;
}

/* Does the checksum at the end belong to the rest? */
static const char *
check_sum(const struct spool *s, const struct spool_message *m,
    enum spool_status *status)
{
	struct buf plain = buf_new(ENVELOPE_MAX);
	const char *why = "cannot be read";
	char end[END_LEN], found[END_LEN];
	EVP_MD_CTX *md = NULL;

	*status = SPOOL_IO;
	envelope_pack(&plain, m->envelope, true);
	md = sum_begin(buf_slice(&plain));
	if (md == NULL ||
	    pass_content(s, md, m->fd, m->content_at, m->size, -1) == -1 ||
	    sum_end(md, m->size, end) == -1 ||
	    read_at(s, m->fd, found, END_LEN, m->content_at + m->size) !=
		END_LEN)
		goto out;
	*status = SPOOL_CORRUPT;
	why = "wrong checksum";
	if (memcmp(found, end, END_LEN) == 0) {
		*status = SPOOL_OK;
		why = NULL;
	}
out:
	EVP_MD_CTX_free(md);
	buf_free(&plain);
	return why;
}

/* Why the open file m->fd is not a message, or NULL if it is one. */
static const char *
check_file(const struct spool *s, uint64_t id, struct spool_message *m,
    enum spool_status *status)
{
	const char *why;
	struct stat st;

	*status = SPOOL_CORRUPT;
	if (m->fd == -1 || fstat(m->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return "not a file";
	why = read_head(s, m, (uint64_t)st.st_size, status);
	if (why != NULL)
		return why;
	if (m->envelope->id != id)
		return "name of another message";
	if ((uint64_t)st.st_size < m->content_at + END_LEN)
		return "truncated";
	m->size = (uint64_t)st.st_size - m->content_at - END_LEN;
	return check_sum(s, m, status);
}

enum spool_status
spool_load(const struct spool *s, uint64_t id, struct spool_message *m)
{
	struct queueid_text name = queueid_format(id);
	enum spool_status status;
	const char *why;

	*m = (struct spool_message){ .fd = -1 };
	m->fd = openat(s->dir[DIR_QUEUE], name.s,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (m->fd == -1 && errno == ENOENT)
		return SPOOL_GONE;
	if (m->fd == -1 && errno != ELOOP && errno != ENXIO)
		return spool_trouble("cannot open", id);
	why = check_file(s, id, m, &status);
	if (why == NULL)
		return SPOOL_OK;
	if (status == SPOOL_CORRUPT)
		spool_set_aside(s, name.s, why);
	else
		log_event(
		    LOG_LEVEL_ERROR, "not_read", "queue/%s: %s", name.s, why);
	envelope_free(&m->envelope);
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
	return status;
}
