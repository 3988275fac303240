/* configvalue - words of a configuration file, right and wrong. */

#include "cases.h"

#include "compiler.h"
#include "configvalue.h"

typedef int number_fn(const char *, uint32_t, uint32_t, uint32_t *);

struct number_case {
	const char *text;
	int64_t want; /* -1: refused */
};

static void
check_numbers(number_fn *fn, const struct number_case *c, size_t n)
{
	uint32_t got;

	for (; n > 0; n--, c++) {
		int r = fn(c->text, 5, UINT32_MAX, &got);

		if ((c->want == -1) != (r == -1) || (r == 0 && got != c->want))
			fail_msg("'%s': %d, %u", c->text, r, got);
	}
}

static void
test_counts(void **state)
{
	static const struct number_case cases[] = {
		{ "5", 5 },
		{ "4", -1 },
		{ "007", 7 },
		{ "4294967295", 4294967295 },
		{ "4294967296", -1 },
		{ "9999999999", -1 },
		{ "18446744073709551621", -1 }, /* 2^64 + 5 */
		{ "", -1 },
		{ "-5", -1 },
		{ "+5", -1 },
		{ " 5", -1 },
		{ "5 ", -1 },
		{ "0x10", -1 },
		{ "5K", -1 },
		{ "five", -1 },
	};

	(void)state;
	check_numbers(value_count, cases, ARRAY_LEN(cases));
}

static void
test_sizes(void **state)
{
	static const struct number_case cases[] = {
		{ "1000", 1000 },
		{ "512K", 512 * 1024 },
		{ "50M", 50 * 1024 * 1024 },
		{ "50m", 50 * 1024 * 1024 },
		{ "3G", 3221225472 },
		{ "4G", -1 },
		{ "9999999999G", -1 },
		{ "50MB", -1 },
		{ "50 M", -1 },
		{ "M", -1 },
	};

	(void)state;
	check_numbers(value_size, cases, ARRAY_LEN(cases));
}

static void
test_durations(void **state)
{
	static const struct number_case cases[] = {
		{ "500ms", 500 },
		{ "30s", 30000 },
		{ "30", 30000 },
		{ "5m", 300000 },
		{ "1h", 3600000 },
		{ "2d", 172800000 },
		{ "49d", 4233600000 },
		{ "50d", -1 },
		{ "9999999999d", -1 },
		{ "1w", -1 },
		{ "1h30m", -1 },
		{ "s", -1 },
		{ "", -1 },
	};

	(void)state;
	check_numbers(value_duration, cases, ARRAY_LEN(cases));
}

static void
test_long_spans_are_whole_seconds(void **state)
{
	static const struct number_case cases[] = {
		{ "365d", 31536000 },
		{ "60", 60 },
		{ "5000ms", 5 },
		{ "5500ms", -1 },
	};

	(void)state;
	check_numbers(value_seconds, cases, ARRAY_LEN(cases));
}

static void
test_booleans(void **state)
{
	bool b;

	(void)state;
	assert_int_equal(value_bool("true", &b), 0);
	assert_true(b);
	assert_int_equal(value_bool("on", &b), 0);
	assert_true(b);
	assert_int_equal(value_bool("no", &b), 0);
	assert_false(b);
	assert_int_equal(value_bool("1", &b), -1);
	assert_int_equal(value_bool("", &b), -1);
	assert_int_equal(value_bool("tru", &b), -1);
}

static void
test_choices_are_whole_words(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(value_choice("may", "none|may|verify", &i), 0);
	assert_int_equal(i, 1);
	assert_int_equal(value_choice("ma", "none|may|verify", &i), -1);
	assert_int_equal(value_choice("may|verify", "none|may|verify", &i), -1);
	assert_int_equal(value_choice("", "none|may", &i), -1);
}

struct text_case {
	const char *text;
	bool fine;
};

static void
check_texts(bool (*is)(const char *), const struct text_case *c, size_t n)
{
	for (; n > 0; n--, c++)
		if (is(c->text) != c->fine)
			fail_msg("'%s'", c->text);
}

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

static void
test_host_names(void **state)
{
	static const struct text_case cases[] = {
		{ "submit.example.net", true },
		{ "localhost", true },
		{ "a-b.c1", true },
		{ "3com.com", true },
		{ L63 ".net", true },
		{ L63 "4.net", false },
		{ L63 "." L63 "." L63 "." L63, true },
		{ L63 "." L63 "." L63 "." L63 ".x", false },
		{ "", false },
		{ ".", false },
		{ "a.", false },
		{ ".a", false },
		{ "a..b", false },
		{ "-a.b", false },
		{ "a-.b", false },
		{ "a.-b", false },
		{ "a.b-", false },
		{ "a_b.c", false },
		{ "a b", false },
		{ "a\r\nb", false },
		{ "192.0.2.1", false },
		{ "submit.example.net:25", false },
	};

	(void)state;
	check_texts(value_is_hostname, cases, ARRAY_LEN(cases));
}

static void
test_servers(void **state)
{
	static const struct text_case cases[] = {
		{ "smart1.internal", true },
		{ "smart1.internal:2525", true },
		{ "192.0.2.1", true },
		{ "192.0.2.1:25", true },
		{ "[2001:db8::1]", true },
		{ "[2001:db8::1]:25", true },
		{ "", false },
		{ ":25", false },
		{ "host:", false },
		{ "host:0", false },
		{ "host:65536", false },
		{ "host:25x", false },
		{ "host:000025", false },
		{ "2001:db8::1", false },
		{ "[2001:db8::1", false },
		{ "[2001:db8::1]25", false },
		{ "[host]:25", false },
		{ "192.0.2.256", false },
		{ "192.0.2", false },
		{ "smtp://host", false },
	};

	(void)state;
	check_texts(value_is_server, cases, ARRAY_LEN(cases));
}

static void
test_listen_addresses(void **state)
{
	static const struct text_case cases[] = {
		{ "0.0.0.0", true },
		{ "127.0.0.1", true },
		{ "::", true },
		{ "::1", true },
		{ "127.1", false },
		{ "2130706433", false },
		{ "localhost", false },
		{ "[::1]", false },
		{ "", false },
	};

	(void)state;
	check_texts(value_is_address, cases, ARRAY_LEN(cases));
}

static void
test_filters(void **state)
{
	static const struct text_case cases[] = {
		{ "(uid=%u)", true },
		{ "(|(uid=%u)(mail=%u))", true },
		{ "uid=%u", false },
		{ "(uid=alice)", false },
		{ "(uid=%s)", false },
		{ "(uid=%u%)", false },
		{ "(uid=%u", false },
		{ "(uid=%u))", false },
		{ "(uid=%u)(mail=%u)", false },
		{ "", false },
	};

	(void)state;
	check_texts(value_is_filter, cases, ARRAY_LEN(cases));
}

static void
test_filters_about_somebody_known(void **state)
{
	static const struct text_case person[] = {
		{ "(member=%d)", true },
		{ "(memberUid=%u)", true },
		{ "(|(member=%d)(memberUid=%u))", true },
		{ "(member=%s)", false },
		{ "(member=%d%)", false },
		{ "(objectClass=group)", false },
		{ "member=%d", false },
		{ "(member=%d", false },
		{ "", false },
	};
	static const struct text_case entry[] = {
		{ "(nsAccountLock=TRUE)", true },
		{ "(userAccountControl:1.2.840.113556.1.4.803:=2)", true },
		{ "(!(manager=%d))", true },
		{ "(a=%%)", false },
		{ "(a=b)(c=d)", false },
		{ "nsAccountLock=TRUE", false },
		{ "", false },
	};

	(void)state;
	check_texts(value_is_person_filter, person, ARRAY_LEN(person));
	check_texts(value_is_entry_filter, entry, ARRAY_LEN(entry));
}

static void
test_names_of_the_directory(void **state)
{
	static const struct text_case attributes[] = {
		{ "mail", true },
		{ "mail;lang-de", true },
		{ "1.2.840.113556", true },
		{ "", false },
		{ "mail,uid", false },
		{ "-mail", false },
		{ "ma il", false },
	};
	static const struct text_case dns[] = {
		{ "ou=people,dc=example,dc=net", true },
		{ "people", false },
		{ "=people", false },
		{ "ou=", false },
		{ "", false },
	};

	(void)state;
	check_texts(value_is_attribute, attributes, ARRAY_LEN(attributes));
	check_texts(value_is_dn, dns, ARRAY_LEN(dns));
}

static void
test_urls_fit_one_reply_line(void **state)
{
	char text[220] = "https://";
	static const struct text_case cases[] = {
		{ "https://help.example.net/mail", true },
		{ "http://help.example.net/", true },
		{ "ftp://help.example.net/", false },
		{ "https://help.example.net/a b", false },
		{ "https://help.example.net/\r\n250 ok", false },
		{ "https://h\xc3\xa4lp.example.net/", false },
	};

	(void)state;
	check_texts(value_is_url, cases, ARRAY_LEN(cases));
	memset(text + 8, 'x', 192);
	assert_true(value_is_url(text));
	text[200] = 'x';
	assert_false(value_is_url(text));
}

static void
test_ldap_uris_and_who_could_listen(void **state)
{
	static const struct {
		const char *text;
		int scheme; /* -1: refused */
		bool loopback;
	} cases[] = {
		{ "ldap://ldap1.example.net", LDAP_SCHEME_PLAIN, false },
		{ "LDAP://ldap1.example.net:389/", LDAP_SCHEME_PLAIN, false },
		{ "ldap://localhost", LDAP_SCHEME_PLAIN, true },
		{ "ldap://127.0.0.1:3890", LDAP_SCHEME_PLAIN, true },
		{ "ldap://127.9.9.9", LDAP_SCHEME_PLAIN, true },
		{ "ldap://[::1]:3890", LDAP_SCHEME_PLAIN, true },
		{ "ldap://127.0.0.1.example.net", LDAP_SCHEME_PLAIN, false },
		{ "ldap://localhost.example.net", LDAP_SCHEME_PLAIN, false },
		{ "ldap://128.0.0.1", LDAP_SCHEME_PLAIN, false },
		{ "ldaps://ldap1.example.net:636", LDAP_SCHEME_TLS, false },
		{ "ldapi://%2Frun%2Fslapd%2Fldapi", LDAP_SCHEME_LOCAL, true },
		{ "ldapi:///", LDAP_SCHEME_LOCAL, true },
		{ "ldap://", -1, false },
		{ "ldap:///", -1, false },
		{ "ldap://host/dc=example", -1, false },
		{ "ldap://host?uid", -1, false },
		{ "ldap://user@host", -1, false },
		{ "ldap://host:99999", -1, false },
		{ "host", -1, false },
		{ "http://host", -1, false },
		{ "", -1, false },
	};
	struct ldap_uri uri;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		int r = value_ldap_uri(cases[i].text, &uri);

		if ((r == -1) != (cases[i].scheme == -1))
			fail_msg("'%s'", cases[i].text);
		if (r == 0 && ((int)uri.scheme != cases[i].scheme ||
				  uri.loopback != cases[i].loopback))
			fail_msg("'%s'", cases[i].text);
	}
}

static void
test_values_are_shown_as_they_are_written(void **state)
{
	static const struct {
		uint64_t ms;
		const char *want;
	} times[] = { { 0, "0ms" }, { 100, "100ms" }, { 1500, "1500ms" },
		{ 30000, "30s" }, { 90000, "90s" }, { 300000, "5m" },
		{ 3600000, "1h" }, { 432000000, "5d" } };
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(times); i++) {
		value_show_duration(text, sizeof(text), times[i].ms);
		assert_string_equal(text, times[i].want);
	}
	value_show_size(text, sizeof(text), 0);
	assert_string_equal(text, "0");
	value_show_size(text, sizeof(text), 1000);
	assert_string_equal(text, "1000");
	value_show_size(text, sizeof(text), 50 << 20);
	assert_string_equal(text, "50M");
}

/* Whatever is typed, a parser reads no further than its end (sanitizers). */
static void
all_parsers(struct slice in)
{
	char *text = calloc(1, in.n + 1);
	struct ldap_uri uri;
	uint32_t n;
	bool b;

	memcpy(text, in.p, in.n);
	(void)!value_ldap_uri(text, &uri);
	(void)!value_duration(text, 0, 9, &n);
	(void)!value_size(text, 0, 9, &n);
	(void)!value_bool(text, &b);
	(void)!value_is_server(text);
	(void)!value_is_filter(text);
	(void)!value_is_address(text);
	(void)!value_is_url(text);
	free(text);
}

static void
test_spoilt_values_do_no_harm(void **state)
{
	static const struct slice seeds[] = {
		S("ldap://[2001:db8::1]:389/"),
		S("host.example.net:25"),
		S("(|(uid=%u)(mail=%u))"),
		S("4294967295ms"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(seeds); i++) {
		truncated(seeds[i], all_parsers);
		mutated(seeds[i], all_parsers);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_long_spans_are_whole_seconds),
		cmocka_unit_test(test_booleans),
		cmocka_unit_test(test_choices_are_whole_words),
		cmocka_unit_test(test_host_names),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_filters_about_somebody_known),
		cmocka_unit_test(test_names_of_the_directory),
		cmocka_unit_test(test_urls_fit_one_reply_line),
		cmocka_unit_test(test_ldap_uris_and_who_could_listen),
		cmocka_unit_test(test_values_are_shown_as_they_are_written),
		cmocka_unit_test(test_spoilt_values_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
