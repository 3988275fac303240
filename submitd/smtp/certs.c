/*
 * certs - from a list of certificates to contexts, and to one by name.
 *
 * All that needs a certificate's names is done at start; a handshake only
 * looks its name up.
 */

#include "certs.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leaf.h"
#include "limits.h"
#include "nameindex.h"
#include "tls.h"
#include "xalloc.h"

/* Kinds of key that a client could tell apart: RSA, ECDSA, EdDSA and more. */
#define KINDS_MAX 8

/* Certificates side by side, by number. */
struct set {
	uint32_t v[KINDS_MAX];
	uint32_t n;
};

struct certs {
	SSL_CTX **ctx; /* the first is for names we do not know */
	uint32_t n;
	struct nameindex *names; /* to a number in ctx */
};

/* What there is while one is being made. */
struct making {
	const struct pem_files *certificates, *keys;
	const struct tls_server *server;
	struct leaf leaves[LIMIT_CERTIFICATES];
	struct set *sets; /* in the contexts of certs */
	struct certs *certs;
	char *why;
};

/* -- the client's choice --------------------------------------------------- */

/*
 * SSL_CTX_set_client_hello_cb(3).  Not the servername callback: that one comes
 * after a ticket has been accepted.
 */
static int
on_client_hello(SSL *ssl, int *alert, void *arg)
{
	const struct certs *certs = arg;
	struct slice extension = { "", 0 };
	const unsigned char *p;
	int found;

	(void)alert;
	if (SSL_client_hello_get0_ext(
		ssl, TLSEXT_TYPE_server_name, &p, &extension.n) == 1)
		extension.p = (const char *)p;
	found = nameindex_find(certs->names, nameindex_sni(extension));
	/* the session id context goes along */
	if (SSL_set_SSL_CTX(ssl, certs->ctx[found < 0 ? 0 : found]) == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Tell a client whether its name was of use (RFC 6066, 3). */
static int
on_servername(SSL *ssl, int *alert, void *arg)
{
	const struct certs *certs = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	return nameindex_find(certs->names, slice_of(name)) < 0
		   ? SSL_TLSEXT_ERR_NOACK
		   : SSL_TLSEXT_ERR_OK;
}

/* -- which certificates stand together ------------------------------------- */

/* Add what has that name, unless a key of its kind is there already. */
static void
collect(
    const struct making *m, const char *name, bool wildcard, struct set *set)
{
	const struct leaf *leaf;
	uint32_t i, j;

	for (i = 0; i < m->certificates->n; i++) {
		leaf = &m->leaves[i];
		if (!leaf_has_name(leaf, name, wildcard))
			continue;
		for (j = 0; j < set->n; j++)
			if (m->leaves[set->v[j]].key_type == leaf->key_type)
				break;
		if (j == set->n && set->n < KINDS_MAX)
			set->v[set->n++] = i;
	}
}

static int
make_context(struct making *m, const struct set *set, uint32_t *number)
{
	struct tls_credential c[KINDS_MAX];
	struct certs *certs = m->certs;
	SSL_CTX *ctx;
	uint32_t i;

	for (i = 0; i < set->n; i++)
		c[i] = (struct tls_credential){
			secret_slice(&m->certificates->v[set->v[i]].text),
			secret_slice(&m->keys->v[set->v[i]].text),
		};
	if (tls_server_ctx(c, set->n, m->server, &ctx) == -1)
		return -1;
	SSL_CTX_set_client_hello_cb(ctx, on_client_hello, certs);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_servername);
	SSL_CTX_set_tlsext_servername_arg(ctx, certs);
	certs->ctx = xreallocarray(certs->ctx, certs->n + 1, sizeof(SSL_CTX *));
	m->sets = xreallocarray(m->sets, certs->n + 1, sizeof(*m->sets));
	certs->ctx[certs->n] = ctx;
	m->sets[certs->n] = *set;
	*number = certs->n++;
	return 0;
}

/* The context of these certificates: one that is there, or a new one. */
static int
context_of(struct making *m, const struct set *set, uint32_t *number)
{
	for (*number = 0; *number < m->certs->n; ++*number)
		if (m->sets[*number].n == set->n &&
		    memcmp(m->sets[*number].v, set->v,
			set->n * sizeof(*set->v)) == 0)
			return 0;
	return make_context(m, set, number);
}

/* For the i-th certificate's k-th name; it may have none at all. */
static int
add_name(struct making *m, uint32_t i, uint32_t k)
{
	const struct leaf *leaf = &m->leaves[i];
	struct set set = { { i }, 0 };
	uint32_t number;

	if (k < leaf->name_count) {
		collect(m, leaf->names[k], false, &set);
		collect(m, leaf->names[k], true, &set);
	} else {
		set.n = 1; /* it can still be the first of all */
	}
	if (context_of(m, &set, &number) == -1) {
		snprintf(m->why, CERTS_WHY,
		    "%s: \"%s\" and its key cannot be used: too weak, or a "
		    "broken chain",
		    m->certificates->v[i].place, m->certificates->v[i].path);
		return -1;
	}
	if (k < leaf->name_count)
		nameindex_add(m->certs->names, leaf->names[k], number);
	return 0;
}

/* -- what the operator got wrong ------------------------------------------- */

static int
read_leaf(struct making *m, uint32_t i)
{
	const struct pem_file *c = &m->certificates->v[i], *k = &m->keys->v[i];

	if (leaf_read(secret_slice(&c->text), &m->leaves[i]) == -1) {
		snprintf(m->why, CERTS_WHY,
		    "%s: \"%s\" holds no certificate that can be read",
		    c->place, c->path);
		return -1;
	}
	switch (
	    leaf_check_key(secret_slice(&c->text), secret_slice(&k->text))) {
	case LEAF_KEY_FITS:
		return 0;
	case LEAF_KEY_OTHER:
		snprintf(m->why, CERTS_WHY,
		    "%s: \"%s\" is the key of another certificate than \"%s\"",
		    k->place, k->path, c->path);
		break;
	case LEAF_KEY_NO_KEY:
		snprintf(m->why, CERTS_WHY,
		    "%s: \"%s\" holds no key that can be read", k->place,
		    k->path);
		break;
	}
	return -1;
}

/* Would the i-th never be shown for one of its names? */
static int
check_unique(const struct making *m, uint32_t i)
{
	const struct leaf *leaf = &m->leaves[i];
	const struct pem_file *c = m->certificates->v;
	uint32_t j, k;

	if (i > 0 && leaf->name_count == 0) {
		snprintf(m->why, CERTS_WHY,
		    "%s: \"%s\" would never be shown: it names no host (no "
		    "dNSName), and is not the first",
		    c[i].place, c[i].path);
		return -1;
	}
	for (j = 0; j < i; j++) {
		if (m->leaves[j].key_type != leaf->key_type)
			continue;
		for (k = 0; k < leaf->name_count; k++) {
			if (!leaf_has_name(
				&m->leaves[j], leaf->names[k], false))
				continue;
			snprintf(m->why, CERTS_WHY,
			    "%s: \"%s\" would never be shown for %s: \"%s\" "
			    "has that name and a key of the same kind (%s)",
			    c[i].place, c[i].path, leaf->names[k], c[j].path,
			    leaf->key);
			return -1;
		}
	}
	return 0;
}

/* -- life ------------------------------------------------------------------ */

static int
make(struct making *m)
{
	uint32_t i, k;

	if (m->server->client_ca_pem.n > 0 &&
	    !tls_can_trust(m->server->client_ca_pem)) {
		snprintf(m->why, CERTS_WHY,
		    "client_ca_file holds what is no certificate and no "
		    "revocation list");
		return -1;
	}
	for (i = 0; i < m->certificates->n; i++)
		if (read_leaf(m, i) == -1 || check_unique(m, i) == -1)
			return -1;
	for (i = 0; i < m->certificates->n; i++) {
		k = 0;
		do
			if (add_name(m, i, k) == -1)
				return -1;
		while (++k < m->leaves[i].name_count);
	}
	nameindex_seal(m->certs->names);
	return 0;
}

int
certs_new(const struct pem_files *certificates, const struct pem_files *keys,
    const struct tls_server *server, struct certs **out, char why[CERTS_WHY])
{
	struct making m = {
		.certificates = certificates,
		.keys = keys,
		.server = server,
		.certs = xcalloc(1, sizeof(*m.certs)),
		.why = why,
	};
	uint32_t i;
	int r;

	BUG_ON(certificates->n == 0 || certificates->n != keys->n ||
	       certificates->n > LIMIT_CERTIFICATES);
	why[0] = '\0';
	m.certs->names = nameindex_new();
	r = make(&m);
	for (i = 0; i < certificates->n; i++)
		leaf_free(&m.leaves[i]);
	free(m.sets);
	if (r == -1)
		certs_free(&m.certs);
	*out = m.certs;
	return r;
}

void
certs_free(struct certs **cp)
{
	struct certs *certs = *cp;
	uint32_t i;

	*cp = NULL;
	if (certs == NULL)
		return;
	for (i = 0; i < certs->n; i++)
		SSL_CTX_free(certs->ctx[i]);
	free(certs->ctx);
	nameindex_free(&certs->names);
	free(certs);
}

SSL_CTX *
certs_ctx(const struct certs *certs)
{
	return certs == NULL ? NULL : certs->ctx[0];
}
