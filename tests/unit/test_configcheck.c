/*
 * configcheck - what follows from a file that is fine, and what is said of
 * it aloud.
 */

#include "configrig.h"

static const struct config *
loaded(unsigned n, const char *line)
{
	int r;
	const char *said = load(n, line, &r);

	if (r != 0)
		fail_msg("'%s' is refused: %s", line, said);
	return &rig.settings.config;
}

/* What one role decides and another must know. */
static void
test_limits_reach_every_role_they_concern(void **state)
{
	const struct config *c = loaded(5,
	    "limits { message_size = 1M recipients = 7 shutdown_timeout = 9s }"
	    " log { target = syslog level = debug }"
	    " identity { null_sender = refuse }");

	(void)state;
	assert_int_equal(c->smtp.max_message_size, 1 << 20);
	assert_int_equal(c->relay.max_message_size, 1 << 20);
	assert_int_equal(c->smtp.max_recipients, 7);
	assert_int_equal(c->relay.max_recipients, 7);
	assert_int_equal(c->shutdown_timeout_ms, 9000);
	assert_int_equal(c->smtp.shutdown_timeout_ms, 9000);
	assert_int_equal(c->relay.shutdown_timeout_ms, 9000);
	assert_false(c->smtp.null_sender);
	assert_int_equal(c->smtp.role.log_target, LOG_TO_SYSLOG);
	assert_int_equal(c->auth.role.log_target, LOG_TO_SYSLOG);
	assert_int_equal(c->relay.role.log_target, LOG_TO_SYSLOG);
	assert_int_equal(c->smtp.role.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->auth.role.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->relay.role.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(c->auth.hostname, "submit.example.net");
	assert_string_equal(c->relay.hostname, "submit.example.net");
	assert_true(c->relay.disk_threads > 0);
	configfile_free(&rig.settings);
}

static void
test_a_domain_to_complete_with_is_whole(void **state)
{
	const struct config *c =
	    loaded(5, "identity { header_from = rewrite header_syntax = log "
		      "complete_domain = corp.example }");
	const char *said;
	int r;

	(void)state;
	assert_int_equal(c->smtp.header_from, HEADER_FROM_REWRITE);
	assert_int_equal(c->smtp.header_syntax, HEADER_SYNTAX_LOG);
	assert_string_equal(c->smtp.complete_domain, "corp.example");
	configfile_free(&rig.settings);

	said = load(5, "identity { complete_domain = corp }", &r);
	assert_int_equal(r, -1);
	assert_non_null(strstr(said, "identity.complete_domain: expected"));
	configfile_free(&rig.settings);
}

/* Else smtp says 451 for a message that relay has just delivered. */
static void
test_smtp_waits_for_relay_and_its_disk(void **state)
{
	const struct config *c =
	    loaded(4, "smarthost { server = {\"s\"} hand_over_timeout = 5m }");

	(void)state;
	assert_int_equal(c->relay.hand_over_timeout_ms, 300000);
	assert_int_equal(c->smtp.hand_over_timeout_ms, 330000);
	configfile_free(&rig.settings);
}

static void
test_list_may_be_one_word_or_grow(void **state)
{
	const struct config *c = loaded(
	    4, "smarthost { server = \"one\" server += {\"two\", \"three\"} }");

	(void)state;
	assert_int_equal(c->relay.server.n, 3);
	assert_string_equal(c->relay.server.v[0], "one");
	assert_string_equal(c->relay.server.v[2], "three");
	configfile_free(&rig.settings);
}

static void
test_ldap_keys_that_do_not_fit_are_refused(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *want; /* NULL: fine */
	} rows[] = {
		{ "uri = 'ldapi:///' bind = external base = 'dc=x'", NULL },
		{ "uri = {'ldapi:///', 'ldaps://h'} bind = external "
		    "base = 'dc=x'", "needs a local socket: ldapi:// in uri" },
		{ "uri = 'ldapi:///' bind = external dn_template = 'u=%u'",
		    "is for the search below base" },
		{ "uri = 'ldapi:///' bind = external base = 'dc=x' "
		    "bind_dn = 'cn=y'",
		    "takes the place of bind_dn and bind_password_file" },
		{ "uri = 'ldaps://h' base = 'dc=x' must_change = allow", NULL },
		{ "uri = 'ldaps://h' dn_template = 'u=%u' must_change = allow",
		    "must_change = \"allow\" needs base" },
		{ "uri = 'ldaps://h' base = 'dc=x' group_base = 'ou=g'",
		    "group_base does nothing without group_filter" },
		{ "uri = 'ldaps://h' base = 'dc=x' delegate_base = 'ou=p'",
		    "delegate_base does nothing without delegate_filter" },
		{ "uri = 'ldaps://h' dn_template = 'u=%u' "
		    "group_filter = '(member=%d)'",
		    "group_filter needs group_base" },
		{ "uri = 'ldaps://h' dn_template = 'u=%u' "
		    "delegate_filter = '(manager=%d)'",
		    "delegate_filter needs delegate_base" },
		{ "uri = 'ldaps://h' dn_template = 'u=%u' group_base = 'ou=g' "
		    "group_filter = '(member=%d)'", NULL },
		{ "uri = 'ldaps://h' base = 'dc=x' group_filter = '(cn=x)'",
		    "with %d where the user's DN goes" },
	};
	/* clang-format on */
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		const char *said;
		int r;

		snprintf(text, sizeof(text), "ldap { %s }", rows[i].text);
		said = load(3, text, &r);
		assert_int_equal(r, rows[i].want == NULL ? 0 : -1);
		if (rows[i].want != NULL)
			assert_non_null(strstr(said, rows[i].want));
		configfile_free(&rig.settings);
	}
}

/* Append text, an "@" in it become the path of a file that is private. */
static void
append(char *out, size_t size, const char *text)
{
	for (; *text != '\0'; text++)
		snprintf(out + strlen(out), size - strlen(out), "%.*s",
		    *text == '@' ? (int)sizeof(rig.secret) : 1,
		    *text == '@' ? rig.secret : text);
}

static void
test_scram_needs_what_it_is_made_of(void **state)
{
	/* clang-format off */
	static const struct {
		const char *ldap, *auth, *want; /* NULL: fine */
		const char *offered;
	} rows[] = {
		{ "base = 'dc=x'", "", NULL, "PLAIN LOGIN" },
		{ "base = 'dc=x' scram_attribute = 'authPassword'", "",
		    "scram_attribute needs bind_dn", NULL },
		{ "base = 'dc=x' scram_attribute = 'authPassword'",
		    "auth { scram_secret_file = '@' }", NULL,
		    "SCRAM-SHA-256 PLAIN LOGIN" },
		{ "base = 'dc=x' scram_attribute = 'authPassword' "
		    "bind_dn = 'cn=y' bind_password_file = '@'",
		    "", NULL, "SCRAM-SHA-256 PLAIN LOGIN" },
		{ "base = 'dc=x' scram_attribute = 'authPassword' "
		    "bind_dn = 'cn=y' bind_password_file = '@'",
		    "auth { mechanisms = { LOGIN, SCRAM-SHA-512-PLUS } }",
		    NULL, "LOGIN SCRAM-SHA-512-PLUS" },
		{ "base = 'dc=x'", "auth { mechanisms = 'SCRAM-SHA-256' }",
		    "SCRAM needs stored keys", NULL },
		{ "base = 'dc=x'", "auth { mechanisms = 'SCRAM-SHA-1-PLUS' }",
		    "SCRAM needs stored keys", NULL },
		{ "base = 'dc=x'", "auth { scram_only = true }",
		    "do nothing without ldap.scram_attribute", NULL },
		{ "base = 'dc=x'", "auth { scram_transition = true }",
		    "do nothing without ldap.scram_attribute", NULL },
		{ "dn_template = 'uid=%u' scram_attribute = 'authPassword'", "",
		    "scram_attribute needs base", NULL },
	};
	/* clang-format on */
	char text[512], offered[256];
	uint32_t j;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		const struct strings *m = &rig.settings.config.auth.mechanisms;
		const char *said;

		snprintf(text, sizeof(text), "ldap { uri = 'ldaps://h' ");
		append(text, sizeof(text), rows[i].ldap);
		append(text, sizeof(text), " }\n");
		append(text, sizeof(text), rows[i].auth);
		said = load(3, text, &r);
		if (rows[i].want != NULL) {
			assert_int_equal(r, -1);
			assert_non_null(strstr(said, rows[i].want));
		} else {
			if (r != 0)
				fail_msg("%s: %s", text, said);
			offered[0] = '\0';
			for (j = 0; j < m->n; j++)
				snprintf(offered + strlen(offered),
				    sizeof(offered) - strlen(offered), "%s%s",
				    j == 0 ? "" : " ", m->v[j]);
			assert_string_equal(offered, rows[i].offered);
		}
		configfile_free(&rig.settings);
	}
}

/* Clients are asked for nothing that nobody could log in with. */
static void
test_certificates_of_clients_are_of_use(void **state)
{
	/* clang-format off */
	static const struct {
		const char *ldap, *rest, *want; /* NULL: fine */
	} rows[] = {
		{ "base = 'dc=x'",
		    "listen { client_ca_file = '@' }"
		    " auth { mechanisms = { EXTERNAL, PLAIN } }", NULL },
		{ "base = 'dc=x'",
		    "listen { } listen { port = 465 client_ca_file = '@' }"
		    " auth { mechanisms = EXTERNAL }", NULL },
		{ "base = 'dc=x'", "auth { mechanisms = EXTERNAL }",
		    "EXTERNAL needs tls { client_ca_file }, or that of a" },
		{ "base = 'dc=x'", "listen { client_ca_file = '@' }",
		    "client_ca_file does nothing without EXTERNAL" },
		{ "dn_template = 'uid=%u'",
		    "listen { client_ca_file = '@' }"
		    " auth { mechanisms = EXTERNAL }",
		    "EXTERNAL needs ldap { base }" },
		{ "base = 'dc=x' certificate_filter = '(uid=%u)'", "",
		    "expected an LDAP filter in parentheses with %m" },
	};
	/* clang-format on */
	char text[512];
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		const char *said, *at = strstr(rows[i].rest, "'@'");

		snprintf(text, sizeof(text),
		    "ldap { uri = 'ldaps://h' %s } %.*s%s%s%s%s", rows[i].ldap,
		    at == NULL ? 0 : (int)(at - rows[i].rest), rows[i].rest,
		    at == NULL ? "" : "'", at == NULL ? "" : rig.cert,
		    at == NULL ? "" : "'", at == NULL ? rows[i].rest : at + 3);
		said = load(3, text, &r);
		if ((r == 0) != (rows[i].want == NULL) ||
		    (r != 0 && strstr(said, rows[i].want) == NULL))
			fail_msg("'%s': %s", text, said);
		configfile_free(&rig.settings);
	}
}

/* Below base, and the same attributes, where nothing else is said. */
static void
test_searches_for_addresses_follow_the_first(void **state)
{
	const struct auth_config *a = &loaded(3,
	    "ldap { uri = 'ldaps://h' base = 'dc=x' "
	    "address_attributes = {'mail', 'alias'} "
	    "group_filter = '(member=%d)' "
	    "delegate_filter = '(manager=%d)' delegate_base = 'ou=s' }")
					   ->auth;

	(void)state;
	assert_string_equal(a->group_base, "dc=x");
	assert_int_equal(a->group_attributes.n, 1);
	assert_string_equal(a->delegate_base, "ou=s");
	assert_int_equal(a->delegate_attributes.n, 2);
	assert_string_equal(a->delegate_attributes.v[1], "alias");
	configfile_free(&rig.settings);

	a = &loaded(3, "ldap { uri = 'ldaps://h' base = 'dc=x' "
		       "delegate_attributes = 'cn' }")
		 ->auth;
	assert_null(a->group_base);
	assert_null(a->delegate_base);
	assert_int_equal(a->delegate_attributes.n, 1);
	configfile_free(&rig.settings);
}

static void
test_risks_are_told_and_nothing_else(void **state)
{
	/* clang-format off */
	static const struct {
		unsigned line;
		const char *text, *want; /* NULL: silence */
	} rows[] = {
		{ 5, "", NULL },
		{ 3, "ldap { uri = {\"ldap://h\"} base = \"dc=x\" "
		    "allow_plaintext = true }", "IN THE CLEAR" },
		{ 3, "ldap { uri = {\"ldap://h\"} base = \"dc=x\" "
		    "starttls = true }", NULL },
		{ 3, "ldap { uri = {\"ldap://[::1]\", \"ldapi:///x\"} "
		    "base = \"dc=x\" }", NULL },
		{ 3, "ldap { uri = {\"ldaps://h\"} base = \"dc=x\" "
		    "allow_plaintext = true }", NULL },
		{ 4, "smarthost { server = {\"s\"} tls = none }",
		    "unencrypted" },
		{ 4, "smarthost { server = {\"s\"} }",
		    "nobody checks who the smarthost is" },
		{ 5, "limits { auth_timeout = 12999ms }",
		    "limits.auth_timeout is below 13 s" },
		{ 5, "limits { auth_timeout = 13s }", NULL },
		{ 5, "abuse { max_delay = 14001ms }",
		    "max_delay is too near" },
		{ 5, "abuse { max_delay = 14s }", NULL },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		int r;
		const char *said = load(rows[i].line, rows[i].text, &r);

		assert_int_equal(r, 0);
		if (rows[i].want == NULL)
			assert_string_equal(said, "");
		else if (strstr(said, rows[i].want) == NULL)
			fail_msg("'%s': '%s'", rows[i].text, said);
		configfile_free(&rig.settings);
	}
}

/* -- listeners ------------------------------------------------------------- */

static void
test_listener_takes_from_the_top_what_it_does_not_say(void **state)
{
	char line[512];
	const struct listen_config *l;
	const struct config *c;

	(void)state;
	snprintf(line, sizeof(line),
	    "listen { port = 2587 } listen { port = 2465 tls = implicit "
	    "hostname = other.example.net certificate = {'%s', '%s'} "
	    "key = {'%s', '%s'} proxy = mixed proxy_from = '::1' }",
	    rig.cert, rig.cert, rig.cert, rig.cert);
	c = loaded(5, line);
	assert_int_equal(c->smtp.certificate.n, 1);
	assert_int_equal(c->smtp.listen.n, 2);
	l = c->smtp.listen.v;
	assert_string_equal(l[0].hostname, "submit.example.net");
	assert_int_equal(l[0].certificate.n, 0);
	assert_int_equal(l[0].proxy, PROXY_OFF);
	assert_int_equal(l[0].proxy_from.n, 0);
	assert_string_equal(l[1].hostname, "other.example.net");
	assert_int_equal(l[1].certificate.n, 2);
	assert_int_equal(l[1].key.n, 2);
	assert_string_equal(l[1].key.v[1].path, rig.cert);
	snprintf(line, sizeof(line), "%s:5", rig.file);
	assert_string_equal(l[1].key.v[1].place, line);
	assert_true(l[1].key.v[1].text.n > 0);
	assert_int_equal(l[1].proxy, PROXY_MIXED);
	assert_string_equal(l[1].proxy_from.v[0], "::1");
	configfile_free(&rig.settings);
}

/* @ stands for the certificate. */
static void
test_listener_that_cannot_work_is_refused(void **state)
{
	/* clang-format off */
	static const struct {
		unsigned line;
		const char *text, *want;
	} rows[] = {
		{ 2, "tls { certificate = {'@', '@'}\nkey = '@' }",
		    ":3: tls: 2 in certificate and 1 in key: expected the key "
		    "of each certificate, in the same order" },
		{ 5, "listen { certificate = '@' }",
		    ":5: listen: 1 in certificate and 0 in key: expected" },
		{ 5, "listen { port = 1\ncertificate = '@' key = '@' }\n"
		    "listen { port = 2\nkey = '@' }",
		    ":8: listen: 0 in certificate and 1 in key: expected" },
		{ 5, "listen { port = 1\ncertificate = '@' key = '@' }\n"
		    "listen { port = 2\ncertificate = '@' }",
		    ":8: listen: 1 in certificate and 0 in key: expected" },
		{ 5, "listen { proxy = required }",
		    ":5: listen: proxy needs proxy_from" },
		{ 5, "listen { proxy_from = '10.0.0.0/8' }\n"
		    "listen { proxy = mixed }",
		    ":6: listen: proxy needs proxy_from" },
		{ 5, "listen { proxy = off proxy_from = '10.0.0.0/8' }",
		    ":5: listen: proxy_from does nothing without proxy" },
		{ 5, "listen { proxy = on proxy_from = '10.0.0.0/8' }",
		    ":5: listen.proxy = \"on\": expected one of "
		    "off|required|mixed" },
		{ 5, "listen { proxy = mixed proxy_from = {'::1', '10.0.0.1/8'} }",
		    ":5: listen.proxy_from = \"10.0.0.1/8\": expected an "
		    "address or a network, such as" },
		{ 5, "listen { proxy = mixed proxy_from = '0.0.0.0/0' }",
		    ":5: listen.proxy_from = \"0.0.0.0/0\": expected" },
		{ 5, "listen { hostname = 'a b' }",
		    ":5: listen.hostname = \"a b\": expected a host name" },
		{ 5, "listen { certificate = '/nonexistent' key = '@' }",
		    ":5: listen.certificate = \"/nonexistent\": cannot be "
		    "opened" },
	};
	/* clang-format on */
	char text[1024];
	const char *p, *said;
	size_t i, n;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		n = 0;
		for (p = rows[i].text; *p != '\0'; p++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    *p == '@' ? "%s" : "%.1s",
			    *p == '@' ? rig.cert : p);
		said = load(rows[i].line, text, &r);
		assert_int_equal(r, -1);
		if (strstr(said, rows[i].want) == NULL)
			fail_msg("'%s': '%s'", rows[i].text, said);
		configfile_free(&rig.settings);
	}
}

static void
test_certificates_have_an_end(void **state)
{
	char text[16384] = "tls { certificate = {";
	size_t n = strlen(text), i;
	int r;

	(void)state;
	for (i = 0; i <= LIMIT_CERTIFICATES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s'%s'",
		    i == 0 ? "" : ", ", rig.cert);
	snprintf(text + n, sizeof(text) - n, "} key = '%s' }", rig.cert);
	assert_non_null(strstr(load(2, text, &r), "no more than 64 of them"));
	assert_int_equal(r, -1);
	configfile_free(&rig.settings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits_reach_every_role_they_concern),
		cmocka_unit_test(test_a_domain_to_complete_with_is_whole),
		cmocka_unit_test(test_smtp_waits_for_relay_and_its_disk),
		cmocka_unit_test(test_list_may_be_one_word_or_grow),
		cmocka_unit_test(test_ldap_keys_that_do_not_fit_are_refused),
		cmocka_unit_test(test_scram_needs_what_it_is_made_of),
		cmocka_unit_test(test_certificates_of_clients_are_of_use),
		cmocka_unit_test(test_searches_for_addresses_follow_the_first),
		cmocka_unit_test(test_risks_are_told_and_nothing_else),
		cmocka_unit_test(
		    test_listener_takes_from_the_top_what_it_does_not_say),
		cmocka_unit_test(test_listener_that_cannot_work_is_refused),
		cmocka_unit_test(test_certificates_have_an_end),
	};

	return cmocka_run_group_tests(tests, make_rig, remove_rig);
}
