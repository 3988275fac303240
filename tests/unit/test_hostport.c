/* hostport - a server's name, and its port or the usual one. */

#include "cases.h"

#include "compiler.h"
#include "hostport.h"

#define USUAL 25

/* clang-format off */
static const struct {
	const char	*text;
	const char	*host; /* NULL: refused */
	uint16_t	 port;
} cases[] = {
	{ "smart.example",		"smart.example",	USUAL },
	{ "smart.example:587",		"smart.example",	587 },
	{ "smart.example:1",		"smart.example",	1 },
	{ "smart.example:65535",	"smart.example",	65535 },
	{ "192.0.2.1",			"192.0.2.1",		USUAL },
	{ "192.0.2.1:2525",		"192.0.2.1",		2525 },
	{ "[2001:db8::1]",		"2001:db8::1",		USUAL },
	{ "[2001:db8::1]:587",		"2001:db8::1",		587 },
	{ "2001:db8::1",		"2001:db8::1",		USUAL },
	{ "::1",			"::1",			USUAL },
	{ "",				NULL,			0 },
	{ ":",				NULL,			0 },
	{ ":25",			NULL,			0 },
	{ "[]",				NULL,			0 },
	{ "[]:25",			NULL,			0 },
	{ "[::1",			NULL,			0 },
	{ "[::1]25",			NULL,			0 },
	{ "[::1]:",			NULL,			0 },
	{ "[::1]::25",			NULL,			0 },
	{ "smart.example:",		NULL,			0 },
	{ "smart.example:0",		NULL,			0 },
	{ "smart.example:65536",	NULL,			0 },
	{ "smart.example:99999999999999999999", NULL,		0 },
	{ "smart.example:-1",		NULL,			0 },
	{ "smart.example:+1",		NULL,			0 },
	{ "smart.example: 25",		NULL,			0 },
	{ "smart.example:25 ",		NULL,			0 },
	{ "smart.example:smtp",		NULL,			0 },
	{ "smart.example:0x19",		NULL,			0 },
};
/* clang-format on */

static void
test_names_and_ports_are_told_apart(void **state)
{
	uint16_t port;
	char *host;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("'%s'\n", cases[i].text);
		r = hostport_parse(cases[i].text, USUAL, &host, &port);
		if (cases[i].host == NULL) {
			assert_int_equal(r, -1);
			assert_null(host);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
		free(host);
	}
}

/* Whatever stands there: a name with a port, or nothing. */
static void
survives(struct slice in)
{
	char text[64];
	uint16_t port;
	char *host;

	assert_true(in.n < sizeof(text));
	memcpy(text, in.p, in.n);
	text[in.n] = '\0';
	if (hostport_parse(text, USUAL, &host, &port) == 0) {
		assert_int_not_equal(port, 0);
		assert_true(strlen(host) > 0);
	} else {
		assert_null(host);
	}
	free(host);
}

static void
test_spoilt_names_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(slice_of(cases[i].text), survives);
		if (*cases[i].text != '\0')
			mutated(slice_of(cases[i].text), survives);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_ports_are_told_apart),
		cmocka_unit_test(test_spoilt_names_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
