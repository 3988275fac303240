/*
 * grantmac - the keyed half of grants: sealing in auth, judging in relay.
 *
 * Invariant: nothing of a grant is read before its MAC is known to be right.
 */

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "grant.h"
#include "limits.h"

/* HMAC-SHA-256.  An empty key, which anybody could guess, is no key. */
static int
mac(struct slice key, struct slice fields, unsigned char out[GRANT_MAC_LEN])
{
	unsigned n = 0;

	if (key.n == 0 || key.n > LIMIT_GRANT)
		return -1;
	if (HMAC(EVP_sha256(), key.p, (int)key.n,
		(const unsigned char *)fields.p, fields.n, out, &n) == NULL)
		return -1;
	return n == GRANT_MAC_LEN ? 0 : -1;
}

int
grant_seal(struct slice key, const struct grant *g, struct buf *out)
{
	struct buf fields = buf_new(LIMIT_GRANT - GRANT_MAC_LEN);
	unsigned char seal[GRANT_MAC_LEN];
	int r = -1;

	grant_pack(&fields, g);
	if (!buf_ok(&fields) || mac(key, buf_slice(&fields), seal) == -1)
		goto out;
	buf_add(out, fields.p, fields.n);
	buf_add(out, seal, sizeof(seal));
	if (buf_ok(out))
		r = 0;
out:
	buf_free(&fields);
	return r;
}

enum grant_verdict
grant_open(struct slice key, struct slice sealed, uint32_t instance,
    uint64_t session, uint64_t now_ms, struct grant *out)
{
	unsigned char seal[GRANT_MAC_LEN];
	struct slice fields = sealed;
	struct grant g;

	*out = (struct grant){ 0 };
	if (sealed.n < GRANT_MAC_LEN || sealed.n > LIMIT_GRANT)
		return GRANT_FORGED;
	fields.n -= GRANT_MAC_LEN;
	if (mac(key, fields, seal) == -1 ||
	    CRYPTO_memcmp(seal, sealed.p + fields.n, sizeof(seal)) != 0 ||
	    grant_read(sealed, &g) == -1)
		return GRANT_FORGED;
	if (g.instance != instance || g.session != session)
		return GRANT_OTHER_SESSION;
	if (now_ms >= g.expires_ms)
		return GRANT_EXPIRED;
	*out = g;
	return GRANT_VALID;
}
