#ifndef SUBMITD_CONFIGVALUE_H
#define SUBMITD_CONFIGVALUE_H

/*
 * configvalue - what the words in a configuration file mean.
 *
 * Pure: text in, value or refusal out; no file is opened and nothing is
 * printed.  Functions return 0, or -1 for text that is no such value; a number
 * outside min..max is no such value either.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* "true", "yes", "on" and their opposites. */
NODISCARD int value_bool(const char *text, bool *out);

/* Plain decimal. */
NODISCARD int value_count(
    const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* Octets: "10485760", "512K", "50M", "1G" (powers of 1024). */
NODISCARD int value_size(
    const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* Milliseconds: "500ms", "30s", "5m", "1h", "5d"; a bare number is seconds. */
NODISCARD int value_duration(
    const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* The same in whole seconds, for spans beyond 49 days. */
NODISCARD int value_seconds(
    const char *text, uint32_t min, uint32_t max, uint32_t *out);

/* Index of text among words separated by '|'. */
NODISCARD int value_choice(const char *text, const char *words, uint32_t *out);

/* A DNS host name (RFC 1123, 2.1). */
NODISCARD bool value_is_hostname(const char *text);

/* "host", "host:port", "1.2.3.4:port", "[v6]", "[v6]:port". */
NODISCARD bool value_is_server(const char *text);

/* A numeric IPv4 or IPv6 address, with %interface where link-local. */
NODISCARD bool value_is_address(const char *text);

/* http:// or https://, printable, fit for one reply line. */
NODISCARD bool value_is_url(const char *text);

/* A distinguished name, as far as a typing error can be told from one. */
NODISCARD bool value_is_dn(const char *text);

/* Holds %u exactly where a login goes, and no other % sequence. */
NODISCARD bool value_has_login(const char *text);

/* An LDAP filter with balanced parentheses that holds %u. */
NODISCARD bool value_is_filter(const char *text);

/* The same with %u or %d, the DN of an entry, or both; or with neither. */
NODISCARD bool value_is_person_filter(const char *text);
NODISCARD bool value_is_entry_filter(const char *text);

/* The same with %m or %s in it, which stand for what a certificate says. */
NODISCARD bool value_is_certificate_filter(const char *text);

/* 1 to 200 printable ASCII characters that JSON and people read as they are */
NODISCARD bool value_is_word(const char *text);

/* An LDAP attribute description (RFC 4512, 2.5). */
NODISCARD bool value_is_attribute(const char *text);

enum ldap_scheme { LDAP_SCHEME_PLAIN, LDAP_SCHEME_TLS, LDAP_SCHEME_LOCAL };

struct ldap_uri {
	enum ldap_scheme scheme;
	bool loopback; /* 127.0.0.0/8, ::1, localhost */
};

/* ldap://, ldaps:// with a host and perhaps a port; ldapi:// with a path. */
NODISCARD int value_ldap_uri(const char *text, struct ldap_uri *out);

/* Write a value the way an operator would. */
void value_show_duration(char *out, size_t n, uint64_t ms);
void value_show_size(char *out, size_t n, uint32_t octets);

#endif
