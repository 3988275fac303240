/* addresses - sessions are counted per client, an IPv6 client being a /64. */

#include "cases.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "addresses.h"
#include "compiler.h"

static struct in6_addr
ipv4(const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
	return address_of((const void *)&sin);
}

static struct in6_addr
ipv6(const char *text)
{
	struct sockaddr_in6 sin = { .sin6_family = AF_INET6 };

	assert_int_equal(inet_pton(AF_INET6, text, &sin.sin6_addr), 1);
	return address_of((const void *)&sin);
}

static void
test_ipv4_is_told_as_a_mapped_address(void **state)
{
	struct in6_addr a = ipv4("192.0.2.1"), b = ipv6("::ffff:192.0.2.1");

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
}

/* clang-format off */
static const struct {
	const char	*a, *b;
	bool		 same;
} pairs[] = {
	{ "2001:db8::1",	"2001:db8::1",			true },
	{ "2001:db8::1",	"2001:db8::ffff:ffff:ffff:ffff", true },
	{ "2001:db8:0:1::1",	"2001:db8:0:1:8000::1",		true },
	{ "2001:db8:0:1::1",	"2001:db8:0:2::1",		false },
	{ "2001:db8::1",	"2001:db9::1",			false },
	{ "::ffff:192.0.2.1",	"::ffff:192.0.2.1",		true },
	{ "::ffff:192.0.2.1",	"::ffff:192.0.2.2",		false },
	{ "::ffff:192.0.2.1",	"::1",				false },
	{ "::1",		"::2",				true },
};
/* clang-format on */

static void
test_each_pair_is_one_client_or_two(void **state)
{
	struct addresses *t;
	struct in6_addr a, b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(pairs); i++) {
		t = addresses_new();
		a = ipv6(pairs[i].a);
		b = ipv6(pairs[i].b);
		assert_int_equal(addresses_enter(t, &a), 1);
		if (addresses_enter(t, &b) != (pairs[i].same ? 2 : 1))
			fail_msg("%s and %s", pairs[i].a, pairs[i].b);
		addresses_free(&t);
		assert_null(t);
	}
	addresses_free(&t);
}

static void
test_leaving_undoes_entering(void **state)
{
	struct addresses *t = addresses_new();
	struct in6_addr a = ipv4("192.0.2.1"), b = ipv4("192.0.2.2");
	uint32_t i;

	(void)state;
	for (i = 1; i <= 1000; i++)
		assert_int_equal(addresses_enter(t, &a), i);
	assert_int_equal(addresses_enter(t, &b), 1);
	for (i = 0; i < 999; i++)
		addresses_leave(t, &a);
	assert_int_equal(addresses_enter(t, &a), 2);
	assert_int_equal(addresses_enter(t, &b), 2);
	addresses_leave(t, &a);
	addresses_leave(t, &a);
	assert_int_equal(addresses_enter(t, &a), 1);
	addresses_free(&t);
}

static void
test_who_never_came_cannot_leave(void **state)
{
	struct addresses *t = addresses_new();
	struct in6_addr a = ipv4("192.0.2.1");

	(void)state;
	addresses_leave(t, &a);
	assert_int_equal(addresses_enter(t, &a), 1);
	addresses_leave(t, &a);
	addresses_leave(t, &a);
	assert_int_equal(addresses_enter(t, &a), 1);
	addresses_free(&t);
}

/* The i-th client of many: a scattered /64, its host part varying. */
static struct in6_addr
client(uint32_t i, uint32_t host)
{
	uint32_t word[4] = { htonl(0x20010db8), htonl(i * 2654435761U),
		htonl(host), htonl(i) };
	struct in6_addr a;

	memcpy(&a, word, sizeof(a));
	return a;
}

static void
test_many_clients_are_kept_apart(void **state)
{
	enum { CLIENTS = 10000 };
	struct addresses *t = addresses_new();
	struct in6_addr a;
	uint32_t i;

	(void)state;
	for (i = 0; i < CLIENTS; i++) {
		a = client(i, 1);
		assert_int_equal(addresses_enter(t, &a), 1);
	}
	for (i = CLIENTS; i-- > 0;) {
		a = client(i, 2);
		assert_int_equal(addresses_enter(t, &a), 2);
		addresses_leave(t, &a);
		addresses_leave(t, &a);
	}
	for (i = 0; i < CLIENTS; i++) {
		a = client(i, 3);
		assert_int_equal(addresses_enter(t, &a), 1);
	}
	addresses_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_is_told_as_a_mapped_address),
		cmocka_unit_test(test_each_pair_is_one_client_or_two),
		cmocka_unit_test(test_leaving_undoes_entering),
		cmocka_unit_test(test_who_never_came_cannot_leave),
		cmocka_unit_test(test_many_clients_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
