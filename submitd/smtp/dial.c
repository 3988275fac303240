/*
 * dial - look at our own certificates the way a client will.
 *
 * A start with a certificate that has run out is still better than none, so
 * that is told and no failure; one that cannot be shown at all is.
 */

#include "dial.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs.h"
#include "leaf.h"
#include "tls.h"

#define DAY_S     86400
#define SOON_DAYS 14

static void
warn(const char *what, const char *detail)
{
	printf("    WARNING: %s%s\n", what, detail);
}

static void
show_lifetime(const struct leaf *leaf)
{
	time_t now = time(NULL);
	int64_t days = (int64_t)(leaf->until - now) / DAY_S;
	char text[32] = "?";
	struct tm t;

	if (gmtime_r(&leaf->until, &t) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d", &t);
	printf("    %s, until %s: %" PRId64 " days left\n", leaf->key, text,
	    leaf->until > now ? days : 0);
	if (leaf->until <= now)
		warn("it has expired", "");
	else if (days < SOON_DAYS)
		warn("it expires soon", "");
	if (leaf->from > now)
		warn("it is not valid yet", "");
}

/* One certificate; true when it has that name. */
static bool
show_certificate(const struct pem_file *file, const char *hostname)
{
	struct leaf leaf;
	bool named;
	uint32_t i;

	if (leaf_read(secret_slice(&file->text), &leaf) == -1)
		return false; /* certs_new() has refused it before */
	printf("  certificate %s\n   ", file->path);
	for (i = 0; i < leaf.name_count; i++)
		printf(" %s", leaf.names[i]);
	printf("%s\n", leaf.name_count == 0 ? " names no host" : "");
	show_lifetime(&leaf);
	named = leaf_has_name(&leaf, hostname, false) ||
		leaf_has_name(&leaf, hostname, true);
	leaf_free(&leaf);
	return named;
}

static int
check_listener(const struct smtp_config *c, const struct listen_config *l)
{
	bool own = l->certificate.n > 0, named = false;
	const struct pem_files *certificates =
	    own ? &l->certificate : &c->certificate;
	const struct secret *client_ca =
	    l->client_ca.n > 0 ? &l->client_ca : &c->client_ca;
	const struct tls_server server = { "dial", secret_slice(client_ca) };
	struct certs *certs;
	char why[CERTS_WHY];
	uint32_t i;

	printf("listen %s port %u, %s, as %s\n", l->address, l->port,
	    l->tls == TLS_MODE_IMPLICIT ? "implicit TLS" : "STARTTLS",
	    l->hostname);
	if (certs_new(certificates, own ? &l->key : &c->key, &server, &certs,
		why) == -1) {
		printf("  certificate FAILED: %s\n", why);
		return 1;
	}
	certs_free(&certs);
	for (i = 0; i < certificates->n; i++)
		named |= show_certificate(&certificates->v[i], l->hostname);
	if (!named)
		warn("no certificate names ", l->hostname);
	return 0;
}

int
dial_certificates(const struct smtp_config *config)
{
	int bad = 0;
	uint32_t i;

	for (i = 0; i < config->listen.n; i++)
		bad |= check_listener(config, &config->listen.v[i]);
	return bad;
}
