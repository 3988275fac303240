/*
 * exchange with SCRAM: all that a client may say, right and wrong (RFC 5802,
 * RFC 7677).
 */

#include "scramexchange.h"

/* RFC 7677, 3: proof and verifier of its nonces, so that we may trust us. */
static void
test_our_client_is_that_of_rfc_7677(void **state)
{
	struct scram_client c = { .hash = EVP_sha256(), .password = "pencil" };
	char text[1024];

	(void)state;
	scram_final(&c, "n=user,r=rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws", NULL, text);
	assert_string_equal(text,
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
	scram_verifier(&c, text);
	assert_string_equal(
	    text, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

static void
test_a_right_proof_lets_in(void **state)
{
	static const char *const schemes[] = { "SCRAM-SHA-1", "SCRAM-SHA-256",
		"SCRAM-SHA-512" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		holds(schemes[i], "pencil");
		assert_says(
		    (struct saying){ .mechanism = schemes[i] }, AUTH_ACCEPTED);
		assert_string_equal(directory.name, "user");
		assert_says((struct saying){ .mechanism = schemes[i],
				.password = "pencils" },
		    AUTH_REFUSED);
	}
}

/* Without a salt, or it would change with the ban of somebody who exists. */
static void
test_who_is_banned_begins_nothing(void **state)
{
	const struct abuse_who who = { "", slice_of("user"), slice_of(NULL) };
	bool guarded;
	struct exchange *e = begin("SCRAM-SHA-256", "", "");
	char challenge[4097];

	(void)state;
	abuse_failed(abuse, &who, clock_ms(), &guarded);
	assert_int_equal(step(e, "n,,n=user,r=abcd", challenge), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_LIMITED);
	assert_true(exchange_login(e)->retry_s > 0);
	assert_int_equal(directory.asked, 0);
	exchange_free(&e);
	assert_int_equal(abuse_lift(abuse, slice_of("user"), clock_ms()), 1);
	assert_says((struct saying){ 0 }, AUTH_ACCEPTED);
}

/* Many exchanges begun in time are not as many guesses. */
static void
test_who_is_banned_under_way_proves_nothing(void **state)
{
	const struct abuse_who who = { "", slice_of("user"), slice_of(NULL) };
	struct scram_client c = { .password = "pencil" };
	char challenge[4097], text[8192];
	struct exchange *e = begin("SCRAM-SHA-256", "", "");
	bool guarded;

	(void)state;
	c.hash = scram_hash("SCRAM-SHA-256");
	assert_int_equal(
	    step(e, "n,,n=user,r=abcd", challenge), EXCHANGE_CHALLENGE);
	scram_final(&c, "n=user,r=abcd", challenge, "c=biws", NULL, text);
	abuse_failed(abuse, &who, clock_ms(), &guarded);
	assert_int_equal(step(e, text, challenge), EXCHANGE_OVER);
	assert_string_equal(challenge, "");
	assert_int_equal(exchange_login(e)->verdict, AUTH_LIMITED);
	assert_true(exchange_login(e)->retry_s > 0);
	exchange_free(&e);
	assert_int_equal(abuse_lift(abuse, slice_of("user"), clock_ms()), 1);
}

static void
test_plus_is_bound_to_the_channel(void **state)
{
	static const char *const types[] = { "tls-exporter", "tls-unique" };
	char header[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(types); i++) {
		snprintf(header, sizeof(header), "p=%s,,", types[i]);
		assert_says((struct saying){ .mechanism = "SCRAM-SHA-256-PLUS",
				.type = types[i],
				.header = header },
		    AUTH_ACCEPTED);
		/* the same without the channel's value, or with another */
		assert_says((struct saying){ .mechanism = "SCRAM-SHA-256-PLUS",
				.type = types[i],
				.header = header,
				.attribute = "c=biws" },
		    AUTH_REFUSED);
		assert_says((struct saying){ .mechanism = "SCRAM-SHA-256-PLUS",
				.type = types[1 - i],
				.header = header },
		    AUTH_REFUSED);
	}
	assert_says((struct saying){ .mechanism = "SCRAM-SHA-256-PLUS" },
	    AUTH_NO_MECHANISM);
}

static void
test_the_flag_must_be_that_of_the_mechanism(void **state)
{
	static const struct {
		const char *mechanism, *type, *header;
		enum auth_verdict verdict;
	} rows[] = {
		{ "SCRAM-SHA-256", NULL, "n,,", AUTH_ACCEPTED },
		{ "SCRAM-SHA-256", NULL, "y,,", AUTH_ACCEPTED },
		{ "SCRAM-SHA-256", "tls-exporter", "n,,", AUTH_ACCEPTED },
		/* who sees -PLUS does not say that there was none */
		{ "SCRAM-SHA-256", "tls-exporter", "y,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256", "tls-exporter", "p=tls-exporter,,",
		    AUTH_REFUSED },
		{ "SCRAM-SHA-256", NULL, "p=tls-exporter,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256", NULL, "p=,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter", "n,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter", "y,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter", "p=foo,,",
		    AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter",
		    "p=tls-server-end-point,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter", "p=tls-unique,,",
		    AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter", "p=,,", AUTH_REFUSED },
		{ "SCRAM-SHA-256-PLUS", "tls-exporter", "p,,", AUTH_REFUSED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_says((struct saying){ .mechanism = rows[i].mechanism,
				.type = rows[i].type,
				.header = rows[i].header },
		    rows[i].verdict);
}

static void
test_first_messages_that_are_none(void **state)
{
	static const char *const headers[] = { "x,,", "", ",", ",,", "n", "n,",
		"n,x,", "nn,,", "n,a,", "n, ,", "N,,", "y=,,", " n,," };
	static const char *const bares[] = { "", "n", "n=", "n=user", "n=user,",
		"n=user,x", "r=abcd", "r=abcd,n=user", "m=x,n=user,r=abcd",
		"n=us=er,r=abcd", "n=us=2,r=abcd", "n=user=,r=abcd",
		"n=us=2cer,r=abcd", "n=,r=abcd" };
	char challenge[4097], text[512];
	struct exchange *e;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(headers); i++)
		assert_says(
		    (struct saying){ .header = headers[i] }, AUTH_REFUSED);
	for (i = 0; i < ARRAY_LEN(bares); i++) {
		e = begin("SCRAM-SHA-256", "", "");
		snprintf(text, sizeof(text), "n,,%s", bares[i]);
		assert_int_equal(step(e, text, challenge), EXCHANGE_OVER);
		assert_int_equal(exchange_login(e)->verdict, AUTH_REFUSED);
		exchange_free(&e);
	}
}

static void
test_names_are_decoded_and_prepared(void **state)
{
	(void)state;
	assert_says((struct saying){ .bare = "n=a=2Cb,r=abcd" }, AUTH_ACCEPTED);
	assert_string_equal(directory.name, "a,b");
	assert_says((struct saying){ .bare = "n=a=3Db,r=abcd" }, AUTH_ACCEPTED);
	assert_string_equal(directory.name, "a=b");
	/* prepared to look up, as it came in the proof (RFC 5802, 5.1) */
	assert_says(
	    (struct saying){ .bare = "n=I\xc2\xadX,r=abcd" }, AUTH_ACCEPTED);
	assert_string_equal(directory.name, "IX");
	assert_says((struct saying){ .bare = "n=\x07,r=abcd" }, AUTH_REFUSED);
}

static void
test_extensions_that_are_optional_pass(void **state)
{
	(void)state;
	assert_says(
	    (struct saying){ .bare = "n=user,r=abcd,z=foo" }, AUTH_ACCEPTED);
}

static void
test_another_authorization_identity_is_refused(void **state)
{
	(void)state;
	assert_says((struct saying){ .header = "n,a=user," }, AUTH_ACCEPTED);
	assert_says((struct saying){ .header = "n,a=boss," }, AUTH_REFUSED);
	assert_false(directory.guess); /* the password was known */
	assert_says((struct saying){ .header = "n,a=bo=2ss," }, AUTH_REFUSED);
	/* ... and does not tell that the proof was right. */
	assert_says(
	    (struct saying){ .header = "n,a=boss,", .password = "wrong" },
	    AUTH_REFUSED);
	assert_true(directory.guess);
}

static void
test_a_delegate_acts_as_the_mailbox(void **state)
{
	(void)state;
	directory.delegate = "boss";
	assert_says((struct saying){ .header = "n,a=boss," }, AUTH_ACCEPTED);
	assert_says((struct saying){ .header = "n,a=bo=2Css," }, AUTH_REFUSED);
	assert_says(
	    (struct saying){ .header = "n,a=boss,", .password = "wrong" },
	    AUTH_REFUSED);
	directory.answer = AUTH_SUSPENDED;
	assert_says((struct saying){ .header = "n,a=user," }, AUTH_SUSPENDED);
	assert_says((struct saying){ .header = "n,a=desk," }, AUTH_SUSPENDED);
	assert_says((struct saying){ .password = "wrong" }, AUTH_REFUSED);
}

static void
test_final_messages_that_are_none(void **state)
{
	static const char *const finals[] = {
		"", "c", "c=biws", "c=biws,", "p=abcd", "c=biws,r=abcd",
		"c=biws,r=abcd,p=", "biws",
		"c=biws,r=abcd,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	};
	static const char *const attributes[] = { "c=", "c=biw", "c=biwS",
		"c=biwsAAAA", "c=eSws", "c=biws=", "C=biws" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(finals); i++)
		assert_says(
		    (struct saying){ .final = finals[i] }, AUTH_REFUSED);
	/* the proof covers each of these, and is right */
	for (i = 0; i < ARRAY_LEN(attributes); i++)
		assert_says((struct saying){ .attribute = attributes[i] },
		    AUTH_REFUSED);
	assert_says((struct saying){ .nonce = "abcd" }, AUTH_REFUSED);
	assert_says((struct saying){ .nonce = "" }, AUTH_REFUSED);
}

/* Any octet of a right final message changed or left out: no login. */
static void
test_a_final_message_spoilt_anywhere_is_refused(void **state)
{
	char text[1024], spoilt[1024], challenge[4097];
	struct scram_client c = { .hash = EVP_sha256(), .password = "pencil" };
	struct exchange *e;
	size_t at, n = 100;

	(void)state;
	for (at = 0; at < n; at++) {
		e = begin("SCRAM-SHA-256", "", "");
		assert_int_equal(
		    step(e, "n,,n=user,r=abcd", challenge), EXCHANGE_CHALLENGE);
		scram_final(
		    &c, "n=user,r=abcd", challenge, "c=biws", NULL, text);
		n = strlen(text);
		memcpy(spoilt, text, n + 1);
		spoilt[at] ^= at % 2 == 0 ? 1 : 0x20;
		if (at % 3 == 0)
			spoilt[at] = '\0'; /* cut */
		assert_int_equal(step(e, spoilt, challenge), EXCHANGE_OVER);
		assert_int_equal(exchange_login(e)->verdict, AUTH_REFUSED);
		exchange_free(&e);
	}
	assert_true(at > 80);
}

/* RFC 4422, 3.6: v= is answered by nothing; until then nobody is in. */
static void
test_the_last_answer_is_empty(void **state)
{
	(void)state;
	assert_says((struct saying){ .last = "x" }, AUTH_REFUSED);
	assert_says((struct saying){ .last = "" }, AUTH_ACCEPTED);
}

static void
test_an_initial_response_may_come_later(void **state)
{
	char challenge[4097];
	struct exchange *e = begin("SCRAM-SHA-256", "", "");

	(void)state;
	assert_int_equal(step(e, NULL, challenge), EXCHANGE_CHALLENGE);
	assert_string_equal(challenge, "");
	assert_int_equal(
	    step(e, "n,,n=user,r=abcd", challenge), EXCHANGE_CHALLENGE);
	assert_memory_equal(challenge, "r=abcd", 6);
	exchange_free(&e);
	e = begin("SCRAM-SHA-256", "", "");
	assert_int_equal(step(e, "", challenge), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_REFUSED);
	exchange_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_our_client_is_that_of_rfc_7677),
		TEST(test_a_right_proof_lets_in),
		TEST(test_who_is_banned_begins_nothing),
		TEST(test_who_is_banned_under_way_proves_nothing),
		TEST(test_plus_is_bound_to_the_channel),
		TEST(test_the_flag_must_be_that_of_the_mechanism),
		TEST(test_first_messages_that_are_none),
		TEST(test_names_are_decoded_and_prepared),
		TEST(test_extensions_that_are_optional_pass),
		TEST(test_another_authorization_identity_is_refused),
		TEST(test_a_delegate_acts_as_the_mailbox),
		TEST(test_final_messages_that_are_none),
		TEST(test_a_final_message_spoilt_anywhere_is_refused),
		TEST(test_the_last_answer_is_empty),
		TEST(test_an_initial_response_may_come_later),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
