#ifndef SUBMITD_CONFIGKEYS_H
#define SUBMITD_CONFIGKEYS_H

/*
 * configkeys - every key of the configuration file, one row each.
 *
 * The row is all there is to say about a key: where it stands, what it may
 * hold, its default in the operator's own words, and which field it fills.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "messages.h"

/* What a key may hold; says at once the type of its field. */
enum key_kind {
	/* char * */
	KEY_HOSTNAME,
	KEY_ADDRESS,
	KEY_URL,
	KEY_DN,
	KEY_DN_TEMPLATE,
	KEY_FILTER,
	KEY_PERSON_FILTER,
	KEY_ENTRY_FILTER,
	KEY_CERTIFICATE_FILTER,
	KEY_ATTRIBUTE,
	KEY_WORD,
	KEY_USER,
	KEY_PATH,
	KEY_CA_PATH, /* a PEM file the role itself will read */
	/* struct strings: KEY_SERVERS to KEY_KEY_FILES are lists */
	KEY_SERVERS,
	KEY_LDAP_URIS,
	KEY_ATTRIBUTES,
	KEY_MECHANISMS,
	KEY_NETWORKS,
	/* struct pem_files */
	KEY_CERTIFICATE_FILES,
	KEY_KEY_FILES,
	/* struct secret: what the file holds */
	KEY_CA_FILE,
	KEY_PASSWORD_FILE,
	KEY_JSON_FILE,
	/* uint32_t */
	KEY_COUNT,
	KEY_SIZE,
	KEY_MS,
	KEY_SECONDS,
	KEY_CHOICE,
	/* bool */
	KEY_BOOL,
	/* uint64_t: how much a user may; any number */
	KEY_QUOTA,
	KEY_KINDS
};

struct config_key {
	const char *section; /* "" at the top */
	const char *name;
	enum key_kind kind;
	size_t offset;        /* in struct settings; "listen": listen_config */
	const char *fallback; /* lists: words separated by spaces; NULL: none */
	uint32_t min;
	uint32_t max;
	const char *words; /* KEY_CHOICE: a|b|c, in the order of the enum */
	bool required;
};

#define CONFIG_KEYS_MAX 192

enum null_sender { NULL_SENDER_ACCEPT, NULL_SENDER_REFUSE };

/* What the file said, and what of it only master uses. */
struct settings {
	const char *file; /* its name; borrowed from the caller */
	struct config config;
	uint32_t log_target;  /* enum log_target */
	uint32_t log_level;   /* enum log_level */
	uint32_t null_sender; /* enum null_sender */
	char *user;           /* of every role that has none of its own */
	char *role_user[ROLE_COUNT];
	char *alarm_command; /* NULL: none */
	char *alarm_user;
	uint32_t alarm_timeout_ms;
	uid_t alarm_uid; /* by account_resolve() */
	gid_t alarm_gid;
	unsigned line[CONFIG_KEYS_MAX]; /* by row; 0: not in the file */
};

extern const struct config_key config_keys[];
extern const size_t config_keys_n;

/* The row of a key that exists. */
size_t config_key_find(const char *section, const char *name);

#endif
