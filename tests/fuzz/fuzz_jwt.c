/* jwt - nobody is let in but by the samples that are good. */

#include "fuzz.h"

#include "jwks.h"
#include "jwt.h"
#include "jwtsamples.h"
#include "limits.h"

static const struct jwt_policy policy = {
	.issuer = "https://id.example.org",
	.audience = "submit",
	.user_claim = "email",
	.leeway_s = 60,
};

static bool
is_sample(struct slice token)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(jwt_samples); i++)
		if (slice_eq(token, slice_of(jwt_samples[i].token)))
			return true;
	return false;
}

/* The first octet says whether it is a token or a set of keys. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf user = buf_new(LIMIT_USER);
	bool is_set = fuzz_u8(&in) == 'K';
	struct jwks *keys;
	const char *why;
	unsigned skipped;
	char *p = fuzz_copy(in);

	in.p = p;
	keys = jwks_new(is_set ? in : slice_of(jwt_keys), &skipped, &why);
	if (is_set) {
		assert_true((keys == NULL) == (why != NULL));
	} else {
		why = jwt_judge(keys, &policy, in, JWT_NOW, &user);
		if (why == NULL)
			assert_true(user.n > 0 && is_sample(in));
		else
			assert_int_equal(user.n, 0);
	}
	jwks_free(&keys);
	buf_free(&user);
	free(p);
	return 0;
}
