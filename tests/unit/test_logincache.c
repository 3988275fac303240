/*
 * logincache - what it keeps of logins stays within its bounds; passwordcheck
 * has the rest of it.
 */

#include "cases.h"

#include "keyedhash.h"
#include "limits.h"
#include "logincache.h"

#define FRESH 60000 /* ms */

static void
test_a_password_too_long_is_not_kept(void **state)
{
	static char text[LIMIT_PASSWORD + 1];
	struct keyedhash_password p;
	struct keyedhash_key key, other;
	struct slice user = slice_of("alice");
	struct slice fits = { text, LIMIT_PASSWORD };
	struct slice not = { text, LIMIT_PASSWORD + 1 };

	(void)state;
	keyedhash_make_key(&key);
	keyedhash_make_key(&other);
	memset(text, 'x', sizeof(text));
	assert_int_equal(keyedhash_set_password(&key, user, fits, &p), 0);
	assert_true(keyedhash_is_password(&key, user, fits, &p));
	assert_false(keyedhash_is_password(&key, user, not, &p));
	assert_false(keyedhash_is_password(&other, user, fits, &p));
	assert_false(keyedhash_is_password(&key, slice_of("bob"), fits, &p));
	assert_int_equal(keyedhash_set_password(&key, user, not, &p), -1);
	/* what belongs to the name is no part of the password */
	assert_int_equal(
	    keyedhash_set_password(&key, user, slice_of("x"), &p), 0);
	assert_false(
	    keyedhash_is_password(&key, slice_of("alic"), slice_of("ex"), &p));
}

static size_t
figure(struct logincache *c, const char *name)
{
	struct buf out = buf_new(1024);
	const char *at;
	size_t n;

	logincache_stats(c, &out);
	buf_add(&out, "", 1);
	at = strstr(out.p, name);
	assert_non_null(at);
	n = strtoul(at + strlen(name) + 1, NULL, 10);
	buf_free(&out);
	return n;
}

static void
test_many_addresses_stay_within_their_octets(void **state)
{
	struct logincache *c = logincache_new(FRESH, 0);
	struct login l = login_new();
	char text[255];
	int i;

	(void)state;
	for (i = 0; i < 180; i++) {
		snprintf(text, sizeof(text), "%0245d@x.net", i);
		assert_true(login_add_address(&l, slice_of(text)));
	}
	login_set_user(&l, slice_of("x"));
	login_judge(&l, AUTH_ACCEPTED, "ok");
	for (i = 0; i < 3000; i++) {
		struct logincache_key k = { .password = slice_of("p"),
			.now_ms = 1000 };

		snprintf(text, sizeof(text), "user%d", i);
		k.user = slice_of(text);
		logincache_keep(c, &k, &l);
		logincache_keep(c, &k, &l); /* counted once */
	}
	assert_true(figure(c, "cache_octets") <= LIMIT_LOGIN_CACHE_OCTETS);
	assert_true(figure(c, "cache_octets") > LIMIT_LOGIN_CACHE_OCTETS / 2);
	assert_in_range(figure(c, "cache_entries"), 1000, 2999);
	logincache_flush(c, slice_of(""));
	assert_int_equal(figure(c, "cache_octets"), 0);
	assert_int_equal(figure(c, "cache_entries"), 0);
	login_free(&l);
	logincache_free(&c);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_password_too_long_is_not_kept),
		cmocka_unit_test(test_many_addresses_stay_within_their_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
