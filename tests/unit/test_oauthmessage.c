/* oauthmessage - the client's messages of both mechanisms. */

#include "cases.h"

#include "oauthmessage.h"

#define M(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

static void
test_messages_of_rfc_7628(void **state)
{
	/* section 4.1 */
	static const struct slice example =
	    M("n,a=user@example.com,\1host=server.example.com\1port=143\1"
	      "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1");
	struct oauthmessage m;

	(void)state;
	assert_int_equal(oauthmessage_parse_bearer(example, &m), 0);
	assert_true(m.has_user);
	assert_true(slice_eq(m.user, M("user@example.com")));
	assert_true(slice_eq(m.host, M("server.example.com")));
	assert_int_equal(m.port, 143);
	assert_true(
	    slice_eq(m.token, M("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")));
}

static void
test_other_messages(void **state)
{
	static const struct {
		struct slice bearer;
		bool good;
	} rows[] = {
		{ M("n,,\1auth=Bearer x\1\1"), true },
		{ M("y,,\1auth=Bearer x\1\1"), true },
		{ M("n,,\1auth=bEARER   x\1\1"), true },
		{ M("n,,\1what=ever\1auth=Bearer x\1\1"), true },
		{ M("n,,\1what=\1auth=Bearer x\1\1"), true },
		{ M("\1"), false },
		{ M("n,,\1\1"), false },
		{ M("n,,\1auth=Bearer x\1"), false },
		{ M("n,,\1auth=Bearer x\1\1\1"), false },
		{ M("n,,\1auth=Bearer x\1\1x"), false },
		{ M("n,,auth=Bearer x\1\1"), false },
		{ M("p=tls-exporter,,\1auth=Bearer x\1\1"), false },
		{ M("n,b=x,\1auth=Bearer x\1\1"), false },
		{ M("n,a=,\1auth=Bearer x\1\1"), false },
		{ M("n,a=b,c,\1auth=Bearer x\1\1"), false },
		{ M("n,\1auth=Bearer x\1\1"), false },
		{ M("n,,\1auth=Bearer \1\1"), false },
		{ M("n,,\1auth=Bearer x y\1\1"), false },
		{ M("n,,\1auth=Basic x\1\1"), false },
		{ M("n,,\1auth=Bearer\1\1"), false },
		{ M("n,,\1auth=Bearer x\1auth=Bearer y\1\1"), false },
		{ M("n,,\1=x\1auth=Bearer x\1\1"), false },
		{ M("n,,\1a1=x\1auth=Bearer x\1\1"), false },
		{ M("n,,\1port=0\1auth=Bearer x\1\1"), false },
		{ M("n,,\1port=65536\1auth=Bearer x\1\1"), false },
		{ M("n,,\1port=587 \1auth=Bearer x\1\1"), false },
		{ M("n,,\1port=\1auth=Bearer x\1\1"), false },
		{ M("n,,\1port=587\1port=587\1auth=Bearer x\1\1"), false },
		{ M("n,,\1host=\1auth=Bearer x\1\1"), false },
		{ M("n,,\1auth=Bearer x\0\1\1"), false },
		{ M(""), false },
	};
	struct oauthmessage m;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice s = rows[i].bearer;

		if ((oauthmessage_parse_bearer(s, &m) == 0) != rows[i].good)
			fail_msg("row %zu", i);
		for (n = 0; rows[i].good && n < s.n; n++) {
			char *copy = malloc(n + 1);

			assert_non_null(copy);
			memcpy(copy, s.p, n);
			assert_int_equal(oauthmessage_parse_bearer(
					     (struct slice){ copy, n }, &m),
			    -1);
			free(copy);
		}
	}
}

static void
test_messages_of_xoauth2(void **state)
{
	struct oauthmessage m;

	(void)state;
	assert_int_equal(
	    oauthmessage_parse_xoauth2(
		M("user=someuser@example.com\1auth=Bearer ya29.vF9\1\1"), &m),
	    0);
	assert_true(slice_eq(m.user, M("someuser@example.com")));
	assert_true(slice_eq(m.token, M("ya29.vF9")));
	assert_int_equal(
	    oauthmessage_parse_xoauth2(M("user=\1auth=Bearer x\1\1"), &m), -1);
	assert_int_equal(
	    oauthmessage_parse_xoauth2(M("auth=Bearer x\1\1"), &m), -1);
	assert_int_equal(
	    oauthmessage_parse_xoauth2(M("user=a\1auth=Bearer x\1"), &m), -1);
}

static void
test_names_are_unescaped(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: bad */
	} rows[] = {
		{ "a", "a" },
		{ "a=2Cb=3Dc", "a,b=c" },
		{ "=2C", "," },
		{ "=", NULL },
		{ "=2", NULL },
		{ "=2c", NULL },
		{ "=41", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = buf_new(100);
		int r = oauthmessage_add_user(&b, slice_of(rows[i].in));

		assert_int_equal(r, rows[i].out == NULL ? -1 : 0);
		if (r == 0)
			assert_true(
			    slice_eq(buf_slice(&b), slice_of(rows[i].out)));
		buf_free(&b);
	}
}

static void
test_failures_are_json(void **state)
{
	static const struct oauthmessage_hint none, all = { "smtp",
		"https://id.example.org/.well-known/openid-configuration" };
	static const struct {
		bool xoauth2;
		const struct oauthmessage_hint *hint;
		const char *text;
	} rows[] = {
		{ false, &none, "{\"status\":\"invalid_token\"}" },
		{ false, &all,
		    "{\"status\":\"invalid_token\",\"scope\":\"smtp\","
		    "\"openid-configuration\":\"https://id.example.org/"
		    ".well-known/openid-configuration\"}" },
		{ true, &none, "{\"status\":\"400\",\"schemes\":\"bearer\"}" },
		{ true, &all,
		    "{\"status\":\"400\",\"schemes\":\"bearer\","
		    "\"scope\":\"smtp\"}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = buf_new(1000);

		oauthmessage_add_failure(&b, rows[i].xoauth2, rows[i].hint);
		assert_true(slice_eq(buf_slice(&b), slice_of(rows[i].text)));
		buf_free(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_of_rfc_7628),
		cmocka_unit_test(test_other_messages),
		cmocka_unit_test(test_messages_of_xoauth2),
		cmocka_unit_test(test_names_are_unescaped),
		cmocka_unit_test(test_failures_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
