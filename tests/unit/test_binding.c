/* binding: both ends of a TLS connection come to the same octets. */

#include "tlspair.h"

#include "binding.h"

static struct identity server;

/* The client's view, computed apart from the code under test. */
static size_t
clients_view(const struct pair *p, unsigned char *out)
{
	if (SSL_version(p->client) == TLS1_3_VERSION) {
		assert_int_equal(SSL_export_keying_material(p->client, out, 32,
				     "EXPORTER-Channel-Binding", 24,
				     (const unsigned char *)"", 0, 1),
		    1);
		return 32;
	}
	if (SSL_session_reused(p->client))
		return SSL_get_peer_finished(p->client, out, LIMIT_BINDING);
	return SSL_get_finished(p->client, out, LIMIT_BINDING);
}

static SSL_CTX *
client_ctx(int version)
{
	SSL_CTX *ctx = lax_client_ctx(version, "ALL");

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	return ctx;
}

static void
assert_bound(struct pair *p, const char *type, unsigned char *ours)
{
	unsigned char theirs[LIMIT_BINDING];
	size_t n;

	assert_true(shakes_hands(p));
	assert_string_equal(binding_type(p->server), type);
	n = binding_get(p->server, ours);
	assert_true(n >= 12);
	assert_int_equal(clients_view(p, theirs), n);
	assert_memory_equal(ours, theirs, n);
}

static void
test_each_version_has_its_type(void **state)
{
	static const struct {
		int version;
		const char *type;
	} rows[] = {
		{ TLS1_2_VERSION, "tls-unique" },
		{ TLS1_3_VERSION, "tls-exporter" },
	};
	unsigned char one[LIMIT_BINDING], two[LIMIT_BINDING];
	SSL_CTX *c, *s;
	struct pair p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		c = client_ctx(rows[i].version);
		s = lax_server_ctx(&server, TLS1_3_VERSION);
		p = pair_new(c, s);
		assert_bound(&p, rows[i].type, one);
		pair_free(&p);
		p = pair_new(c, s);
		assert_bound(&p, rows[i].type, two);
		assert_memory_not_equal(one, two, 12);
		pair_free(&p);
		SSL_CTX_free(c);
		SSL_CTX_free(s);
	}
}

/* RFC 5929, 3.1: the first Finished is then the server's. */
static void
test_a_resumed_session_is_bound_anew(void **state)
{
	unsigned char one[LIMIT_BINDING], two[LIMIT_BINDING];
	SSL_CTX *c = client_ctx(TLS1_2_VERSION);
	SSL_CTX *s = lax_server_ctx(&server, TLS1_2_VERSION);
	struct pair p = pair_new(c, s);
	SSL_SESSION *session;

	(void)state;
	assert_bound(&p, "tls-unique", one);
	session = SSL_get1_session(p.client);
	pair_free(&p);
	p = pair_new(c, s);
	assert_int_equal(SSL_set_session(p.client, session), 1);
	assert_bound(&p, "tls-unique", two);
	assert_int_equal(SSL_session_reused(p.server), 1);
	assert_memory_not_equal(one, two, 12);
	pair_free(&p);
	SSL_SESSION_free(session);
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

/* RFC 7677, 4: two connections could be made to have one value. */
static void
test_without_extended_master_secret_there_is_none(void **state)
{
	unsigned char octets[LIMIT_BINDING];
	SSL_CTX *c = client_ctx(TLS1_2_VERSION);
	SSL_CTX *s = lax_server_ctx(&server, TLS1_2_VERSION);
	struct pair p;

	(void)state;
	SSL_CTX_set_options(c, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	p = pair_new(c, s);
	assert_true(shakes_hands(&p));
	assert_null(binding_type(p.server));
	assert_int_equal(binding_get(p.server, octets), 0);
	pair_free(&p);
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

static void
test_without_tls_there_is_none(void **state)
{
	unsigned char octets[LIMIT_BINDING];

	(void)state;
	assert_null(binding_type(NULL));
	assert_int_equal(binding_get(NULL, octets), 0);
}

static int
make_identity(void **state)
{
	(void)state;
	server = issue(EVP_EC_gen("P-256"), "DNS:localhost", NULL, 3600);
	return 0;
}

static int
free_identity(void **state)
{
	(void)state;
	identity_free(&server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_version_has_its_type),
		cmocka_unit_test(test_a_resumed_session_is_bound_anew),
		cmocka_unit_test(
		    test_without_extended_master_secret_there_is_none),
		cmocka_unit_test(test_without_tls_there_is_none),
	};

	return cmocka_run_group_tests(tests, make_identity, free_identity);
}
