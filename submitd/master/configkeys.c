/*
 * configkeys - the table of configuration keys.
 *
 * Data only.  docs/configuration.md tells the same to people; a test compares
 * the two.  Checks that need more than one key are in configcheck.c.
 */

#include "configkeys.h"

#include <string.h>

#include "compiler.h"
#include "limits.h"
#include "mailoptions.h"

#define AT(field)     offsetof(struct settings, field)
#define SMTP(field)   AT(config.smtp.field)
#define AUTH(field)   AT(config.auth.field)
#define RELAY(field)  AT(config.relay.field)
#define LISTEN(field) offsetof(struct listen_config, field)
#define QUOTA(m, w)   AUTH(quota.max[QUOTA_##m][QUOTA_##w])

#define MB     (UINT32_C(1) << 20)
#define SECOND UINT32_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY_S  (UINT32_C(24) * 60 * 60)

#define DEFAULT(text)    .fallback = (text)
#define NO_DEFAULT       .fallback = NULL
#define RANGE(low, high) .min = (low), .max = (high)

#define ADDRESS_ATTRIBUTES "mail mailAlternateAddress mailLocalAddress"

/* clang-format off */
const struct config_key config_keys[] = {
{ "", "hostname", KEY_HOSTNAME, SMTP(hostname), .required = true },
{ "", "workers", KEY_COUNT, AT(config.workers), RANGE(1, LIMIT_WORKERS) },
{ "", "help_url", KEY_URL, SMTP(help_url), NO_DEFAULT },

{ "tls", "certificate", KEY_CERTIFICATE_FILES, SMTP(certificate),
    .required = true },
{ "tls", "key", KEY_KEY_FILES, SMTP(key), .required = true },
{ "tls", "client_ca_file", KEY_CA_FILE, SMTP(client_ca), NO_DEFAULT },

{ "listen", "address", KEY_ADDRESS, LISTEN(address), DEFAULT("*") },
{ "listen", "port", KEY_COUNT, LISTEN(port), DEFAULT("587"), RANGE(1, 65535) },
{ "listen", "tls", KEY_CHOICE, LISTEN(tls), .words = "starttls|implicit" },
{ "listen", "hostname", KEY_HOSTNAME, LISTEN(hostname), NO_DEFAULT },
{ "listen", "certificate", KEY_CERTIFICATE_FILES, LISTEN(certificate),
    NO_DEFAULT },
{ "listen", "key", KEY_KEY_FILES, LISTEN(key), NO_DEFAULT },
{ "listen", "client_ca_file", KEY_CA_FILE, LISTEN(client_ca), NO_DEFAULT },
{ "listen", "proxy", KEY_CHOICE, LISTEN(proxy), DEFAULT("off"),
    .words = "off|required|mixed" },
{ "listen", "proxy_from", KEY_NETWORKS, LISTEN(proxy_from), NO_DEFAULT },

{ "ldap", "uri", KEY_LDAP_URIS, AUTH(uri), .required = true },
{ "ldap", "base", KEY_DN, AUTH(base), NO_DEFAULT },
{ "ldap", "filter", KEY_FILTER, AUTH(filter), DEFAULT("(|(uid=%u)(mail=%u))") },
{ "ldap", "certificate_filter", KEY_CERTIFICATE_FILTER,
    AUTH(certificate_filter), DEFAULT("(mail=%m)") },
{ "ldap", "user_attribute", KEY_ATTRIBUTE, AUTH(user_attribute),
    DEFAULT("uid") },
{ "ldap", "bind", KEY_CHOICE, AUTH(bind), DEFAULT("simple"),
    .words = "simple|external" },
{ "ldap", "bind_dn", KEY_DN, AUTH(bind_dn), NO_DEFAULT },
{ "ldap", "bind_password_file", KEY_PASSWORD_FILE, AUTH(bind_password),
    NO_DEFAULT },
{ "ldap", "dn_template", KEY_DN_TEMPLATE, AUTH(dn_template), NO_DEFAULT },
{ "ldap", "scram_attribute", KEY_ATTRIBUTE, AUTH(scram_attribute), NO_DEFAULT },
{ "ldap", "address_attributes", KEY_ATTRIBUTES, AUTH(address_attributes),
    DEFAULT(ADDRESS_ATTRIBUTES) },
{ "ldap", "domain_attributes", KEY_ATTRIBUTES, AUTH(domain_attributes),
    NO_DEFAULT },
{ "ldap", "group_base", KEY_DN, AUTH(group_base), NO_DEFAULT },
{ "ldap", "group_filter", KEY_PERSON_FILTER, AUTH(group_filter), NO_DEFAULT },
{ "ldap", "group_attributes", KEY_ATTRIBUTES, AUTH(group_attributes),
    DEFAULT("mail") },
{ "ldap", "delegate_base", KEY_DN, AUTH(delegate_base), NO_DEFAULT },
{ "ldap", "delegate_filter", KEY_PERSON_FILTER, AUTH(delegate_filter),
    NO_DEFAULT },
{ "ldap", "delegate_attributes", KEY_ATTRIBUTES, AUTH(delegate_attributes),
    NO_DEFAULT },
{ "ldap", "suspended_filter", KEY_ENTRY_FILTER, AUTH(suspended_filter),
    NO_DEFAULT },
{ "ldap", "may_send_filter", KEY_ENTRY_FILTER, AUTH(may_send_filter),
    NO_DEFAULT },
{ "ldap", "limit_attribute", KEY_ATTRIBUTE, AUTH(limit_attribute), NO_DEFAULT },
{ "ldap", "ca_file", KEY_CA_PATH, AUTH(ca_file), NO_DEFAULT },
{ "ldap", "starttls", KEY_BOOL, AUTH(starttls), DEFAULT("false") },
{ "ldap", "allow_plaintext", KEY_BOOL, AUTH(allow_plaintext),
    DEFAULT("false") },
{ "ldap", "connect_timeout", KEY_MS, AUTH(connect_timeout_ms), DEFAULT("3s"),
    RANGE(100, MINUTE) },
{ "ldap", "operation_timeout", KEY_MS, AUTH(operation_timeout_ms),
    DEFAULT("5s"), RANGE(100, MINUTE) },
{ "ldap", "order", KEY_CHOICE, AUTH(order), DEFAULT("listed"),
    .words = "listed|balanced" },
{ "ldap", "failures", KEY_COUNT, AUTH(failures), DEFAULT("3"), RANGE(1, 100) },
{ "ldap", "retry_dead", KEY_MS, AUTH(retry_dead_ms), DEFAULT("5s"),
    RANGE(100, HOUR) },
{ "ldap", "password_scheme", KEY_CHOICE, AUTH(password_scheme),
    DEFAULT("crypt"), .words = "crypt|ssha|clear" },
{ "ldap", "must_change", KEY_CHOICE, AUTH(must_change), DEFAULT("refuse"),
    .words = "refuse|allow" },
{ "ldap", "unwilling", KEY_CHOICE, AUTH(unwilling), DEFAULT("temporary"),
    .words = "temporary|refuse" },
{ "ldap", "threads", KEY_COUNT, AUTH(threads), DEFAULT("32"), RANGE(1, 128) },
{ "ldap", "queue", KEY_COUNT, AUTH(queue), DEFAULT("2048"), RANGE(1, 4096) },

{ "smarthost", "server", KEY_SERVERS, RELAY(server), .required = true },
{ "smarthost", "port", KEY_COUNT, RELAY(port), DEFAULT("25"), RANGE(1, 65535) },
{ "smarthost", "tls", KEY_CHOICE, RELAY(tls),
    .words = "none|may|verify|implicit" },
{ "smarthost", "ca_file", KEY_CA_FILE, RELAY(ca_pem),
    NO_DEFAULT },
{ "smarthost", "connections", KEY_COUNT, RELAY(connections), DEFAULT("20"),
    RANGE(1, 1000) },
{ "smarthost", "idle_timeout", KEY_MS, RELAY(idle_ms), DEFAULT("30s"),
    RANGE(0, HOUR) },
{ "smarthost", "retry_dead", KEY_MS, RELAY(retry_dead_ms), DEFAULT("30s"),
    RANGE(100, HOUR) },
{ "smarthost", "connect_timeout", KEY_MS, RELAY(connect_timeout_ms),
    DEFAULT("5s"), RANGE(100, 2 * MINUTE) },
{ "smarthost", "hand_over", KEY_CHOICE, RELAY(hand_over), DEFAULT("live"),
    .words = "live|queue" },
{ "smarthost", "hand_over_timeout", KEY_MS, RELAY(hand_over_timeout_ms),
    DEFAULT("30s"), RANGE(SECOND, 5 * MINUTE) },

{ "spool", "directory", KEY_PATH, RELAY(spool), DEFAULT("/var/spool/submitd") },
{ "spool", "retry_min", KEY_MS, RELAY(retry_min_ms), DEFAULT("1m"),
    RANGE(SECOND, 24 * HOUR) },
{ "spool", "retry_max", KEY_MS, RELAY(retry_max_ms), DEFAULT("30m"),
    RANGE(SECOND, 24 * HOUR) },
{ "spool", "lifetime", KEY_SECONDS, RELAY(lifetime_s), DEFAULT("5d"),
    RANGE(1, 365 * DAY_S) },
{ "spool", "warn_after", KEY_SECONDS, RELAY(warn_after_s), DEFAULT("4h"),
    RANGE(0, 365 * DAY_S) },

{ "limits", "message_size", KEY_SIZE, SMTP(max_message_size), DEFAULT("50M"),
    RANGE(65536, 2047 * MB) },
{ "limits", "recipients", KEY_COUNT, SMTP(max_recipients), DEFAULT("100"),
    RANGE(1, LIMIT_RECIPIENTS_MAX) },
{ "limits", "content_line", KEY_COUNT, SMTP(max_content_line), DEFAULT("998"),
    RANGE(998, LIMIT_INPUT / 2) },
{ "limits", "future_release", KEY_SECONDS, SMTP(future_release_s),
    DEFAULT("7d"), RANGE(0, 365 * DAY_S) },
{ "limits", "priority", KEY_COUNT, SMTP(max_priority), DEFAULT("0"),
    RANGE(0, MAIL_PRIORITY_MAX) },
{ "limits", "held_messages", KEY_COUNT, RELAY(held_messages), DEFAULT("100"),
    RANGE(0, 1000000) },
{ "limits", "errors", KEY_COUNT, SMTP(max_errors), DEFAULT("20"),
    RANGE(1, 1000) },
{ "limits", "auth_failures", KEY_COUNT, SMTP(max_auth_failures), DEFAULT("5"),
    RANGE(1, 100) },
{ "limits", "connections", KEY_COUNT, SMTP(max_connections), DEFAULT("10000"),
    RANGE(1, 1000000) },
{ "limits", "connections_per_address", KEY_COUNT,
    SMTP(max_connections_per_address), DEFAULT("100"), RANGE(1, 1000000) },
{ "limits", "preauth_timeout", KEY_MS, SMTP(preauth_timeout_ms), DEFAULT("60s"),
    RANGE(SECOND, HOUR) },
{ "limits", "command_timeout", KEY_MS, SMTP(command_timeout_ms), DEFAULT("5m"),
    RANGE(SECOND, HOUR) },
{ "limits", "data_timeout", KEY_MS, SMTP(data_timeout_ms), DEFAULT("3m"),
    RANGE(SECOND, HOUR) },
{ "limits", "data_rate", KEY_SIZE, SMTP(data_rate), DEFAULT("500"),
    RANGE(0, 1 * MB) },
{ "limits", "auth_timeout", KEY_MS, SMTP(auth_timeout_ms), DEFAULT("15s"),
    RANGE(SECOND, 2 * MINUTE) },
{ "limits", "shutdown_timeout", KEY_MS, AT(config.shutdown_timeout_ms),
    DEFAULT("30s"), RANGE(0, HOUR) },

{ "user_limits", "messages_per_minute", KEY_QUOTA,
    QUOTA(MESSAGES, MINUTE), DEFAULT("0") },
{ "user_limits", "messages_per_hour", KEY_QUOTA,
    QUOTA(MESSAGES, HOUR), DEFAULT("0") },
{ "user_limits", "messages_per_day", KEY_QUOTA,
    QUOTA(MESSAGES, DAY), DEFAULT("1000") },
{ "user_limits", "recipients_per_minute", KEY_QUOTA,
    QUOTA(RECIPIENTS, MINUTE), DEFAULT("0") },
{ "user_limits", "recipients_per_hour", KEY_QUOTA,
    QUOTA(RECIPIENTS, HOUR), DEFAULT("0") },
{ "user_limits", "recipients_per_day", KEY_QUOTA,
    QUOTA(RECIPIENTS, DAY), DEFAULT("0") },
{ "user_limits", "new_recipients_per_minute", KEY_QUOTA,
    QUOTA(NEW_RECIPIENTS, MINUTE), DEFAULT("0") },
{ "user_limits", "new_recipients_per_hour", KEY_QUOTA,
    QUOTA(NEW_RECIPIENTS, HOUR), DEFAULT("0") },
{ "user_limits", "new_recipients_per_day", KEY_QUOTA,
    QUOTA(NEW_RECIPIENTS, DAY), DEFAULT("200") },
{ "user_limits", "octets_per_minute", KEY_QUOTA,
    QUOTA(OCTETS, MINUTE), DEFAULT("0") },
{ "user_limits", "octets_per_hour", KEY_QUOTA,
    QUOTA(OCTETS, HOUR), DEFAULT("0") },
{ "user_limits", "octets_per_day", KEY_QUOTA,
    QUOTA(OCTETS, DAY), DEFAULT("0") },
{ "user_limits", "sessions", KEY_QUOTA, AUTH(quota.sessions), DEFAULT("50") },

{ "guard", "action", KEY_CHOICE, RELAY(guard_action), DEFAULT("hold"),
    .words = "alarm|hold|block" },
{ "guard", "networks", KEY_COUNT, RELAY(guard_networks), DEFAULT("10"),
    RANGE(0, LIMIT_ACCOUNT_NETWORKS - 1) },
{ "guard", "new_recipients", KEY_COUNT, RELAY(guard_new_recipients),
    DEFAULT("100"), RANGE(0, 1000000) },
{ "guard", "refused", KEY_COUNT, RELAY(guard_refused), DEFAULT("50"),
    RANGE(0, 99) },
{ "guard", "refused_least", KEY_COUNT, RELAY(guard_refused_least),
    DEFAULT("20"), RANGE(1, 1000000) },

{ "identity", "null_sender", KEY_CHOICE, AT(null_sender), DEFAULT("accept"),
    .words = "accept|refuse" },
{ "identity", "header_from", KEY_CHOICE, SMTP(header_from), DEFAULT("reject"),
    .words = "reject|rewrite|log|off" },
{ "identity", "header_syntax", KEY_CHOICE, SMTP(header_syntax),
    DEFAULT("reject"), .words = "reject|log" },
{ "identity", "complete_domain", KEY_HOSTNAME, SMTP(complete_domain),
    NO_DEFAULT },

{ "auth", "mechanisms", KEY_MECHANISMS, AUTH(mechanisms), NO_DEFAULT },
{ "auth", "scram_iterations", KEY_COUNT, AUTH(scram_iterations),
    DEFAULT("10000"), RANGE(LIMIT_SCRAM_ITERATIONS_MIN,
	LIMIT_SCRAM_ITERATIONS) },
{ "auth", "scram_salt", KEY_COUNT, AUTH(scram_salt), DEFAULT("16"),
    RANGE(LIMIT_SCRAM_SALT_MIN, LIMIT_SCRAM_SALT) },
{ "auth", "scram_secret_file", KEY_PASSWORD_FILE, AUTH(scram_secret),
    NO_DEFAULT },
{ "auth", "scram_only", KEY_BOOL, AUTH(scram_only), DEFAULT("false") },
{ "auth", "scram_transition", KEY_BOOL, AUTH(scram_transition),
    DEFAULT("false") },
{ "auth", "prepare_password", KEY_BOOL, AUTH(prepare_password),
    DEFAULT("true") },
{ "auth", "login_cache", KEY_MS, AUTH(login_cache_ms), DEFAULT("60s"),
    RANGE(0, HOUR) },
{ "auth", "login_cache_stale", KEY_MS, AUTH(login_cache_stale_ms),
    DEFAULT("1h"), RANGE(0, 24 * HOUR) },
{ "auth", "locked_memory", KEY_MS, AUTH(locked_ms), DEFAULT("30s"),
    RANGE(0, HOUR) },
{ "auth", "wrong_password_memory", KEY_MS, AUTH(wrong_password_ms),
    DEFAULT("10m"), RANGE(0, 24 * HOUR) },
{ "auth", "failure_delay", KEY_MS, AUTH(failure_delay_ms), DEFAULT("1s"),
    RANGE(0, 30 * SECOND) },
{ "auth", "session_lifetime", KEY_MS, AUTH(grant_lifetime_ms), DEFAULT("1h"),
    RANGE(MINUTE, 24 * HOUR) },

{ "oauth", "jwks_file", KEY_JSON_FILE, AUTH(oauth_keys), NO_DEFAULT },
{ "oauth", "issuer", KEY_WORD, AUTH(oauth_issuer), NO_DEFAULT },
{ "oauth", "audience", KEY_WORD, AUTH(oauth_audience), NO_DEFAULT },
{ "oauth", "user_claim", KEY_WORD, AUTH(oauth_user_claim), DEFAULT("email") },
{ "oauth", "scope", KEY_WORD, AUTH(oauth_scope), NO_DEFAULT },
{ "oauth", "discovery_url", KEY_URL, AUTH(oauth_discovery_url), NO_DEFAULT },
{ "oauth", "leeway", KEY_SECONDS, AUTH(oauth_leeway_s), DEFAULT("60s"),
    RANGE(0, 600) },

{ "abuse", "pair_failures", KEY_COUNT, AUTH(abuse_pair_failures),
    DEFAULT("10"), RANGE(0, 1000000) },
{ "abuse", "address_failures", KEY_COUNT, AUTH(abuse_address_failures),
    DEFAULT("50"), RANGE(0, 1000000) },
{ "abuse", "user_failures", KEY_COUNT, AUTH(abuse_user_failures),
    DEFAULT("100"), RANGE(0, 1000000) },
{ "abuse", "window", KEY_MS, AUTH(abuse_window_ms), DEFAULT("10m"),
    RANGE(SECOND, 24 * HOUR) },
{ "abuse", "ban", KEY_MS, AUTH(abuse_ban_ms), DEFAULT("15m"),
    RANGE(SECOND, 24 * HOUR) },
{ "abuse", "max_delay", KEY_MS, AUTH(abuse_max_delay_ms), DEFAULT("10s"),
    RANGE(0, 30 * SECOND) },
{ "abuse", "ipv6_prefix", KEY_COUNT, AUTH(abuse_ipv6_prefix), DEFAULT("64"),
    RANGE(16, 128) },
{ "abuse", "exempt", KEY_NETWORKS, AUTH(abuse_exempt), NO_DEFAULT },

{ "log", "target", KEY_CHOICE, AT(log_target), DEFAULT("stderr"),
    .words = "stderr|syslog" },
{ "log", "level", KEY_CHOICE, AT(log_level), DEFAULT("info"),
    .words = "error|warn|info|debug" },

{ "process", "user", KEY_USER, AT(user), NO_DEFAULT },
{ "process", "user_smtp", KEY_USER, AT(role_user[ROLE_SMTP]),
    NO_DEFAULT },
{ "process", "user_auth", KEY_USER, AT(role_user[ROLE_AUTH]),
    NO_DEFAULT },
{ "process", "user_relay", KEY_USER, AT(role_user[ROLE_RELAY]),
    NO_DEFAULT },

{ "control", "socket", KEY_PATH, AT(config.control),
    DEFAULT("/run/submitd/control") },

{ "alarm", "command", KEY_PATH, AT(alarm_command), NO_DEFAULT },
{ "alarm", "user", KEY_USER, AT(alarm_user), DEFAULT("nobody") },
{ "alarm", "timeout", KEY_MS, AT(alarm_timeout_ms), DEFAULT("30s"),
    RANGE(SECOND, 10 * MINUTE) },

{ "received", "client_address", KEY_BOOL, SMTP(received_client),
    DEFAULT("false") },
};
/* clang-format on */

const size_t config_keys_n = ARRAY_LEN(config_keys);

_Static_assert(ARRAY_LEN(config_keys) <= CONFIG_KEYS_MAX,
    "struct settings has a line number for every key");

size_t
config_key_find(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < config_keys_n; i++)
		if (strcmp(config_keys[i].section, section) == 0 &&
		    strcmp(config_keys[i].name, name) == 0)
			return i;
	bug(__FILE__, __LINE__, name);
}
