/*
 * clientcert - what a client's certificate is worth after a handshake, first
 * or resumed; and that its names are taken whole or not at all.
 */

#include "tlspair.h"

#include "clientcert.h"
#include "limits.h"
#include "messages.h"
#include "pack.h"
#include "tls.h"

static struct identity server, ca, other_ca, good, stranger, expired;

static int
make_identities(void **state)
{
	char key[TICKET_KEY_LEN];
	struct msg_ticket_keys keys = { { key, sizeof(key) }, { "", 0 } };

	(void)state;
	server = issue(EVP_EC_gen("P-256"), "DNS:a.example", NULL, 3600);
	ca = issue(EVP_EC_gen("P-256"), NULL, NULL, 3600);
	other_ca = issue(EVP_EC_gen("P-256"), NULL, NULL, 3600);
	good = issue(EVP_EC_gen("P-256"), "email:a@b.example", &ca, 3600);
	stranger =
	    issue(EVP_EC_gen("P-256"), "email:a@b.example", &other_ca, 3600);
	expired = issue(EVP_EC_gen("P-256"), "email:a@b.example", &ca, -60);
	memset(key, 'k', sizeof(key));
	return tls_ticket_keys_set(&keys);
}

static int
free_identities(void **state)
{
	(void)state;
	identity_free(&server);
	identity_free(&ca);
	identity_free(&other_ca);
	identity_free(&good);
	identity_free(&stranger);
	identity_free(&expired);
	return 0;
}

/* -- the handshake --------------------------------------------------------- */

static SSL_CTX *
server_ctx(const struct buf *ca_pem)
{
	const struct tls_credential c = { buf_slice(&server.cert_pem),
		buf_slice(&server.key_pem) };
	const struct tls_server options = { "test",
		ca_pem == NULL ? slice_of("") : buf_slice(ca_pem) };
	SSL_CTX *ctx;

	assert_int_equal(tls_server_ctx(&c, 1, &options, &ctx), 0);
	return ctx;
}

static SSL_CTX *
client_ctx(int version, const struct identity *id)
{
	SSL_CTX *ctx = lax_client_ctx(version, "DEFAULT");

	if (id != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, id->cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, id->key), 1);
	}
	return ctx;
}

/*
 * Shake hands, resuming *session if it is there.  The status that the server
 * sees; the client's session is left in *session, its own.
 */
static enum clientcert_status
met(SSL_CTX *client, SSL_CTX *at, SSL_SESSION **session, bool resumed)
{
	struct pair p = pair_new(client, at);
	enum clientcert_status status;
	const char *why;

	if (*session != NULL)
		SSL_set_session(p.client, *session);
	SSL_SESSION_free(*session);
	assert_true(shakes_hands(&p));
	assert_int_equal(SSL_session_reused(p.server), resumed);
	*session = SSL_get1_session(p.client);
	status = clientcert_check(p.server, &why);
	assert_int_equal(status == CLIENTCERT_BAD, why != NULL);
	assert_int_equal(ERR_peek_error(), 0);
	pair_free(&p);
	return status;
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void
check_worth(const struct identity *id, const struct buf *ca_pem,
    enum clientcert_status want)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(versions); i++) {
		SSL_CTX *c = client_ctx(versions[i], id);
		SSL_CTX *s = server_ctx(ca_pem);
		SSL_SESSION *session = NULL;

		assert_int_equal(met(c, s, &session, false), want);
		assert_int_equal(met(c, s, &session, true), want);
		SSL_SESSION_free(session);
		SSL_CTX_free(c);
		SSL_CTX_free(s);
	}
}

static void
test_certificate_counts_if_vouched_for(void **state)
{
	(void)state;
	check_worth(&good, &ca.cert_pem, CLIENTCERT_GOOD);
	check_worth(&stranger, &ca.cert_pem, CLIENTCERT_BAD);
	check_worth(&good, &other_ca.cert_pem, CLIENTCERT_BAD);
	check_worth(&expired, &ca.cert_pem, CLIENTCERT_BAD);
	check_worth(NULL, &ca.cert_pem, CLIENTCERT_NONE);
	check_worth(&good, NULL, CLIENTCERT_NONE); /* not asked */
}

static void
test_self_made_certificate_is_none(void **state)
{
	struct identity self =
	    issue(EVP_EC_gen("P-256"), "email:a@b.example", NULL, 3600);

	(void)state;
	check_worth(&self, &ca.cert_pem, CLIENTCERT_BAD);
	identity_free(&self);
}

/* The authorities are another's now: what they said before is worth nothing. */
static void
test_session_is_not_resumed_under_other_authorities(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(versions); i++) {
		SSL_CTX *c = client_ctx(versions[i], &good);
		SSL_CTX *first = server_ctx(&ca.cert_pem);
		SSL_CTX *second = server_ctx(&other_ca.cert_pem);
		SSL_CTX *third = server_ctx(NULL);
		SSL_SESSION *session = NULL;

		assert_int_equal(
		    met(c, first, &session, false), CLIENTCERT_GOOD);
		assert_int_equal(
		    met(c, second, &session, false), CLIENTCERT_BAD);
		assert_int_equal(
		    met(c, first, &session, false), CLIENTCERT_GOOD);
		assert_int_equal(
		    met(c, third, &session, false), CLIENTCERT_NONE);
		SSL_SESSION_free(session);
		SSL_CTX_free(c);
		SSL_CTX_free(first);
		SSL_CTX_free(second);
		SSL_CTX_free(third);
	}
}

/* The ticket outlives the certificate. */
static void
test_certificate_ends_while_its_session_lives(void **state)
{
	SSL_CTX *c = client_ctx(TLS1_3_VERSION, &good);
	SSL_CTX *s = server_ctx(&ca.cert_pem);
	SSL_SESSION *session = NULL;
	const char *why;
	struct pair p;
	X509 *shown;

	(void)state;
	assert_int_equal(met(c, s, &session, false), CLIENTCERT_GOOD);
	p = pair_new(c, s);
	SSL_set_session(p.client, session);
	assert_true(shakes_hands(&p));
	assert_int_equal(clientcert_check(p.server, &why), CLIENTCERT_GOOD);
	assert_null(why);
	shown = SSL_get1_peer_certificate(p.server);
	X509_gmtime_adj(X509_getm_notAfter(shown), -1);
	X509_free(shown);
	assert_int_equal(clientcert_check(p.server, &why), CLIENTCERT_BAD);
	assert_string_equal(why, "certificate has expired");
	pair_free(&p);
	SSL_SESSION_free(session);
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

static void
test_authorities_can_be_read_or_not(void **state)
{
	struct slice pem = buf_slice(&ca.cert_pem);
	size_t n;

	(void)state;
	assert_true(tls_can_trust(pem));
	assert_false(tls_can_trust(slice_of("")));
	assert_false(tls_can_trust(slice_of("no certificate")));
	for (n = 0; n + 2 < pem.n; n++)
		assert_false(tls_can_trust((struct slice){ pem.p, n }));
	assert_int_equal(ERR_peek_error(), 0);
}

/* -- names ----------------------------------------------------------------- */

static X509 *
named(const char *subject_utf8, const char *sans)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	assert_non_null(cert);
	if (subject_utf8 != NULL)
		assert_int_equal(
		    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			(const unsigned char *)subject_utf8, -1, -1, 0),
		    1);
	if (sans != NULL)
		add_extension(cert, cert, NID_subject_alt_name, sans);
	return cert;
}

/* With this one name in its subjectAltName, which it takes. */
static X509 *
with_name(GENERAL_NAME *name)
{
	X509 *cert = X509_new();
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(
	    X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
	return cert;
}

static X509 *
with_octets(const char *octets, size_t n)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(text, octets, (int)n), 1);
	GENERAL_NAME_set0_value(name, GEN_EMAIL, text);
	return with_name(name);
}

static X509 *
with_other(int nid, int type, const char *octets)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *text = ASN1_STRING_type_new(type);
	ASN1_TYPE *value = ASN1_TYPE_new();

	assert_int_equal(ASN1_STRING_set(text, octets, -1), 1);
	ASN1_TYPE_set(value, type, text);
	assert_int_equal(
	    GENERAL_NAME_set0_othername(name, OBJ_nid2obj(nid), value), 1);
	return with_name(name);
}

/* Takes cert. */
static void
check_names(X509 *cert, const char *subject, uint32_t count, const char *first)
{
	struct clientcert c = clientcert_read(cert);
	struct unpack u = unpack_begin(buf_slice(&c.mailboxes));

	assert_slice(buf_slice(&c.subject), slice_of(subject));
	assert_int_equal(c.mailbox_count, count);
	assert_true(pack_is_list(buf_slice(&c.mailboxes), count));
	assert_true(buf_ok(&c.mailboxes));
	if (count > 0)
		assert_slice(unpack_bytes(&u), slice_of(first));
	assert_int_equal(ERR_peek_error(), 0);
	clientcert_free(&c);
	clientcert_free(&c);
	X509_free(cert);
}

static void
test_subject_is_rfc_4514(void **state)
{
	char utf8[] = "Ren\xc3\xa9";

	(void)state;
	check_names(named("Alice", NULL), "CN=Alice", 0, NULL);
	check_names(named(utf8, NULL), "CN=Ren\xc3\xa9", 0, NULL);
	check_names(named("a, b+c", NULL), "CN=a\\, b\\+c", 0, NULL);
	check_names(named(" #x ", NULL), "CN=\\ #x\\ ", 0, NULL);
	check_names(named("a\nb", NULL), "CN=a\\0Ab", 0, NULL);
	check_names(named(NULL, NULL), "", 0, NULL);
}

static void
test_subject_beyond_the_limit_is_none(void **state)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	char ou[64];
	int i;

	(void)state;
	memset(ou, 'x', sizeof(ou));
	for (i = 0; i < LIMIT_CERTIFICATE_SUBJECT / 64; i++)
		X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_ASC,
		    (const unsigned char *)ou, sizeof(ou), -1, 0);
	check_names(cert, "", 0, NULL);
}

static void
test_mailboxes_of_the_certificate(void **state)
{
	(void)state;
	check_names(named("x", "email:a@b"), "CN=x", 1, "a@b");
	check_names(named("x", "email:a@b,DNS:c.d,email:e@f,IP:192.0.2.1"),
	    "CN=x", 2, "a@b");
	check_names(named("a@b", "DNS:a@b,URI:mailto:a@b"), "CN=a@b", 0, NULL);
	check_names(with_other(NID_id_on_SmtpUTF8Mailbox, V_ASN1_UTF8STRING,
			"\xc3\xa9@b"),
	    "", 1, "\xc3\xa9@b");
	check_names(
	    with_other(NID_id_on_SmtpUTF8Mailbox, V_ASN1_UTF8STRING, "\xff@b"),
	    "", 0, NULL);
	check_names(
	    with_other(NID_id_on_SmtpUTF8Mailbox, V_ASN1_IA5STRING, "a@b"), "",
	    0, NULL);
	check_names(
	    with_other(NID_ms_upn, V_ASN1_UTF8STRING, "a@b"), "", 0, NULL);
}

static void
test_odd_mailbox_is_left_out_whole(void **state)
{
	char longest[LIMIT_PATH];
	size_t i;
	static const struct slice odd[] = { S(""), S("a@b\0c.example"), S("\0"),
		S("a@b\n"), S("a@b\x7f"), S("\xc3\xa9@b"), S("\xff@b") };

	(void)state;
	for (i = 0; i < ARRAY_LEN(odd); i++)
		check_names(with_octets(odd[i].p, odd[i].n), "", 0, NULL);
	memset(longest, 'x', sizeof(longest));
	check_names(with_octets(longest, LIMIT_PATH - 1), "", 0, NULL);
	longest[LIMIT_PATH - 2] = '\0';
	check_names(with_octets(longest, LIMIT_PATH - 2), "", 1, longest);
}

static void
test_no_more_mailboxes_than_the_limit(void **state)
{
	char sans[LIMIT_CERTIFICATE_MAILBOXES * 2 * 16] = "";
	int i;

	(void)state;
	for (i = 0; i < LIMIT_CERTIFICATE_MAILBOXES + 4; i++)
		snprintf(sans + strlen(sans), sizeof(sans) - strlen(sans),
		    "%semail:a%d@b", i == 0 ? "" : ",", i);
	check_names(
	    named("x", sans), "CN=x", LIMIT_CERTIFICATE_MAILBOXES, "a0@b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificate_counts_if_vouched_for),
		cmocka_unit_test(test_self_made_certificate_is_none),
		cmocka_unit_test(
		    test_session_is_not_resumed_under_other_authorities),
		cmocka_unit_test(test_certificate_ends_while_its_session_lives),
		cmocka_unit_test(test_authorities_can_be_read_or_not),
		cmocka_unit_test(test_subject_is_rfc_4514),
		cmocka_unit_test(test_subject_beyond_the_limit_is_none),
		cmocka_unit_test(test_mailboxes_of_the_certificate),
		cmocka_unit_test(test_odd_mailbox_is_left_out_whole),
		cmocka_unit_test(test_no_more_mailboxes_than_the_limit),
	};

	return cmocka_run_group_tests(tests, make_identities, free_identities);
}
