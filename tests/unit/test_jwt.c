/* jwt - which tokens are believed, and why the others are not. */

#include "cases.h"

#include "jwks.h"
#include "jwt.h"
#include "jwtsamples.h"
#include "limits.h"

static const struct jwt_policy policy = {
	.issuer = "https://id.example.org",
	.audience = "submit",
	.user_claim = "email",
	.scope = "smtp",
	.leeway_s = 60,
};

static struct jwks *keys;

static int
setup(void **state)
{
	const char *why;
	unsigned skipped;

	(void)state;
	keys = jwks_new(slice_of(jwt_keys), &skipped, &why);
	assert_non_null(keys);
	assert_int_equal(jwks_count(keys), 2);
	assert_int_equal(skipped, 8);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	jwks_free(&keys);
	assert_null(keys);
	return 0;
}

static const char *
judge(struct slice token, struct buf *user)
{
	char *copy = malloc(token.n + 1);
	const char *why;

	/* Of its own size, so that a sanitizer sees a read beyond. */
	assert_non_null(copy);
	memcpy(copy, token.p, token.n);
	why = jwt_judge(
	    keys, &policy, (struct slice){ copy, token.n }, JWT_NOW, user);
	free(copy);
	return why;
}

static void
test_each_sample_is_judged_rightly(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(jwt_samples); i++) {
		const struct jwt_sample *s = &jwt_samples[i];
		struct buf user = buf_new(1000);
		const char *why = judge(slice_of(s->token), &user);

		if (s->why == NULL ? why != NULL
				   : why == NULL || strcmp(why, s->why) != 0)
			fail_msg("%s: %s", s->name, why == NULL ? "good" : why);
		assert_true(slice_eq(buf_slice(&user),
		    slice_of(why == NULL ? "alice@example.org" : "")));
		buf_free(&user);
	}
}

static void
test_no_truncation_and_no_changed_octet_is_believed(void **state)
{
	struct slice token = slice_of(jwt_samples[1].token); /* ES256 */
	struct buf user = buf_new(1000), copy = buf_new(LIMIT_TOKEN);
	size_t n;

	(void)state;
	for (n = 0; n < token.n; n++)
		assert_non_null(judge((struct slice){ token.p, n }, &user));
	buf_add(&copy, token.p, token.n);
	/* The last digit of a part has bits that count for nothing. */
	for (n = 0; n + 1 < token.n; n++) {
		if (token.p[n] == '.' || token.p[n + 1] == '.')
			continue;
		copy.p[n] = token.p[n] == 'A' ? 'B' : 'A';
		assert_non_null(judge(buf_slice(&copy), &user));
		copy.p[n] = token.p[n];
	}
	assert_null(judge(buf_slice(&copy), &user));
	buf_free(&copy);
	buf_free(&user);
}

/* cjose would end the process on the first two. */
static void
test_a_key_of_odd_numbers_is_passed_over(void **state)
{
	static const char *const sets[] = {
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"oOzJ9z-YX"
		"h8pdbiHtlgMnYShIrzpl=8w0voqVp5ihxU\",\"y\":\"dN4RuhFTkeC68R"
		"4EDwT5WnBhQgc_CVk9pv_oxwGDRr4\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AAAAA===\",\"e\":\"AQAB\"}"
		"]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"a+b/\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":5,\"e\":null}]}",
	};
	unsigned skipped;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(sets); i++) {
		assert_null(jwks_new(slice_of(sets[i]), &skipped, &why));
		assert_int_equal(skipped, 1);
		assert_non_null(why);
	}
}

static void
test_a_token_has_a_greatest_size(void **state)
{
	struct buf user = buf_new(1000), token = buf_new(2 * LIMIT_TOKEN);

	(void)state;
	buf_str(&token, "e30.");
	while (token.n < LIMIT_TOKEN)
		buf_str(&token, "A");
	buf_str(&token, ".AAAA");
	assert_string_equal(judge(buf_slice(&token), &user), "token_form");
	buf_free(&token);
	buf_free(&user);
}

static void
test_without_a_scope_any_will_do(void **state)
{
	struct jwt_policy any = policy;
	struct buf user = buf_new(1000);
	size_t i;

	(void)state;
	any.scope = NULL;
	for (i = 0; i < ARRAY_LEN(jwt_samples); i++)
		if (jwt_samples[i].why != NULL &&
		    strcmp(jwt_samples[i].why, "token_scope") == 0)
			assert_null(jwt_judge(keys, &any,
			    slice_of(jwt_samples[i].token), JWT_NOW, &user));
	assert_true(user.n > 0);
	buf_free(&user);
}

static void
test_what_is_no_key_set_is_told(void **state)
{
	static const char *const rows[] = { "", "x", "[]", "{}",
		"{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[1,null,\"x\"]}",
		"{\"keys\":[],\"keys\":[]}", "{\"keys\":[{\"kty\":\"RSA\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\","
		"\"y\":\"AA\"}]}" };
	unsigned skipped;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(jwks_new(slice_of(rows[i]), &skipped, &why));
		assert_non_null(why);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_sample_is_judged_rightly),
		cmocka_unit_test(
		    test_no_truncation_and_no_changed_octet_is_believed),
		cmocka_unit_test(test_a_key_of_odd_numbers_is_passed_over),
		cmocka_unit_test(test_a_token_has_a_greatest_size),
		cmocka_unit_test(test_without_a_scope_any_will_do),
		cmocka_unit_test(test_what_is_no_key_set_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
