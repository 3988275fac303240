/* smtpreply - a smarthost's octets: the same replies in any pieces. */

#include "fuzz.h"

#include "smtpreply.h"

struct result {
	bool bad;
	bool open; /* octets of a reply that is not whole */
	size_t replies;
	uint64_t hash; /* of all of them */
};

static void
mix(struct result *r, const char *s)
{
	do
		r->hash = (r->hash ^ (uint64_t)(unsigned char)*s) *
			  UINT64_C(0x100000001b3); /* FNV-1a */
	while (*s++ != '\0');
}

static void
assert_sound(const struct smtpreply *r)
{
	size_t i, n = strlen(r->text), e = strlen(r->enhanced);

	assert_in_range(r->code, 200, 599);
	assert_true(n <= LIMIT_REPLY_TEXT);
	for (i = 0; i < n; i++)
		assert_in_range(r->text[i], ' ', '~');
	if (e == 0)
		return;
	assert_true(e < SMTPREPLY_ENHANCED);
	assert_int_equal(r->enhanced[0] - '0', r->code / 100);
	assert_int_equal(strspn(r->enhanced, "0123456789."), e);
}

/* All of one piece. */
static void
feed(struct smtpreply_parser *p, struct slice in, struct result *r)
{
	enum smtpreply_status st;
	size_t used;

	while (in.n > 0 && !r->bad) {
		st = smtpreply_feed(p, in, &used);
		assert_true(used > 0 && used <= in.n);
		in = slice_from(in, used);
		r->bad = st == SMTPREPLY_BAD;
		r->open = st != SMTPREPLY_DONE;
		if (st == SMTPREPLY_MORE)
			assert_int_equal(in.n, 0);
		if (st == SMTPREPLY_LINE || st == SMTPREPLY_DONE)
			assert_true(smtpreply_line(p).n <= LIMIT_REPLY_LINE);
		if (st != SMTPREPLY_DONE)
			continue;
		assert_sound(&p->reply);
		r->replies++;
		mix(r, p->reply.enhanced);
		mix(r, p->reply.text);
		r->hash += p->reply.code;
		smtpreply_start(p);
	}
}

static struct result
parse(struct slice in, uint32_t seed)
{
	struct result r = { .hash = 1 };
	struct smtpreply_parser p;
	size_t at = 0, n;
	char *copy;

	smtpreply_start(&p);
	while (!r.bad && (n = fuzz_piece(&seed, in.n - at)) > 0) {
		copy = fuzz_copy((struct slice){ in.p + at, n });
		feed(&p, (struct slice){ copy, n }, &r);
		free(copy);
		at += n;
	}
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint32_t seed = fuzz_u32(&in);
	struct result whole = parse(in, FUZZ_WHOLE), pieces = parse(in, seed);

	assert_int_equal(whole.bad, pieces.bad);
	assert_int_equal(whole.replies, pieces.replies);
	assert_true(whole.hash == pieces.hash);
	if (!whole.bad)
		assert_int_equal(whole.open, pieces.open);
	return 0;
}
