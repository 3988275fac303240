/*
 * exchange with SCRAM: what the directory knows and what a client learns of it
 * (RFC 5802, 5.1); and libsasl2's own client.
 */

#include "scramexchange.h"

#include <sasl/sasl.h>

#define PART_MAX 512 /* of a challenge */

/* What a name hears first, behind the client's nonce. */
static void
server_first(const char *mechanism, const char *name, char nonce[PART_MAX],
    char rest[PART_MAX])
{
	char text[512], challenge[4097], *comma;
	struct exchange *e = begin(mechanism, "", "");

	snprintf(text, sizeof(text), "n,,n=%s,r=abcd", name);
	assert_int_equal(step(e, text, challenge), EXCHANGE_CHALLENGE);
	exchange_free(&e);
	comma = strchr(challenge, ',');
	assert_non_null(comma);
	*comma = '\0';
	assert_true(
	    strlen(challenge) < PART_MAX && strlen(comma + 1) < PART_MAX);
	memcpy(nonce, challenge, strlen(challenge) + 1);
	memcpy(rest, comma + 1, strlen(comma + 1) + 1);
}

static void
test_strangers_hear_the_same_each_time(void **state)
{
	char nonce[2][PART_MAX], rest[2][PART_MAX], other[PART_MAX], text[512];

	(void)state;
	directory.answer = AUTH_REFUSED;
	directory.value = NULL;
	server_first("SCRAM-SHA-256", "nobody", nonce[0], rest[0]);
	server_first("SCRAM-SHA-256", "NoBody", nonce[1], rest[1]);
	assert_string_not_equal(nonce[0], nonce[1]);
	assert_string_equal(rest[0], rest[1]);
	stranger_start(&config); /* another start */
	server_first("SCRAM-SHA-256", "nobody", nonce[1], rest[1]);
	assert_string_equal(rest[0], rest[1]);
	server_first("SCRAM-SHA-256", "nobody2", nonce[1], rest[1]);
	assert_string_not_equal(rest[0], rest[1]);
	server_first("SCRAM-SHA-512", "nobody", nonce[1], other);
	assert_string_not_equal(rest[0], other);
	/* ... of the shape that a user hears */
	set_up(NULL);
	server_first("SCRAM-SHA-256", "user", nonce[1], text);
	assert_int_equal(strlen(text), strlen(rest[0]));
	assert_string_equal(strchr(text, 'i'), strchr(rest[0], 'i'));
	assert_int_equal(strlen(nonce[0]), strlen(nonce[1]));
}

static void
test_who_has_no_key_cannot_prove_anything(void **state)
{
	static const char *const values[] = { NULL, "secret",
		"SCRAM-SHA-1$4096:YQ==$AAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"SCRAM-SHA-256$1:YQ==$x:y" };
	const char *reason;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(values); i++) {
		directory.value = values[i];
		config.scram_transition = false;
		assert_int_equal(
		    says((struct saying){ 0 }, &reason), AUTH_REFUSED);
		assert_string_equal(reason, "no_stored_key");
		config.scram_transition = true;
		assert_says((struct saying){ 0 }, AUTH_TRANSITION);
	}
	directory.answer = AUTH_REFUSED; /* not even that for strangers */
	assert_says((struct saying){ 0 }, AUTH_REFUSED);
}

/* What is up with an account is told to who has proved to own it. */
static void
test_the_directorys_verdict_waits_for_the_proof(void **state)
{
	static const enum auth_verdict verdicts[] = { AUTH_ACCEPTED,
		AUTH_SUSPENDED, AUTH_CROWDED };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(verdicts); i++) {
		directory.answer = verdicts[i];
		assert_says((struct saying){ 0 }, verdicts[i]);
		assert_says(
		    (struct saying){ .password = "wrong" }, AUTH_REFUSED);
	}
	assert_false(directory.verified);
	/* a key that is there is of no use to who was refused */
	directory.answer = AUTH_REFUSED;
	assert_says((struct saying){ 0 }, AUTH_REFUSED);
	assert_false(directory.verified);
}

/* A wrong proof is a wrong password, and what is malformed is not. */
static void
test_a_wrong_proof_is_a_guess(void **state)
{
	(void)state;
	assert_says((struct saying){ .password = "wrong" }, AUTH_REFUSED);
	assert_true(directory.guess);
	assert_says((struct saying){ .header = "p=x,," }, AUTH_REFUSED);
	assert_false(directory.guess);
	assert_says((struct saying){ 0 }, AUTH_ACCEPTED);
	assert_false(directory.guess);
	directory.value = NULL;
	assert_says((struct saying){ 0 }, AUTH_REFUSED);
	assert_true(directory.guess);
	directory.answer = AUTH_REFUSED;
	assert_says((struct saying){ 0 }, AUTH_REFUSED);
	assert_true(directory.guess);
}

static void
test_trouble_of_the_directory_is_ours(void **state)
{
	char challenge[4097];
	struct exchange *e = begin("SCRAM-SHA-256", "", "");

	(void)state;
	directory.answer = AUTH_TROUBLE;
	assert_int_equal(step(e, "n,,n=user,r=abcd", challenge), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_TROUBLE);
	exchange_free(&e);
}

/* -- libsasl2's own client -------------------------------------------------
 */

static int
on_simple(void *context, int id, const char **result, unsigned *len)
{
	(void)context;
	*result = id == SASL_CB_AUTHNAME ? "user" : "";
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int
on_secret(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret)
{
	static union {
		sasl_secret_t secret;
		char room[64];
	} s;

	(void)conn;
	(void)context;
	(void)id;
	s.secret.len = 6;
	memcpy(s.secret.data, "pencil", 7);
	*secret = &s.secret;
	return SASL_OK;
}

static void
talk(const char *mechanism, bool bind)
{
	static const sasl_callback_t callbacks[] = {
		{ SASL_CB_USER, (int (*)(void))(void (*)(void))on_simple,
		    NULL },
		{ SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))on_simple,
		    NULL },
		{ SASL_CB_PASS, (int (*)(void))(void (*)(void))on_secret,
		    NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	static const sasl_channel_binding_t channel = {
		.name = "tls-exporter",
		.critical = 1,
		.data = (const unsigned char *)exporter,
		.len = sizeof(exporter) - 1,
	};
	struct exchange *e =
	    begin(mechanism, bind ? channel.name : "", bind ? exporter : "");
	char challenge[4097];
	sasl_conn_t *client;
	const char *out, *used;
	unsigned n;
	int r;

	assert_int_equal(sasl_client_new("smtp", "localhost", NULL, NULL,
			     callbacks, SASL_SUCCESS_DATA, &client),
	    SASL_OK);
	if (bind)
		sasl_setprop(client, SASL_CHANNEL_BINDING, &channel);
	r = sasl_client_start(client, mechanism, NULL, &out, &n, &used);
	assert_int_equal(r, SASL_CONTINUE);
	while (step(e, out, challenge) == EXCHANGE_CHALLENGE) {
		r = sasl_client_step(client, challenge,
		    (unsigned)strlen(challenge), NULL, &out, &n);
		assert_true(r == SASL_OK || r == SASL_CONTINUE);
		if (out == NULL)
			out = "";
	}
	assert_int_equal(r, SASL_OK); /* it has verified us */
	assert_int_equal(exchange_login(e)->verdict, AUTH_ACCEPTED);
	sasl_dispose(&client);
	exchange_free(&e);
}

static void
test_libsasl2s_client_is_let_in(void **state)
{
	static const char *const schemes[] = { "SCRAM-SHA-1", "SCRAM-SHA-256",
		"SCRAM-SHA-512" };
	char plus[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		holds(schemes[i], "pencil");
		talk(schemes[i], false);
		snprintf(plus, sizeof(plus), "%s-PLUS", schemes[i]);
		talk(plus, true);
	}
}

/* What else an attribute may hold binds nobody to SCRAM. */
static void
test_a_key_is_of_use_for_what_is_offered(void **state)
{
	(void)state;
	assert_true(mechs_use_key(slice_of(directory.value)));
	holds("SCRAM-SHA-1", "x");
	assert_true(mechs_use_key(slice_of(directory.value)));
	assert_false(mechs_use_key(slice_of("")));
	assert_false(mechs_use_key(slice_of("{SSHA}AAAA")));
	assert_false(mechs_use_key(slice_of("SCRAM-SHA-256$1:YQ==$x:y")));
}

static void
test_both_forms_are_offered_login_last(void **state)
{
	(void)state;
	assert_string_equal(mechs_offered(),
	    "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-512-PLUS "
	    "SCRAM-SHA-512 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_strangers_hear_the_same_each_time),
		TEST(test_who_has_no_key_cannot_prove_anything),
		TEST(test_the_directorys_verdict_waits_for_the_proof),
		TEST(test_a_wrong_proof_is_a_guess),
		TEST(test_trouble_of_the_directory_is_ours),
		TEST(test_libsasl2s_client_is_let_in),
		TEST(test_a_key_is_of_use_for_what_is_offered),
		TEST(test_both_forms_are_offered_login_last),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
