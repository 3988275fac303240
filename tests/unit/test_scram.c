/*
 * exchange with SCRAM: clients of our own and of libsasl2, keys of a faked
 * directory, and all that a client may get wrong (RFC 5802, RFC 7677).
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sasl/sasl.h>

#include "clock.h"
#include "exchange.h"
#include "pack.h"
#include "passwordcheck.h"
#include "scramclient.h"
#include "stranger.h"
#include "xalloc.h"

#define SALT "a salt of 16 oct"

static const char exporter[] = "an exporter's value of 32 octets";

/* What the directory says next, and what it was asked. */
static struct {
	enum auth_verdict answer;
	const char *value;    /* stored key; NULL: none */
	const char *delegate; /* whom they write for; NULL: nobody */
	int asked;
	char name[300];
	bool guess; /* what the last login was */
} directory;

static struct auth_config config = {
	.scram_iterations = 4096,
	.scram_salt = 16,
	.abuse_pair_failures = 1,
	.abuse_window_ms = 60000,
	.abuse_ban_ms = 60000,
};

static struct abuse *abuse;

/* Take the place of directory.c: the linker finds these first. */
void
directory_check(struct directory *d, struct slice user, struct slice password,
    uint64_t deadline_ms, struct login *login)
{
	(void)d;
	(void)user;
	(void)password;
	(void)deadline_ms;
	(void)login;
	fail();
}

void
directory_identify(struct directory *d, const struct claim *claim,
    uint64_t deadline_ms, struct login *login, struct buf *stored_keys)
{
	(void)d;
	(void)deadline_ms;
	directory.asked++;
	assert_true(claim->name.n < sizeof(directory.name));
	memcpy(directory.name, claim->name.p, claim->name.n);
	directory.name[claim->name.n] = '\0';
	login_set_user(login, claim->name);
	login_judge(login, directory.answer, "faked");
	if (directory.delegate != NULL)
		(void)login_add_delegated(login, slice_of(directory.delegate),
		    slice_of("x@example.org"));
	if (directory.value != NULL)
		pack_bytes(stored_keys, slice_of(directory.value));
}

/* The directory holds this password; "": none. */
static void
holds(const char *scheme, const char *password)
{
	static char text[1024];
	struct buf b = buf_new(sizeof(text) - 1);
	struct storedkey k = scram_key(scheme, password, slice_of(SALT), 4096);

	storedkey_print(&k, scheme, &b);
	memcpy(text, b.p, b.n);
	text[b.n] = '\0';
	buf_free(&b);
	directory.value = text;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&directory, 0, sizeof(directory));
	directory.answer = AUTH_ACCEPTED;
	config.scram_transition = false;
	holds("SCRAM-SHA-256", "pencil");
	return 0;
}

/* -- one exchange -----------------------------------------------------------
 */

static struct exchange *
begin(const char *mechanism, const char *type, const char *data)
{
	struct msg_auth_start start = {
		.binding_type = slice_of(type),
		.binding = slice_of(data),
	};
	const struct mech *mech = mechs_find(slice_of(mechanism));

	assert_non_null(mech);
	return exchange_new(mech, &start, &config);
}

/* out: the challenge, as a C string. */
static enum exchange_state
step(struct exchange *e, const char *text, char *out)
{
	struct buf b = buf_new(4096);
	enum exchange_state s;

	s = exchange_step(
	    e, NULL, text != NULL, slice_of(text), UINT64_MAX, &b);
	assert_true(buf_ok(&b));
	memcpy(out, b.p == NULL ? "" : b.p, b.n);
	out[b.n] = '\0';
	buf_free(&b);
	return s;
}

/* What a client says, each part right unless set. */
struct saying {
	const char *mechanism; /* SCRAM-SHA-256 */
	const char *type;      /* of the server's binding; none */
	const char *header;    /* n,, */
	const char *bare;      /* n=user,r=abcd */
	const char *password;  /* pencil */
	const char *attribute; /* made of the header, and the binding for p= */
	const char *nonce;     /* the server's */
	const char *final;     /* the whole last message */
	const char *last;      /* answer to v=: empty */
};

static void
fill(struct saying *s, char *attribute, size_t size)
{
	char bound[256], text[512];

	s->mechanism = s->mechanism == NULL ? "SCRAM-SHA-256" : s->mechanism;
	s->header = s->header == NULL ? "n,," : s->header;
	s->bare = s->bare == NULL ? "n=user,r=abcd" : s->bare;
	s->password = s->password == NULL ? "pencil" : s->password;
	s->last = s->last == NULL ? "" : s->last;
	snprintf(bound, sizeof(bound), "%s%s", s->header,
	    s->header[0] == 'p' ? exporter : "");
	scram_base64((unsigned char *)bound, strlen(bound), text);
	snprintf(attribute, size, "c=%s", text);
	if (s->attribute == NULL)
		s->attribute = attribute;
}

/* The whole of it: the verdict, *reason the log's. */
static enum auth_verdict
says(struct saying s, const char **reason)
{
	char attribute[1024], text[8192], challenge[4097], verifier[256];
	struct scram_client c = { 0 };
	enum auth_verdict verdict;
	enum exchange_state state;
	struct exchange *e;

	fill(&s, attribute, sizeof(attribute));
	e = begin(s.mechanism, s.type == NULL ? "" : s.type,
	    s.type == NULL ? "" : exporter);
	snprintf(text, sizeof(text), "%s%s", s.header, s.bare);
	state = step(e, text, challenge);
	if (state == EXCHANGE_CHALLENGE) {
		c.hash = scram_hash(mechs_find(slice_of(s.mechanism))->library);
		c.password = s.password;
		scram_final(&c, s.bare, challenge, s.attribute, s.nonce, text);
		state = step(e, s.final == NULL ? text : s.final, challenge);
	}
	if (state == EXCHANGE_CHALLENGE) {
		scram_verifier(&c, verifier);
		assert_string_equal(challenge, verifier);
		state = step(e, s.last, challenge);
		assert_string_equal(challenge, "");
	}
	assert_int_equal(state, EXCHANGE_OVER);
	assert_true(exchange_login(e)->judged);
	verdict = exchange_login(e)->verdict;
	*reason = exchange_login(e)->reason;
	directory.guess = exchange_login(e)->guess;
	exchange_free(&e);
	assert_true(directory.asked <= 1); /* one search, whatever comes */
	directory.asked = 0;
	return verdict;
}

static void
assert_says(struct saying s, enum auth_verdict want)
{
	const char *reason;
	enum auth_verdict got = says(s, &reason);

	if (got != want)
		fail_msg("%s%s: %d (%s), not %d",
		    s.header == NULL ? "" : s.header,
		    s.bare == NULL ? "" : s.bare, got, reason, want);
}

/* -- tests ------------------------------------------------------------------
 */

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

/* Nor does the exchange tell whether they would have been right. */
static void
test_who_is_banned_proves_nothing(void **state)
{
	const struct abuse_who who = { "", slice_of("user"), slice_of(NULL) };
	const struct mech *mech = mechs_find(slice_of("SCRAM-SHA-256"));
	const struct msg_auth_start start = { .session = 1 };
	struct exchange *e = exchange_new(mech, &start, &config);
	char challenge[4097];
	bool guarded;

	(void)state;
	abuse_failed(abuse, &who, clock_ms(), &guarded);
	assert_int_equal(step(e, "n,,n=user,r=abcd", challenge),
	    EXCHANGE_CHALLENGE); /* as for everybody */
	assert_int_equal(directory.asked, 0);
	exchange_free(&e);
	assert_says((struct saying){ 0 }, AUTH_LIMITED);
	assert_says((struct saying){ .password = "x" }, AUTH_LIMITED);
	assert_int_equal(abuse_lift(abuse, slice_of("user"), clock_ms()), 1);
	assert_says((struct saying){ 0 }, AUTH_ACCEPTED);
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
	assert_says((struct saying){ .header = "n,a=bo=2ss," }, AUTH_REFUSED);
	/* ... and does not tell that the proof was right. */
	assert_says(
	    (struct saying){ .header = "n,a=boss,", .password = "wrong" },
	    AUTH_REFUSED);
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

/* -- who is not there ------------------------------------------------------ */

/* What a name hears first, behind the client's nonce. */
static void
server_first(const char *mechanism, const char *name, char *nonce, char *rest)
{
	char text[512], challenge[4097], *comma;
	struct exchange *e = begin(mechanism, "", "");

	snprintf(text, sizeof(text), "n,,n=%s,r=abcd", name);
	assert_int_equal(step(e, text, challenge), EXCHANGE_CHALLENGE);
	exchange_free(&e);
	comma = strchr(challenge, ',');
	assert_non_null(comma);
	*comma = '\0';
	strcpy(nonce, challenge);
	strcpy(rest, comma + 1);
}

static void
test_strangers_hear_the_same_each_time(void **state)
{
	char nonce[2][512], rest[2][512], other[512], text[512];

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
	/* a key that is there is of no use to who was refused */
	directory.answer = AUTH_REFUSED;
	assert_says((struct saying){ 0 }, AUTH_REFUSED);
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

static void
test_both_forms_are_offered_login_last(void **state)
{
	(void)state;
	assert_string_equal(mechs_offered(),
	    "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-512-PLUS "
	    "SCRAM-SHA-512 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN");
}

static int
start(void **state)
{
	static char login[] = "LOGIN", one[] = "SCRAM-SHA-256",
		    two[] = "SCRAM-SHA-512", three[] = "SCRAM-SHA-1-PLUS",
		    four[] = "SCRAM-SHA-1", plain[] = "PLAIN";
	static char *names[] = { login, one, two, three, four, plain };
	static const struct strings wanted = { names, ARRAY_LEN(names) };

	(void)state;
	secret_set(&config.bind_password, slice_of("service secret"));
	stranger_start(&config);
	abuse = abuse_new(&config);
	passwordcheck_open(&config, NULL, abuse);
	return mechs_start(&wanted);
}

static int
stop(void **state)
{
	(void)state;
	passwordcheck_close();
	abuse_free(&abuse);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_our_client_is_that_of_rfc_7677),
		TEST(test_a_right_proof_lets_in),
		TEST(test_who_is_banned_proves_nothing),
		TEST(test_a_wrong_proof_is_a_guess),
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
		TEST(test_strangers_hear_the_same_each_time),
		TEST(test_who_has_no_key_cannot_prove_anything),
		TEST(test_the_directorys_verdict_waits_for_the_proof),
		TEST(test_a_wrong_proof_is_a_guess),
		TEST(test_trouble_of_the_directory_is_ours),
		TEST(test_libsasl2s_client_is_let_in),
		TEST(test_both_forms_are_offered_login_last),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
