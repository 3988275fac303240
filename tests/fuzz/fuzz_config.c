/* config - what master packs for a role, and nothing else, unpacks there. */

#include "fuzz.h"

#include "config.h"

#define TRY(role)                                                              \
	static void try_##role(struct slice in, struct buf *again)             \
	{                                                                      \
		struct role##_config c;                                        \
                                                                               \
		if (role##_config_unpack(in, &c) == -1)                        \
			return;                                                \
		role##_config_pack(again, &c);                                 \
		assert_slice(buf_slice(again), in);                            \
		role##_config_free(&c);                                        \
	}
TRY(smtp)
TRY(auth)
TRY(relay)

/* What a part of that role begins with. */
#define EMPTY(role)                                                            \
	static void empty_##role(struct buf *b)                                \
	{                                                                      \
		struct role##_config c;                                        \
                                                                               \
		memset(&c, 0, sizeof(c));                                      \
		role##_config_pack(b, &c);                                     \
	}
EMPTY(smtp)
EMPTY(auth)
EMPTY(relay)

static const struct {
	void (*try)(struct slice, struct buf *);
	void (*empty)(struct buf *);
} roles[] = {
	{ try_smtp, empty_smtp },
	{ try_auth, empty_auth },
	{ try_relay, empty_relay },
};

#define FINGERPRINT 4

/* The fingerprint of the part is put in front: nobody guesses it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	size_t role = fuzz_u8(&in) % ARRAY_LEN(roles);
	struct buf part = buf_new(size + 4096);
	struct buf again = buf_new(2 * size + 4096);

	roles[role].empty(&part);
	part.n = FINGERPRINT;
	buf_add(&part, in.p, in.n);
	roles[role].try(buf_slice(&part), &again);
	buf_free(&part);
	buf_free(&again);
	return 0;
}
