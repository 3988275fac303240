/*
 * test_tls - what our contexts agree to, seen from the other end.
 *
 * Where something must be refused, a lax server of the test's own first shows
 * that the client could have had it.
 */

#include "tlspair.h"

#include <fcntl.h>
#include <openssl/rsa.h>
#include <unistd.h>

#include "tls.h"

#define NAMES                                                                  \
	"DNS:mx.example.com,DNS:*.wild.example,DNS:p*.part.example,"           \
	"IP:127.0.0.1,IP:::1"

static struct identity root, leaf, stranger, rsa, expired, nameless;

static int
make_identities(void **state)
{
	(void)state;
	root = issue(EVP_EC_gen("P-256"), NULL, NULL, 3600);
	leaf = issue(EVP_EC_gen("P-256"), NAMES, &root, 3600);
	expired = issue(EVP_EC_gen("P-256"), NAMES, &root, -3600);
	stranger = issue(EVP_EC_gen("P-256"), NAMES, NULL, 3600);
	rsa = issue(EVP_RSA_gen(2048), NAMES, &root, 3600);
	nameless = issue(EVP_EC_gen("P-256"), "IP:192.0.2.1", &root, 3600);
	return 0;
}

static int
free_identities(void **state)
{
	(void)state;
	identity_free(&root);
	identity_free(&leaf);
	identity_free(&expired);
	identity_free(&stranger);
	identity_free(&rsa);
	identity_free(&nameless);
	return 0;
}

static SSL_CTX *
server_ctx(const struct identity *id, const char *context)
{
	struct tls_credential c = { buf_slice(&id->cert_pem),
		buf_slice(&id->key_pem) };
	const struct tls_server server = { context, { "", 0 } };
	SSL_CTX *ctx;

	assert_int_equal(tls_server_ctx(&c, 1, &server, &ctx), 0);
	assert_non_null(ctx);
	assert_int_equal(ERR_peek_error(), 0);
	return ctx;
}

/* -- the server's identity ------------------------------------------------- */

static bool
is_identity(struct slice cert_pem, struct slice key_pem)
{
	struct tls_credential c = { cert_pem, key_pem };
	SSL_CTX *ctx = (SSL_CTX *)&root; /* must be cleared */
	const struct tls_server server = { "test", { "", 0 } };
	int r = tls_server_ctx(&c, 1, &server, &ctx);

	assert_int_equal(r == 0, ctx != NULL);
	assert_int_equal(ERR_peek_error(), 0); /* logged, not left lying */
	SSL_CTX_free(ctx);
	return r == 0;
}

static void
test_certificate_and_key_must_fit(void **state)
{
	struct slice cert = buf_slice(&leaf.cert_pem),
		     key = buf_slice(&leaf.key_pem),
		     other = buf_slice(&stranger.key_pem),
		     rsa_key = buf_slice(&rsa.key_pem);

	(void)state;
	assert_true(is_identity(cert, key));
	assert_false(is_identity(cert, other));
	assert_false(is_identity(cert, rsa_key));
	assert_false(is_identity(key, cert));
	assert_false(is_identity(cert, cert));
	assert_false(is_identity(cert, slice_of("")));
	assert_false(is_identity(slice_of(""), key));
	assert_false(is_identity(slice_of(NULL), slice_of(NULL)));
	assert_false(is_identity(slice_of("garbage"), key));
	assert_false(is_identity(cert, slice_of("garbage")));
}

static void
test_cut_pem_is_refused(void **state)
{
	struct slice cert = buf_slice(&leaf.cert_pem),
		     key = buf_slice(&leaf.key_pem);
	size_t n;

	(void)state;
	/* the last line end may be missing */
	for (n = 0; n + 1 < cert.n; n += 61)
		assert_false(is_identity((struct slice){ cert.p, n }, key));
	for (n = 0; n + 1 < key.n; n += 61)
		assert_false(is_identity(cert, (struct slice){ key.p, n }));
}

static void
test_a_broken_chain_is_refused(void **state)
{
	struct buf chain = buf_new(16384);
	size_t n = leaf.cert_pem.n;

	(void)state;
	buf_add(&chain, leaf.cert_pem.p, n);
	buf_add(&chain, root.cert_pem.p, root.cert_pem.n);
	assert_true(is_identity(buf_slice(&chain), buf_slice(&leaf.key_pem)));
	chain.p[n + root.cert_pem.n / 2] = '*';
	assert_false(is_identity(buf_slice(&chain), buf_slice(&leaf.key_pem)));
	chain.p[n + root.cert_pem.n / 2] = 'A';
	chain.n -= 40;
	assert_false(is_identity(buf_slice(&chain), buf_slice(&leaf.key_pem)));
	buf_free(&chain);
}

static void
test_an_encrypted_key_is_refused_and_nobody_is_asked(void **state)
{
	struct buf key = pem_of(leaf.key, NULL, "secret");
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), fds[2];

	(void)state;
	/* Whoever asks on the standard input gets the right answer. */
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "secret\n", 7), 7);
	dup2(fds[0], STDIN_FILENO);
	assert_false(is_identity(buf_slice(&leaf.cert_pem), buf_slice(&key)));
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
	buf_free(&key);
}

static void
test_a_weak_key_is_refused(void **state)
{
	struct identity weak = issue(EVP_RSA_gen(1024), NAMES, &root, 3600);

	(void)state;
	assert_false(
	    is_identity(buf_slice(&weak.cert_pem), buf_slice(&weak.key_pem)));
	identity_free(&weak);
}

/* -- versions and ciphers -------------------------------------------------- */

/* clang-format off */
static const struct {
	const char	*what;
	int		 version;
	const char	*ciphers;
	const struct identity *id;
	bool		 fine;
} offers[] = {
	{ "TLS 1.3", TLS1_3_VERSION, "ALL", &leaf, true },
	{ "TLS 1.3, RSA", TLS1_3_VERSION, "ALL", &rsa, true },
	{ "TLS 1.2", TLS1_2_VERSION, "ALL", &leaf, true },
	{ "TLS 1.2, RSA", TLS1_2_VERSION, "ALL", &rsa, true },
	{ "TLS 1.1", TLS1_1_VERSION, "ALL", &leaf, false },
	{ "TLS 1.1, RSA", TLS1_1_VERSION, "ALL", &rsa, false },
	{ "TLS 1.0", TLS1_VERSION, "ALL", &leaf, false },
	{ "GCM", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", &leaf, true },
	{ "ChaCha", TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", &leaf, true },
	{ "CBC", TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA", &leaf, false },
	{ "CBC, SHA-384", TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", &leaf, false },
	{ "CBC, RSA", TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA256", &rsa, false },
	{ "no forward secrecy", TLS1_2_VERSION, "AES256-GCM-SHA384", &rsa, false },
	{ "no authentication", TLS1_2_VERSION, "AECDH-AES256-SHA", &leaf, false },
	{ "no encryption", TLS1_2_VERSION, "ECDHE-ECDSA-NULL-SHA", &leaf, false },
};
/* clang-format on */

static void
test_only_what_rfc_9325_allows_is_agreed(void **state)
{
	bool ok;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(offers); i++) {
		if (!agrees(
			lax_client_ctx(offers[i].version, offers[i].ciphers),
			lax_server_ctx(offers[i].id, TLS1_3_VERSION)))
			fail_msg("%s: the lax server, too", offers[i].what);
		ok =
		    agrees(lax_client_ctx(offers[i].version, offers[i].ciphers),
			server_ctx(offers[i].id, "test"));
		if (ok != offers[i].fine)
			fail_msg("%s: %s", offers[i].what, ok ? "yes" : "no");
	}
}

/* Does a handshake that the client begins inside TLS 1.2 come through? */
static bool
renegotiates(SSL_CTX *server)
{
	SSL_CTX *client = lax_client_ctx(TLS1_2_VERSION, "ALL");
	struct pair p = pair_new(client, server);
	bool ok;
	char c;

	assert_true(shakes_hands(&p));
	assert_int_equal(SSL_renegotiate(p.client), 1);
	(void)SSL_do_handshake(p.client);
	(void)SSL_read(p.server, &c, 1);
	(void)SSL_do_handshake(p.client);
	(void)SSL_read(p.server, &c, 1);
	ok = SSL_do_handshake(p.client) == 1 &&
	     !SSL_renegotiate_pending(p.client);
	pair_free(&p);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok;
}

static void
test_renegotiation_is_refused(void **state)
{
	(void)state;
	assert_true(renegotiates(lax_server_ctx(&leaf, TLS1_2_VERSION)));
	assert_false(renegotiates(server_ctx(&leaf, "test")));
}

/* clang-format off */
static const struct {
	struct slice	 offer;
	bool		 fine;
	const char	*chosen;
} protocols[] = {
	{ S(""),			true,	"" },
	{ S("\4smtp"),			true,	"smtp" },
	{ S("\10http/1.1\4smtp"),	true,	"smtp" },
	{ S("\10http/1.1"),		false,	"" },
	{ S("\2h2\10http/1.1\3ftp"),	false,	"" },
	{ S("\4SMTP"),			false,	"" },
	{ S("\5smtps"),			false,	"" },
	{ S("\3smt"),			false,	"" },
};
/* clang-format on */

static void
test_a_client_of_another_protocol_is_refused(void **state)
{
	SSL_CTX *client = lax_client_ctx(TLS1_3_VERSION, "ALL"),
		*server = server_ctx(&leaf, "test");
	const unsigned char *chosen;
	struct pair p;
	unsigned n;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(protocols); i++) {
		p = pair_new(client, server);
		assert_int_equal(SSL_set_alpn_protos(p.client,
				     (const void *)protocols[i].offer.p,
				     (unsigned)protocols[i].offer.n),
		    0);
		if (shakes_hands(&p) != protocols[i].fine)
			fail_msg("'%s'", shown(protocols[i].offer));
		SSL_get0_alpn_selected(p.client, &chosen, &n);
		if (protocols[i].fine)
			assert_slice((struct slice){ (const void *)chosen, n },
			    slice_of(protocols[i].chosen));
		pair_free(&p);
	}
	SSL_CTX_free(client);
	SSL_CTX_free(server);
}

/* -- resumption ------------------------------------------------------------ */

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* current and previous keys, each made of one letter; '\0': no previous */
static void
set_keys(char current, char previous)
{
	char a[TICKET_KEY_LEN], b[TICKET_KEY_LEN];
	struct msg_ticket_keys keys = { { a, sizeof(a) },
		{ b, previous == '\0' ? 0 : sizeof(b) } };

	memset(a, current, sizeof(a));
	memset(b, previous, sizeof(b));
	assert_int_equal(tls_ticket_keys_set(&keys), 0);
}

/*
 * Connect, resuming old if there is one (it is used up); the session that a
 * client would resume next.  *resumed: what the server made of it.
 */
static SSL_SESSION *
visit(SSL_CTX *server, int version, SSL_SESSION *old, bool *resumed)
{
	SSL_CTX *client = lax_client_ctx(version, "ALL");
	struct pair p = pair_new(client, server);
	SSL_SESSION *next;

	if (old != NULL)
		assert_int_equal(SSL_set_session(p.client, old), 1);
	assert_true(shakes_hands(&p));
	*resumed = SSL_session_reused(p.server) == 1;
	assert_int_equal(SSL_session_reused(p.client) == 1, *resumed);
	next = SSL_get1_session(p.client);
	assert_int_equal(SSL_SESSION_get_max_early_data(next), 0);
	pair_free(&p);
	SSL_SESSION_free(old);
	SSL_CTX_free(client);
	return next;
}

/* First of all tests: once given, keys can only be replaced. */
static void
test_without_keys_there_is_no_resumption(void **state)
{
	SSL_CTX *server = server_ctx(&leaf, "test");
	SSL_SESSION *session;
	bool resumed;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(versions); i++) {
		session = visit(server, versions[i], NULL, &resumed);
		assert_false(resumed);
		session = visit(server, versions[i], session, &resumed);
		assert_false(resumed);
		SSL_SESSION_free(session);
	}
	SSL_CTX_free(server);
}

/* Is a session of the one server good at the other? */
static bool
resumes_between(SSL_CTX *one, SSL_CTX *other, int version)
{
	SSL_SESSION *session;
	bool resumed;

	session = visit(one, version, NULL, &resumed);
	assert_false(resumed);
	session = visit(other, version, session, &resumed);
	SSL_SESSION_free(session);
	return resumed;
}

static void
test_workers_resume_each_others_sessions(void **state)
{
	SSL_CTX *one = server_ctx(&leaf, "587"),
		*two = server_ctx(&leaf, "587"),
		*other = server_ctx(&leaf, "465");
	size_t i;

	(void)state;
	set_keys('a', '\0');
	for (i = 0; i < ARRAY_LEN(versions); i++) {
		assert_true(resumes_between(one, one, versions[i]));
		assert_true(resumes_between(one, two, versions[i]));
		assert_false(resumes_between(one, other, versions[i]));
	}
	SSL_CTX_free(one);
	SSL_CTX_free(two);
	SSL_CTX_free(other);
}

static void
test_a_ticket_outlives_one_rotation_of_keys_but_not_two(void **state)
{
	SSL_CTX *server = server_ctx(&leaf, "test");
	SSL_SESSION *old, *session;
	bool resumed;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(versions); i++) {
		set_keys('a', '\0');
		old = visit(server, versions[i], NULL, &resumed);
		session = SSL_SESSION_dup(old);
		set_keys('b', 'a');
		session = visit(server, versions[i], session, &resumed);
		assert_true(resumed);
		set_keys('c', 'b');
		old = visit(server, versions[i], old, &resumed);
		assert_false(resumed);
		/* which the visit in between renewed */
		session = visit(server, versions[i], session, &resumed);
		assert_true(resumed);
		SSL_SESSION_free(old);
		SSL_SESSION_free(session);
	}
	SSL_CTX_free(server);
}

static void
test_a_key_that_is_not_given_again_is_forgotten(void **state)
{
	SSL_CTX *server = server_ctx(&leaf, "test");
	SSL_SESSION *session;
	bool resumed;

	(void)state;
	set_keys('b', 'a');
	session = visit(server, TLS1_3_VERSION, NULL, &resumed);
	set_keys('c', 'b');
	set_keys('d', '\0');
	session = visit(server, TLS1_3_VERSION, session, &resumed);
	assert_false(resumed);
	SSL_SESSION_free(session);
	SSL_CTX_free(server);
}

static void
test_ticket_keys_of_a_wrong_length_change_nothing(void **state)
{
	static const size_t wrong[] = { 0, 1, TICKET_KEY_LEN - 1,
		TICKET_KEY_LEN + 1 };
	static const char key[TICKET_KEY_LEN + 1] = "x";
	SSL_CTX *server = server_ctx(&leaf, "test");
	struct msg_ticket_keys keys;
	SSL_SESSION *session;
	bool resumed;
	size_t i;

	(void)state;
	set_keys('a', '\0');
	session = visit(server, TLS1_3_VERSION, NULL, &resumed);
	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		keys.current = (struct slice){ key, wrong[i] };
		keys.previous = slice_of(NULL);
		assert_int_equal(tls_ticket_keys_set(&keys), -1);
		if (wrong[i] == 0)
			continue; /* no previous key: right */
		keys.current = (struct slice){ key, TICKET_KEY_LEN };
		keys.previous = (struct slice){ key, wrong[i] };
		assert_int_equal(tls_ticket_keys_set(&keys), -1);
	}
	session = visit(server, TLS1_3_VERSION, session, &resumed);
	assert_true(resumed);
	SSL_SESSION_free(session);
	SSL_CTX_free(server);
}

/* -- our client ------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const struct identity *server;
	const struct identity *ca;	/* NULL: the system's store */
	const char	*host;
	bool		 trusted;	/* when it is verified */
} meetings[] = {
	{ &leaf, &root, "mx.example.com", true },
	{ &leaf, &root, "MX.Example.COM", true },
	{ &leaf, &root, "a.wild.example", true },
	{ &leaf, &root, "127.0.0.1", true },
	{ &leaf, &root, "::1", true },
	{ &leaf, &root, "0:0:0:0:0:0:0:1", true },
	{ &rsa, &root, "mx.example.com", true },
	{ &stranger, &stranger, "mx.example.com", true },
	{ &leaf, &root, "mx.example.org", false },
	{ &leaf, &root, "example.com", false },
	{ &leaf, &root, "a.mx.example.com", false },
	{ &leaf, &root, "mx.example.com.evil.example", false },
	/* the names in the subjects, which count no longer: RFC 7817, 3 */
	{ &leaf, &root, "cn2.example.com", false },
	{ &nameless, &root, "cn6.example.com", false },
	{ &nameless, &root, "192.0.2.1", true },
	{ &leaf, &root, "wild.example", false },
	{ &leaf, &root, "a.b.wild.example", false },
	{ &leaf, &root, "part.part.example", false },
	{ &leaf, &root, "127.0.0.2", false },
	{ &leaf, &root, "::2", false },
	{ &leaf, &stranger, "mx.example.com", false },
	{ &leaf, NULL, "mx.example.com", false },
	{ &stranger, &root, "mx.example.com", false },
	{ &expired, &root, "mx.example.com", false },
};
/* clang-format on */

/* Our client meets the server of a row; SNI is a name, never an address. */
static bool
meets(size_t row, bool verify)
{
	const char *host = meetings[row].host, *sni;
	struct slice ca = slice_of("");
	SSL_CTX *client, *server = server_ctx(meetings[row].server, "test");
	struct pair p;
	bool ok;

	if (meetings[row].ca != NULL)
		ca = buf_slice(&meetings[row].ca->cert_pem);
	assert_int_equal(tls_client_ctx(verify, ca, &client), 0);
	assert_int_equal(ERR_peek_error(), 0);
	p = pair_new(client, server);
	assert_int_equal(tls_client_name(p.client, host, verify), 0);
	ok = shakes_hands(&p);
	sni = SSL_get_servername(p.client, TLSEXT_NAMETYPE_host_name);
	if (strpbrk(host, "gmo") == NULL) /* no letter: an address */
		assert_null(sni);
	else
		assert_string_equal(sni, host);
	pair_free(&p);
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	return ok;
}

static void
test_a_verifying_client_trusts_the_right_name_of_a_known_ca(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(meetings); i++) {
		if (meets(i, true) != meetings[i].trusted)
			fail_msg("row %zu, %s", i, meetings[i].host);
		if (!meets(i, false))
			fail_msg("row %zu, %s", i, meetings[i].host);
	}
}

static void
test_a_client_without_any_ca_is_not_made(void **state)
{
	struct buf cas = buf_new(16384);
	SSL_CTX *ctx;

	(void)state;
	assert_int_equal(tls_client_ctx(true, slice_of("garbage"), &ctx), -1);
	assert_null(ctx);
	/* A CA that cannot be read is told now, not at the first hand-over. */
	buf_add(&cas, root.cert_pem.p, root.cert_pem.n);
	buf_add(&cas, leaf.cert_pem.p, leaf.cert_pem.n / 2);
	assert_int_equal(tls_client_ctx(true, buf_slice(&cas), &ctx), -1);
	assert_null(ctx);
	assert_int_equal(ERR_peek_error(), 0);
	buf_free(&cas);
}

static void
test_our_client_does_not_speak_old_tls_either(void **state)
{
	SSL_CTX *client;

	(void)state;
	assert_int_equal(tls_client_ctx(false, slice_of(""), &client), 0);
	assert_true(agrees(client, lax_server_ctx(&leaf, TLS1_2_VERSION)));
	assert_int_equal(tls_client_ctx(false, slice_of(""), &client), 0);
	assert_false(agrees(client, lax_server_ctx(&leaf, TLS1_1_VERSION)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_keys_there_is_no_resumption),
		cmocka_unit_test(test_certificate_and_key_must_fit),
		cmocka_unit_test(test_cut_pem_is_refused),
		cmocka_unit_test(test_a_broken_chain_is_refused),
		cmocka_unit_test(
		    test_an_encrypted_key_is_refused_and_nobody_is_asked),
		cmocka_unit_test(test_a_weak_key_is_refused),
		cmocka_unit_test(test_only_what_rfc_9325_allows_is_agreed),
		cmocka_unit_test(test_renegotiation_is_refused),
		cmocka_unit_test(test_a_client_of_another_protocol_is_refused),
		cmocka_unit_test(test_workers_resume_each_others_sessions),
		cmocka_unit_test(
		    test_a_ticket_outlives_one_rotation_of_keys_but_not_two),
		cmocka_unit_test(
		    test_a_key_that_is_not_given_again_is_forgotten),
		cmocka_unit_test(
		    test_ticket_keys_of_a_wrong_length_change_nothing),
		cmocka_unit_test(
		    test_a_verifying_client_trusts_the_right_name_of_a_known_ca),
		cmocka_unit_test(test_a_client_without_any_ca_is_not_made),
		cmocka_unit_test(test_our_client_does_not_speak_old_tls_either),
	};

	return cmocka_run_group_tests(tests, make_identities, free_identities);
}
