/* What a directory says beside a result code: no octets do harm. */

#include "fuzz.h"

#include "ldappolicy.h"

static void
assert_sane(const struct ldappolicy *p)
{
	assert_in_range(ldappolicy_says(p), 0, POLICY_SAYS_COUNT - 1);
	assert_true(p->warning.expires || p->warning.expires_s == 0);
	assert_true(p->warning.grace || p->warning.grace_left == 0);
	assert_true(p->warning.grace_left <= INT32_MAX);
}

/* Of the draft's control only what it has a word for. */
static void
assert_control(struct slice in)
{
	struct ldappolicy p = { 0 };

	ldappolicy_control(&p, LDAPPOLICY_CONTROL, in);
	assert_sane(&p);
	assert_true(p.says == POLICY_SILENT || p.says == POLICY_EXPIRED ||
		    p.says == POLICY_LOCKED || p.says == POLICY_MUST_CHANGE);
	assert_true(!p.expired && p.warning.expires_s <= INT32_MAX);
}

static void
assert_netscape(struct slice in)
{
	struct ldappolicy p = { 0 };

	ldappolicy_control(&p, LDAPPOLICY_EXPIRING, in);
	assert_sane(&p);
	assert_int_equal(p.says, POLICY_SILENT);
	ldappolicy_control(&p, LDAPPOLICY_EXPIRED, in);
	assert_int_equal(ldappolicy_says(&p), POLICY_EXPIRED);
}

/* A text says something only in Active Directory's own words. */
static void
assert_text(struct slice in)
{
	struct ldappolicy p = { 0 };

	ldappolicy_text(&p, in);
	assert_sane(&p);
	if (p.says != POLICY_SILENT)
		assert_non_null(memmem(in.p, in.n, ": ", 2));
	assert_true(!p.warning.expires && !p.warning.grace);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	assert_control(in);
	assert_netscape(in);
	assert_text(in);
	return 0;
}
