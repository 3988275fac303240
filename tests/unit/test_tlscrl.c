/* tls - servers whose certificate was taken back. */

#include "tlspair.h"

#include "tls.h"

#define NAME "mx.example.com"

static struct identity root, other, good, revoked, foreign;

static int
make_identities(void **state)
{
	(void)state;
	root = issue(EVP_EC_gen("P-256"), NULL, NULL, 3600);
	other = issue(EVP_EC_gen("P-256"), NULL, NULL, 3600);
	good = issue(EVP_EC_gen("P-256"), "DNS:" NAME, &root, 3600);
	revoked = issue(EVP_EC_gen("P-256"), "DNS:" NAME, &root, 3600);
	foreign = issue(EVP_EC_gen("P-256"), "DNS:" NAME, &other, 3600);
	return 0;
}

static int
free_identities(void **state)
{
	(void)state;
	identity_free(&root);
	identity_free(&other);
	identity_free(&good);
	identity_free(&revoked);
	identity_free(&foreign);
	return 0;
}

/* A list by issuer that names one certificate; good for so long from now. */
static void
add_list(struct buf *pem, const struct identity *issuer,
    const struct identity *victim, long lifetime_s)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *then = X509_gmtime_adj(NULL, -7200),
		  *next = X509_gmtime_adj(NULL, lifetime_s);
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert));
	X509_CRL_set1_lastUpdate(crl, then);
	X509_CRL_set1_nextUpdate(crl, next);
	X509_REVOKED_set_serialNumber(
	    entry, X509_get_serialNumber(victim->cert));
	X509_REVOKED_set_revocationDate(entry, then);
	X509_CRL_add0_revoked(crl, entry);
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_CRL(bio, crl), 1);
	n = BIO_get_mem_data(bio, &p);
	buf_add(pem, p, (size_t)n);
	BIO_free(bio);
	X509_CRL_free(crl);
	ASN1_TIME_free(then);
	ASN1_TIME_free(next);
}

static void
add_authority(struct buf *pem, const struct identity *id)
{
	buf_add(pem, id->cert_pem.p, id->cert_pem.n);
}

static bool
trusts(const struct buf *pem, const struct identity *id)
{
	SSL_CTX *client, *server = lax_server_ctx(id, TLS1_3_VERSION);
	struct pair p;
	bool ok;

	assert_int_equal(tls_client_ctx(true, buf_slice(pem), &client), 0);
	p = pair_new(client, server);
	assert_int_equal(tls_client_name(p.client, NAME, true), 0);
	ok = shakes_hands(&p);
	pair_free(&p);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok;
}

static void
test_a_revoked_server_is_refused(void **state)
{
	struct buf pem = buf_new(16384);

	(void)state;
	add_authority(&pem, &root);
	assert_true(trusts(&pem, &good));
	assert_true(trusts(&pem, &revoked)); /* nobody says so */
	add_list(&pem, &root, &revoked, 3600);
	assert_true(trusts(&pem, &good));
	assert_false(trusts(&pem, &revoked));
	buf_free(&pem);
}

/* Whether one is revoked is not known then: that is no yes. */
static void
test_a_list_must_be_fresh_and_of_each_authority(void **state)
{
	struct buf old = buf_new(16384), half = buf_new(16384);

	(void)state;
	add_list(&old, &root, &revoked, -3600);
	add_authority(&old, &root);
	assert_false(trusts(&old, &good));
	add_authority(&half, &root);
	add_authority(&half, &other);
	add_list(&half, &root, &revoked, 3600);
	assert_true(trusts(&half, &good));
	assert_false(trusts(&half, &foreign));
	add_list(&half, &other, &revoked, 3600);
	assert_true(trusts(&half, &foreign));
	buf_free(&old);
	buf_free(&half);
}

/* A stranger's list says nothing about our servers. */
static void
test_a_forged_list_is_none(void **state)
{
	struct buf pem = buf_new(16384);
	struct identity mask = other;

	(void)state;
	mask.cert = root.cert; /* root's name, another's key */
	add_authority(&pem, &root);
	add_list(&pem, &mask, &good, 3600);
	assert_false(trusts(&pem, &good));
	buf_free(&pem);
}

static void
test_a_cut_list_is_told(void **state)
{
	struct buf pem = buf_new(16384);
	SSL_CTX *ctx;

	(void)state;
	add_authority(&pem, &root);
	add_list(&pem, &root, &revoked, 3600);
	pem.n -= 60;
	assert_int_equal(tls_client_ctx(true, buf_slice(&pem), &ctx), -1);
	assert_null(ctx);
	assert_int_equal(ERR_peek_error(), 0);
	buf_free(&pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_revoked_server_is_refused),
		cmocka_unit_test(
		    test_a_list_must_be_fresh_and_of_each_authority),
		cmocka_unit_test(test_a_forged_list_is_none),
		cmocka_unit_test(test_a_cut_list_is_told),
	};

	return cmocka_run_group_tests(tests, make_identities, free_identities);
}
