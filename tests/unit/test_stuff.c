/* stuff - what goes out cannot be read as two messages, however it is cut. */

#include "cases.h"

#include "compiler.h"
#include "stuff.h"

#define MAX 64

/* What stuffing made of an input cut at a and b. */
struct result {
	bool refused;
	size_t n;
	char p[2 * MAX + STUFF_END_MAX];
};

/* Stuff one chunk in memory of its own into as much as it may need. */
static int
feed(struct stuff *s, struct slice chunk, struct result *r)
{
	char *in = malloc(chunk.n), *out = malloc(2 * chunk.n);
	size_t n;
	int status;

	if (chunk.n > 0)
		memcpy(in, chunk.p, chunk.n);
	status = stuff_run(s, (struct slice){ in, chunk.n }, out, &n);
	assert_true(n <= 2 * chunk.n);
	if (n > 0)
		memcpy(r->p + r->n, out, n);
	r->n += n;
	free(in);
	free(out);
	return status;
}

static struct result
stuffed(struct slice in, size_t a, size_t b)
{
	const size_t cut[] = { 0, a, b, in.n };
	struct result r = { 0 };
	struct stuff s = { 0 };
	size_t i, n;

	for (i = 0; i < 3 && !r.refused; i++)
		r.refused =
		    feed(&s,
			(struct slice){ in.p + cut[i], cut[i + 1] - cut[i] },
			&r) == -1;
	if (r.refused || stuff_end(&s, r.p + r.n, &n) == -1) {
		r.refused = true;
		return r;
	}
	r.n += n;
	return r;
}

/* The same the slow way: line by line. */
static struct result
reference(struct slice in)
{
	const char *p = in.p, *end = in.p + in.n, *eol;
	struct result r = { 0 };
	size_t n;

	while (p < end) {
		eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		n = (size_t)((eol == NULL ? end : eol) - p);
		if (memchr(p, '\r', n) != NULL || memchr(p, '\n', n) != NULL)
			r.refused = true;
		if (*p == '.')
			r.p[r.n++] = '.';
		memcpy(r.p + r.n, p, n);
		memcpy(r.p + r.n + n, "\r\n", 2);
		r.n += n + 2;
		p += n + 2;
	}
	memcpy(r.p + r.n, ".\r\n", 3);
	r.n += 3;
	return r;
}

static void
agrees(struct slice in)
{
	struct result want = reference(in), got;
	size_t a, b;

	for (a = 0; a <= in.n; a++)
		for (b = a; b <= in.n; b++) {
			got = stuffed(in, a, b);
			if (got.refused != want.refused)
				fail_msg("'%s' at %zu, %zu: refused: %d",
				    shown(in), a, b, got.refused);
			if (!want.refused)
				assert_slice((struct slice){ got.p, got.n },
				    (struct slice){ want.p, want.n });
		}
}

static void
test_every_short_content_agrees_with_the_reference(void **state)
{
	static const char octets[] = { '\r', '\n', '.', 'a' };
	char text[6];
	unsigned v, n, k;

	(void)state;
	for (n = 0; n <= sizeof(text); n++)
		for (v = 0; v < 1U << 2 * n; v++) {
			for (k = 0; k < n; k++)
				text[k] = octets[v >> 2 * k & 3];
			agrees((struct slice){ text, n });
		}
}

/* RFC 5321, 4.5.2, from the other side. */
static size_t
unstuffed(struct slice wire, char *out)
{
	size_t n = 0, i;
	bool start = true;

	for (i = 0; i < wire.n; i++) {
		if (start && wire.p[i] == '.') {
			if (wire.p[i + 1] == '\r')
				break;
			i++;
		}
		out[n++] = wire.p[i];
		start = wire.p[i] == '\n';
	}
	assert_int_equal(i + 3, wire.n); /* the first end is the only one */
	return n;
}

static void
test_what_is_unstuffed_is_what_was_stuffed(void **state)
{
	static const char *const words[] = { "\r\n", ".", "a", "..", "\0" };
	char text[MAX], back[2 * MAX];
	struct result r;
	unsigned v, rest, i;
	size_t n, len;

	(void)state;
	for (v = 0; v < 5 * 5 * 5 * 5 * 5; v++) {
		for (n = 0, rest = v, i = 0; i < 5; i++, rest /= 5) {
			len = rest % 5 == 4 ? 1 : strlen(words[rest % 5]);
			memcpy(text + n, words[rest % 5], len);
			n += len;
		}
		memcpy(text + n, "\r\n", 2);
		n += 2;
		r = stuffed((struct slice){ text, n }, n / 3, n / 2);
		assert_false(r.refused);
		len = unstuffed((struct slice){ r.p, r.n }, back);
		assert_slice(
		    (struct slice){ back, len }, (struct slice){ text, n });
	}
}

static void
test_spoilt_content_is_itself_or_refused(void **state)
{
	static const struct slice contents[] = {
		S("a\r\n.b\r\n..\r\n"),
		S("\r\n.\r\n"),
		S("x\r\n\r\n.\0"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(contents); i++) {
		truncated(contents[i], agrees);
		mutated(contents[i], agrees);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_every_short_content_agrees_with_the_reference),
		cmocka_unit_test(test_what_is_unstuffed_is_what_was_stuffed),
		cmocka_unit_test(test_spoilt_content_is_itself_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
