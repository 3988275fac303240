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

#define RETRY_MS 64000
#define FAILURES 3
#define NOW      UINT64_C(1000000)

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
make(uint32_t n, bool balanced)
{
	static char a[] = "ldap://a", b[] = "ldap://b", c[] = "ldap://c";
	static char *uris[] = { a, b, c };
	const struct strings list = { uris, n };
	const struct servers_params params = { balanced, FAILURES, RETRY_MS };
	struct servers *s = servers_new(&list, &params);

	assert_non_null(s);
	return s;
}

static const struct ailment lost = {
	.reason = "timeout", .text = "", .lost = true, .counts = true
};
static const struct ailment busy = {
	.reason = "busy", .text = "", .counts = true
};
static const struct ailment refused = {
	.reason = "service_bind", .text = "", .alert = true
};

/* Whom one question goes to, one after the other, if all of them fail. */
static void
expect_order(struct servers *s, const char *want)
{
	uint32_t tried = 0;
	char got[SERVERS_MAX + 1] = "";
	size_t i, n = 0;

	while ((i = servers_choose(s, tried, SERVERS_NONE)) != SERVERS_NONE) {
		assert_true(i < 3);
		assert_int_equal(tried & 1U << i, 0);
		tried |= 1U << i;
		got[n++] = "abc"[i];
	}
	assert_string_equal(got, want);
}

static void
test_healthy_servers_are_asked_in_the_configured_order(void **state)
{
	struct servers *s = make(3, false);
	size_t i;

	(void)state;
	assert_int_equal(servers_count(s), 3);
	assert_string_equal(servers_endpoint(s, 1)->host, "b");
	expect_order(s, "abc");
	/* whatever one is connected to */
	for (i = 0; i < 3; i++)
		assert_int_equal(servers_choose(s, 0, i), 0);
	servers_free(&s);
	assert_null(s);
}

static void
test_a_server_that_does_not_answer_is_left_alone(void **state)
{
	struct servers *s = make(3, false);

	(void)state;
	servers_ill(s, 0, NOW, &lost);
	expect_order(s, "bc");
	servers_ill(s, 2, NOW, &lost);
	expect_order(s, "b");
	assert_int_equal(servers_choose(s, 0, 0), 1);
	assert_false(servers_all_down(s));
	servers_ill(s, 1, NOW, &lost);
	expect_order(s, "");
	assert_true(servers_all_down(s));
	servers_free(&s);
}

static void
test_a_server_that_is_back_is_the_first_again(void **state)
{
	struct servers *s = make(3, false);

	(void)state;
	servers_ill(s, 0, NOW, &lost);
	assert_int_equal(servers_choose(s, 0, 1), 1);
	servers_well(s, 0, NOW + 1);
	assert_int_equal(servers_choose(s, 0, 1), 0);
	servers_free(&s);
}

static void
test_failures_in_a_row_are_one_too_many(void **state)
{
	struct servers *s = make(2, false);
	int i;

	(void)state;
	for (i = 0; i < FAILURES - 1; i++)
		servers_ill(s, 0, NOW, &busy);
	expect_order(s, "ab");
	servers_well(s, 0, NOW); /* not in a row */
	for (i = 0; i < FAILURES - 1; i++)
		servers_ill(s, 0, NOW, &busy);
	expect_order(s, "ab");
	servers_ill(s, 0, NOW, &busy);
	expect_order(s, "b");
	servers_well(s, 0, NOW);
	servers_ill(s, 0, NOW, &busy); /* counted anew */
	expect_order(s, "ab");
	servers_free(&s);
}

static void
test_an_alert_alone_puts_nobody_down(void **state)
{
	struct servers *s = make(3, false);
	int i;

	(void)state;
	for (i = 0; i < 2 * FAILURES; i++)
		servers_ill(s, 0, NOW, &refused);
	expect_order(s, "abc");
	servers_free(&s);
}

/* The times at which a server that stays down is probed. */
static void
test_probes_come_soon_and_then_less_often(void **state)
{
	struct servers *s = make(2, false);
	uint64_t now = NOW, last = NOW, pause = RETRY_MS / 16;
	int n;

	(void)state;
	assert_false(servers_take_probe(s, 0, NOW + 10 * RETRY_MS));
	servers_ill(s, 0, NOW, &lost);
	for (n = 0; n < 10; n++) {
		while (!servers_take_probe(s, 0, now))
			now += RETRY_MS / 1000;
		assert_in_range(
		    now - last, pause * 3 / 4, pause + RETRY_MS / 1000);
		assert_false(servers_take_probe(s, 0, now)); /* it is taken */
		assert_false(servers_take_probe(s, 1, now));
		servers_ill(s, 0, now, &lost); /* does not put it off */
		last = now;
		pause = 2 * pause < RETRY_MS ? 2 * pause : RETRY_MS;
	}
	assert_int_equal(pause, RETRY_MS);
	servers_well(s, 0, now);
	assert_false(servers_take_probe(s, 0, now + 10 * RETRY_MS));
	servers_ill(s, 0, now, &lost);
	assert_true(servers_take_probe(s, 0, now + RETRY_MS / 16));
	servers_free(&s);
}

/* The time from going down at now to the first probe. */
static uint64_t
first_pause(struct servers *s, uint64_t now)
{
	uint64_t at = now;

	servers_ill(s, 0, now, &lost);
	while (!servers_take_probe(s, 0, at))
		at += RETRY_MS / 1000;
	return at - now;
}

/* Else every login would wait for it, one after the other. */
static void
test_a_server_that_is_well_in_probes_only_is_left_alone_longer(void **state)
{
	struct servers *s = make(2, false);
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		(void)first_pause(s, NOW);
		servers_probed_well(s, 0, NOW);
		expect_order(s, "ab");
	}
	assert_in_range(
	    first_pause(s, NOW), RETRY_MS * 3 / 4, RETRY_MS + RETRY_MS / 1000);
	servers_well(s, 0, NOW); /* a login */
	assert_in_range(
	    first_pause(s, NOW), 1, RETRY_MS / 16 + RETRY_MS / 1000);
	servers_free(&s);
}

/* As a thread does: it stays where it is connected, if it may. */
static size_t
ask_often(struct servers *s, size_t *current, int times, size_t *asked)
{
	while (times-- > 0) {
		*current = servers_choose(s, 0, *current);
		assert_true(*current < 3);
		asked[*current]++;
	}
	return *current;
}

static void
test_balanced_load_is_shared(void **state)
{
	struct servers *s = make(3, true);
	size_t asked[3] = { 0 }, threads[4], i;
	int round;

	(void)state;
	for (i = 0; i < 4; i++)
		threads[i] = SERVERS_NONE;
	for (round = 0; round < 100; round++) /* some work more than others */
		for (i = 0; i < 4; i++)
			ask_often(s, &threads[i], (int)i, asked);
	for (i = 0; i < 3; i++)
		assert_in_range(asked[i], 200 - 10, 200 + 10);
	servers_free(&s);
}

static void
test_balanced_threads_keep_their_connections(void **state)
{
	struct servers *s = make(2, true);
	size_t asked[3] = { 0 }, current = SERVERS_NONE, before, moved = 0;
	int i;

	(void)state;
	for (i = 0; i < 160; i++) {
		before = current;
		ask_often(s, &current, 1, asked);
		moved += current != before;
	}
	assert_in_range(moved, 2, 160 / 8 + 1);
	servers_free(&s);
}

static void
test_balanced_servers_lose_and_get_back_their_share(void **state)
{
	struct servers *s = make(2, true);
	size_t asked[3] = { 0 }, current = SERVERS_NONE;

	(void)state;
	ask_often(s, &current, 100, asked);
	servers_ill(s, 1, NOW, &lost);
	memset(asked, 0, sizeof(asked));
	ask_often(s, &current, 1000, asked);
	assert_int_equal(asked[1], 0);
	servers_well(s, 1, NOW);
	memset(asked, 0, sizeof(asked));
	ask_often(s, &current, 100, asked);
	assert_in_range(asked[0], 40, 60); /* it is not flooded either */
	servers_free(&s);
}

static void
test_health_is_told(void **state)
{
	struct servers *s = make(2, false);
	struct buf b = buf_new(1000);

	(void)state;
	(void)servers_choose(s, 0, SERVERS_NONE);
	servers_well(s, 0, NOW);
	servers_ill(s, 1, clock_ms(), &lost);
	servers_print(s, clock_ms() + 61500, &b);
	buf_add(&b, "", 1);
	assert_string_equal(b.p,
	    "ldap_server=ldap://a well=yes failures=0 asked=1 since_s=61\n"
	    "ldap_server=ldap://b well=no failures=1 asked=0 since_s=61\n");
	buf_free(&b);
	servers_free(&s);
}

static void
test_lists_without_sense_are_refused(void **state)
{
	static char bad[] = "ldap://a/dc=x", good[] = "ldap://a";
	const struct servers_params params = { false, FAILURES, RETRY_MS };
	char *uris[SERVERS_MAX + 1];
	struct strings list = { uris, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(uris); i++)
		uris[i] = good;
	assert_null(servers_new(&list, &params));
	list.n = SERVERS_MAX + 1;
	assert_null(servers_new(&list, &params));
	list.n = 2;
	uris[1] = bad;
	assert_null(servers_new(&list, &params));
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
		cmocka_unit_test(
		    test_a_server_that_does_not_answer_is_left_alone),
		cmocka_unit_test(test_a_server_that_is_back_is_the_first_again),
		cmocka_unit_test(test_failures_in_a_row_are_one_too_many),
		cmocka_unit_test(test_an_alert_alone_puts_nobody_down),
		cmocka_unit_test(test_probes_come_soon_and_then_less_often),
		cmocka_unit_test(
		    test_a_server_that_is_well_in_probes_only_is_left_alone_longer),
		cmocka_unit_test(test_balanced_load_is_shared),
		cmocka_unit_test(test_balanced_threads_keep_their_connections),
		cmocka_unit_test(
		    test_balanced_servers_lose_and_get_back_their_share),
		cmocka_unit_test(test_health_is_told),
		cmocka_unit_test(test_lists_without_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
