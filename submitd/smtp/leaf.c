/*
 * leaf - read one certificate with OpenSSL, keep plain values.
 *
 * Runs at start only, on files of the operator's.
 */

#include "leaf.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "xalloc.h"

static X509 *
read_certificate(struct slice pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *cert = NULL;

	if (bio != NULL)
		cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return cert;
}

/* A name that could stand in SNI: printable, of a name's length. */
static bool
is_usable(const unsigned char *p, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	return n > 0 && n <= LIMIT_DOMAIN;
}

static void
take_name(struct leaf *leaf, const GENERAL_NAME *name)
{
	const unsigned char *p;
	char *copy;
	int n, i;

	if (name->type != GEN_DNS)
		return;
	p = ASN1_STRING_get0_data(name->d.dNSName);
	n = ASN1_STRING_length(name->d.dNSName);
	if (!is_usable(p, n))
		return;
	copy = xstrndup((struct slice){ (const char *)p, (size_t)n });
	for (i = 0; i < n; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] | 0x20);
	leaf->names = xreallocarray(
	    leaf->names, leaf->name_count + 1, sizeof(*leaf->names));
	leaf->names[leaf->name_count++] = copy;
}

static void
take_names(struct leaf *leaf, X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		take_name(leaf, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
}

static void
take_key(struct leaf *leaf, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL)
		return;
	leaf->key_type = EVP_PKEY_get_base_id(key);
	(void)snprintf(leaf->key, sizeof(leaf->key), "%s %d",
	    leaf->key_type == EVP_PKEY_EC ? "ECDSA"
					  : OBJ_nid2sn(leaf->key_type),
	    EVP_PKEY_get_bits(key));
	if (leaf->key_type == EVP_PKEY_RSA)
		(void)snprintf(leaf->key, sizeof(leaf->key), "RSA %d",
		    EVP_PKEY_get_bits(key));
}

static time_t
time_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;
}

int
leaf_read(struct slice pem, struct leaf *out)
{
	X509 *cert = read_certificate(pem);

	*out = (struct leaf){ 0 };
	if (cert != NULL) {
		take_names(out, cert);
		take_key(out, cert);
		out->from = time_of(X509_get0_notBefore(cert));
		out->until = time_of(X509_get0_notAfter(cert));
		X509_free(cert);
	}
	ERR_clear_error(); /* whoever asked says what is wrong */
	return cert == NULL ? -1 : 0;
}

void
leaf_free(struct leaf *leaf)
{
	uint32_t i;

	for (i = 0; i < leaf->name_count; i++)
		free(leaf->names[i]);
	free(leaf->names);
	*leaf = (struct leaf){ 0 };
}

bool
leaf_has_name(const struct leaf *leaf, const char *name, bool wildcard)
{
	const char *rest = strchr(name, '.');
	const char *mine;
	uint32_t i;

	for (i = 0; i < leaf->name_count; i++) {
		mine = leaf->names[i];
		if (!wildcard && strcmp(mine, name) == 0)
			return true;
		if (wildcard && rest != NULL && mine[0] == '*' &&
		    strcmp(mine + 1, rest) == 0)
			return true;
	}
	return false;
}

/* An encrypted key is an error here, not a question for the terminal. */
static int
no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

enum leaf_key
leaf_check_key(struct slice pem, struct slice key_pem)
{
	BIO *bio = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
	X509 *cert = read_certificate(pem);
	enum leaf_key r = LEAF_KEY_NO_KEY;
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key != NULL && cert != NULL)
		r = X509_check_private_key(cert, key) == 1 ? LEAF_KEY_FITS
							   : LEAF_KEY_OTHER;
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return r;
}
