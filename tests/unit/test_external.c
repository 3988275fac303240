/*
 * external: EXTERNAL from the message of the smtp role to the verdict, with a
 * faked directory.
 */

#include "cases.h"

#include "exchange.h"
#include "mechs.h"
#include "pack.h"

/* What the directory says next, and what it was asked. */
static enum auth_verdict answer;
static const char *user;
static int asked;
static char asked_filter[32768];

/* Takes the place of directory.c: the linker finds this one first. */
void
directory_identify(struct directory *d, const struct claim *claim,
    uint64_t deadline_ms, struct login *login, struct buf *stored_keys)
{
	(void)d;
	(void)deadline_ms;
	assert_null(stored_keys);
	assert_true(claim->name.n > 0);
	asked++;
	snprintf(asked_filter, sizeof(asked_filter), "%s", claim->filter);
	login_judge(login, answer, "faked");
	login->guess = true; /* as for a name that nobody has */
	if (user != NULL)
		login_set_user(login, slice_of(user));
}

void
directory_check(struct directory *d, struct slice name, struct slice password,
    uint64_t deadline_ms, struct login *login)
{
	(void)d;
	(void)name;
	(void)password;
	(void)deadline_ms;
	(void)login;
	fail();
}

static char by_mail[] = "(mail=%m)";
static struct auth_config config;

static struct exchange *
begin(const char *subject, const char *mailbox)
{
	struct msg_auth_start start = {
		.client_address = S("192.0.2.1"),
		.certificate_subject = slice_of(subject),
	};
	struct buf mailboxes = buf_new(1024);
	struct exchange *e;

	if (mailbox != NULL) {
		pack_bytes(&mailboxes, slice_of(mailbox));
		pack_bytes(&mailboxes, slice_of("second@example.org"));
		start.certificate_mailbox_count = 2;
	}
	start.certificate_mailboxes = buf_slice(&mailboxes);
	e = exchange_new(mechs_find(slice_of("EXTERNAL")), &start, &config);
	buf_free(&mailboxes); /* the message is gone before the first step */
	return e;
}

static enum exchange_state
step(struct exchange *e, bool has_data, struct slice data)
{
	struct buf challenge = buf_new(1024);
	enum exchange_state s;

	s = exchange_step(e, NULL, has_data, data, UINT64_MAX, &challenge);
	assert_int_equal(challenge.n, 0);
	buf_free(&challenge);
	return s;
}

/* An exchange of one message by alice: the verdict. */
static enum auth_verdict
whole(struct slice authzid)
{
	struct exchange *e = begin("CN=x", "alice@example.org");
	enum auth_verdict v;

	assert_int_equal(step(e, true, authzid), EXCHANGE_OVER);
	assert_true(exchange_login(e)->judged);
	assert_false(exchange_login(e)->guess);
	v = exchange_login(e)->verdict;
	exchange_free(&e);
	return v;
}

static int
set_up(void **state)
{
	(void)state;
	answer = AUTH_ACCEPTED;
	user = "alice";
	asked = 0;
	config.certificate_filter = by_mail;
	return 0;
}

static void
test_directory_says_whose_it_is(void **state)
{
	static const enum auth_verdict verdicts[] = { AUTH_ACCEPTED,
		AUTH_REFUSED, AUTH_TROUBLE, AUTH_SUSPENDED };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(verdicts); i++) {
		answer = verdicts[i];
		assert_int_equal(whole(slice_of("")), verdicts[i]);
		assert_int_equal(asked, i + 1);
		assert_string_equal(asked_filter,
		    "(|(mail=alice@example.org)(mail=second@example.org))");
	}
}

static void
test_without_response_there_is_an_empty_challenge(void **state)
{
	struct exchange *e = begin("", "alice@example.org");

	(void)state;
	assert_int_equal(step(e, false, slice_of("")), EXCHANGE_CHALLENGE);
	assert_int_equal(step(e, true, slice_of("alice")), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_ACCEPTED);
	assert_int_equal(asked, 1);
	exchange_free(&e);
}

static void
test_authorization_identity_is_the_user(void **state)
{
	char longest[20000];

	(void)state;
	assert_int_equal(whole(slice_of("alice")), AUTH_ACCEPTED);
	assert_int_equal(whole(slice_of("bob")), AUTH_REFUSED);
	assert_int_equal(whole(slice_of("Alice")), AUTH_ACCEPTED);
	assert_int_equal(whole(slice_of("alic")), AUTH_REFUSED);
	assert_int_equal(whole((struct slice)S("alice\0")), AUTH_REFUSED);
	assert_int_equal(whole((struct slice)S("\0")), AUTH_REFUSED);
	assert_int_equal(whole((struct slice)S("alice\0bob")), AUTH_REFUSED);
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(
	    whole((struct slice){ longest, sizeof(longest) }), AUTH_REFUSED);
	/* what nobody may do is refused whoever it is for */
	answer = AUTH_REFUSED;
	assert_int_equal(whole(slice_of("alice")), AUTH_REFUSED);
	answer = AUTH_TROUBLE;
	assert_int_equal(whole(slice_of("bob")), AUTH_TROUBLE);
}

static void
test_no_certificate_no_mechanism(void **state)
{
	struct exchange *e = begin("", NULL);

	(void)state;
	assert_int_equal(step(e, true, slice_of("alice")), EXCHANGE_OVER);
	assert_int_equal(exchange_login(e)->verdict, AUTH_NO_MECHANISM);
	assert_int_equal(asked, 0);
	exchange_free(&e);
}

/* One search for all: they must be one entry's. */
static void
test_filter_is_made_of_the_certificate(void **state)
{
	/* clang-format off */
	static const struct {
		const char *template, *subject, *mailbox;
		const char *want; /* NULL: nothing to look for */
	} rows[] = {
		{ "(mail=%m)", "", "a@b",
		    "(|(mail=a@b)(mail=second@example.org))" },
		{ "(mail=%m)", "CN=x", NULL, NULL },
		{ "(dn=%s)", "CN=x", NULL, "(|(dn=CN=x))" },
		{ "(dn=%s)", "CN=x", "a@b", "(|(dn=CN=x))" },
		{ "(dn=%s)", "", "a@b", NULL },
		{ "(&(m=%m)(s=%s))", "", "a@b", NULL },
		{ "(&(m=%m)(s=%s))", "CN=x", NULL, NULL },
		{ "(&(m=%m)(s=%s))", "CN=x", "a@b",
		    "(|(&(m=a@b)(s=CN=x))(&(m=second@example.org)(s=CN=x)))" },
		/* RFC 4515, 3; a value is text and holds no template */
		{ "(mail=%m)", "", "*)(uid=\\%s",
		    "(|(mail=\\2a\\29\\28uid=\\5c%s)"
		    "(mail=second@example.org))" },
		{ "(s=%s)", "CN=a\\,b*,O=%m", NULL,
		    "(|(s=CN=a\\5c,b\\2a,O=%m))" },
	};
	/* clang-format on */
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct exchange *e = begin(rows[i].subject, rows[i].mailbox);
		char *template = strdup(rows[i].template);

		config.certificate_filter = template;
		asked = 0;
		assert_int_equal(step(e, true, slice_of("")), EXCHANGE_OVER);
		assert_int_equal(asked, rows[i].want != NULL);
		assert_int_equal(exchange_login(e)->verdict,
		    rows[i].want != NULL ? AUTH_ACCEPTED : AUTH_REFUSED);
		if (rows[i].want != NULL)
			assert_string_equal(asked_filter, rows[i].want);
		exchange_free(&e);
		free(template);
	}
}

static void
test_who_has_no_name_is_not_let_in(void **state)
{
	(void)state;
	user = NULL;
	assert_int_equal(whole(slice_of("")), AUTH_REFUSED);
	user = "";
	assert_int_equal(whole(slice_of("")), AUTH_REFUSED);
	user = "al\tice";
	assert_int_equal(whole(slice_of("")), AUTH_REFUSED);
}

static void
test_an_exchange_given_up_leaves_nothing(void **state)
{
	struct exchange *e = begin("CN=x", "alice@example.org");

	(void)state;
	exchange_free(&e);
	e = begin("CN=x", "alice@example.org");
	assert_int_equal(step(e, false, slice_of("")), EXCHANGE_CHALLENGE);
	exchange_free(&e);
}

static int
start(void **state)
{
	static char external[] = "external";
	static char *names[] = { external };
	static const struct strings wanted = { names, ARRAY_LEN(names) };

	(void)state;
	return mechs_start(&wanted);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_directory_says_whose_it_is),
		TEST(test_without_response_there_is_an_empty_challenge),
		TEST(test_authorization_identity_is_the_user),
		TEST(test_no_certificate_no_mechanism),
		TEST(test_filter_is_made_of_the_certificate),
		TEST(test_who_has_no_name_is_not_let_in),
		TEST(test_an_exchange_given_up_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
