/*
 * configfile - a whole file in, settings or complaints out: what is said of
 * each mistake, and in which line; what follows when little is said.
 */

#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler.h"
#include "configfile.h"

#define CERT "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
#define KEY  "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"

/* @ stands for the test's directory. */
#define HOST  "hostname = submit.example.net\n"
#define TLS   "tls { certificate = @/cert  key = @/key }\n"
#define LDAP  "ldap { uri = 'ldaps://l1' base = 'dc=x' }\n"
#define SMART "smarthost { server = s1 }\n"

static char dir[] = "/tmp/configfileXXXXXX";
static char said[8192]; /* what the last load() told on stderr */

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
write_config(const char *text)
{
	char *whole = malloc(strlen(text) * 32 + 1), *out = whole;

	for (; *text != '\0'; text++) {
		if (*text == '@')
			out = stpcpy(out, dir);
		else
			*out++ = *text;
	}
	*out = '\0';
	write_file("conf", whole, 0644);
	free(whole);
}

/* Load the text; what is told goes to said, without the directory. */
static int
load(const char *text, struct settings *s)
{
	static char path[64];
	int r, kept = dup(STDERR_FILENO);
	FILE *capture = tmpfile();
	size_t n = strlen(dir);
	char *p;

	write_config(text);
	snprintf(path, sizeof(path), "%s/conf", dir);
	dup2(fileno(capture), STDERR_FILENO);
	r = configfile_load(path, s);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(capture);
	said[fread(said, 1, sizeof(said) - 1, capture)] = '\0';
	fclose(capture);
	while ((p = strstr(said, dir)) != NULL)
		memmove(p, p + n, strlen(p + n) + 1);
	return r;
}

static void
refused(const char *text, const char *want)
{
	struct settings s;

	if (load(text, &s) != -1)
		fail_msg("accepted: %s", text);
	if (strcmp(said, want) != 0)
		fail_msg("for %s\ngot  %swant %s", text, said, want);
	configfile_free(&s);
}

static void
accepted(const char *text, struct settings *s)
{
	if (load(text, s) != 0)
		fail_msg("%s", said);
	assert_string_equal(said, "");
}

static int
make_files(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	write_file("cert", CERT, 0644);
	write_file("key", KEY, 0600);
	write_file("password", "s3cret\n", 0600);
	return 0;
}

static int
remove_files(void **state)
{
	static const char *const names[] = { "cert", "key", "password", "conf",
		"file" };
	char path[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

/* -- little said ----------------------------------------------------------- */

static void
test_ten_lines_suffice(void **state)
{
	struct settings s;
	const struct config *c = &s.config;

	(void)state;
	accepted(HOST TLS LDAP SMART, &s);
	assert_int_equal(c->smtp.listen.n, 2);
	assert_string_equal(c->smtp.listen.v[0].address, "*");
	assert_int_equal(c->smtp.listen.v[0].port, 587);
	assert_int_equal(c->smtp.listen.v[0].tls, TLS_MODE_STARTTLS);
	assert_int_equal(c->smtp.listen.v[1].port, 465);
	assert_int_equal(c->smtp.listen.v[1].tls, TLS_MODE_IMPLICIT);
	assert_int_equal(c->workers, sysconf(_SC_NPROCESSORS_ONLN));
	assert_string_equal(c->smtp.hostname, "submit.example.net");
	assert_string_equal(c->auth.hostname, "submit.example.net");
	assert_string_equal(c->relay.hostname, "submit.example.net");
	assert_slice(secret_slice(&c->smtp.key.v[0].text), slice_of(KEY));
	assert_true(c->smtp.null_sender);
	assert_int_equal(c->smtp.header_from, HEADER_FROM_REJECT);
	assert_int_equal(c->smtp.header_syntax, HEADER_SYNTAX_REJECT);
	assert_null(c->smtp.complete_domain);
	assert_false(c->smtp.received_client);
	assert_int_equal(c->smtp.max_message_size, 50 << 20);
	assert_int_equal(c->relay.max_message_size, 50 << 20);
	assert_string_equal(c->auth.filter, "(|(uid=%u)(mail=%u))");
	assert_int_equal(c->auth.address_attributes.n, 3);
	assert_string_equal(
	    c->auth.address_attributes.v[1], "mailAlternateAddress");
	assert_int_equal(c->auth.mechanisms.n, 2);
	assert_false(c->auth.starttls);
	assert_false(c->auth.allow_plaintext);
	assert_int_equal(c->relay.tls, SMARTHOST_TLS_MAY);
	assert_int_equal(c->relay.hand_over, HAND_OVER_LIVE);
	assert_int_equal(c->relay.lifetime_s, 5 * 24 * 60 * 60);
	/* the client's patience outlasts the relay's */
	assert_true(
	    c->smtp.hand_over_timeout_ms > c->relay.hand_over_timeout_ms);
	configfile_free(&s);
}

static void
test_a_ca_file_means_that_the_smarthost_is_verified(void **state)
{
	struct settings s;

	(void)state;
	accepted(
	    HOST TLS LDAP "smarthost { server = s1 ca_file = @/cert }\n", &s);
	assert_int_equal(s.config.relay.tls, SMARTHOST_TLS_VERIFY);
	assert_slice(secret_slice(&s.config.relay.ca_pem), slice_of(CERT));
	configfile_free(&s);
}

static void
test_listen_sections_replace_the_default(void **state)
{
	struct settings s;

	(void)state;
	accepted(HOST TLS LDAP SMART "listen { port = 465 }\n"
				     "listen { address = '::1' port = 2587 }\n"
				     "listen { port = 1465 tls = implicit }\n",
	    &s);
	assert_int_equal(s.config.smtp.listen.n, 3);
	assert_int_equal(s.config.smtp.listen.v[0].tls, TLS_MODE_IMPLICIT);
	assert_int_equal(s.config.smtp.listen.v[1].tls, TLS_MODE_STARTTLS);
	assert_string_equal(s.config.smtp.listen.v[1].address, "::1");
	assert_int_equal(s.config.smtp.listen.v[2].tls, TLS_MODE_IMPLICIT);
	configfile_free(&s);
}

static void
test_a_password_is_its_line_without_the_line_end(void **state)
{
	static const char *const contents[] = { "s3cret", "s3cret\n",
		"s3cret\r\n" };
	struct settings s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(contents); i++) {
		write_file("file", contents[i], 0600);
		accepted(HOST TLS SMART
		    "ldap { uri = 'ldaps://l1' base = 'dc=x' bind_dn = 'cn=y'"
		    " bind_password_file = @/file }\n",
		    &s);
		assert_slice(secret_slice(&s.config.auth.bind_password),
		    slice_of("s3cret"));
		configfile_free(&s);
	}
}

/* -- mistakes -------------------------------------------------------------- */

static void
test_every_mistake_is_told_with_its_line(void **state)
{
	(void)state;
	refused("hostname = submit_1\n"
		"workers = many\n" TLS LDAP SMART "limits { errors = 0 }\n"
		"log { level = loud }\n",
	    "/conf:1: hostname = \"submit_1\": expected a host name such as "
	    "\"submit.example.net\"\n"
	    "/conf:2: workers = \"many\": expected a number, from 1 to 64\n"
	    "/conf:6: limits.errors = \"0\": expected a number, from 1 to "
	    "1000\n"
	    "/conf:7: log.level = \"loud\": expected one of "
	    "error|warn|info|debug\n");
}

static void
test_what_must_be_there_is_missed(void **state)
{
	(void)state;
	refused("", "/conf: hostname is missing\n"
		    "/conf: tls.certificate is missing\n"
		    "/conf: tls.key is missing\n"
		    "/conf: ldap.uri is missing\n"
		    "/conf: smarthost.server is missing\n");
}

static void
test_what_stands_in_no_table_is_refused(void **state)
{
	(void)state;
	refused(HOST "mynetworks = '10.0.0.0/8'\n" TLS LDAP SMART,
	    "/conf:2: no such option 'mynetworks'\n");
	refused(HOST TLS SMART "ldap {\n uri = 'ldaps://l1'\n bse = x\n}\n",
	    "/conf:6: ldap: no such option 'bse'\n");
	refused(HOST TLS SMART LDAP "relay { }\n",
	    "/conf:5: no such option 'relay'\n");
}

static void
test_nothing_may_be_said_twice(void **state)
{
	(void)state;
	refused(HOST HOST TLS LDAP SMART, "/conf:2: 'hostname' is set twice\n");
	refused(
	    HOST TLS LDAP SMART LDAP, "/conf:5: ldap: 'uri' is set twice\n");
	refused(HOST TLS LDAP SMART "ldap { starttls = true }\n",
	    "/conf:5: ldap: a second section of this name\n");
	refused(HOST TLS LDAP "smarthost { server = s1\n server = s2 }\n",
	    "/conf:5: smarthost: 'server' is set twice\n");
}

static void
test_lists_may_not_be_empty(void **state)
{
	(void)state;
	refused(HOST TLS LDAP "smarthost { server = {} }\n",
	    "/conf:4: smarthost: server: an empty list\n");
	refused(HOST TLS LDAP SMART "auth { mechanisms = {} }\n",
	    "/conf:5: auth: mechanisms: an empty list\n");
}

static void
test_unfinished_files_are_not_taken(void **state)
{
	static const char *const texts[] = { "hostname",
		"hostname =", "hostname = \"x", "tls", "tls { certificate",
		"ldap { uri = {", "}", "=", "{" };
	struct settings s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(load(texts[i], &s), -1);
		if (strncmp(said, "/conf", 5) != 0)
			fail_msg("for '%s': '%s'", texts[i], said);
		configfile_free(&s);
	}
}

/* A file that was cut must not run on defaults for what it has lost. */
static void
test_a_section_that_is_never_closed_is_not_taken(void **state)
{
	(void)state;
	refused(HOST TLS LDAP "smarthost { server = s1",
	    "/conf:4: a \"{\" that is never closed\n");
	refused(HOST TLS LDAP SMART "listen { port = 587\n\n",
	    "/conf:5: a \"{\" that is never closed\n");
	refused(HOST TLS LDAP SMART "listen { port = 587 # }\n",
	    "/conf:5: a \"{\" that is never closed\n");
	refused(HOST TLS LDAP SMART "listen {\n port = 587\n address = '}'\n",
	    "/conf:5: a \"{\" that is never closed\n");
}

static void
test_cutting_a_file_anywhere_ends_in_an_answer(void **state)
{
	static const char whole[] = HOST TLS LDAP SMART
	    "listen { address = '::1' port = 2587 }\n# end\n";
	char part[sizeof(whole)];
	struct settings s;
	size_t n, whole_n = sizeof(whole) - 1;
	bool taken;

	(void)state;
	for (n = 0; n <= whole_n; n++) {
		memcpy(part, whole, n);
		part[n] = '\0';
		taken = load(part, &s) == 0;
		assert_int_equal(taken, said[0] == '\0');
		/* whole as far as it goes: to a section's end, or behind it */
		if (taken)
			assert_true(n > whole_n - strlen("}\n# end\n") ||
				    strstr(part, "listen {") == NULL);
		configfile_free(&s);
	}
}

static void
test_ports_are_ports(void **state)
{
	(void)state;
	refused(HOST TLS LDAP SMART "listen { port = 0 }\n",
	    "/conf:5: listen.port = \"0\": expected a number, from 1 to "
	    "65535\n");
	refused(HOST TLS LDAP "smarthost { server = 's1:70000' }\n",
	    "/conf:4: smarthost.server = \"s1:70000\": expected \"host\", "
	    "\"host:port\" or \"[IPv6 address]:port\"\n");
	refused(HOST TLS LDAP SMART
	    "listen { port = 587 }\nlisten { address = '::1' port = 587 }\n",
	    "/conf:6: listen: * and ::1 both want port 587\n");
}

/* -- files that the configuration names ------------------------------------ */

static void
test_a_secret_others_can_read_is_refused(void **state)
{
	static const mode_t bad[] = { 0644, 0604, 0602, 0601, 0620, 0660 };
	static const mode_t good[] = { 0600, 0400, 0640, 0440 };
	struct settings s;
	char want[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		write_file("file", KEY, bad[i]);
		snprintf(want, sizeof(want),
		    "/conf:2: tls.key = \"/file\": has mode %04o, open to "
		    "people it should not be open to: chmod g-w,o-rwx /file\n",
		    bad[i]);
		refused(HOST
		    "tls { certificate = @/cert key = @/file }\n" LDAP SMART,
		    want);
	}
	for (i = 0; i < ARRAY_LEN(good); i++) {
		write_file("file", KEY, good[i]);
		accepted(HOST
		    "tls { certificate = @/cert key = @/file }\n" LDAP SMART,
		    &s);
		configfile_free(&s);
	}
	write_file("file", "s3cret", 0644);
	refused(HOST TLS SMART "ldap { uri = 'ldaps://l1' base = 'dc=x'\n"
			       "bind_dn = 'cn=y' bind_password_file = @/file }",
	    "/conf:5: ldap.bind_password_file = \"/file\": has mode 0644, open "
	    "to people it should not be open to: chmod g-w,o-rwx /file\n");
}

static void
test_a_certificate_others_can_change_is_refused(void **state)
{
	(void)state;
	write_file("file", CERT, 0666);
	refused(HOST "tls { certificate = @/file key = @/key }\n" LDAP SMART,
	    "/conf:2: tls.certificate = \"/file\": has mode 0666, open to "
	    "people it should not be open to: chmod go-w /file\n");
}

static void
test_files_that_are_something_else_are_refused(void **state)
{
	static const struct {
		const char *content, *wrong;
	} cases[] = {
		{ "", "is empty" },
		{ CERT, "holds no PEM key (no line says BEGIN PRIVATE KEY)" },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
		    "holds an encrypted key: nobody is there to type its "
		    "passphrase; store it unencrypted" },
	};
	char want[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		write_file("file", cases[i].content, 0600);
		snprintf(want, sizeof(want),
		    "/conf:2: tls.key = \"/file\": %s\n", cases[i].wrong);
		refused(HOST
		    "tls { certificate = @/cert key = @/file }\n" LDAP SMART,
		    want);
	}
	refused(HOST "tls { certificate = @/key key = @/key }\n" LDAP SMART,
	    "/conf:2: tls.certificate = \"/key\": holds no PEM certificate (no "
	    "line says BEGIN CERTIFICATE)\n");
	refused(HOST "tls { certificate = @ key = @/key }\n" LDAP SMART,
	    "/conf:2: tls.certificate = \"\": is not a regular file\n");
	refused(HOST "tls { certificate = cert key = @/key }\n" LDAP SMART,
	    "/conf:2: tls.certificate = \"cert\": expected the absolute path "
	    "of a PEM file\n");
	refused(HOST "tls { certificate = @/none key = @/key }\n" LDAP SMART,
	    "/conf:2: tls.certificate = \"/none\": cannot be opened: No such "
	    "file or directory\n");
}

static void
test_a_password_file_is_one_line(void **state)
{
	(void)state;
	write_file("file", "one\ntwo\n", 0600);
	refused(HOST TLS SMART "ldap { uri = 'ldaps://l1' base = 'dc=x'\n"
			       "bind_dn = 'cn=y' bind_password_file = @/file }",
	    "/conf:5: ldap.bind_password_file = \"/file\": must hold the "
	    "password as its only line\n");
}

/* -- keys together --------------------------------------------------------- */

#define IN_CLEAR                                                               \
	" would send every user's password over the network in the clear: "    \
	"use "                                                                 \
	"ldaps://, or set starttls = true (allow_plaintext = true would "      \
	"accept it)\n"

static void
test_passwords_do_not_cross_a_network_in_the_clear(void **state)
{
	struct settings s;

	(void)state;
	refused(HOST TLS SMART "ldap { uri = 'ldap://l1' base = 'dc=x' }\n",
	    "/conf:4: ldap.uri: ldap://l1" IN_CLEAR);
	refused(HOST TLS SMART "ldap { base = 'dc=x'\n"
			       "uri = {'ldap://127.0.0.1', 'ldap://l2'} }\n",
	    "/conf:5: ldap.uri: ldap://l2" IN_CLEAR);
	accepted(HOST TLS SMART "ldap { base = 'dc=x'\n"
				"uri = 'ldap://l1' starttls = true }\n",
	    &s);
	configfile_free(&s);
	accepted(HOST TLS SMART "ldap { base = 'dc=x'\n"
				"uri = 'ldap://l1' allow_plaintext = true }\n",
	    &s);
	configfile_free(&s);
	accepted(HOST TLS SMART
	    "ldap { base = 'dc=x' uri = {'ldap://[::1]', 'ldapi:///'} }\n",
	    &s);
	configfile_free(&s);
}

static void
test_ldap_needs_one_way_to_find_a_user(void **state)
{
	(void)state;
	refused(HOST TLS SMART "ldap { uri = 'ldaps://l1' }\n",
	    "/conf: ldap: either base (search, then bind) or dn_template (bind "
	    "at once) is needed\n");
	refused(HOST TLS SMART "ldap { uri = 'ldaps://l1' base = 'dc=x'\n"
			       "dn_template = 'uid=%u,dc=x' }\n",
	    "/conf:5: ldap: dn_template replaces the search below base: set "
	    "one of the two\n");
	refused(HOST TLS SMART "ldap { uri = 'ldaps://l1' base = 'dc=x'\n"
			       "bind_password_file = @/password }\n",
	    "/conf:5: ldap: bind_dn and bind_password_file only work "
	    "together\n");
}

static void
test_a_ca_file_that_verifies_nothing_is_refused(void **state)
{
	(void)state;
	refused(HOST TLS LDAP
	    "smarthost { server = s1 ca_file = @/cert tls = may }\n",
	    "/conf:4: smarthost: ca_file says what to verify, this tls setting "
	    "verifies nothing: expected \"verify\" or \"implicit\"\n");
}

static void
test_retries_have_an_order(void **state)
{
	(void)state;
	refused(HOST TLS LDAP SMART
	    "spool { retry_min = 1h\nretry_max = 1m }\n",
	    "/conf:5: spool: retry_min is longer than retry_max\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_lines_suffice),
		cmocka_unit_test(
		    test_a_ca_file_means_that_the_smarthost_is_verified),
		cmocka_unit_test(test_listen_sections_replace_the_default),
		cmocka_unit_test(
		    test_a_password_is_its_line_without_the_line_end),
		cmocka_unit_test(test_every_mistake_is_told_with_its_line),
		cmocka_unit_test(test_what_must_be_there_is_missed),
		cmocka_unit_test(test_what_stands_in_no_table_is_refused),
		cmocka_unit_test(test_nothing_may_be_said_twice),
		cmocka_unit_test(test_lists_may_not_be_empty),
		cmocka_unit_test(test_unfinished_files_are_not_taken),
		cmocka_unit_test(
		    test_a_section_that_is_never_closed_is_not_taken),
		cmocka_unit_test(
		    test_cutting_a_file_anywhere_ends_in_an_answer),
		cmocka_unit_test(test_ports_are_ports),
		cmocka_unit_test(test_a_secret_others_can_read_is_refused),
		cmocka_unit_test(
		    test_a_certificate_others_can_change_is_refused),
		cmocka_unit_test(
		    test_files_that_are_something_else_are_refused),
		cmocka_unit_test(test_a_password_file_is_one_line),
		cmocka_unit_test(
		    test_passwords_do_not_cross_a_network_in_the_clear),
		cmocka_unit_test(test_ldap_needs_one_way_to_find_a_user),
		cmocka_unit_test(
		    test_a_ca_file_that_verifies_nothing_is_refused),
		cmocka_unit_test(test_retries_have_an_order),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
