/* path - what is taken parses to itself, and cannot end its path or line. */

#include "fuzz.h"

#include "envelope.h"
#include "limits.h"
#include "path.h"
#include "utf8.h"

static bool
is_accepted(enum path_status st)
{
	return st == PATH_OK || st == PATH_LOCAL || st == PATH_BAD_DOMAIN;
}

/* Octets of the quoted string that begins a local part; 0 without one. */
static size_t
quoted_length(struct slice s)
{
	size_t i;

	if (s.p[0] != '"')
		return 0;
	for (i = 1; i < s.n && s.p[i] != '"'; i++)
		if (s.p[i] == '\\')
			i++;
	assert_true(i < s.n);
	return i + 1;
}

static void
assert_harmless(struct slice mailbox)
{
	size_t i, quoted = quoted_length(mailbox);

	for (i = 0; i < mailbox.n; i++) {
		assert_true((unsigned char)mailbox.p[i] >= 0x20 &&
			    mailbox.p[i] != 0x7f);
		if (i >= quoted)
			assert_null(memchr("<> \"\\(),;", mailbox.p[i], 9));
	}
	/* the last border before the wire agrees */
	assert_true(envelope_mailbox_ok(mailbox, !utf8_is_ascii(mailbox)));
}

/* The same with the least quoting: an address of the same kind. */
static void
assert_plain(const struct path *path, enum path_status st)
{
	struct buf plain = buf_new(LIMIT_PATH), again = buf_new(LIMIT_PATH);
	struct path other;

	path_plain(path->mailbox, &plain);
	assert_true(buf_ok(&plain) && plain.n <= path->mailbox.n);
	assert_harmless(buf_slice(&plain));
	assert_int_equal(path_parse_mailbox(buf_slice(&plain), &other), st);
	assert_slice(other.domain, path->domain);
	path_plain(buf_slice(&plain), &again);
	assert_slice(buf_slice(&again), buf_slice(&plain));
	buf_free(&plain);
	buf_free(&again);
}

/* The same mailbox, from <mailbox> and from the mailbox alone. */
static void
assert_parses_to_itself(const struct path *path, enum path_status st)
{
	size_t n = path->mailbox.n + 2;
	char *again = malloc(n);
	struct path other;
	struct slice rest;

	again[0] = '<';
	memcpy(again + 1, path->mailbox.p, n - 2);
	again[n - 1] = '>';
	assert_int_equal(
	    path_parse((struct slice){ again, n }, &other, &rest), st);
	assert_slice(other.mailbox, path->mailbox);
	assert_slice(other.domain, path->domain);
	assert_int_equal(rest.n, 0);
	assert_int_equal(path_parse_mailbox(path->mailbox, &other), st);
	assert_slice(other.mailbox, path->mailbox);
	free(again);
}

static void
assert_sound(const struct path *path, enum path_status st, struct slice in)
{
	struct slice end = path->domain;

	assert_true(path->mailbox.n > 0 && path->mailbox.n + 2 <= LIMIT_PATH);
	assert_true(is_inside(path->mailbox, in));
	if (st == PATH_LOCAL) {
		assert_int_equal(end.n, 0);
	} else {
		assert_true(end.n > 0 && end.p[-1] == '@');
		assert_ptr_equal(
		    end.p + end.n, path->mailbox.p + path->mailbox.n);
	}
	assert_harmless(path->mailbox);
	assert_int_equal(path->utf8, !utf8_is_ascii(path->mailbox));
	assert_plain(path, st);
	assert_parses_to_itself(path, st);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size }, rest;
	struct path path;
	enum path_status st = path_parse(in, &path, &rest);

	assert_true(is_inside(rest, in));
	if (st == PATH_NULL || is_accepted(st))
		assert_true(rest.n == 0 || rest.p[0] == ' ');
	else
		assert_int_equal(rest.n, 0);
	if (is_accepted(st))
		assert_sound(&path, st, in);
	st = path_parse_mailbox(in, &path);
	assert_true(st != PATH_NULL);
	if (is_accepted(st)) {
		assert_slice(path.mailbox, in);
		assert_sound(&path, st, in);
	}
	return 0;
}
