/*
 * endpoint and servers: what a URI means, and who is asked first.
 */

#include "servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"

#define RETRY_MS 60000

static void
test_uris_are_understood(void **state)
{
	static const struct {
		const char *uri;
		enum ldap_scheme scheme;
		const char *host;
		int port;
	} rows[] = {
		{ "ldap://d.example", SCHEME_LDAP, "d.example", 389 },
		{ "ldap://d.example/", SCHEME_LDAP, "d.example", 389 },
		{ "ldap://127.0.0.1:1389", SCHEME_LDAP, "127.0.0.1", 1389 },
		{ "ldap://[::1]:1389", SCHEME_LDAP, "::1", 1389 },
		{ "ldaps://d.example", SCHEME_LDAPS, "d.example", 636 },
		{ "ldapi://%2Frun%2Fslapd", SCHEME_LDAPI, "/run/slapd", 0 },
		{ "ldapi:///", SCHEME_LDAPI, "/var/run/slapd/ldapi", 0 },
		{ "ldap://", SCHEME_LDAP, "localhost", 389 },
	};
	struct endpoint e;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(endpoint_parse(&e, rows[i].uri, &why), 0);
		assert_int_equal(e.scheme, rows[i].scheme);
		assert_string_equal(e.host, rows[i].host);
		if (e.scheme != SCHEME_LDAPI)
			assert_int_equal(e.port, rows[i].port);
		endpoint_clear(&e);
	}
}

static void
test_uris_that_say_more_or_nothing_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"d.example",
		"http://d.example",
		"cldap://d.example",
		"ldap://d.example/dc=example",
		"ldap://d.example/??sub?(uid=%25u)",
		"ldap://d.example/?\?\?\?!x=1",
		"ldap://d.example:port",
	};
	struct endpoint e;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		why = NULL;
		assert_int_equal(endpoint_parse(&e, bad[i], &why), -1);
		assert_non_null(why);
	}
}

static void
test_loopback_is_told_from_elsewhere(void **state)
{
	static const struct {
		const char *uri;
		bool loopback;
	} rows[] = {
		{ "ldap://127.0.0.1", true },
		{ "ldap://127.8.9.10", true },
		{ "ldap://[::1]", true },
		{ "ldap://128.0.0.1", false },
		{ "ldap://0.0.0.0", false },
		{ "ldap://[::]", false },
		{ "ldap://[2001:db8::1]", false },
	};
	struct addrinfo *list;
	struct endpoint e;
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(endpoint_parse(&e, rows[i].uri, &why), 0);
		assert_int_equal(endpoint_resolve(&e, &list), 0);
		assert_int_equal(endpoint_is_loopback(list), rows[i].loopback);
		freeaddrinfo(list);
		endpoint_clear(&e);
	}
}

static struct servers *
three(void)
{
	static char a[] = "ldap://a", b[] = "ldap://b", c[] = "ldap://c";
	static char *uris[] = { a, b, c };
	static const struct strings list = { uris, 3 };
	struct servers *s = servers_new(&list, RETRY_MS);

	assert_non_null(s);
	return s;
}

static void
expect_order(struct servers *s, uint64_t now, size_t x, size_t y, size_t z)
{
	size_t order[SERVERS_MAX];

	servers_order(s, now, order);
	assert_int_equal(order[0], x);
	assert_int_equal(order[1], y);
	assert_int_equal(order[2], z);
}

static void
test_healthy_servers_are_asked_in_the_configured_order(void **state)
{
	struct servers *s = three();

	(void)state;
	assert_int_equal(servers_count(s), 3);
	assert_string_equal(servers_endpoint(s, 1)->host, "b");
	expect_order(s, clock_ms(), 0, 1, 2);
	servers_free(&s);
	assert_null(s);
}

static void
test_a_dead_server_is_asked_last(void **state)
{
	struct servers *s = three();

	(void)state;
	servers_ill(s, 0, "timeout", "", true, false);
	expect_order(s, clock_ms(), 1, 2, 0);
	servers_ill(s, 1, "timeout", "", true, false);
	expect_order(s, clock_ms(), 2, 0, 1);
	servers_well(s, 0);
	expect_order(s, clock_ms(), 0, 2, 1);
	servers_free(&s);
}

static void
test_when_all_are_dead_all_are_asked(void **state)
{
	struct servers *s = three();
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		servers_ill(s, i, "timeout", "", true, false);
	expect_order(s, clock_ms(), 0, 1, 2);
	servers_free(&s);
}

static void
test_one_login_finds_out_whether_a_server_is_back(void **state)
{
	struct servers *s = three();
	uint64_t later;

	(void)state;
	servers_ill(s, 0, "timeout", "", true, false);
	later = clock_ms() + RETRY_MS + 1;
	expect_order(s, later, 0, 1, 2); /* this one */
	expect_order(s, later, 1, 2, 0); /* not the next */
	expect_order(s, later + RETRY_MS, 0, 1, 2);
	servers_free(&s);
}

static void
test_an_alert_alone_avoids_nobody(void **state)
{
	struct servers *s = three();

	(void)state;
	servers_ill(s, 0, "service_bind", "", false, true);
	expect_order(s, clock_ms(), 0, 1, 2);
	servers_free(&s);
}

static void
test_lists_without_sense_are_refused(void **state)
{
	static char bad[] = "ldap://a/dc=x", good[] = "ldap://a";
	char *uris[SERVERS_MAX + 1];
	struct strings list = { uris, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(uris); i++)
		uris[i] = good;
	assert_null(servers_new(&list, 0));
	list.n = SERVERS_MAX + 1;
	assert_null(servers_new(&list, 0));
	list.n = 2;
	uris[1] = bad;
	assert_null(servers_new(&list, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uris_are_understood),
		cmocka_unit_test(
		    test_uris_that_say_more_or_nothing_are_refused),
		cmocka_unit_test(test_loopback_is_told_from_elsewhere),
		cmocka_unit_test(
		    test_healthy_servers_are_asked_in_the_configured_order),
		cmocka_unit_test(test_a_dead_server_is_asked_last),
		cmocka_unit_test(test_when_all_are_dead_all_are_asked),
		cmocka_unit_test(
		    test_one_login_finds_out_whether_a_server_is_back),
		cmocka_unit_test(test_an_alert_alone_avoids_nobody),
		cmocka_unit_test(test_lists_without_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
