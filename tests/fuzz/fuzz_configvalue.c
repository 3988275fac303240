/* configvalue - words of the configuration: what is taken means one thing. */

#include "fuzz.h"

#include "configvalue.h"
#include "hostport.h"
#include "ldapname.h"

/* What is shown of a number is a way to write it. */
static void
assert_numbers(const char *text)
{
	uint32_t n, again;
	char show[32];

	if (value_count(text, 0, UINT32_MAX, &n) == 0) {
		assert_int_equal(strspn(text, "0123456789"), strlen(text));
		assert_int_equal(n, strtoull(text, NULL, 10));
		assert_int_equal(value_size(text, 0, UINT32_MAX, &again), 0);
		assert_int_equal(n, again);
	}
	if (value_size(text, 0, UINT32_MAX, &n) == 0) {
		value_show_size(show, sizeof(show), n);
		assert_int_equal(value_size(show, 0, UINT32_MAX, &again), 0);
		assert_int_equal(n, again);
	}
	if (value_duration(text, 0, UINT32_MAX, &n) == 0) {
		value_show_duration(show, sizeof(show), n);
		assert_int_equal(
		    value_duration(show, 0, UINT32_MAX, &again), 0);
		assert_int_equal(n, again);
	}
	if (value_seconds(text, 5, 1000, &n) == 0)
		assert_in_range(n, 5, 1000);
	else
		assert_int_equal(n, 0);
}

static void
assert_names(const char *text)
{
	size_t n = strlen(text);

	if (value_is_hostname(text)) {
		assert_true(n > 0 && n <= 255);
		assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789.-"),
		    n);
		/* all digits, it would be taken for an address */
		assert_int_equal(
		    value_is_server(text), strspn(text, "0123456789.") < n);
	}
	if (value_is_url(text))
		assert_true(n <= 200 && strpbrk(text, " \t\r\n") == NULL);
	if (value_is_filter(text)) {
		assert_true(value_has_login(text));
		assert_true(text[0] == '(' && text[n - 1] == ')');
	}
	if (value_has_login(text))
		assert_true(ldapname_template_is_good(text));
	(void)!value_is_address(text);
	(void)!value_is_dn(text);
	(void)!value_is_attribute(text);
}

/* What master takes, relay can read. */
static void
assert_servers(const char *text)
{
	struct ldap_uri uri;
	uint16_t port;
	char *host;
	int r = hostport_parse(text, 25, &host, &port);

	if (value_is_server(text))
		assert_int_equal(r, 0);
	free(host);
	if (value_ldap_uri(text, &uri) == 0)
		assert_true(strncasecmp(text, "ldap", 4) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text((struct slice){ (const char *)data, size });
	uint32_t i;
	bool b;

	assert_numbers(text);
	assert_names(text);
	assert_servers(text);
	if (value_bool(text, &b) == 0)
		assert_true(strlen(text) <= 5);
	if (value_choice(text, "none|may|verify", &i) == 0)
		assert_true(i < 3);
	free(text);
	return 0;
}
