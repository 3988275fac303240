/* clientcert: whose certificates count, and for how long. */

#include "tlspair.h"

#include "clientcert.h"
#include "limits.h"
#include "pack.h"
#include "tls.h"

static struct identity server, authority;

/* A server that asks for certificates, at a time that may be another. */
static SSL_CTX *
asking_ctx(time_t now)
{
	SSL_CTX *ctx = lax_server_ctx(&server, TLS1_3_VERSION);
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	assert_int_equal(
	    tls_ask_clients(ctx, buf_slice(&authority.cert_pem)), 0);
	assert_int_equal(
	    SSL_CTX_set_session_id_context(ctx, (unsigned char *)"x", 1), 1);
	X509_VERIFY_PARAM_set_time(param, now);
	return ctx;
}

static SSL_CTX *
client_ctx(int version, const struct identity *id)
{
	SSL_CTX *ctx = lax_client_ctx(version, "ALL");

	if (id != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, id->cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, id->key), 1);
	}
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	return ctx;
}

/* A client with this certificate, at a time now_s from now: is it one? */
static bool
is_good(int version, const struct identity *id, long now_s)
{
	SSL_CTX *c = client_ctx(version, id),
		*s = asking_ctx(time(NULL) + now_s);
	struct pair p = pair_new(c, s);
	struct clientcert read;
	bool good;

	assert_true(shakes_hands(&p));
	good = clientcert_is_good(p.server);
	assert_int_equal(clientcert_read(p.server, &read), good);
	assert_int_equal(read.subject.n > 0, good);
	assert_int_equal(read.mailbox_count, good);
	clientcert_free(&read);
	pair_free(&p);
	SSL_CTX_free(c);
	SSL_CTX_free(s);
	return good;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void
test_what_does_not_verify_is_none(void **state)
{
	struct identity good = issue(
	    EVP_EC_gen("P-256"), "email:alice@example.org", &authority, 3600);
	struct identity own =
	    issue(EVP_EC_gen("P-256"), "email:alice@example.org", NULL, 3600);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(versions); i++) {
		assert_true(is_good(versions[i], &good, 0));
		assert_false(is_good(versions[i], &good, 3700));
		assert_false(is_good(versions[i], &own, 0));
		assert_false(is_good(versions[i], NULL, 0));
	}
	identity_free(&good);
	identity_free(&own);
}

/* A ticket outlives it: it was good when the first session began. */
static void
test_one_that_has_expired_since_is_none(void **state)
{
	struct identity expired = issue(
	    EVP_EC_gen("P-256"), "email:alice@example.org", &authority, -60);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(versions); i++) {
		SSL_CTX *c = client_ctx(versions[i], &expired);
		SSL_CTX *s = asking_ctx(time(NULL) - 3600);
		struct pair p = pair_new(c, s);
		SSL_SESSION *session;

		assert_true(shakes_hands(&p));
		assert_int_equal(SSL_get_verify_result(p.server), X509_V_OK);
		assert_false(clientcert_is_good(p.server));
		session = SSL_get1_session(p.client);
		pair_free(&p);

		p = pair_new(c, s);
		assert_int_equal(SSL_set_session(p.client, session), 1);
		assert_true(shakes_hands(&p));
		assert_true(SSL_session_reused(p.server));
		assert_false(clientcert_is_good(p.server));
		pair_free(&p);
		SSL_SESSION_free(session);
		SSL_CTX_free(c);
		SSL_CTX_free(s);
	}
	identity_free(&expired);
}

static int
setup(void **state)
{
	(void)state;
	server = issue(EVP_EC_gen("P-256"), "DNS:mx.example.org", NULL, 3600);
	authority = issue(EVP_EC_gen("P-256"), NULL, NULL, 3600);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	identity_free(&server);
	identity_free(&authority);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_verify_is_none),
		cmocka_unit_test(test_one_that_has_expired_since_is_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
