/*
 * ldapdial - try every directory server, and say each step's outcome in words.
 *
 * The same steps as a login up to the user's own bind, by the same code, and
 * the searches behind it for nobody; each has a line of its own, and the first
 * that fails ends a server's trial.
 */

#include "ldapdial.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ldapconn.h"
#include "ldaplib.h"
#include "rights.h"
#include "servers.h"

static void PRINTF(3, 4) say(const char *step, bool good, const char *fmt, ...)
{
	va_list ap;

	printf("  %-8s %-6s ", step, good ? "ok" : "FAILED");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

static void
hint(const char *text)
{
	if (text != NULL)
		printf("  %-8s %-6s hint: %s\n", "", "", text);
}

/* What usually is behind a result code, at a given step. */
static const char *
hint_for(const char *step, int code)
{
	static const struct {
		const char *step;
		int code;
		const char *text;
	} rows[] = {
		{ "tls", LDAP_CONNECT_ERROR,
		    "is ca_file the CA of this server, and the name in the URI "
		    "one of its certificate's? (for localhost libldap wants "
		    "the name of this host)" },
		{ "tls", LDAP_PROTOCOL_ERROR,
		    "the server has no StartTLS: use ldaps://" },
		{ "tls", LDAP_SERVER_DOWN, "does the server speak TLS there?" },
		{ "tls", LDAP_TIMEOUT, "does the server speak TLS there?" },
		{ "bind", LDAP_INVALID_CREDENTIALS,
		    "bind_dn or the password in bind_password_file is wrong" },
		{ "bind", LDAP_CONFIDENTIALITY_REQUIRED,
		    "the server wants TLS: use ldaps:// or starttls" },
		{ "bind", LDAP_STRONG_AUTH_REQUIRED,
		    "the server wants TLS: use ldaps:// or starttls" },
		{ "bind", LDAP_AUTH_METHOD_NOT_SUPPORTED,
		    "the server knows no SASL EXTERNAL on this socket" },
		{ "base", LDAP_NO_SUCH_OBJECT,
		    "base does not exist, or bind_dn may not see it" },
		{ "base", LDAP_INSUFFICIENT_ACCESS,
		    "bind_dn must be allowed to search below base" },
		{ "base", LDAP_INVALID_DN_SYNTAX, "base is not a DN" },
		{ "base", LDAP_REFERRAL, "this server does not hold base" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code && strcmp(rows[i].step, step) == 0)
			return rows[i].text;
	return NULL;
}

static uint64_t
soon(uint32_t ms)
{
	return clock_ms() + ms;
}

/* A socket to the first address that takes one, every address told; or -1. */
static int
dial_tcp(const struct endpoint *e, const struct auth_config *c)
{
	struct addrinfo *list, *a;
	char where[ENDPOINT_TEXT];
	int fd = -1, r;

	if ((r = endpoint_resolve(e, &list)) != 0) {
		say("dns", false, "%s: %s", e->host, gai_strerror(r));
		return -1;
	}
	for (a = list; a != NULL; a = a->ai_next) {
		endpoint_print(a, where);
		say("dns", true, "%s is %s", e->host, where);
	}
	for (a = list; a != NULL && fd == -1; a = a->ai_next) {
		endpoint_print(a, where);
		if (!ldapconn_address_is_allowed(a, e, c)) {
			say("tcp", false, "%s: not tried", where);
			hint("a password in clear goes to this host only: use "
			     "ldaps:// or starttls");
			continue;
		}
		fd = endpoint_connect(a, soon(c->connect_timeout_ms));
		say("tcp", fd != -1, "%s: %s", where,
		    fd != -1 ? "connected" : strerror(errno));
	}
	freeaddrinfo(list);
	return fd;
}

static int
dial_socket(const struct endpoint *e, const struct auth_config *c)
{
	int fd;

	if (e->scheme != SCHEME_LDAPI)
		return dial_tcp(e, c);
	fd = endpoint_connect_local(e->host);
	say("socket", fd != -1, "%s: %s", e->host,
	    fd != -1 ? "connected" : strerror(errno));
	return fd;
}

static void
say_tls(const struct ldapconn *conn, const struct endpoint *e)
{
	char *version = NULL, *cipher = NULL;

	if (!ldap_tls_inplace(conn->ld))
		return;
	ldap_get_option(conn->ld, LDAP_OPT_X_TLS_VERSION, &version);
	ldap_get_option(conn->ld, LDAP_OPT_X_TLS_CIPHER, &cipher);
	say("tls", true, "%s %s, certificate is valid for %s",
	    version != NULL ? version : "version unknown",
	    cipher != NULL ? cipher : "", e->host);
	ldap_memfree(version);
	ldap_memfree(cipher);
}

/* Tell a step's outcome.  True when it went well. */
static bool
tell(const char *step, const struct ldapconn *conn, int code, const char *good)
{
	say(step, code == LDAP_SUCCESS, "%s",
	    code == LDAP_SUCCESS ? good : conn->text);
	if (code != LDAP_SUCCESS)
		hint(hint_for(step, code));
	return code == LDAP_SUCCESS;
}

/* The searches behind a right password: their bases and filters are good. */
static bool
dial_rights(struct ldapconn *conn, const struct auth_config *c)
{
	struct rights *rights;
	int code;

	if (c->group_filter == NULL && c->delegate_filter == NULL &&
	    c->suspended_filter == NULL && c->may_send_filter == NULL)
		return true;
	rights = rights_new(c);
	code = rights_ask_for_nobody(
	    rights, conn, c->base, soon(c->operation_timeout_ms));
	rights_free(&rights);
	return tell("rights", conn, code, "groups, delegates, flags");
}

static bool
dial_server(const struct endpoint *e, const struct auth_config *c)
{
	struct ldapconn conn = LDAPCONN_CLOSED;
	bool good = false;
	int fd, code;

	printf("ldap %s\n", e->uri);
	if ((fd = dial_socket(e, c)) == -1)
		return false;
	code = ldapconn_adopt(&conn, e, c, fd, soon(c->connect_timeout_ms));
	if (code != LDAP_SUCCESS) {
		(void)tell("tls", &conn, code, "");
		goto out;
	}
	say_tls(&conn, e);
	if (c->dn_template != NULL) {
		say("bind", true, "not tried: dn_template needs no search");
		good = true;
		goto out;
	}
	code = ldapconn_bind_service(&conn, c, soon(c->operation_timeout_ms));
	if (!tell("bind", &conn, code,
		c->bind == LDAP_BIND_EXTERNAL ? "EXTERNAL"
		: c->bind_dn != NULL          ? c->bind_dn
					      : "anonymous"))
		goto out;
	code = ldapconn_touch(&conn, c->base, soon(c->operation_timeout_ms));
	good = tell("base", &conn, code, c->base) && dial_rights(&conn, c);
out:
	ldapconn_close(&conn);
	return good;
}

/* EXTERNAL tells the directory who we are: be whom the daemon will be. */
static int
become_role(const struct auth_config *c)
{
	const struct role_config *r = &c->role;

	if (c->bind != LDAP_BIND_EXTERNAL || !r->confine)
		return 0;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(r->gid, r->gid, r->gid) == -1 ||
	    setresuid(r->uid, r->uid, r->uid) == -1) {
		printf("ldap: cannot become user %u: %s\n", r->uid,
		    strerror(errno));
		return -1;
	}
	return 0;
}

int
ldapdial_servers(const struct auth_config *c)
{
	const struct servers_params params = { 0 };
	struct servers *servers = servers_new(&c->uri, &params);
	size_t i;
	int r = 0;

	if (servers == NULL || ldaplib_init(c) == -1 || become_role(c) == -1) {
		printf("ldap: cannot be tried; see the log\n");
		servers_free(&servers);
		return 1;
	}
	for (i = 0; i < servers_count(servers); i++)
		if (!dial_server(servers_endpoint(servers, i), c))
			r = 1;
	servers_free(&servers);
	fflush(stdout);
	return r;
}
