/*
 * dial - look at our own certificate the way a client will.
 */

#include "dial.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "tls.h"

static int
step(bool ok, const char *what, const char *detail)
{
	printf("certificate: %-24s %s%s%s\n", what, ok ? "ok" : "FAILED",
	    *detail != '\0' ? ": " : "", detail);
	return ok ? 0 : 1;
}

static int
check_dates(const X509 *cert)
{
	char text[64] = "";
	int days = 0, seconds = 0;
	bool ok;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) ==
	    1)
		(void)snprintf(text, sizeof(text), "%d days left", days);
	ok = X509_cmp_current_time(X509_get0_notBefore(cert)) == -1 &&
	     X509_cmp_current_time(X509_get0_notAfter(cert)) == 1;
	return step(ok, "valid now", ok ? text : "expired or not yet valid");
}

int
dial_certificate(const struct smtp_config *config)
{
	SSL_CTX *ctx = NULL;
	X509 *cert;
	int bad = 0;

	if (tls_server_ctx(secret_slice(&config->cert_pem),
		secret_slice(&config->key_pem), "dial", &ctx) == -1)
		return step(false, "chain and key",
		    "cannot be loaded, or the key is of another certificate");
	bad |= step(true, "chain and key", "");
	cert = SSL_CTX_get0_certificate(ctx);
	bad |= check_dates(cert);
	bad |= step(X509_check_host(cert, config->hostname, 0,
			X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1,
	    "names our host", config->hostname);
	SSL_CTX_free(ctx);
	return bad;
}
