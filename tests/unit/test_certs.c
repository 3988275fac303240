/*
 * certs - which certificate a client is shown, by name and by what it can
 * verify; that a session is not resumed under another one; and what is said of
 * lists that cannot work.
 */

#include "tlspair.h"

#include "certs.h"
#include "leaf.h"
#include "limits.h"
#include "messages.h"
#include "tls.h"
#include "xalloc.h"

/* A name in the test, its certificate in the table. */
enum { A_RSA, A_EC, B_EC, WILD_RSA, D_EC, NAMELESS, COUNT };

static struct identity ids[COUNT];

static int
make_identities(void **state)
{
	char key[TICKET_KEY_LEN];
	struct msg_ticket_keys keys = { { key, sizeof(key) }, { "", 0 } };

	(void)state;
	ids[A_RSA] = issue(
	    EVP_RSA_gen(2048), "DNS:a.example,DNS:both.example", NULL, 3600);
	ids[A_EC] = issue(EVP_EC_gen("P-256"),
	    "DNS:A.Example,DNS:mail.wild.example", NULL, 3600);
	ids[B_EC] = issue(EVP_EC_gen("P-384"),
	    "DNS:b.example,DNS:both.example,IP:192.0.2.1", NULL, 3600);
	ids[WILD_RSA] = issue(EVP_RSA_gen(2048),
	    "DNS:*.wild.example,DNS:p*.part.example", NULL, 3600);
	ids[D_EC] = issue(EVP_EC_gen("P-256"),
	    "DNS:d.example,DNS:*.wild.example", NULL, 3600);
	ids[NAMELESS] = issue(EVP_EC_gen("P-256"), "IP:192.0.2.1", NULL, 3600);
	memset(key, 'k', sizeof(key));
	return tls_ticket_keys_set(&keys);
}

static int
free_identities(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++)
		identity_free(&ids[i]);
	return 0;
}

/* -- lists ----------------------------------------------------------------- */

static struct {
	struct pem_files certificates, keys;
	char why[CERTS_WHY];
} t;

static void
add_file(struct pem_files *files, const char *name, struct slice text)
{
	struct pem_file *f;

	files->v = xreallocarray(files->v, files->n + 1, sizeof(*files->v));
	f = &files->v[files->n++];
	*f = (struct pem_file){ xstrdup(name), xstrdup("conf:1"), { 0 } };
	secret_set(&f->text, text);
}

static void
add(unsigned cert, unsigned key)
{
	char name[32];

	snprintf(name, sizeof(name), "/cert%u", cert);
	add_file(&t.certificates, name, buf_slice(&ids[cert].cert_pem));
	snprintf(name, sizeof(name), "/key%u", key);
	add_file(&t.keys, name, buf_slice(&ids[key].key_pem));
}

static void
drop_files(struct pem_files *files)
{
	while (files->n > 0) {
		struct pem_file *f = &files->v[--files->n];

		free(f->path);
		free(f->place);
		secret_wipe(&f->text);
	}
	free(files->v);
	files->v = NULL;
}

static struct certs *
made(const char *context)
{
	struct certs *certs = NULL;
	const struct tls_server server = { context, { "", 0 } };
	int r = certs_new(&t.certificates, &t.keys, &server, &certs, t.why);

	assert_int_equal(r == 0, certs != NULL);
	assert_int_equal(r == 0, t.why[0] == '\0');
	assert_int_equal(ERR_peek_error(), 0);
	drop_files(&t.certificates);
	drop_files(&t.keys);
	return certs;
}

/* The five that can stand together, in this order. */
static struct certs *
usual(void)
{
	unsigned i;

	for (i = 0; i < NAMELESS; i++)
		add(i, i);
	return made("test");
}

static void
refused(const char *want)
{
	struct certs *certs = made("test");

	assert_null(certs);
	if (strstr(t.why, want) == NULL)
		fail_msg("'%s' is not in '%s'", want, t.why);
	assert_memory_equal(t.why, "conf:1: ", 8);
}

/* -- a client -------------------------------------------------------------- */

enum knows { BOTH, RSA_ONLY, EC_ONLY };

static const char *const sigalgs[] = {
	[BOTH] = "ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256",
	[RSA_ONLY] = "RSA-PSS+SHA256:RSA+SHA256",
	[EC_ONLY] = "ECDSA+SHA256:ECDSA+SHA384",
};

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static struct {
	int version;
	enum knows knows;
	const char *name;
	SSL_SESSION *session; /* to resume, then the one to resume next */
	bool resumed;
	bool acknowledged; /* our name was of use */
} client;

/* OpenSSL keeps server_name for itself: look at the bytes. */
static void
on_message(int sent, int version, int type, const void *p, size_t n, SSL *ssl,
    void *arg)
{
	static const unsigned char empty_server_name[] = { 0, 0, 0, 0 };
	const unsigned char *m = p;

	(void)version;
	(void)ssl;
	(void)arg;
	if (sent || type != SSL3_RT_HANDSHAKE || n < 42 ||
	    (m[0] != SSL3_MT_SERVER_HELLO &&
		m[0] != SSL3_MT_ENCRYPTED_EXTENSIONS))
		return;
	if (memmem(m + 40, n - 40, empty_server_name, 4) != NULL)
		client.acknowledged = true;
}

/* Which certificate is shown; COUNT: no handshake. */
static unsigned
visit(struct certs *certs)
{
	SSL_CTX *ctx = lax_client_ctx(client.version, "ALL");
	unsigned i = COUNT;
	struct pair p;
	X509 *shown_one;

	SSL_CTX_set_msg_callback(ctx, on_message);
	assert_int_equal(
	    SSL_CTX_set1_sigalgs_list(ctx, sigalgs[client.knows]), 1);
	p = pair_new(ctx, certs_ctx(certs));
	if (client.name != NULL)
		assert_int_equal(
		    SSL_set_tlsext_host_name(p.client, client.name), 1);
	if (client.session != NULL)
		assert_int_equal(SSL_set_session(p.client, client.session), 1);
	client.acknowledged = false;
	if (shakes_hands(&p)) {
		client.resumed = SSL_session_reused(p.server) == 1;
		SSL_SESSION_free(client.session);
		client.session = SSL_get1_session(p.client);
		shown_one = SSL_get0_peer_certificate(p.client);
		for (i = 0; i < COUNT; i++)
			if (X509_cmp(ids[i].cert, shown_one) == 0)
				break;
	}
	pair_free(&p);
	SSL_CTX_free(ctx);
	return i;
}

static unsigned
shown_to(struct certs *certs, const char *name, enum knows knows)
{
	unsigned r;

	client.name = name;
	client.knows = knows;
	r = visit(certs);
	SSL_SESSION_free(client.session);
	client.session = NULL;
	return r;
}

/* -- the choice ------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char	*name;	/* NULL: no SNI */
	unsigned	 both, rsa, ec;
} choices[] = {
	{ NULL,			A_EC,	A_RSA,	A_EC },
	{ "a.example",		A_EC,	A_RSA,	A_EC },
	{ "A.EXAMPLE",		A_EC,	A_RSA,	A_EC },
	{ "nobody.example",	A_EC,	A_RSA,	A_EC },
	{ "x.a.example",	A_EC,	A_RSA,	A_EC },
	{ "b.example",		B_EC,	COUNT,	B_EC },
	{ "both.example",	B_EC,	A_RSA,	B_EC },
	{ "x.wild.example",	D_EC,	WILD_RSA, D_EC },
	{ "mail.wild.example",	A_EC,	WILD_RSA, A_EC },
	{ "x.y.wild.example",	A_EC,	A_RSA,	A_EC },
	{ "wild.example",	A_EC,	A_RSA,	A_EC },
	{ "part.part.example",	A_EC,	A_RSA,	A_EC },
	{ "d.example",		D_EC,	COUNT,	D_EC },
};
/* clang-format on */

static void
test_name_and_abilities_choose(void **state)
{
	struct certs *certs = usual();
	size_t i, v;

	(void)state;
	assert_non_null(certs);
	for (v = 0; v < ARRAY_LEN(versions); v++) {
		client.version = versions[v];
		for (i = 0; i < ARRAY_LEN(choices); i++) {
			const char *name = choices[i].name;

			if (shown_to(certs, name, BOTH) != choices[i].both ||
			    shown_to(certs, name, RSA_ONLY) != choices[i].rsa ||
			    shown_to(certs, name, EC_ONLY) != choices[i].ec)
				fail_msg("%s", name);
		}
	}
	certs_free(&certs);
	assert_null(certs);
	certs_free(&certs);
}

static void
test_a_client_is_told_that_its_name_was_of_use(void **state)
{
	struct certs *certs = usual();

	(void)state;
	client.version = TLS1_2_VERSION;
	(void)shown_to(certs, "b.example", BOTH);
	assert_true(client.acknowledged);
	(void)shown_to(certs, "nobody.example", BOTH);
	assert_false(client.acknowledged);
	(void)shown_to(certs, NULL, BOTH);
	assert_false(client.acknowledged);
	certs_free(&certs);
}

static void
test_one_certificate_is_for_every_name(void **state)
{
	struct certs *certs;

	(void)state;
	client.version = TLS1_3_VERSION;
	add(NAMELESS, NAMELESS);
	certs = made("test");
	assert_int_equal(shown_to(certs, NULL, BOTH), NAMELESS);
	assert_int_equal(shown_to(certs, "a.example", BOTH), NAMELESS);
	certs_free(&certs);
}

/* -- resumption ------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char	*first, *second;
	bool		 resumed;
	unsigned	 shown;	/* the second time */
} returns[] = {
	{ "a.example",	"a.example",	true,	A_EC },
	{ NULL,		NULL,		true,	A_EC },
	{ NULL,		"a.example",	true,	A_EC },
	{ "x.example",	NULL,		true,	A_EC },
	{ "a.example",	"b.example",	false,	B_EC },
	{ "b.example",	"a.example",	false,	A_EC },
	{ "b.example",	NULL,		false,	A_EC },
	{ NULL,		"b.example",	false,	B_EC },
	{ "b.example",	"d.example",	false,	D_EC },
	{ "x.wild.example", "y.wild.example", true, D_EC },
	{ "x.wild.example", "a.example", false,	A_EC },
};
/* clang-format on */

static void
test_a_session_is_resumed_under_its_own_certificate(void **state)
{
	struct certs *certs = usual();
	unsigned got;
	size_t i, v;

	(void)state;
	client.knows = BOTH;
	for (v = 0; v < ARRAY_LEN(versions); v++) {
		client.version = versions[v];
		for (i = 0; i < ARRAY_LEN(returns); i++) {
			client.name = returns[i].first;
			assert_true(visit(certs) != COUNT);
			assert_false(client.resumed);
			client.name = returns[i].second;
			got = visit(certs);
			if (got != returns[i].shown ||
			    client.resumed != returns[i].resumed)
				fail_msg("%zu: %s, then %s: %u, %d", v,
				    returns[i].first, returns[i].second, got,
				    client.resumed);
			SSL_SESSION_free(client.session);
			client.session = NULL;
		}
	}
	certs_free(&certs);
}

/* Workers load the same files; listeners may have others. */
static void
test_sessions_move_where_the_certificates_are_the_same(void **state)
{
	struct certs *one, *two, *mode, *other;
	size_t v;

	(void)state;
	add(A_EC, A_EC);
	one = made("submission");
	add(A_EC, A_EC);
	add(B_EC, B_EC);
	two = made("submission");
	add(A_EC, A_EC);
	mode = made("submissions");
	add(B_EC, B_EC);
	other = made("submission");
	client.knows = BOTH;
	client.name = NULL;
	for (v = 0; v < ARRAY_LEN(versions); v++) {
		client.version = versions[v];
		assert_int_equal(visit(one), A_EC);
		assert_false(client.resumed);
		assert_int_equal(visit(two), A_EC);
		assert_true(client.resumed);
		assert_int_equal(visit(mode), A_EC);
		assert_false(client.resumed);
		assert_int_equal(visit(other), B_EC);
		assert_false(client.resumed);
		SSL_SESSION_free(client.session);
		client.session = NULL;
	}
	certs_free(&one);
	certs_free(&two);
	certs_free(&mode);
	certs_free(&other);
}

/* -- mistakes -------------------------------------------------------------- */

static void
test_what_cannot_work_is_told_with_its_place(void **state)
{
	struct identity weak =
	    issue(EVP_RSA_gen(1024), "DNS:weak.example", NULL, 3600);

	(void)state;
	add(A_RSA, A_RSA);
	add(A_EC, B_EC);
	refused("\"/key2\" is the key of another certificate than \"/cert1\"");
	add(A_RSA, B_EC);
	refused("\"/key2\" is the key of another certificate than \"/cert0\"");
	add(B_EC, B_EC);
	add_file(&t.certificates, "/a", buf_slice(&ids[A_EC].cert_pem));
	add_file(&t.keys, "/b", slice_of("-----BEGIN PRIVATE KEY-----\n"));
	refused("\"/b\" holds no key that can be read");
	add_file(&t.certificates, "/a", slice_of("-----BEGIN CERTIFICATE"));
	add_file(&t.keys, "/b", buf_slice(&ids[A_EC].key_pem));
	refused("\"/a\" holds no certificate that can be read");
	add(A_RSA, A_RSA);
	add(NAMELESS, NAMELESS);
	refused("\"/cert5\" would never be shown: it names no host");
	add(B_EC, B_EC);
	add(A_RSA, A_RSA);
	add(B_EC, B_EC);
	refused("\"/cert2\" would never be shown for b.example: \"/cert2\" "
		"has that name and a key of the same kind (ECDSA 384)");
	add_file(&t.certificates, "/w", buf_slice(&weak.cert_pem));
	add_file(&t.keys, "/v", buf_slice(&weak.key_pem));
	refused("\"/w\" and its key cannot be used");
	identity_free(&weak);
}

static void
test_what_a_leaf_says(void **state)
{
	struct leaf leaf;
	time_t now = time(NULL);

	(void)state;
	assert_int_equal(leaf_read(buf_slice(&ids[A_EC].cert_pem), &leaf), 0);
	assert_int_equal(leaf.name_count, 2);
	assert_string_equal(leaf.names[0], "a.example");
	assert_string_equal(leaf.key, "ECDSA 256");
	assert_in_range(now - leaf.from, 7200 - 60, 7200 + 60);
	assert_in_range(leaf.until - now, 3600 - 60, 3600 + 60);
	assert_true(leaf_has_name(&leaf, "a.example", false));
	assert_false(leaf_has_name(&leaf, "a.example", true));
	leaf_free(&leaf);
	leaf_free(&leaf);
	assert_int_equal(
	    leaf_read(buf_slice(&ids[WILD_RSA].cert_pem), &leaf), 0);
	assert_string_equal(leaf.key, "RSA 2048");
	assert_true(leaf_has_name(&leaf, "x.wild.example", true));
	assert_false(leaf_has_name(&leaf, "x.wild.example", false));
	assert_false(leaf_has_name(&leaf, "x.y.wild.example", true));
	assert_false(leaf_has_name(&leaf, "wild.example", true));
	leaf_free(&leaf);
	assert_int_equal(leaf_read(slice_of(""), &leaf), -1);
	assert_int_equal(leaf_read(slice_of(NULL), &leaf), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_and_abilities_choose),
		cmocka_unit_test(
		    test_a_client_is_told_that_its_name_was_of_use),
		cmocka_unit_test(test_one_certificate_is_for_every_name),
		cmocka_unit_test(
		    test_a_session_is_resumed_under_its_own_certificate),
		cmocka_unit_test(
		    test_sessions_move_where_the_certificates_are_the_same),
		cmocka_unit_test(test_what_cannot_work_is_told_with_its_place),
		cmocka_unit_test(test_what_a_leaf_says),
	};

	return cmocka_run_group_tests(tests, make_identities, free_identities);
}
