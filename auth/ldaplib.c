/*
 * ldaplib - libldap, set up for the whole process.
 *
 * Nothing of its own configuration is left in the game: what a connection does
 * is decided here and in ldapconn.c.
 */

#include "ldaplib.h"

#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* TLS 1.2 and 1.3, forward secrecy (RFC 9325, 3.1.1 and 4.1) */
#define GNUTLS_PRIORITY                                                        \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-SHA1:"            \
	"%PROFILE_MEDIUM"

/* What is loaded when the configuration names no file; NULL: nothing. */
static const char *
system_ca(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

static bool
tls_is_gnutls(void)
{
	char *package = NULL;
	bool yes;

	yes = ldap_get_option(NULL, LDAP_OPT_X_TLS_PACKAGE, &package) == 0 &&
	      strcmp(package, "GnuTLS") == 0;
	ldap_memfree(package);
	return yes;
}

/* libldap's GnuTLS has no notion of a least protocol but the priority. */
static int
set_tls_strength(void)
{
	int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;

	if (tls_is_gnutls())
		return ldap_set_option(
		    NULL, LDAP_OPT_X_TLS_CIPHER_SUITE, GNUTLS_PRIORITY);
	return ldap_set_option(NULL, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least);
}

static bool
holds_revocation_list(const char *path)
{
	char line[128];
	bool found = false;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL)
		return false; /* whoever needs the file will say so */
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strncmp(line, "-----BEGIN X509 CRL-----", 24) == 0;
	fclose(f);
	return found;
}

/* RFC 9325, 7.5: lists that stand with the authorities are heeded. */
static int
set_revocation(const char *ca_file)
{
	int check = LDAP_OPT_X_TLS_CRL_PEER;

	if (!holds_revocation_list(ca_file))
		return 0;
	if (tls_is_gnutls())
		return ldap_set_option(NULL, LDAP_OPT_X_TLS_CRLFILE, ca_file);
	return ldap_set_option(NULL, LDAP_OPT_X_TLS_CRLCHECK, &check);
}

static int
set_tls(const char *ca_file)
{
	int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;

	if (ldap_set_option(NULL, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) != 0)
		return -1;
	if (ca_file != NULL &&
	    (ldap_set_option(NULL, LDAP_OPT_X_TLS_CACERTFILE, ca_file) != 0 ||
		set_revocation(ca_file) != 0))
		return -1;
	if (set_tls_strength() != 0)
		return -1;
	/* Made now, shared by every connection: no file is read later. */
	return ldap_set_option(NULL, LDAP_OPT_X_TLS_NEWCTX, &client) == 0 ? 0
									  : -1;
}

int
ldaplib_init(const struct auth_config *c)
{
	const char *ca = c->ca_file != NULL ? c->ca_file : system_ca();
	int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER;

	/* Before libldap's first call, which would read them (ldap.conf(5)). */
	if (setenv("LDAPNOINIT", "1", 1) == -1)
		return -1;
	if (ldap_set_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
	    ldap_set_option(NULL, LDAP_OPT_DEREF, &never) != 0 ||
	    ldap_set_option(NULL, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != 0) {
		log_event(LOG_LEVEL_ERROR, "ldap_config", "libldap is broken");
		return -1;
	}
	if (set_tls(ca) == -1) {
		log_event(LOG_LEVEL_ERROR, "ldap_config",
		    "cannot load certificates from %s",
		    ca == NULL ? "the system's store" : ca);
		return -1;
	}
	return 0;
}
