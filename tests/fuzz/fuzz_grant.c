/* grant - read exactly or not at all; without the key nothing opens. */

#include "fuzz.h"

#include "grant.h"
#include "limits.h"
#include "pack.h"

static const struct slice key = { "0123456789abcdef0123456789abcdef", 32 };

/* What is read is what packing makes; each address of it is allowed. */
static void
assert_read(struct slice in, const struct grant *g)
{
	struct unpack u = unpack_begin(g->addresses);
	struct buf again = buf_new(in.n);
	struct slice mailbox;
	uint32_t i;

	grant_pack(&again, g);
	assert_true(buf_ok(&again) && again.n + GRANT_MAC_LEN == in.n);
	assert_memory_equal(again.p, in.p, again.n);
	for (i = 0; i < g->address_count; i++) {
		mailbox = unpack_bytes(&u);
		if (mailbox.n > 0 && mailbox.p[0] != '@' &&
		    memchr(mailbox.p, '@', mailbox.n) != NULL)
			assert_true(grant_owns(g, mailbox));
	}
	assert_true(unpack_end(&u) && g->user.n > 0);
	buf_free(&again);
}

/* Sealed it opens, for its own process and session and in its time. */
static void
assert_seals(const struct grant *g)
{
	struct buf sealed = buf_new(LIMIT_GRANT);
	struct grant out;
	uint64_t early = g->expires_ms - 1;

	assert_int_equal(grant_seal(key, g, &sealed), 0);
	if (g->expires_ms > 0)
		assert_int_equal(grant_open(key, buf_slice(&sealed),
				     g->instance, g->session, early, &out),
		    GRANT_VALID);
	assert_int_equal(grant_open(key, buf_slice(&sealed), g->instance,
			     g->session, g->expires_ms, &out),
	    GRANT_EXPIRED);
	assert_int_equal(grant_open(key, buf_slice(&sealed), g->instance + 1,
			     g->session, 0, &out),
	    GRANT_OTHER_SESSION);
	buf_free(&sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct grant g, out;

	if (grant_read(in, &g) == 0) {
		assert_read(in, &g);
		assert_seals(&g);
	} else {
		assert_false(grant_allows(&g, in));
	}
	assert_int_equal(
	    grant_open(key, in, g.instance, g.session, 0, &out), GRANT_FORGED);
	return 0;
}
