/* oauthmessage - what is taken apart lies inside the message. */

#include "fuzz.h"

#include "limits.h"
#include "oauthmessage.h"

static void
assert_inside(struct slice part, struct slice whole)
{
	if (part.n > 0)
		assert_true(
		    part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
assert_message(const struct oauthmessage *m, struct slice in)
{
	size_t i;

	assert_inside(m->user, in);
	assert_inside(m->host, in);
	assert_inside(m->token, in);
	assert_true(m->token.n > 0);
	assert_true(!m->has_user || m->user.n > 0);
	assert_true(!m->has_port || (m->port > 0 && m->port <= 65535));
	for (i = 0; i < m->token.n; i++)
		assert_true(m->token.p[i] > ' ' && m->token.p[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf user = buf_new(size + 1);
	struct oauthmessage m;
	char *p = fuzz_copy(in);

	in.p = p;
	if (oauthmessage_parse_bearer(in, &m) == 0) {
		assert_message(&m, in);
		if (oauthmessage_add_user(&user, m.user) == 0)
			assert_true(user.n <= m.user.n);
	}
	if (oauthmessage_parse_xoauth2(in, &m) == 0)
		assert_message(&m, in);
	buf_free(&user);
	free(p);
	return 0;
}
