/* network - prefixes are read strictly, and hold what they say. */

#include "cases.h"

#include <arpa/inet.h>

#include "compiler.h"
#include "network.h"

/* clang-format off */
static const struct {
	const char	*text;
	unsigned	 bits;	/* 0: refused */
} texts[] = {
	{ "192.0.2.1",		128 },
	{ "192.0.2.1/32",	128 },
	{ "10.0.0.0/8",		104 },
	{ "10.0.0.0/9",		105 },
	{ "128.0.0.0/1",	97 },
	{ "0.0.0.0/1",		97 },
	{ "2001:db8::/32",	32 },
	{ "2001:DB8::/32",	32 },
	{ "::1",		128 },
	{ "::1/128",		128 },
	{ "::ffff:10.0.0.0/104", 104 },
	{ "8000::/1",		1 },
	/* everybody */
	{ "0.0.0.0/0",		0 },
	{ "::/0",		0 },
	/* a bit set behind the prefix */
	{ "10.0.0.1/8",		0 },
	{ "10.128.0.0/8",	0 },
	{ "192.0.2.1/31",	0 },
	{ "2001:db8::1/32",	0 },
	{ "2001:db8::/31",	32 - 1 },
	{ "2001:db9::/31",	0 },
	{ "::1/127",		0 },
	/* too many, not a number, not an address */
	{ "10.0.0.0/33",	0 },
	{ "10.0.0.0/104",	0 },
	{ "2001:db8::/129",	0 },
	{ "10.0.0.0/08",	0 },
	{ "10.0.0.0/",		0 },
	{ "10.0.0.0/+8",	0 },
	{ "10.0.0.0/ 8",	0 },
	{ "10.0.0.0/8 ",	0 },
	{ "10.0.0.0/8/8",	0 },
	{ "10.0.0.0/255.0.0.0",	0 },
	{ "10.0.0.0/4294967304", 0 },
	{ "10.0.0/8",		0 },
	{ "10/8",		0 },
	{ "010.0.0.0/8",	0 },
	{ "",			0 },
	{ "/8",			0 },
	{ "*",			0 },
	{ "balancer.example",	0 },
	{ "[::1]",		0 },
	{ "fe80::1%eth0",	0 },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999/8", 0 },
};

static const struct {
	const char	*network;
	const char	*inside;
	const char	*outside;
} members[] = {
	{ "192.0.2.1",	"::ffff:192.0.2.1",	"::ffff:192.0.2.0" },
	{ "192.0.2.1",	"::ffff:192.0.2.1",	"::192.0.2.1" },
	{ "10.0.0.0/8",	"::ffff:10.255.255.255", "::ffff:11.0.0.0" },
	{ "10.0.0.0/8",	"::ffff:10.0.0.0",	"::ffff:9.255.255.255" },
	{ "10.0.0.0/9",	"::ffff:10.127.255.255", "::ffff:10.128.0.0" },
	{ "192.0.2.4/30", "::ffff:192.0.2.7",	"::ffff:192.0.2.8" },
	{ "192.0.2.6/31", "::ffff:192.0.2.7",	"::ffff:192.0.2.5" },
	{ "0.0.0.0/1",	"::ffff:127.0.0.1",	"::1" },
	{ "2001:db8::/32", "2001:db8:ffff::1",	"2001:db9::" },
	{ "2001:db8::/33", "2001:db8:7fff::1",	"2001:db8:8000::" },
	{ "::1",	"::1",			"::2" },
	{ "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "::ffff:11.1.2.3" },
};

static const struct {
	const char	*address;
	unsigned	 bits;
	const char	*shown;	/* NULL: refused */
} around[] = {
	{ "192.0.2.1",		64,	"192.0.2.1" },
	{ "192.0.2.1",		16,	"192.0.2.1" },
	{ "::ffff:192.0.2.1",	64,	"192.0.2.1" },
	{ "2001:db8:1:2:3:4:5:6", 64,	"2001:db8:1:2::/64" },
	{ "2001:db8:1:2:3:4:5:6", 128,	"2001:db8:1:2:3:4:5:6" },
	{ "2001:db8:1:2:3:4:5:6", 127,	"2001:db8:1:2:3:4:5:6/127" },
	{ "2001:db8:1:2:3:4:5:7", 127,	"2001:db8:1:2:3:4:5:6/127" },
	{ "2001:db8:1:2:3:4:5:6", 33,	"2001:db8::/33" },
	{ "2001:db8:ffff::",	33,	"2001:db8:8000::/33" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "8000::/1" },
	{ "",			64,	NULL },
	{ "192.0.2",		64,	NULL },
	{ "192.0.2.1/32",	64,	NULL },
	{ "localhost",		64,	NULL },
};
/* clang-format on */

static void
test_an_address_is_the_network_around_it(void **state)
{
	struct network n, again;
	char text[NETWORK_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(around); i++) {
		int r = network_around(around[i].address, around[i].bits, &n);

		assert_int_equal(r, around[i].shown == NULL ? -1 : 0);
		if (r == -1)
			continue;
		network_show(&n, text);
		assert_string_equal(text, around[i].shown);
		assert_int_equal(network_parse(text, &again), 0);
		assert_memory_equal(&n, &again, sizeof(n));
	}
	assert_int_equal(network_parse("10.0.0.0/8", &n), 0);
	network_show(&n, text);
	assert_string_equal(text, "10.0.0.0/8");
}

static void
test_only_prefixes_are_read(void **state)
{
	struct network n;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		r = network_parse(texts[i].text, &n);
		if ((r == 0) != (texts[i].bits != 0) ||
		    (r == 0 && n.bits != texts[i].bits))
			fail_msg("'%s': %d, %u", texts[i].text, r, n.bits);
	}
}

static void
test_each_holds_its_own_and_no_other(void **state)
{
	struct in6_addr in, out;
	struct network n;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(members); i++) {
		assert_int_equal(network_parse(members[i].network, &n), 0);
		assert_int_equal(
		    inet_pton(AF_INET6, members[i].inside, &in), 1);
		assert_int_equal(
		    inet_pton(AF_INET6, members[i].outside, &out), 1);
		if (!network_holds(&n, &in))
			fail_msg("%s not in %s", members[i].inside,
			    members[i].network);
		if (network_holds(&n, &out))
			fail_msg(
			    "%s in %s", members[i].outside, members[i].network);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_prefixes_are_read),
		cmocka_unit_test(test_an_address_is_the_network_around_it),
		cmocka_unit_test(test_each_holds_its_own_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
