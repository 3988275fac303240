/*
 * exchange: SASL messages in, questions to a faked directory and verdicts out.
 */

#include "exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mechs.h"
#include "passwordcheck.h"

#define S(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* What the directory says next, and what it was asked. */
static enum auth_verdict answer;
static bool has_stored_keys;
static bool has_delegate;
static int asked;
static char asked_user[300];
static char asked_password[1100];
static size_t asked_password_len;

/* Takes the place of directory.c: the linker finds this one first. */
void
directory_check(struct directory *d, struct slice user, struct slice password,
    uint64_t deadline_ms, struct login *login)
{
	(void)d;
	(void)deadline_ms;
	asked++;
	assert_true(user.n < sizeof(asked_user));
	assert_true(password.n < sizeof(asked_password));
	memcpy(asked_user, user.p, user.n);
	asked_user[user.n] = '\0';
	memcpy(asked_password, password.p, password.n);
	asked_password_len = password.n;
	login_judge(login, answer, "faked");
	login->has_stored_keys = has_stored_keys;
	if (has_delegate)
		(void)login_add_delegated(
		    login, S("office"), S("office@example.org"));
}

/* Nobody here proves anything without a password. */
void
directory_identify(struct directory *d, const struct claim *claim,
    uint64_t deadline_ms, struct login *login, struct buf *stored_keys)
{
	(void)d;
	(void)claim;
	(void)deadline_ms;
	(void)login;
	(void)stored_keys;
	fail();
}

/* Nothing is remembered: each question reaches the directory. */
static struct auth_config config;
static struct abuse *abuse;

static struct exchange *
begin(const char *mechanism)
{
	static const struct msg_auth_start start;
	const struct mech *mech = mechs_find(slice_of(mechanism));

	assert_non_null(mech);
	return exchange_new(mech, &start, &config);
}

static enum exchange_state
step(struct exchange *e, bool has_data, struct slice data, const char *want)
{
	struct buf challenge = buf_new(1024);
	enum exchange_state s;

	s = exchange_step(e, NULL, has_data, data, UINT64_MAX, &challenge);
	if (want != NULL)
		assert_true(slice_eq(buf_slice(&challenge), slice_of(want)));
	buf_free(&challenge);
	return s;
}

/* An exchange of one message: its verdict. */
static enum auth_verdict
whole(const char *mechanism, struct slice data)
{
	struct exchange *e = begin(mechanism);
	enum auth_verdict v;

	assert_int_equal(step(e, true, data, NULL), EXCHANGE_OVER);
	assert_true(exchange_login(e)->judged);
	v = exchange_login(e)->verdict;
	exchange_free(&e);
	assert_null(e);
	return v;
}

static int
set_up(void **state)
{
	(void)state;
	asked = 0;
	answer = AUTH_ACCEPTED;
	has_stored_keys = has_delegate = false;
	config.scram_only = false;
	passwordcheck_open(&config, NULL, abuse);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	passwordcheck_close();
	return 0;
}

static void
test_plain_asks_the_directory(void **state)
{
	static const enum auth_verdict verdicts[] = { AUTH_ACCEPTED,
		AUTH_REFUSED, AUTH_TROUBLE, AUTH_SUSPENDED, AUTH_LIMITED };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(verdicts); i++) {
		answer = verdicts[i];
		assert_int_equal(
		    whole("PLAIN", S("\0alice\0secret")), verdicts[i]);
		assert_int_equal(asked, i + 1);
		assert_string_equal(asked_user, "alice");
		assert_int_equal(asked_password_len, 6);
		assert_memory_equal(asked_password, "secret", 6);
	}
}

/* A wrong password hears nothing of keys: 535 for users and strangers. */
static void
test_who_has_a_stored_key_may_be_held_to_it(void **state)
{
	static const struct {
		bool only, keys;
		enum auth_verdict said, verdict;
	} rows[] = {
		{ false, true, AUTH_ACCEPTED, AUTH_ACCEPTED },
		{ true, false, AUTH_ACCEPTED, AUTH_ACCEPTED },
		{ true, true, AUTH_ACCEPTED, AUTH_TOO_WEAK },
		{ true, true, AUTH_REFUSED, AUTH_REFUSED },
		{ true, true, AUTH_TROUBLE, AUTH_TROUBLE },
		{ true, true, AUTH_SUSPENDED, AUTH_SUSPENDED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		config.scram_only = rows[i].only;
		has_stored_keys = rows[i].keys;
		answer = rows[i].said;
		assert_int_equal(
		    whole("PLAIN", S("\0alice\0secret")), rows[i].verdict);
	}
}

static void
test_plain_of_another_shape_is_never_asked(void **state)
{
	static const struct {
		struct slice data;
		enum auth_verdict verdict;
	} rows[] = {
		{ S(""), AUTH_BROKEN },
		{ S("alice"), AUTH_BROKEN },
		{ S("\0"), AUTH_BROKEN },
		{ S("alice\0secret"), AUTH_BROKEN },
		{ S("\0alice\0secret\0"), AUTH_BROKEN },
		{ S("\0alice\0sec\0ret"), AUTH_BROKEN },
		{ S("a\0b\0c\0d\0e"), AUTH_BROKEN },
		{ S("\0\0secret"), AUTH_REFUSED },
		{ S("\0\0"), AUTH_REFUSED },
		{ S("\0  \0secret"), AUTH_REFUSED },
		{ S("\0a\x07\0secret"), AUTH_REFUSED },
		{ S("\0\xff\0secret"), AUTH_REFUSED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(whole("PLAIN", rows[i].data), rows[i].verdict);
	assert_int_equal(asked, 0);
}

/* Cut anywhere it is no login with a shorter password that we make up. */
static void
test_plain_cut_short_is_what_it_says(void **state)
{
	static const char text[] = "\0alice\0secret";
	size_t n;

	(void)state;
	answer = AUTH_REFUSED;
	for (n = 0; n < sizeof(text) - 1; n++) {
		char *copy = test_malloc(n + 1);
		enum auth_verdict v;

		asked = 0;
		memcpy(copy, text, n);
		v = whole("PLAIN", (struct slice){ copy, n });
		assert_int_equal(asked, n >= 7);
		if (asked != 0)
			assert_int_equal(asked_password_len, n - 7);
		assert_int_not_equal(v, AUTH_ACCEPTED);
		test_free(copy);
	}
}

static void
test_another_authorization_identity_is_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    whole("PLAIN", S("alice\0alice\0secret")), AUTH_ACCEPTED);
	assert_int_equal(whole("PLAIN", S("bob\0alice\0secret")), AUTH_REFUSED);
	/* the same person, as directories have it */
	assert_int_equal(
	    whole("PLAIN", S("Alice\0alice\0secret")), AUTH_ACCEPTED);
	/* ... and the refusal does not tell that the password was right. */
	answer = AUTH_TROUBLE;
	assert_int_equal(whole("PLAIN", S("bob\0alice\0secret")), AUTH_TROUBLE);
}

static void
test_a_delegate_acts_as_the_mailbox(void **state)
{
	struct exchange *e;

	(void)state;
	has_delegate = true;
	e = begin("PLAIN");
	assert_int_equal(
	    step(e, true, S("office\0alice\0secret"), ""), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_ACCEPTED);
	assert_string_equal(exchange_login(e)->acts_as, "office");
	assert_string_equal(exchange_login(e)->user, "alice");
	assert_int_equal(exchange_login(e)->address_count, 1);
	exchange_free(&e);

	assert_int_equal(
	    whole("PLAIN", S("offic\0alice\0secret")), AUTH_REFUSED);
	assert_int_equal(whole("PLAIN", S("office@example.org\0alice\0secret")),
	    AUTH_REFUSED);
	answer = AUTH_REFUSED;
	assert_int_equal(
	    whole("PLAIN", S("office\0alice\0secret")), AUTH_REFUSED);
}

/* What the directory knows of an account reaches the client. */
static void
test_who_is_suspended_is_told(void **state)
{
	(void)state;
	answer = AUTH_SUSPENDED;
	assert_int_equal(whole("PLAIN", S("\0alice\0secret")), AUTH_SUSPENDED);
}

static void
test_blanks_around_a_name_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(whole("PLAIN", S("\0 alice b \0x")), AUTH_ACCEPTED);
	assert_string_equal(asked_user, "alice b");
	assert_int_equal(whole("PLAIN", S("\0 x\0x")), AUTH_ACCEPTED);
	assert_string_equal(asked_user, "x");
	assert_int_equal(whole("PLAIN", S("\0a@b.example\0x")), AUTH_ACCEPTED);
	assert_string_equal(asked_user, "a@b.example");
}

/* RFC 4616, 2: one person, one spelling (saslprep.c has more of them). */
static void
test_names_are_prepared(void **state)
{
	(void)state;
	assert_int_equal(
	    whole("PLAIN", S("\0I\xc2\xadX\0secret")), AUTH_ACCEPTED);
	assert_string_equal(asked_user, "IX");
	/* A second identity is the first if both become the same. */
	assert_int_equal(
	    whole("PLAIN", S("IX\0\xe2\x85\xa8\0secret")), AUTH_ACCEPTED);
	assert_int_equal(
	    whole("PLAIN", S("IXX\0\xe2\x85\xa8\0secret")), AUTH_REFUSED);
	assert_string_equal(asked_user, "IX");
	assert_int_equal(
	    whole("PLAIN", S("\0\xc2\xa0x\xe3\x80\x80\0s")), AUTH_ACCEPTED);
	assert_string_equal(asked_user, "x");
	asked = 0;
	assert_int_equal(
	    whole("PLAIN", S("\0\xe2\x80\x8b\0secret")), AUTH_REFUSED);
	assert_int_equal(whole("PLAIN", S("\0\xc2\xad\0secret")), AUTH_REFUSED);
	assert_int_equal(
	    whole("PLAIN", S("\0\xd8\xa7\x31\0secret")), AUTH_REFUSED);
	assert_int_equal(asked, 0);
}

static void
test_plain_without_initial_response_is_prompted(void **state)
{
	struct exchange *e = begin("plain");

	(void)state;
	assert_int_equal(step(e, false, S(""), ""), EXCHANGE_CHALLENGE);
	assert_int_equal(
	    step(e, true, S("\0alice\0secret"), NULL), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_ACCEPTED);
	exchange_free(&e);
}

static void
test_login_asks_for_name_and_password(void **state)
{
	struct exchange *e = begin("LOGIN");

	(void)state;
	assert_int_equal(
	    step(e, false, S(""), "Username:"), EXCHANGE_CHALLENGE);
	assert_int_equal(
	    step(e, true, S("alice"), "Password:"), EXCHANGE_CHALLENGE);
	assert_int_equal(step(e, true, S("secret"), NULL), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_ACCEPTED);
	assert_string_equal(asked_user, "alice");
	assert_memory_equal(asked_password, "secret", asked_password_len);
	exchange_free(&e);
}

/* Many clients send the name at once. */
static void
test_login_takes_the_name_as_initial_response(void **state)
{
	struct exchange *e = begin("LOGIN");

	(void)state;
	assert_int_equal(
	    step(e, true, S("alice"), "Password:"), EXCHANGE_CHALLENGE);
	assert_int_equal(step(e, true, S("secret"), NULL), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_ACCEPTED);
	assert_string_equal(asked_user, "alice");
	exchange_free(&e);
}

static void
test_login_with_a_nul_is_refused_not_cut(void **state)
{
	struct exchange *e = begin("LOGIN");

	(void)state;
	assert_int_equal(step(e, true, S("alice\0x"), NULL), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_REFUSED);
	exchange_free(&e);
	e = begin("LOGIN");
	assert_int_equal(step(e, true, S("alice"), NULL), EXCHANGE_CHALLENGE);
	assert_int_equal(step(e, true, S("secret\0x"), NULL), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_REFUSED);
	exchange_free(&e);
	assert_int_equal(asked, 0);
}

static void
test_a_name_longer_than_any_is_refused(void **state)
{
	char data[4096];

	(void)state;
	memset(data, 'a', sizeof(data));
	data[0] = '\0';
	data[3000] = '\0';
	assert_int_not_equal(
	    whole("PLAIN", (struct slice){ data, sizeof(data) }),
	    AUTH_ACCEPTED);
	assert_int_equal(asked, 0);
}

static void
test_an_exchange_given_up_leaves_nothing(void **state)
{
	struct exchange *e;

	(void)state;
	e = begin("LOGIN"); /* never begun */
	exchange_free(&e);
	e = begin("LOGIN");
	assert_int_equal(step(e, false, S(""), NULL), EXCHANGE_CHALLENGE);
	exchange_free(&e);
	exchange_free(&e);
}

static void
test_only_what_was_wanted_is_offered(void **state)
{
	static const char *const never[] = { "", "PLAI", "PLAINX",
		"PLAIN LOGIN", "ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "NTLM",
		"EXTERNAL", "SCRAM-SHA-256" };
	size_t i;

	(void)state;
	assert_string_equal(mechs_offered(), "PLAIN LOGIN");
	assert_false(mechs_use_key(
	    slice_of("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
		     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")));
	assert_string_equal(mechs_find(S("pLaIn"))->name, "PLAIN");
	for (i = 0; i < ARRAY_LEN(never); i++)
		assert_null(mechs_find(slice_of(never[i])));
}

static int
start(void **state)
{
	static char plain[] = "plain", login[] = "LOGIN", none[] = "NTLM";
	static char *names[] = { login, plain, none, plain };
	static const struct strings wanted = { names, ARRAY_LEN(names) };

	(void)state;
	abuse = abuse_new(&config);
	return mechs_start(&wanted);
}

static int
stop(void **state)
{
	(void)state;
	abuse_free(&abuse);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain_asks_the_directory),
		TEST(test_who_has_a_stored_key_may_be_held_to_it),
		TEST(test_plain_of_another_shape_is_never_asked),
		TEST(test_plain_cut_short_is_what_it_says),
		TEST(test_another_authorization_identity_is_refused),
		TEST(test_a_delegate_acts_as_the_mailbox),
		TEST(test_who_is_suspended_is_told),
		TEST(test_blanks_around_a_name_do_not_count),
		TEST(test_names_are_prepared),
		TEST(test_plain_without_initial_response_is_prompted),
		TEST(test_login_asks_for_name_and_password),
		TEST(test_login_takes_the_name_as_initial_response),
		TEST(test_login_with_a_nul_is_refused_not_cut),
		TEST(test_a_name_longer_than_any_is_refused),
		TEST(test_an_exchange_given_up_leaves_nothing),
		TEST(test_only_what_was_wanted_is_offered),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
