/*
 * configfile - fill struct settings from the words of the file.
 *
 * One walk over config_keys: a key's own words, else its default, turned into
 * its field by its kind's converter.  The operator's errors are all told, not
 * only the first.  What depends on several keys is in configcheck.c.
 */

#include "configfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "configcheck.h"
#include "configparse.h"
#include "configvalue.h"
#include "limits.h"
#include "network.h"
#include "secretfile.h"
#include "xalloc.h"

#define LIST_MAX LIMIT_SMARTHOSTS

/* Where a value stands, and what is wrong with it: for one complaint. */
struct why {
	const char *file;
	unsigned line;
	char text[512];
};

struct kind {
	/* Puts the value into the field; false with why filled or empty. */
	bool (*convert)(const struct config_key *, const struct kind *,
	    const char *text, void *field, struct why *);
	bool (*is)(const char *text); /* for kinds that hold text */
	enum secretfile_kind file;    /* for kinds that read one */
	const char *expected;
};

static bool
is_address(const char *text)
{
	return strcmp(text, "*") == 0 || value_is_address(text);
}

static bool
is_dn_template(const char *text)
{
	return value_is_dn(text) && value_has_login(text);
}

static bool
is_path(const char *text)
{
	return text[0] == '/' && text[1] != '\0';
}

static bool
is_network(const char *text)
{
	struct network n;

	return network_parse(text, &n) == 0;
}

static bool
is_user(const char *text)
{
	return text[0] != '\0';
}

static bool
is_ldap_uri(const char *text)
{
	struct ldap_uri uri;

	return value_ldap_uri(text, &uri) == 0;
}

/* What the auth role's plug-ins can do; with -PLUS: that form alone. */
#define MECHANISMS                                                             \
	"SCRAM-SHA-512|SCRAM-SHA-256|SCRAM-SHA-1|"                             \
	"SCRAM-SHA-512-PLUS|SCRAM-SHA-256-PLUS|SCRAM-SHA-1-PLUS|"              \
	"OAUTHBEARER|XOAUTH2|EXTERNAL|PLAIN|LOGIN"

static bool
is_mechanism(const char *text)
{
	uint32_t i;

	return value_choice(text, MECHANISMS, &i) == 0;
}

static bool
convert_text(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	char **out = field;

	(void)key;
	(void)why;
	if (!kind->is(text))
		return false;
	free(*out);
	*out = xstrdup(text);
	return true;
}

static bool
convert_list(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	struct strings *out = field;

	(void)key;
	if (!kind->is(text))
		return false;
	if (out->n == LIST_MAX) {
		snprintf(why->text, sizeof(why->text),
		    "no more than %d of them", LIST_MAX);
		return false;
	}
	out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = xstrdup(text);
	return true;
}

static bool
convert_file(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	(void)key;
	if (!is_path(text))
		return false;
	return secretfile_read(
		   text, kind->file, field, why->text, sizeof(why->text)) == 0;
}

static bool
convert_pem(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	struct pem_files *out = field;
	struct secret content = { 0 };
	struct buf place = buf_new(LIMIT_CONFIG_FILE);

	if (out->n == LIMIT_CERTIFICATES) {
		snprintf(why->text, sizeof(why->text),
		    "no more than %d of them", LIMIT_CERTIFICATES);
		return false;
	}
	if (!convert_file(key, kind, text, &content, why))
		return false;
	buf_printf(&place, "%s:%u", why->file, why->line);
	out->v = xreallocarray(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct pem_file){
		.path = xstrdup(text),
		.place = xstrndup(buf_slice(&place)),
		.text = content,
	};
	buf_free(&place);
	return true;
}

/* The role reads it itself: here it is only looked at. */
static bool
convert_ca_path(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	struct secret content = { 0 };
	bool fine = convert_file(key, kind, text, &content, why);

	secret_wipe(&content);
	return fine && convert_text(key, kind, text, field, why);
}

static bool
convert_number(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	static int (*const parse[KEY_KINDS])(
	    const char *, uint32_t, uint32_t, uint32_t *) = {
		[KEY_COUNT] = value_count,
		[KEY_SIZE] = value_size,
		[KEY_MS] = value_duration,
		[KEY_SECONDS] = value_seconds,
	};
	char min[32], max[32];

	if (parse[key->kind](text, key->min, key->max, field) == 0)
		return true;
	if (key->kind == KEY_COUNT) {
		snprintf(min, sizeof(min), "%u", key->min);
		snprintf(max, sizeof(max), "%u", key->max);
	} else if (key->kind == KEY_SIZE) {
		value_show_size(min, sizeof(min), key->min);
		value_show_size(max, sizeof(max), key->max);
	} else {
		uint64_t unit = key->kind == KEY_SECONDS ? 1000 : 1;

		value_show_duration(min, sizeof(min), key->min * unit);
		value_show_duration(max, sizeof(max), key->max * unit);
	}
	snprintf(why->text, sizeof(why->text), "expected %s, from %s to %s",
	    kind->expected, min, max);
	return false;
}

static bool
convert_quota(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	(void)key;
	(void)kind;
	(void)why;
	return quota_number(slice_of(text), field) == 0;
}

static bool
convert_choice(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	if (value_choice(text, key->words, field) == 0)
		return true;
	snprintf(why->text, sizeof(why->text), "expected %s %s", kind->expected,
	    key->words);
	return false;
}

static bool
convert_bool(const struct config_key *key, const struct kind *kind,
    const char *text, void *field, struct why *why)
{
	(void)key;
	(void)kind;
	(void)why;
	return value_bool(text, field) == 0;
}

/* clang-format off */
static const struct kind kinds[KEY_KINDS] = {
[KEY_HOSTNAME] = { convert_text, .is = value_is_hostname,
    .expected = "a host name such as \"submit.example.net\"" },
[KEY_ADDRESS] = { convert_text, .is = is_address,
    .expected = "\"*\" or a numeric IPv4 or IPv6 address" },
[KEY_URL] = { convert_text, .is = value_is_url,
    .expected = "an http:// or https:// URL of at most 200 characters" },
[KEY_DN] = { convert_text, .is = value_is_dn,
    .expected = "a distinguished name such as \"ou=people,dc=example,dc=net\"" },
[KEY_DN_TEMPLATE] = { convert_text, .is = is_dn_template,
    .expected = "a distinguished name with %u where the login goes" },
[KEY_FILTER] = { convert_text, .is = value_is_filter,
    .expected = "an LDAP filter in parentheses with %u where the login goes" },
[KEY_PERSON_FILTER] = { convert_text, .is = value_is_person_filter,
    .expected = "an LDAP filter in parentheses with %d where the user's DN "
	"goes, or %u where the user name does" },
[KEY_ENTRY_FILTER] = { convert_text, .is = value_is_entry_filter,
    .expected = "an LDAP filter in parentheses" },
[KEY_CERTIFICATE_FILTER] = { convert_text,
    .is = value_is_certificate_filter,
    .expected = "an LDAP filter in parentheses with %m (a mailbox) or %s "
	"(the subject) where that of the certificate goes" },
[KEY_WORD] = { convert_text, .is = value_is_word,
    .expected = "one word without spaces, quotes or backslashes" },
[KEY_ATTRIBUTE] = { convert_text, .is = value_is_attribute,
    .expected = "the name of an LDAP attribute" },
[KEY_USER] = { convert_text, .is = is_user,
    .expected = "the name of a user of this system" },
[KEY_PATH] = { convert_text, .is = is_path,
    .expected = "an absolute path" },
[KEY_CA_PATH] = { convert_ca_path, .is = is_path,
    .file = SECRETFILE_CERTIFICATE,
    .expected = "the absolute path of a PEM file" },
[KEY_SERVERS] = { convert_list, .is = value_is_server,
    .expected = "\"host\", \"host:port\" or \"[IPv6 address]:port\"" },
[KEY_LDAP_URIS] = { convert_list, .is = is_ldap_uri,
    .expected = "ldap://host, ldaps://host or ldapi://path "
	"(:port may follow the host, nothing else)" },
[KEY_ATTRIBUTES] = { convert_list, .is = value_is_attribute,
    .expected = "names of LDAP attributes" },
[KEY_MECHANISMS] = { convert_list, .is = is_mechanism,
    .expected = "a list of SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1 (or "
	"the same with -PLUS), PLAIN, LOGIN, OAUTHBEARER, XOAUTH2, EXTERNAL" },
[KEY_NETWORKS] = { convert_list, .is = is_network,
    .expected = "an address or a network, such as \"192.0.2.1\", "
	"\"10.0.0.0/8\" or \"2001:db8::/32\", nothing set behind its prefix" },
[KEY_CERTIFICATE_FILES] = { convert_pem, .file = SECRETFILE_CERTIFICATE,
    .expected = "the absolute path of a PEM file" },
[KEY_KEY_FILES] = { convert_pem, .file = SECRETFILE_KEY,
    .expected = "the absolute path of a PEM file" },
[KEY_CA_FILE] = { convert_file, .file = SECRETFILE_CERTIFICATE,
    .expected = "the absolute path of a PEM file" },
[KEY_PASSWORD_FILE] = { convert_file, .file = SECRETFILE_PASSWORD,
    .expected = "the absolute path of a file with the password in it" },
[KEY_JSON_FILE] = { convert_file, .file = SECRETFILE_JSON,
    .expected = "the absolute path of a file in JSON" },
[KEY_COUNT] = { convert_number, .expected = "a number" },
[KEY_SIZE] = { convert_number, .expected = "octets (\"1000\", \"64K\", \"50M\")" },
[KEY_MS] = { convert_number,
    .expected = "a time (\"500ms\", \"30s\", \"5m\", \"1h\")" },
[KEY_SECONDS] = { convert_number,
    .expected = "a time (\"30s\", \"5m\", \"1h\", \"5d\")" },
[KEY_CHOICE] = { convert_choice, .expected = "one of" },
[KEY_BOOL] = { convert_bool, .expected = "true or false" },
[KEY_QUOTA] = { convert_quota,
    .expected = "a number of at most nine digits, and K, M or G behind it if "
	"you like (\"1000\", \"20G\"); 0 is no limit" },
};
/* clang-format on */

/* One word for one field.  Returns the number of errors told. */
static unsigned
fill(
    struct settings *s, size_t row, unsigned line, const char *text, void *base)
{
	const struct config_key *key = &config_keys[row];
	const struct kind *kind = &kinds[key->kind];
	struct why why = { .file = s->file, .line = line };

	if (kind->convert(key, kind, text, (char *)base + key->offset, &why))
		return 0;
	configparse_complain(s->file, line, "%s%s%s = \"%s\": %s%s",
	    key->section, key->section[0] == '\0' ? "" : ".", key->name, text,
	    why.text[0] == '\0' ? "expected " : "",
	    why.text[0] == '\0' ? kind->expected : why.text);
	return 1;
}

/* The default, word by word where the key is a list. */
static unsigned
fill_default(struct settings *s, size_t row, void *base)
{
	const struct config_key *key = &config_keys[row];
	char *words, *word, *rest = NULL;
	unsigned errors = 0;

	if (key->required) {
		configparse_complain(s->file, 0, "%s%s%s is missing",
		    key->section, key->section[0] == '\0' ? "" : ".",
		    key->name);
		return 1;
	}
	if (key->fallback == NULL)
		return 0;
	if (kinds[key->kind].convert != convert_list)
		return fill(s, row, 0, key->fallback, base);
	words = xstrdup(key->fallback);
	for (word = strtok_r(words, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		errors += fill(s, row, 0, word, base);
	free(words);
	return errors;
}

/* One key of one section, which base points to. */
static unsigned
fill_key(struct settings *s, const struct raw_config *raw, size_t row,
    unsigned listen, void *base)
{
	unsigned errors = 0, found = 0;
	size_t i;

	for (i = 0; i < raw->n; i++) {
		const struct raw_value *value = &raw->v[i];

		if (value->row != row || value->listen != listen)
			continue;
		found++;
		s->line[row] = value->line;
		errors += fill(s, row, value->line, value->text, base);
	}
	return found > 0 ? errors : fill_default(s, row, base);
}

static bool
is_listen(size_t row)
{
	return strcmp(config_keys[row].section, "listen") == 0;
}

/* One listen section; its lines are known only until the next one. */
static unsigned
fill_listen(struct settings *s, const struct raw_config *raw, unsigned i)
{
	struct listen_config *l = &s->config.smtp.listen.v[i];
	unsigned errors = 0;
	size_t row;

	l->tls = CONFIGCHECK_UNSET;
	for (row = 0; row < config_keys_n; row++) {
		if (!is_listen(row))
			continue;
		s->line[row] = 0;
		errors += fill_key(s, raw, row, i, l);
	}
	return errors == 0 ? configcheck_listen(s, l) : errors;
}

static unsigned
fill_all(struct settings *s, const struct raw_config *raw)
{
	struct listen_configs *listen = &s->config.smtp.listen;
	unsigned errors = 0, i;
	size_t row;

	for (row = 0; row < config_keys_n; row++)
		if (!is_listen(row))
			errors += fill_key(s, raw, row, 0, s);
	if (raw->listen_n > LIMIT_LISTENERS) {
		configparse_complain(s->file, 0,
		    "no more than %d listen "
		    "sections",
		    LIMIT_LISTENERS);
		return errors + 1;
	}
	listen->n = raw->listen_n;
	listen->v = xcalloc(raw->listen_n, sizeof(*listen->v));
	for (i = 0; i < raw->listen_n; i++)
		errors += fill_listen(s, raw, i);
	return errors;
}

int
configfile_load(const char *path, struct settings *out)
{
	struct raw_config raw;
	unsigned errors;

	*out = (struct settings){ .file = path };
	errors = configparse_file(path, &raw) != 0;
	if (errors == 0)
		errors = fill_all(out, &raw);
	if (errors == 0)
		errors = configcheck(out);
	configparse_free(&raw);
	return errors == 0 ? 0 : -1;
}

void
configfile_free(struct settings *s)
{
	size_t i;

	config_free(&s->config);
	free(s->user);
	free(s->alarm_command);
	free(s->alarm_user);
	for (i = 0; i < ROLE_COUNT; i++)
		free(s->role_user[i]);
	*s = (struct settings){ 0 };
}
