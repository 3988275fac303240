/* stray - two beginnings are no SMTP; everything else is left to the parser. */

#include "cases.h"

#include "compiler.h"
#include "stray.h"

/* clang-format off */
static const struct {
	struct slice	first;
	enum stray	stray;
} cases[] = {
	{ S("\x16\x03"),		STRAY_TLS },
	{ S("\x16\x03\x01\x02\0\x01"),	STRAY_TLS },
	{ S("\x16\x03\x03"),		STRAY_TLS },
	{ S("\x16"),			STRAY_NONE },
	{ S("\x16\x02\x01"),		STRAY_NONE },
	{ S("\x17\x03\x01"),		STRAY_NONE },
	{ S("PROXY "),			STRAY_PROXY },
	{ S("PROXY TCP4 192.0.2.1 "),	STRAY_PROXY },
	{ S("PROXY"),			STRAY_NONE },
	{ S("PROXYT"),			STRAY_NONE },
	{ S("proxy TCP4"),		STRAY_NONE },
	{ S("\r\n\r\n\0\r\nQUIT\n"),	STRAY_PROXY_V2 },
	{ S("\r\n\r\n\0\r\nQUIT\n!\x11\0\0"), STRAY_PROXY_V2 },
	{ S("\r\n\r\n\0\r\nQUIT"),	STRAY_NONE },
	{ S("\r\n\r\nQUIT\r\n"),	STRAY_NONE },
	{ S("EHLO x\r\n"),		STRAY_NONE },
	{ S("\r\n"),			STRAY_NONE },
	{ S(""),			STRAY_NONE },
};
/* clang-format on */

static void
check_judged(struct slice in)
{
	enum stray stray = stray_judge(in);

	assert_true(stray == STRAY_NONE || in.n >= 2);
}

static void
test_each_beginning_is_what_it_is(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		if (stray_judge(cases[i].first) != cases[i].stray)
			fail_msg("'%s'", shown(cases[i].first));
		truncated(cases[i].first, check_judged);
		mutated(cases[i].first, check_judged);
	}
}

static void
test_each_stray_has_its_own_words(void **state)
{
	(void)state;
	assert_string_equal(stray_event(STRAY_TLS), "tls_on_starttls_port");
	assert_non_null(strstr(stray_hint(STRAY_TLS), "465"));
	assert_string_equal(
	    stray_event(STRAY_PROXY), "proxy_header_unexpected");
	assert_non_null(strstr(stray_hint(STRAY_PROXY), "proxy_from"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_beginning_is_what_it_is),
		cmocka_unit_test(test_each_stray_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
