/*
 * loginshow - what a login earned, in lines for an operator.
 *
 * Reduces nothing to ASCII: whoever shows it on a terminal does.
 */

#include "loginshow.h"

#include <inttypes.h>

#include "pack.h"

static void
add_list(
    struct buf *out, const char *name, uint32_t count, const struct buf *packed)
{
	struct unpack u = unpack_begin(buf_slice(packed));
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct slice value = unpack_bytes(&u);

		buf_printf(out, "%s=", name);
		buf_add(out, value.p, value.n);
		buf_str(out, "\n");
	}
}

static void
add_quota(struct buf *out, const struct quota *q)
{
	enum quota_measure m;
	enum quota_window w;

	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++)
			if (q->max[m][w] != 0)
				buf_printf(out, "limit %s=%" PRIu64 "\n",
				    quota_name(m, w), q->max[m][w]);
	if (q->sessions != 0)
		buf_printf(out, "limit sessions=%" PRIu64 "\n", q->sessions);
}

void
loginshow_rights(const struct login *l, struct buf *out)
{
	add_list(out, "address", l->address_count, &l->addresses);
	add_list(out, "delegated", l->delegated_count, &l->delegated);
	if (l->address_count + l->delegated_count == 0)
		buf_str(out, "no address: no sender will be accepted but <>\n");
	if (l->truncated)
		buf_str(out, "more addresses than can be used\n");
	add_quota(out, &l->quota);
	if (l->warning.expires)
		buf_printf(out, "password_expires_s=%" PRIu64 "\n",
		    (uint64_t)l->warning.expires_s);
	if (l->warning.grace)
		buf_printf(out, "grace_logins_left=%" PRIu64 "\n",
		    (uint64_t)l->warning.grace_left);
}
