#ifndef SUBMITD_CONFIG_H
#define SUBMITD_CONFIG_H

/*
 * config - what the operator decided, in the form each role gets it.
 *
 * master parses the file (submitd/master/configfile.c), fills a struct config
 * and sends each role its own part, packed: a role never sees another role's
 * secrets.  A struct here has a table of its fields in shared/config.c;
 * packing, unpacking and freeing all walk that table.
 *
 * Every string is owned by its struct; NULL means "not set".
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "quota.h"
#include "secret.h"

struct strings {
	char **v;
	uint32_t n;
};

/* What every role gets. */
struct role_config {
	uint32_t log_target; /* enum log_target */
	uint32_t log_level;  /* enum log_level */
	bool confine;        /* started as root: drop it, chroot */
	uint32_t uid;        /* when confine */
	uint32_t gid;
};

enum tls_mode { TLS_MODE_STARTTLS, TLS_MODE_IMPLICIT };

/* A file that the configuration names, and what it held. */
struct pem_file {
	char *path;
	char *place; /* "FILE:LINE", where it is named */
	struct secret text;
};

struct pem_files {
	struct pem_file *v;
	uint32_t n;
};

/* Who begins with a header of the PROXY protocol. */
enum proxy_mode {
	PROXY_OFF,      /* nobody */
	PROXY_REQUIRED, /* everybody, and only proxy_from may come */
	PROXY_MIXED,    /* whoever is in proxy_from; all others do not */
};

struct listen_config {
	char *address; /* numeric, or "*" for all IPv4 and IPv6 */
	uint32_t port;
	uint32_t tls;                 /* enum tls_mode */
	char *hostname;               /* ours, to those who connect here */
	struct pem_files certificate; /* chains, leaf first; none: the */
	struct pem_files key;         /* global ones; pairs by position */
	struct secret client_ca;      /* who vouches for clients; the same */
	uint32_t proxy;               /* enum proxy_mode */
	struct strings proxy_from;    /* addresses and networks (network.h) */
};

struct listen_configs {
	struct listen_config *v;
	uint32_t n;
};

/* What happens to a header whose From or Sender is not the user's. */
enum header_from {
	HEADER_FROM_REJECT,
	HEADER_FROM_REWRITE,
	HEADER_FROM_LOG,
	HEADER_FROM_OFF
};

/* What happens to addresses in the header that are not the grammar. */
enum header_syntax { HEADER_SYNTAX_REJECT, HEADER_SYNTAX_LOG };

struct smtp_config {
	struct role_config role;
	char *hostname;               /* of listeners that have no own */
	struct pem_files certificate; /* the same */
	struct pem_files key;
	struct secret client_ca; /* for certificates of clients; or empty */
	struct listen_configs listen;
	char *help_url;             /* shown by HELP; may be NULL */
	bool received_client;       /* show client address in Received */
	bool null_sender;           /* MAIL FROM:<> allowed */
	uint32_t header_from;       /* enum header_from */
	uint32_t header_syntax;     /* enum header_syntax */
	char *complete_domain;      /* for addresses without one; NULL: none */
	uint32_t max_message_size;  /* octets */
	uint32_t max_recipients;    /* per message */
	uint32_t max_content_line;  /* octets without CRLF */
	uint32_t future_release_s;  /* longest hold; 0: not offered */
	uint32_t max_priority;      /* RFC 6710: none is above it */
	uint32_t max_errors;        /* bad commands per session */
	uint32_t max_auth_failures; /* per session */
	uint32_t max_connections;   /* per worker */
	uint32_t max_connections_per_address; /* per worker */
	uint32_t preauth_timeout_ms;          /* connect to 235, all of it */
	uint32_t command_timeout_ms;          /* one command line */
	uint32_t data_timeout_ms;             /* longest silence in content */
	uint32_t data_rate;            /* octets/s, least, averaged; 0: any */
	uint32_t auth_timeout_ms;      /* our patience with auth */
	uint32_t hand_over_timeout_ms; /* our patience with relay: the relay's
					* own plus time for the disk */
	uint32_t shutdown_timeout_ms;  /* in-flight messages on drain */
};

/* How we are ourselves known to the directory, for searches. */
enum ldap_bind { LDAP_BIND_SIMPLE, LDAP_BIND_EXTERNAL };

/* Which of several directory servers is asked. */
enum ldap_order { LDAP_ORDER_LISTED, LDAP_ORDER_BALANCED };

/* A right password that the directory wants changed before all else. */
/* How userPassword is written by submitctl. */
enum password_scheme { PASSWORD_CRYPT, PASSWORD_SSHA, PASSWORD_CLEAR };
enum must_change { MUST_CHANGE_REFUSE, MUST_CHANGE_ALLOW };

/* A directory that is unwilling (RFC 4511, result code 53) to bind somebody. */
enum unwilling { UNWILLING_TEMPORARY, UNWILLING_REFUSE };

struct auth_config {
	struct role_config role;
	char *hostname;
	struct strings uri;   /* ldap://, ldaps://, ldapi:// in order */
	char *base;           /* search and bind; NULL with dn_template */
	char *filter;         /* %u: login, escaped here */
	char *user_attribute; /* canonical user name */
	uint32_t bind;        /* enum ldap_bind */
	char *bind_dn;        /* NULL: anonymous search */
	struct secret bind_password;
	char *dn_template;     /* %u; replaces the search */
	char *scram_attribute; /* RFC 5803; NULL: no stored keys */
	struct strings address_attributes;
	struct strings domain_attributes; /* may send as all of these */
	/* Filters below: %d is the user's DN, %u the canonical name. */
	char *group_base;   /* with group_filter */
	char *group_filter; /* whose addresses are the user's; NULL: none */
	struct strings group_attributes;
	char *delegate_base;   /* with delegate_filter */
	char *delegate_filter; /* whom the user writes for; NULL: nobody */
	struct strings delegate_attributes;
	char *suspended_filter; /* on the user's entry; NULL: nobody is */
	char *may_send_filter;  /* the same; NULL: everybody may */
	char *limit_attribute;  /* of quota_set(); NULL: none */
	char *ca_file;          /* NULL: the system's */
	bool starttls;          /* for ldap:// */
	bool allow_plaintext;   /* ldap:// beyond loopback without TLS */
	bool prepare_password;  /* SASLprep it for the directory */
	struct strings mechanisms;
	uint32_t scram_iterations;  /* said to those who have no key */
	uint32_t scram_salt;        /* the same, octets */
	struct secret scram_secret; /* what they get is made of; or empty */
	char *certificate_filter;   /* %m, %s: a client's certificate */
	struct secret oauth_keys;   /* JWK Set; empty: no tokens */
	char *oauth_issuer;
	char *oauth_audience;
	char *oauth_user_claim;
	char *oauth_scope;         /* NULL: any */
	char *oauth_discovery_url; /* told to clients; NULL: nothing */
	uint32_t oauth_leeway_s;
	bool scram_only;             /* who has a key may not say a password */
	bool scram_transition;       /* who has none hears so: 432 */
	uint32_t connect_timeout_ms; /* TCP and TLS, each server */
	uint32_t operation_timeout_ms; /* each bind or search */
	uint32_t order;                /* enum ldap_order */
	uint32_t failures;             /* in a row: the server is dead */
	uint32_t retry_dead_ms;        /* longest time between its probes */
	uint32_t must_change;          /* enum must_change */
	uint32_t password_scheme;      /* enum password_scheme */
	uint32_t unwilling;            /* enum unwilling */
	uint32_t threads;
	uint32_t queue;                /* logins waiting for a thread */
	uint32_t login_cache_ms;       /* a login is believed so long; 0: not */
	uint32_t login_cache_stale_ms; /* while all servers are down; 0: not */
	uint32_t locked_ms;            /* no bind of a locked user; 0: any */
	uint32_t wrong_password_ms;    /* it is remembered so long; 0: not */
	uint32_t failure_delay_ms;     /* least time a refusal takes */
	uint32_t abuse_pair_failures;  /* then a ban; 0: no bans */
	uint32_t abuse_address_failures;
	uint32_t abuse_user_failures;
	uint32_t abuse_window_ms; /* in which they are counted */
	uint32_t abuse_ban_ms;
	uint32_t abuse_max_delay_ms; /* most time a refusal takes */
	uint32_t abuse_ipv6_prefix;  /* bits that make a client */
	struct strings abuse_exempt; /* addresses and networks (network.h) */
	uint32_t grant_lifetime_ms;
	struct quota quota; /* of users whose entry says nothing else */
	struct secret grant_key;
};

/* What becomes of an account that looks like somebody else's now. */
enum guard_action { GUARD_ALARM, GUARD_HOLD, GUARD_BLOCK };

enum hand_over { HAND_OVER_LIVE, HAND_OVER_QUEUE };
enum smarthost_tls {
	SMARTHOST_TLS_NONE,
	SMARTHOST_TLS_MAY,      /* STARTTLS if offered, not verified */
	SMARTHOST_TLS_VERIFY,   /* STARTTLS required and verified */
	SMARTHOST_TLS_IMPLICIT, /* TLS from the first octet, verified */
};

struct relay_config {
	struct role_config role;
	char *hostname;         /* EHLO */
	struct strings server;  /* "host", "host:port", "[v6]:port", in order */
	uint32_t port;          /* for those that name none */
	uint32_t tls;           /* enum smarthost_tls */
	struct secret ca_pem;   /* trusted for it; empty: the system's store */
	uint32_t connections;   /* at most, per server */
	uint32_t idle_ms;       /* a warm connection is kept that long */
	uint32_t retry_dead_ms; /* a server that failed is avoided that long */
	uint32_t connect_timeout_ms;
	uint32_t hand_over;            /* enum hand_over */
	uint32_t hand_over_timeout_ms; /* client waits for the smarthost */
	char *spool;                   /* directory */
	uint32_t max_message_size;
	uint32_t max_recipients;
	uint32_t retry_min_ms; /* first retry; doubles up to ... */
	uint32_t retry_max_ms;
	uint32_t lifetime_s; /* of a queued message */
	uint32_t
	    warn_after_s; /* its sender is told that it is late; 0: never */
	uint32_t held_messages; /* of one user, for a later release */
	uint32_t guard_action;  /* enum guard_action */
	/* more than that are a sign; 0: never */
	uint32_t guard_networks;       /* that a user sends from in an hour */
	uint32_t guard_new_recipients; /* of a user in ten minutes */
	uint32_t guard_refused;        /* percent of a user's in an hour ... */
	uint32_t guard_refused_least;  /* ... of that many or more */
	uint32_t disk_threads;
	uint32_t shutdown_timeout_ms;
	struct secret grant_key;
};

struct config {
	uint32_t workers; /* smtp processes */
	char *control;    /* admin socket path; NULL: none */
	uint32_t shutdown_timeout_ms;
	struct smtp_config smtp;
	struct auth_config auth;
	struct relay_config relay;
};

void config_free(struct config *);

/*
 * Pack for the wire; unpack what master packed.  Unpack returns 0, or -1 when
 * the bytes are not a whole configuration, with *out empty.  Free wipes.
 */
void smtp_config_pack(struct buf *, const struct smtp_config *);
NODISCARD int smtp_config_unpack(struct slice, struct smtp_config *out);
void smtp_config_free(struct smtp_config *);
void auth_config_pack(struct buf *, const struct auth_config *);
NODISCARD int auth_config_unpack(struct slice, struct auth_config *out);
void auth_config_free(struct auth_config *);
void relay_config_pack(struct buf *, const struct relay_config *);
NODISCARD int relay_config_unpack(struct slice, struct relay_config *out);
void relay_config_free(struct relay_config *);

#endif
