/*
 * storedkey, scrammessage - what a directory and a client say of SCRAM: what
 * is taken is within its limits, and a key comes back as it is printed.
 */

#include "fuzz.h"

#include "scrammessage.h"
#include "storedkey.h"

static void
value(struct slice in, const char *scheme)
{
	struct buf b = buf_new(LIMIT_STORED_KEY);
	struct storedkey k, again;

	if (storedkey_parse(in, scheme, &k) == STOREDKEY_GOOD) {
		assert_true(k.iterations >= LIMIT_SCRAM_ITERATIONS_MIN &&
			    k.iterations <= LIMIT_SCRAM_ITERATIONS);
		assert_true(k.salt_len > 0 && k.salt_len <= sizeof(k.salt));
		assert_int_equal(k.hash_len, storedkey_hash_len(scheme));
		storedkey_print(&k, scheme, &b);
		assert_true(buf_ok(&b));
		assert_int_equal(storedkey_parse(buf_slice(&b), scheme, &again),
		    STOREDKEY_GOOD);
		assert_memory_equal(&k, &again, sizeof(k));
	}
	(void)!storedkey_find(in, scheme, &k);
	buf_free(&b);
}

static void
message(struct slice in, bool plus)
{
	const struct scram_binding binding = { plus, true, slice_of("tls"),
		slice_of("octets") };
	struct buf b = buf_new(2 * LIMIT_AUTH_LINE);

	if (scrammessage_first(in, &binding, &b)) {
		assert_true(b.n > 3 && in.p[0] == (plus ? 'p' : 'n'));
		(void)!scrammessage_final(in, buf_slice(&b));
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	value(in, "SCRAM-SHA-1");
	value(in, "SCRAM-SHA-256");
	value(in, "SCRAM-SHA-512");
	if (size <= LIMIT_AUTH_LINE) {
		message(in, false);
		message(in, true);
	}
	return 0;
}
