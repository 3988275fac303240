/*
 * passwordcheck: what is answered from memory, and what the directory is
 * asked.  The directory is a table here, the clock a number.
 */

#include "passwordcheck.h"

#include <pthread.h>
#include <stdlib.h>

#include "cases.h"
#include "clock.h"
#include "keyedhash.h"
#include "limits.h"
#include "logincache.h"
#include "wrongpasswords.h"
#include "xalloc.h"

#define SECOND UINT64_C(1000)
#define FRESH  (60 * SECOND)
#define STALE  (3600 * SECOND)
#define MEMORY (600 * SECOND)
#define LOCKED 30000

static struct {
	const char *password; /* alice's, now; NULL: there is no alice */
	bool trouble;
	enum auth_verdict verdict; /* when not by password */
	const char *reason;        /* the same; NULL */
	int asked;
} directory;

static bool threads_ask; /* who then does not count */
static struct servers *servers;
static struct abuse *abuse;
static uint64_t now;

/* Takes the place of directory.c: the linker finds this one first. */
void
directory_check(struct directory *d, struct slice user, struct slice password,
    uint64_t deadline_ms, struct login *login)
{
	(void)d;
	(void)deadline_ms;
	if (!threads_ask)
		directory.asked++;
	login_set_user(login, user);
	login->server = "ldap://one";
	if (directory.trouble) {
		login_judge(login, AUTH_TROUBLE, "server_down");
	} else if (directory.reason != NULL) {
		login_judge(login, directory.verdict, directory.reason);
	} else if (directory.password == NULL) {
		login_judge(login, AUTH_REFUSED, "unknown_user");
		login->guess = true;
	} else if (slice_eq(password, slice_of(directory.password))) {
		login_set_user(login, slice_of("alice"));
		assert_true(
		    login_add_address(login, slice_of("alice@example.org")));
		login->quota.sessions = 7;
		login_judge(login, AUTH_ACCEPTED, "ok");
	} else {
		login_set_user(login, slice_of("alice"));
		login_judge(login, AUTH_REFUSED, "password");
		login->guess = true;
	}
}

static void
server_goes_down(void)
{
	static const struct ailment lost = {
		.reason = "server_down", .text = "", .lost = true
	};

	servers_ill(servers, 0, now, &lost);
}

static void
open_with(uint64_t fresh, uint64_t stale, uint64_t memory)
{
	const struct auth_config config = {
		.login_cache_ms = (uint32_t)fresh,
		.login_cache_stale_ms = (uint32_t)stale,
		.wrong_password_ms = (uint32_t)memory,
		.locked_ms = memory > 0 ? LOCKED : 0,
		.abuse_pair_failures = 3,
		.abuse_window_ms = 600000,
		.abuse_ban_ms = 900000,
		.abuse_ipv6_prefix = 64,
	};

	abuse = abuse_new(&config);
	passwordcheck_open(&config, servers, abuse);
}

static int
set_up(void **state)
{
	static char uri[] = "ldap://127.0.0.1", *list[] = { uri };
	static const struct strings uris = { list, 1 };
	static const struct servers_params params = { .failures = 3,
		.retry_ms = 60000 };

	(void)state;
	memset(&directory, 0, sizeof(directory));
	directory.password = "secret";
	now = 1000 * SECOND;
	servers = servers_new(&uris, &params);
	assert_non_null(servers);
	open_with(FRESH, STALE, MEMORY);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	passwordcheck_close();
	abuse_free(&abuse);
	servers_free(&servers);
	return 0;
}

/* Try; the verdict's reason is expected, and whether LDAP was asked. */
static void
try_as(const char *name, const char *address, const char *password,
    const char *reason, int asked)
{
	const struct attempt a = { slice_of(name), slice_of(password), now,
		UINT64_MAX };
	struct login l = login_new();
	int before = directory.asked;

	l.client_address = xstrdup(address);
	passwordcheck(NULL, &a, &l);
	assert_true(l.judged);
	assert_string_equal(l.reason, reason);
	assert_string_equal(l.typed, name);
	if (directory.asked - before != asked)
		fail_msg("%s %s: asked %d times", address, password,
		    directory.asked - before);
	if (l.verdict == AUTH_ACCEPTED) {
		assert_string_equal(l.user, "alice");
		assert_int_equal(l.address_count, 1);
		assert_int_equal(l.quota.sessions, 7);
	} else {
		assert_int_equal(l.address_count, 0);
	}
	login_free(&l);
}

static void
try(const char *password, const char *reason, int asked)
{
	try_as("alice", "192.0.2.1", password, reason, asked);
}

static void
test_a_right_password_is_believed_for_its_time(void **state)
{
	(void)state;
	try("secret", "ok", 1);
	try("secret", "cached", 0);
	try_as("alice", "2001:db8::1", "secret", "cached", 0);
	now += FRESH - 1;
	try("secret", "cached", 0);
	now += 1; /* of the directory's answer, not of the last hit */
	try("secret", "ok", 1);
	now += FRESH - 1;
	try("secret", "cached", 0);
}

static void
test_only_that_password_of_that_name(void **state)
{
	(void)state;
	try("secret", "ok", 1);
	try("Secret", "password", 1);
	try("secre", "password", 1);
	try("secret ", "password", 1);
	try_as("Alice", "192.0.2.1", "secret", "ok", 1);
	try_as("alic", "192.0.2.1", "secret", "ok", 1);
	try("secret", "cached", 0);
}

static void
test_a_changed_password_takes_the_place_of_the_old(void **state)
{
	(void)state;
	try("secret", "ok", 1);
	directory.password = "new";
	try("secret", "cached", 0); /* nobody told us yet */
	try("new", "ok", 1);
	try("secret", "password", 1);
	try("secret", "same_wrong_password", 0);
	try("new", "cached", 0);
}

/* Under whatever name it was right, and is wrong: they are one person's. */
static void
test_an_old_password_is_old_by_every_name(void **state)
{
	static const char other[] = "alice@example.org";

	(void)state;
	try("secret", "ok", 1);
	directory.password = "new";
	try_as(other, "192.0.2.1", "new", "ok", 1);
	try("secret", "password", 1);
	try("new", "ok", 1);

	directory.password = "newer";
	now += FRESH;
	try_as(other, "192.0.2.1", "new", "password", 1);
	directory.trouble = true;
	server_goes_down();
	try("new", "server_down", 1);
}

static void
test_what_the_directory_refuses_is_forgotten(void **state)
{
	(void)state;
	try("secret", "ok", 1);
	now += FRESH;
	directory.password = "new";
	try("secret", "password", 1);
	directory.trouble = true;
	server_goes_down();
	try("secret", "same_wrong_password", 0);
	try_as("alice", "192.0.2.2", "secret", "server_down", 1);
}

/* Whatever the password is; but not for long, since it may be right. */
static void
test_a_locked_account_is_left_alone_for_a_while(void **state)
{
	(void)state;
	directory.verdict = AUTH_REFUSED;
	directory.reason = "locked";
	try("wrong", "locked", 1);
	try("wrong", "still_locked", 0);
	try_as("alice", "192.0.2.2", "secret", "still_locked", 0);
	try_as("alicia", "192.0.2.1", "secret", "locked", 1);
	now += LOCKED - 1;
	try("secret", "still_locked", 0);
	directory.reason = NULL;
	now += 1;
	try("secret", "ok", 1);
	/* the operator has unlocked it */
	now += FRESH;
	directory.reason = "locked";
	try("secret", "locked", 1);
	directory.reason = NULL;
	passwordcheck_flush(slice_of("alice"));
	try("secret", "ok", 1);
}

/* Not a guess, and the password may be right: not remembered as wrong. */
static void
test_who_is_refused_otherwise_is_asked_for_again(void **state)
{
	(void)state;
	directory.verdict = AUTH_SUSPENDED;
	directory.reason = "disabled";
	try("secret", "disabled", 1);
	try("secret", "disabled", 1);
	directory.reason = NULL;
	try("secret", "ok", 1);
	now += FRESH;
	directory.verdict = AUTH_REFUSED;
	directory.reason = "constraint";
	try("secret", "constraint", 1);
	try("secret", "constraint", 1);
}

static void
test_stale_answers_only_while_every_server_is_down(void **state)
{
	(void)state;
	try("secret", "ok", 1);
	now += FRESH;
	directory.trouble = true;
	try("secret", "server_down", 1); /* one slow answer is no outage */
	server_goes_down();
	try("secret", "cache_stale", 1);
	try("other", "server_down", 1);
	try_as("bob", "192.0.2.1", "secret", "server_down", 1);
	now += STALE - FRESH - 1;
	try("secret", "cache_stale", 1);
	now += 1;
	try("secret", "server_down", 1);
	servers_well(servers, 0, now);
	directory.trouble = false;
	try("secret", "ok", 1);
}

static void
test_the_same_wrong_password_is_asked_for_once(void **state)
{
	int i;

	(void)state;
	try("old", "password", 1);
	for (i = 0; i < 20; i++)
		try("old", "same_wrong_password", 0);
	try("other", "password", 1);
	try("old", "same_wrong_password", 0);
	try_as("alice", "192.0.2.2", "old", "password", 1);
	try_as("alicia", "192.0.2.1", "old", "password", 1);
	now += MEMORY;
	try("old", "password", 1);
	try_as("alice", "2001:db8::1", "old", "password", 1);
	try_as("alice", "2001:db8::2", "old", "same_wrong_password", 0);
	try_as("alice", "2001:db8:0:1::2", "old", "password", 1);
}

static void
test_the_last_ten_wrong_ones_are_known(void **state)
{
	char password[32];
	int i;

	(void)state;
	for (i = 0; i < LIMIT_WRONG_PASSWORDS + 1; i++) {
		snprintf(password, sizeof(password), "wrong%d", i);
		try(password, "password", 1);
	}
	for (i = LIMIT_WRONG_PASSWORDS; i > 0; i--) {
		snprintf(password, sizeof(password), "wrong%d", i);
		try(password, "same_wrong_password", 0);
	}
	try("wrong0", "password", 1);
}

static void
test_a_login_clears_what_was_typed_before(void **state)
{
	(void)state;
	try("typo", "password", 1);
	try("secret", "ok", 1);
	directory.password = "typo";
	try("typo", "ok", 1);
	try("typo", "cached", 0);
}

/* It was wrong at one place and right at another: ask, do not remember. */
static void
test_what_was_right_before_is_asked_for_again(void **state)
{
	(void)state;
	try("next", "password", 1);
	directory.password = "next";
	try_as("alice", "192.0.2.2", "next", "ok", 1);
	try("next", "cached", 0);
	now += FRESH;
	try("next", "ok", 1);
}

static void
test_a_name_that_is_unknown_is_remembered_too(void **state)
{
	(void)state;
	directory.password = NULL;
	try("secret", "unknown_user", 1);
	try("secret", "same_wrong_password", 0);
}

static void
test_who_is_banned_is_not_asked_for(void **state)
{
	const struct abuse_who who = { "192.0.2.1", slice_of("alice"),
		slice_of(NULL) };
	const struct attempt a = { slice_of("alice"), slice_of("secret"), now,
		UINT64_MAX };
	struct login l = login_new();
	bool guarded;
	int i;

	(void)state;
	try("secret", "ok", 1);
	for (i = 0; i < 3; i++)
		abuse_failed(abuse, &who, now, &guarded);
	try("secret", "banned", 0);
	try_as("alice", "192.0.2.2", "secret", "cached", 0);
	l.client_address = xstrdup("192.0.2.1");
	passwordcheck(NULL, &a, &l);
	assert_int_equal(l.verdict, AUTH_LIMITED);
	assert_int_equal(l.retry_s, 900);
	login_free(&l);
	now += 900 * SECOND;
	try("secret", "ok", 1);
}

static void
test_a_flush_forgets_a_user_or_all(void **state)
{
	(void)state;
	try("secret", "ok", 1);
	try_as("alice@example.org", "192.0.2.1", "secret", "ok", 1);
	try_as("alice@example.org", "192.0.2.1", "wrong", "password", 1);
	assert_int_equal(passwordcheck_flush(slice_of("bob")), 0);
	try("secret", "cached", 0);
	assert_int_equal(passwordcheck_flush(slice_of("ALICE")), 2);
	try_as("alice@example.org", "192.0.2.1", "wrong", "password", 1);
	try_as("alice@example.org", "192.0.2.1", "secret", "ok", 1);
	try("secret", "ok", 1);
	assert_int_equal(passwordcheck_flush(slice_of("")), 2);
	try("secret", "ok", 1);
}

static void
test_what_is_off_remembers_nothing(void **state)
{
	(void)state;
	passwordcheck_close();
	abuse_free(&abuse);
	open_with(0, 0, 0);
	try("secret", "ok", 1);
	try("secret", "ok", 1);
	assert_int_equal(passwordcheck_flush(slice_of("")), 0);
	try("wrong", "password", 1);
	try("wrong", "password", 1);
	server_goes_down();
	directory.trouble = true;
	try("secret", "server_down", 1);
}

static void
test_stale_works_without_fresh(void **state)
{
	(void)state;
	passwordcheck_close();
	abuse_free(&abuse);
	open_with(0, STALE, 0);
	try("secret", "ok", 1);
	try("secret", "ok", 1);
	server_goes_down();
	directory.trouble = true;
	try("secret", "cache_stale", 1);
}

/* -- threads --------------------------------------------------------------- */

#define THREADS 8
#define ROUNDS  400

/* A thread's person: names are shared by two, addresses by all. */
static void *
live(void *arg)
{
	unsigned id = *(const unsigned *)arg, i;
	char name[32];
	struct login l;

	snprintf(name, sizeof(name), "user%u", id / 2);
	for (i = 0; i < ROUNDS; i++) {
		const struct attempt a = { slice_of(name),
			slice_of(i % 3 == 0 ? "wrong" : "secret"),
			now + i * SECOND, UINT64_MAX };
		const struct abuse_who who = { "192.0.2.1", a.user, a.user };
		bool guarded;

		l = login_new();
		l.client_address = xstrdup("192.0.2.1");
		passwordcheck(NULL, &a, &l);
		if (l.verdict == AUTH_ACCEPTED)
			abuse_succeeded(abuse, &who, a.now_ms);
		else if (l.guess)
			abuse_failed(abuse, &who, a.now_ms, &guarded);
		if (i % 50 == 0)
			passwordcheck_flush(a.user);
		login_free(&l);
	}
	return NULL;
}

static void
test_threads_share_all_of_it(void **state)
{
	pthread_t thread[THREADS];
	unsigned id[THREADS], i;

	(void)state;
	threads_ask = true;
	for (i = 0; i < THREADS; i++) {
		id[i] = i;
		assert_int_equal(
		    pthread_create(&thread[i], NULL, live, &id[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	threads_ask = false;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_right_password_is_believed_for_its_time),
		TEST(test_only_that_password_of_that_name),
		TEST(test_a_changed_password_takes_the_place_of_the_old),
		TEST(test_an_old_password_is_old_by_every_name),
		TEST(test_what_the_directory_refuses_is_forgotten),
		TEST(test_a_locked_account_is_left_alone_for_a_while),
		TEST(test_who_is_refused_otherwise_is_asked_for_again),
		TEST(test_stale_answers_only_while_every_server_is_down),
		TEST(test_the_same_wrong_password_is_asked_for_once),
		TEST(test_the_last_ten_wrong_ones_are_known),
		TEST(test_a_login_clears_what_was_typed_before),
		TEST(test_what_was_right_before_is_asked_for_again),
		TEST(test_a_name_that_is_unknown_is_remembered_too),
		TEST(test_who_is_banned_is_not_asked_for),
		TEST(test_a_flush_forgets_a_user_or_all),
		TEST(test_what_is_off_remembers_nothing),
		TEST(test_stale_works_without_fresh),
		TEST(test_threads_share_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
