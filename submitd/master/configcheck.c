/*
 * configcheck - keys against each other, then what follows from them.
 *
 * The place where the gateway refuses to start in a shape that would leak a
 * password or leave nobody able to log in.
 */

#include "configcheck.h"

#include <string.h>
#include <unistd.h>

#include "configparse.h"
#include "configvalue.h"
#include "limits.h"
#include "log.h"
#include "xalloc.h"

/* Threads that wait for the disk: more only queue up in the kernel. */
#define DISK_THREADS 4

/* What smtp waits beyond the relay's own limit: for the spool's disk. */
#define DISK_PATIENCE_MS (30 * UINT32_C(1000))

/* auth's own budget for one login, and time for its answer to arrive. */
#define LOGIN_MS (13 * UINT32_C(1000))

/* A refusal that is due gets this long to reach its client. */
#define DELAY_SPARE_MS UINT32_C(1000)

static unsigned
line_of(const struct settings *s, const char *section, const char *name)
{
	return s->line[config_key_find(section, name)];
}

/* The line of whichever of two keys is in the file. */
static unsigned
line_of_either(
    const struct settings *s, const char *section, const char *a, const char *b)
{
	unsigned line = line_of(s, section, a);

	return line != 0 ? line : line_of(s, section, b);
}

/* Each certificate has its key: the two lists are as long. */
static unsigned
check_pairs(const struct settings *s, const char *section,
    const struct pem_files *certificate, const struct pem_files *key)
{
	if (certificate->n == key->n)
		return 0;
	configparse_complain(s->file,
	    line_of_either(s, section, "key", "certificate"),
	    "%s: %u in certificate and %u in key: expected the key of each "
	    "certificate, in the same order",
	    section, certificate->n, key->n);
	return 1;
}

unsigned
configcheck_listen(const struct settings *s, const struct listen_config *l)
{
	unsigned errors = check_pairs(s, "listen", &l->certificate, &l->key);

	if (l->proxy != PROXY_OFF && l->proxy_from.n == 0) {
		configparse_complain(s->file, line_of(s, "listen", "proxy"),
		    "listen: proxy needs proxy_from: the addresses of those "
		    "whose word is taken for where a client is");
		errors++;
	}
	if (l->proxy == PROXY_OFF && l->proxy_from.n != 0) {
		configparse_complain(s->file,
		    line_of(s, "listen", "proxy_from"),
		    "listen: proxy_from does nothing without proxy: expected "
		    "proxy = \"required\" or \"mixed\"");
		errors++;
	}
	return errors;
}

/* Two listeners that differ only in "*" and an address clash at bind. */
static unsigned
check_listeners(const struct settings *s)
{
	const struct listen_config *l = s->config.smtp.listen.v;
	uint32_t i, j;

	for (i = 0; i < s->config.smtp.listen.n; i++) {
		for (j = 0; j < i; j++) {
			if (l[i].port != l[j].port)
				continue;
			if (strcmp(l[i].address, l[j].address) == 0 ||
			    strcmp(l[i].address, "*") == 0 ||
			    strcmp(l[j].address, "*") == 0) {
				configparse_complain(s->file,
				    line_of(s, "listen", "port"),
				    "listen: %s and %s both want port %u",
				    l[j].address, l[i].address, l[i].port);
				return 1;
			}
		}
	}
	return 0;
}

/* Would a password cross a network in the clear? Returns the URI. */
static const char *
plaintext_uri(const struct auth_config *a)
{
	struct ldap_uri uri;
	uint32_t i;

	for (i = 0; i < a->uri.n; i++)
		if (value_ldap_uri(a->uri.v[i], &uri) == 0 &&
		    uri.scheme == LDAP_SCHEME_PLAIN && !uri.loopback &&
		    !a->starttls)
			return a->uri.v[i];
	return NULL;
}

/* EXTERNAL: the operating system says who is at a local socket. */
static unsigned
check_external(const struct settings *s)
{
	const struct auth_config *a = &s->config.auth;
	struct ldap_uri uri;
	const char *fault = NULL;
	uint32_t i;

	if (a->bind != LDAP_BIND_EXTERNAL)
		return 0;
	if (a->bind_dn != NULL || a->bind_password.p != NULL)
		fault = "takes the place of bind_dn and bind_password_file";
	if (a->base == NULL)
		fault = "is for the search below base";
	for (i = 0; i < a->uri.n; i++)
		if (value_ldap_uri(a->uri.v[i], &uri) == 0 &&
		    uri.scheme != LDAP_SCHEME_LOCAL)
			fault = "needs a local socket: ldapi:// in uri";
	if (fault == NULL)
		return 0;
	configparse_complain(s->file, line_of(s, "ldap", "bind"),
	    "ldap: bind = \"external\" %s", fault);
	return 1;
}

static bool
wants_scram(const struct auth_config *a)
{
	uint32_t i;

	for (i = 0; i < a->mechanisms.n; i++)
		if (strncmp(a->mechanisms.v[i], "SCRAM-", 6) == 0)
			return true;
	return false;
}

/* SCRAM: stored keys, a search to find them, and a secret for strangers. */
static unsigned
check_scram(const struct settings *s)
{
	const struct auth_config *a = &s->config.auth;
	unsigned line = line_of(s, "ldap", "scram_attribute");
	const char *fault = NULL;

	if (a->scram_attribute != NULL && a->base == NULL)
		fault = "ldap: scram_attribute needs base: with dn_template "
			"nobody reads an entry before a password is known";
	else if (a->scram_attribute != NULL && a->bind_password.p == NULL &&
		 a->scram_secret.p == NULL)
		fault = "ldap: scram_attribute needs bind_dn, or "
			"scram_secret_file in auth: salts for those who have "
			"no key are made of either secret";
	if (a->scram_attribute == NULL && wants_scram(a)) {
		line = line_of(s, "auth", "mechanisms");
		fault = "auth: mechanisms: SCRAM needs stored keys: say with "
			"ldap.scram_attribute where they are";
	}
	if (a->scram_attribute == NULL &&
	    (a->scram_only || a->scram_transition)) {
		line =
		    line_of_either(s, "auth", "scram_only", "scram_transition");
		fault = "auth: scram_only and scram_transition do nothing "
			"without ldap.scram_attribute";
	}
	if (fault == NULL)
		return 0;
	configparse_complain(s->file, line, "%s", fault);
	return 1;
}

/* A further search has a place and a question, or is not there. */
static unsigned
check_search(
    const struct settings *s, const char *base_key, const char *filter_key)
{
	const struct auth_config *a = &s->config.auth;
	bool has_base = line_of(s, "ldap", base_key) != 0;
	bool has_filter = line_of(s, "ldap", filter_key) != 0;

	if (has_base && !has_filter)
		configparse_complain(s->file, line_of(s, "ldap", base_key),
		    "ldap: %s does nothing without %s", base_key, filter_key);
	else if (has_filter && !has_base && a->base == NULL)
		configparse_complain(s->file, line_of(s, "ldap", filter_key),
		    "ldap: %s needs %s: there is no base to search below",
		    filter_key, base_key);
	else
		return 0;
	return 1;
}

static unsigned
check_ldap(const struct settings *s)
{
	const struct auth_config *a = &s->config.auth;
	const char *uri = plaintext_uri(a);
	unsigned errors = 0;

	if (a->base == NULL && a->dn_template == NULL) {
		configparse_complain(s->file, 0,
		    "ldap: either base (search, then bind) or dn_template "
		    "(bind at once) is needed");
		errors++;
	}
	if (a->base != NULL && a->dn_template != NULL) {
		configparse_complain(s->file, line_of(s, "ldap", "dn_template"),
		    "ldap: dn_template replaces the search below base: "
		    "set one of the two");
		errors++;
	}
	if ((a->bind_dn == NULL) != (a->bind_password.p == NULL)) {
		configparse_complain(s->file,
		    line_of_either(s, "ldap", "bind_dn", "bind_password_file"),
		    "ldap: bind_dn and bind_password_file only work together");
		errors++;
	}
	if (a->must_change == MUST_CHANGE_ALLOW && a->base == NULL) {
		configparse_complain(s->file, line_of(s, "ldap", "must_change"),
		    "ldap: must_change = \"allow\" needs base: whoever must "
		    "change a password may not read the own entry");
		errors++;
	}
	errors += check_search(s, "group_base", "group_filter") +
		  check_search(s, "delegate_base", "delegate_filter") +
		  check_external(s);
	if (uri != NULL && !a->allow_plaintext) {
		configparse_complain(s->file, line_of(s, "ldap", "uri"),
		    "ldap.uri: %s would send every user's password over the "
		    "network in the clear: use ldaps://, or set starttls = "
		    "true (allow_plaintext = true would accept it)",
		    uri);
		errors++;
	}
	return errors;
}

static bool
wants(const struct auth_config *a, const char *mechanism)
{
	uint32_t i;

	for (i = 0; i < a->mechanisms.n; i++)
		if (strcasecmp(a->mechanisms.v[i], mechanism) == 0)
			return true;
	return false;
}

static bool
asks_clients(const struct smtp_config *c)
{
	bool asks = c->client_ca.n > 0;
	uint32_t i;

	for (i = 0; i < c->listen.n; i++)
		asks = asks || c->listen.v[i].client_ca.n > 0;
	return asks;
}

/* EXTERNAL to our clients: certificates, and a search for whose they are. */
static unsigned
check_certificates(const struct settings *s)
{
	const struct auth_config *a = &s->config.auth;
	bool wanted = wants(a, "EXTERNAL");
	bool asked = asks_clients(&s->config.smtp);
	unsigned line = line_of(s, "auth", "mechanisms");
	const char *fault = NULL;

	if (wanted && a->base == NULL)
		fault = "auth: EXTERNAL needs ldap { base }: a certificate has "
			"no password to bind with";
	if (wanted && !asked)
		fault = "auth: EXTERNAL needs tls { client_ca_file }, or that "
			"of a listener: who vouches for the certificates of "
			"clients";
	if (asked && !wanted) {
		line = line_of(s, "tls", "client_ca_file");
		fault = "client_ca_file does nothing without EXTERNAL in "
			"auth.mechanisms";
	}
	if (fault == NULL)
		return 0;
	configparse_complain(s->file, line, "%s", fault);
	return 1;
}

/* What must stand in the file together. */
static unsigned
check_oauth(const struct settings *s)
{
	const struct auth_config *a = &s->config.auth;

	if (a->base == NULL &&
	    (wants(a, "OAUTHBEARER") || wants(a, "XOAUTH2"))) {
		configparse_complain(s->file, line_of(s, "auth", "mechanisms"),
		    "auth: OAUTHBEARER or XOAUTH2 needs ldap { base }: nobody "
		    "reads an entry without a password else");
		return 1;
	}
	if ((wants(a, "OAUTHBEARER") || wants(a, "XOAUTH2")) &&
	    a->oauth_keys.p == NULL) {
		configparse_complain(s->file, line_of(s, "auth", "mechanisms"),
		    "auth: OAUTHBEARER and XOAUTH2 need oauth { jwks_file }: "
		    "the keys by which tokens are judged");
		return 1;
	}
	if (a->oauth_keys.p != NULL &&
	    (a->oauth_issuer == NULL || a->oauth_audience == NULL)) {
		configparse_complain(s->file, line_of(s, "oauth", "jwks_file"),
		    "oauth: issuer and audience are needed, too: a token must "
		    "be theirs, and for us");
		return 1;
	}
	return 0;
}

static unsigned
check_relay(const struct settings *s)
{
	const struct relay_config *r = &s->config.relay;
	unsigned errors = 0;

	if (r->ca_pem.p != NULL && line_of(s, "smarthost", "tls") != 0 &&
	    (r->tls == SMARTHOST_TLS_NONE || r->tls == SMARTHOST_TLS_MAY)) {
		configparse_complain(s->file, line_of(s, "smarthost", "tls"),
		    "smarthost: ca_file says what to verify, this tls setting "
		    "verifies nothing: expected \"verify\" or \"implicit\"");
		errors++;
	}
	if (r->retry_min_ms > r->retry_max_ms) {
		configparse_complain(s->file,
		    line_of_either(s, "spool", "retry_min", "retry_max"),
		    "spool: retry_min is longer than retry_max");
		errors++;
	}
	return errors;
}

/* A domain of one label would complete nothing. */
static unsigned
check_identity(const struct settings *s)
{
	const char *domain = s->config.smtp.complete_domain;

	if (domain == NULL || strchr(domain, '.') != NULL)
		return 0;
	configparse_complain(s->file, line_of(s, "identity", "complete_domain"),
	    "identity.complete_domain: expected a whole domain such as "
	    "\"example.org\"");
	return 1;
}

/* No listen section: both of RFC 8314's and RFC 6409's ports, everywhere. */
static void
default_listeners(struct config *c)
{
	static const struct {
		uint32_t port;
		enum tls_mode tls;
	} defaults[] = {
		{ 587, TLS_MODE_STARTTLS },
		{ 465, TLS_MODE_IMPLICIT },
	};
	struct listen_configs *l = &c->smtp.listen;
	uint32_t i;

	if (l->n == 0) {
		free(l->v);
		l->n = ARRAY_LEN(defaults);
		l->v = xcalloc(l->n, sizeof(*l->v));
		for (i = 0; i < l->n; i++) {
			l->v[i].address = xstrdup("*");
			l->v[i].port = defaults[i].port;
			l->v[i].tls = defaults[i].tls;
		}
	}
	for (i = 0; i < l->n; i++) {
		if (l->v[i].tls == CONFIGCHECK_UNSET)
			l->v[i].tls = l->v[i].port == 465 ? TLS_MODE_IMPLICIT
							  : TLS_MODE_STARTTLS;
		if (l->v[i].hostname == NULL)
			l->v[i].hostname = xstrdup(c->smtp.hostname);
	}
}

/* What fits the directory, the strongest first. */
static void
default_mechanisms(struct auth_config *a)
{
	static const char *const defaults[] = { "SCRAM-SHA-256", "PLAIN",
		"LOGIN" };
	size_t i, first = a->scram_attribute == NULL ? 1 : 0;

	if (a->mechanisms.n > 0)
		return;
	a->mechanisms.v = xcalloc(ARRAY_LEN(defaults), sizeof(char *));
	for (i = first; i < ARRAY_LEN(defaults); i++)
		a->mechanisms.v[a->mechanisms.n++] = xstrdup(defaults[i]);
}

static uint32_t
online_cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 1)
		return 1;
	return n > LIMIT_WORKERS ? LIMIT_WORKERS : (uint32_t)n;
}

static void
copy_strings(struct strings *to, const struct strings *from)
{
	to->v = xcalloc(from->n, sizeof(*to->v));
	for (to->n = 0; to->n < from->n; to->n++)
		to->v[to->n] = xstrdup(from->v[to->n]);
}

/* Searches for what a user may send as, where no more is said of them. */
static void
default_searches(struct auth_config *a)
{
	if (a->group_filter != NULL && a->group_base == NULL)
		a->group_base = xstrdup(a->base);
	if (a->delegate_filter != NULL && a->delegate_base == NULL)
		a->delegate_base = xstrdup(a->base);
	if (a->delegate_attributes.n == 0)
		copy_strings(&a->delegate_attributes, &a->address_attributes);
}

/* What several roles must know, and what follows from something else. */
static void
derive(struct settings *s)
{
	struct config *c = &s->config;
	struct role_config *roles[] = { &c->smtp.role, &c->auth.role,
		&c->relay.role };
	size_t i;

	for (i = 0; i < ARRAY_LEN(roles); i++) {
		roles[i]->log_target = s->log_target;
		roles[i]->log_level = s->log_level;
	}
	default_listeners(c);
	default_mechanisms(&c->auth);
	default_searches(&c->auth);
	if (c->workers == 0)
		c->workers = online_cores();
	c->auth.hostname = xstrdup(c->smtp.hostname);
	c->relay.hostname = xstrdup(c->smtp.hostname);
	c->smtp.null_sender = s->null_sender == NULL_SENDER_ACCEPT;
	c->smtp.hand_over_timeout_ms =
	    c->relay.hand_over_timeout_ms + DISK_PATIENCE_MS;
	c->smtp.shutdown_timeout_ms = c->shutdown_timeout_ms;
	c->relay.shutdown_timeout_ms = c->shutdown_timeout_ms;
	c->relay.max_message_size = c->smtp.max_message_size;
	c->relay.max_recipients = c->smtp.max_recipients;
	c->relay.disk_threads = DISK_THREADS;
	if (line_of(s, "smarthost", "tls") == 0)
		c->relay.tls = c->relay.ca_pem.p != NULL ? SMARTHOST_TLS_VERIFY
							 : SMARTHOST_TLS_MAY;
}

unsigned
configcheck(struct settings *s)
{
	const struct smtp_config *c = &s->config.smtp;
	unsigned errors = check_pairs(s, "tls", &c->certificate, &c->key) +
			  check_listeners(s) + check_ldap(s) + check_scram(s) +
			  check_certificates(s) + check_oauth(s) +
			  check_relay(s) + check_identity(s);

	if (errors == 0)
		derive(s);
	return errors;
}

void
configcheck_warn(const struct settings *s)
{
	const struct auth_config *a = &s->config.auth;
	const struct relay_config *r = &s->config.relay;
	const char *uri = plaintext_uri(a);

	if (uri != NULL)
		log_event(LOG_LEVEL_WARN, "ldap_plaintext",
		    "PASSWORDS CROSS THE NETWORK IN THE CLEAR: "
		    "ldap.allow_plaintext is set and %s has no TLS",
		    uri);
	if (r->tls == SMARTHOST_TLS_NONE)
		log_event(LOG_LEVEL_WARN, "smarthost_plaintext",
		    "smarthost.tls is \"none\": mail goes to it unencrypted");
	if (r->tls == SMARTHOST_TLS_MAY)
		log_event(LOG_LEVEL_WARN, "smarthost_unverified",
		    "nobody checks who the smarthost is: set "
		    "smarthost.ca_file, or tls = \"verify\"");
	if (a->abuse_max_delay_ms + DELAY_SPARE_MS >
	    s->config.smtp.auth_timeout_ms)
		log_event(LOG_LEVEL_WARN, "max_delay_long",
		    "abuse.max_delay is too near limits.auth_timeout: "
		    "clients may be told 454 instead of 535");
	if (s->config.smtp.auth_timeout_ms < LOGIN_MS)
		log_event(LOG_LEVEL_WARN, "auth_timeout_short",
		    "limits.auth_timeout is below %u s: a slow directory's "
		    "answer may come after the client was told 454",
		    LOGIN_MS / 1000);
}
