#ifndef SUBMITD_LDAPCONN_H
#define SUBMITD_LDAPCONN_H

/*
 * ldapconn - one connection to one directory server.
 *
 * Used by one thread.  Every call ends by its deadline, whatever the server
 * does, and returns an LDAP result code: the server's, or one of libldap's
 * own (below 0), after which the connection must be closed.  text then says
 * what happened in words.  Not to be moved in memory while open.
 */

#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"
#include "endpoint.h"
#include "ldappolicy.h"
#include "slice.h"
#include "sockio.h"

#define LDAPCONN_TEXT 256

struct ldapconn {
	LDAP *ld; /* NULL: closed */
	struct sockio io;
	char text[LDAPCONN_TEXT];
	struct ldappolicy policy; /* beside the last result code */
};

#define LDAPCONN_CLOSED ((struct ldapconn){ .io.fd = -1 })

/* Passwords in clear go to this host only, unless somebody insists. */
NODISCARD bool ldapconn_address_is_allowed(const struct addrinfo *,
    const struct endpoint *, const struct auth_config *);

/* One step, for a person to read: what was asked, and how it ended. */
struct ldapconn_step {
	const char *name; /* "connect", "bind", "search" */
	const char *what; /* URI, DN or mechanism, filter */
	int code;
	LDAPMessage *entry; /* of a search; NULL: there was none */
	const struct ldapconn *conn;
};

/* Have every step told, from now on.  Before any thread; NULL: as before. */
void ldapconn_trace(void (*fn)(const struct ldapconn_step *));

/* Connect and, for ldaps:// and starttls, set up verified TLS. */
NODISCARD int ldapconn_open(struct ldapconn *, const struct endpoint *,
    const struct auth_config *, uint64_t deadline_ms);

/* The same from a socket that stands, which is taken. */
NODISCARD int ldapconn_adopt(struct ldapconn *, const struct endpoint *,
    const struct auth_config *, int fd, uint64_t deadline_ms);

void ldapconn_close(struct ldapconn *);

/* True if the server has closed it, or said something unasked. */
NODISCARD bool ldapconn_is_stale(const struct ldapconn *);

/*
 * Bind as the service account, as configured: by password, by EXTERNAL (who
 * we are is what the socket says), or, with neither, not at all.
 */
NODISCARD int ldapconn_bind_service(
    struct ldapconn *, const struct auth_config *, uint64_t deadline_ms);

/*
 * Simple bind as somebody, whose password is not empty; the directory is
 * asked for its password policy.
 */
NODISCARD int ldapconn_bind_user(struct ldapconn *, const char *dn,
    struct slice password, uint64_t deadline_ms);

/*
 * Search for exactly one entry.  LDAP_SUCCESS with *entry (to be freed with
 * ldap_msgfree()) or, when nothing was found, NULL; more than one is
 * LDAP_SIZELIMIT_EXCEEDED.  References to elsewhere are passed over.
 */
struct ldapconn_search {
	const char *base;
	int scope;
	const char *filter;
	char **attributes;
};
NODISCARD int ldapconn_search(struct ldapconn *, const struct ldapconn_search *,
    uint64_t deadline_ms, LDAPMessage **entry);

/*
 * Search for any number of entries: take gets each, and owns none.  More of
 * them than most, here or by the server's own limit, are
 * LDAP_SIZELIMIT_EXCEEDED behind those that were taken.
 */
struct ldapconn_taker {
	void (*take)(void *arg, LDAP *, LDAPMessage *entry);
	void *arg;
	int most;
};
NODISCARD int ldapconn_search_all(struct ldapconn *,
    const struct ldapconn_search *, const struct ldapconn_taker *,
    uint64_t deadline_ms);

/* Search for the entry of this name (NULL: the server's own), and drop it. */
NODISCARD int ldapconn_touch(
    struct ldapconn *, const char *dn, uint64_t deadline_ms);

#endif
