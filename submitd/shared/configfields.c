/*
 * configfields - the fields of the configuration's structs, one row each.
 *
 * Data only.  A field that is missing here never reaches its role.
 */

#include "config_private.h"

/* clang-format off */
/* The compiler finds the kind, so the table cannot contradict the struct. */
#define KIND_OF(value)				\
	_Generic((value),			\
	    uint32_t: KIND_U32,			\
	    bool: KIND_BOOL,			\
	    struct quota: KIND_QUOTA,		\
	    char *: KIND_STRING,		\
	    struct strings: KIND_STRINGS,	\
	    struct secret: KIND_SECRET,		\
	    struct role_config: KIND_ROLE,	\
	    struct pem_files: KIND_PEM_FILES,	\
	    struct listen_configs: KIND_LISTENS)

#define FIELD(s, m) \
	{ #m, offsetof(struct s, m), KIND_OF(((struct s *)0)->m) }

#define TABLE(s, f) { (f), ARRAY_LEN(f), sizeof(struct s) }
/* clang-format on */

static const struct field role_fields[] = {
	FIELD(role_config, log_target),
	FIELD(role_config, log_level),
	FIELD(role_config, confine),
	FIELD(role_config, uid),
	FIELD(role_config, gid),
};

static const struct field pem_fields[] = {
	FIELD(pem_file, path),
	FIELD(pem_file, place),
	FIELD(pem_file, text),
};

static const struct field listen_fields[] = {
	FIELD(listen_config, address),
	FIELD(listen_config, port),
	FIELD(listen_config, tls),
	FIELD(listen_config, hostname),
	FIELD(listen_config, certificate),
	FIELD(listen_config, key),
	FIELD(listen_config, client_ca),
	FIELD(listen_config, proxy),
	FIELD(listen_config, proxy_from),
};

static const struct field smtp_fields[] = {
	FIELD(smtp_config, role),
	FIELD(smtp_config, hostname),
	FIELD(smtp_config, certificate),
	FIELD(smtp_config, key),
	FIELD(smtp_config, client_ca),
	FIELD(smtp_config, listen),
	FIELD(smtp_config, help_url),
	FIELD(smtp_config, received_client),
	FIELD(smtp_config, null_sender),
	FIELD(smtp_config, header_from),
	FIELD(smtp_config, header_syntax),
	FIELD(smtp_config, complete_domain),
	FIELD(smtp_config, max_message_size),
	FIELD(smtp_config, max_recipients),
	FIELD(smtp_config, max_content_line),
	FIELD(smtp_config, future_release_s),
	FIELD(smtp_config, max_priority),
	FIELD(smtp_config, max_errors),
	FIELD(smtp_config, max_auth_failures),
	FIELD(smtp_config, max_connections),
	FIELD(smtp_config, max_connections_per_address),
	FIELD(smtp_config, preauth_timeout_ms),
	FIELD(smtp_config, command_timeout_ms),
	FIELD(smtp_config, data_timeout_ms),
	FIELD(smtp_config, data_rate),
	FIELD(smtp_config, auth_timeout_ms),
	FIELD(smtp_config, hand_over_timeout_ms),
	FIELD(smtp_config, shutdown_timeout_ms),
};

static const struct field auth_fields[] = {
	FIELD(auth_config, role),
	FIELD(auth_config, hostname),
	FIELD(auth_config, uri),
	FIELD(auth_config, base),
	FIELD(auth_config, filter),
	FIELD(auth_config, user_attribute),
	FIELD(auth_config, bind),
	FIELD(auth_config, bind_dn),
	FIELD(auth_config, bind_password),
	FIELD(auth_config, dn_template),
	FIELD(auth_config, scram_attribute),
	FIELD(auth_config, address_attributes),
	FIELD(auth_config, domain_attributes),
	FIELD(auth_config, group_base),
	FIELD(auth_config, group_filter),
	FIELD(auth_config, group_attributes),
	FIELD(auth_config, delegate_base),
	FIELD(auth_config, delegate_filter),
	FIELD(auth_config, delegate_attributes),
	FIELD(auth_config, suspended_filter),
	FIELD(auth_config, may_send_filter),
	FIELD(auth_config, limit_attribute),
	FIELD(auth_config, ca_file),
	FIELD(auth_config, starttls),
	FIELD(auth_config, allow_plaintext),
	FIELD(auth_config, prepare_password),
	FIELD(auth_config, mechanisms),
	FIELD(auth_config, certificate_filter),
	FIELD(auth_config, oauth_keys),
	FIELD(auth_config, oauth_issuer),
	FIELD(auth_config, oauth_audience),
	FIELD(auth_config, oauth_user_claim),
	FIELD(auth_config, oauth_scope),
	FIELD(auth_config, oauth_discovery_url),
	FIELD(auth_config, oauth_leeway_s),
	FIELD(auth_config, scram_iterations),
	FIELD(auth_config, scram_salt),
	FIELD(auth_config, scram_secret),
	FIELD(auth_config, scram_only),
	FIELD(auth_config, scram_transition),
	FIELD(auth_config, connect_timeout_ms),
	FIELD(auth_config, operation_timeout_ms),
	FIELD(auth_config, order),
	FIELD(auth_config, failures),
	FIELD(auth_config, retry_dead_ms),
	FIELD(auth_config, must_change),
	FIELD(auth_config, password_scheme),
	FIELD(auth_config, unwilling),
	FIELD(auth_config, threads),
	FIELD(auth_config, queue),
	FIELD(auth_config, login_cache_ms),
	FIELD(auth_config, login_cache_stale_ms),
	FIELD(auth_config, locked_ms),
	FIELD(auth_config, wrong_password_ms),
	FIELD(auth_config, failure_delay_ms),
	FIELD(auth_config, abuse_pair_failures),
	FIELD(auth_config, abuse_address_failures),
	FIELD(auth_config, abuse_user_failures),
	FIELD(auth_config, abuse_window_ms),
	FIELD(auth_config, abuse_ban_ms),
	FIELD(auth_config, abuse_max_delay_ms),
	FIELD(auth_config, abuse_ipv6_prefix),
	FIELD(auth_config, abuse_exempt),
	FIELD(auth_config, grant_lifetime_ms),
	FIELD(auth_config, quota),
	FIELD(auth_config, grant_key),
};

static const struct field relay_fields[] = {
	FIELD(relay_config, role),
	FIELD(relay_config, hostname),
	FIELD(relay_config, server),
	FIELD(relay_config, port),
	FIELD(relay_config, tls),
	FIELD(relay_config, ca_pem),
	FIELD(relay_config, connections),
	FIELD(relay_config, idle_ms),
	FIELD(relay_config, retry_dead_ms),
	FIELD(relay_config, connect_timeout_ms),
	FIELD(relay_config, hand_over),
	FIELD(relay_config, hand_over_timeout_ms),
	FIELD(relay_config, spool),
	FIELD(relay_config, max_message_size),
	FIELD(relay_config, max_recipients),
	FIELD(relay_config, retry_min_ms),
	FIELD(relay_config, retry_max_ms),
	FIELD(relay_config, lifetime_s),
	FIELD(relay_config, warn_after_s),
	FIELD(relay_config, held_messages),
	FIELD(relay_config, guard_action),
	FIELD(relay_config, guard_networks),
	FIELD(relay_config, guard_new_recipients),
	FIELD(relay_config, guard_refused),
	FIELD(relay_config, guard_refused_least),
	FIELD(relay_config, disk_threads),
	FIELD(relay_config, shutdown_timeout_ms),
	FIELD(relay_config, grant_key),
};

const struct table role_table = TABLE(role_config, role_fields);
const struct table pem_table = TABLE(pem_file, pem_fields);
const struct table listen_table = TABLE(listen_config, listen_fields);
const struct table smtp_table = TABLE(smtp_config, smtp_fields);
const struct table auth_table = TABLE(auth_config, auth_fields);
const struct table relay_table = TABLE(relay_config, relay_fields);
