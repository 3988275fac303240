/* presence - sessions are counted, logins remembered, the blocked kept out. */

#include "cases.h"

#include "limits.h"
#include "presence.h"

static struct presence *p;

static int
setup(void **state)
{
	(void)state;
	p = presence_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	presence_free(&p);
	assert_null(p);
	return 0;
}

static enum presence_verdict
enter(uint64_t link, uint64_t session, const char *user, uint64_t max)
{
	return presence_enter(
	    p, (struct visit_id){ link, session }, slice_of(user), max);
}

static void
leave(uint64_t link, uint64_t session)
{
	presence_leave(p, (struct visit_id){ link, session });
}

static void
record(const char *user, bool accepted, const char *verdict)
{
	struct presence_login login = { 86400, verdict, "PLAIN", "192.0.2.1" };

	presence_record(p, slice_of(user), accepted, &login);
}

/* What is shown; "": not known. */
static const char *
seen_of(const char *user)
{
	static char text[2048];
	struct buf b = buf_new(sizeof(text) - 1);

	text[0] = '\0';
	if (presence_show(p, slice_of(user), &b)) {
		memcpy(text, b.p, b.n);
		text[b.n] = '\0';
	}
	buf_free(&b);
	return text;
}

static void
test_a_session_more_than_allowed_is_refused(void **state)
{
	(void)state;
	assert_int_equal(enter(1, 10, "alice", 2), PRESENCE_ENTERED);
	assert_int_equal(enter(2, 10, "Alice", 2), PRESENCE_ENTERED);
	assert_int_equal(enter(1, 11, "alice", 2), PRESENCE_CROWDED);
	assert_int_equal(enter(1, 12, "bob", 2), PRESENCE_ENTERED);
	assert_int_equal(enter(1, 11, "alice", 0), PRESENCE_ENTERED);
	leave(1, 11);
	leave(1, 11);
	leave(7, 7);
	assert_int_equal(enter(1, 13, "alice", 2), PRESENCE_CROWDED);
	leave(2, 10);
	assert_int_equal(enter(1, 13, "alice", 2), PRESENCE_ENTERED);
	/* the same session again is still one */
	assert_int_equal(enter(1, 13, "alice", 2), PRESENCE_ENTERED);
	assert_non_null(strstr(seen_of("alice"), "sessions=2\n"));
}

static void
test_sessions_end_with_their_link(void **state)
{
	(void)state;
	assert_int_equal(enter(1, 10, "alice", 2), PRESENCE_ENTERED);
	assert_int_equal(enter(1, 11, "alice", 2), PRESENCE_ENTERED);
	assert_int_equal(enter(2, 10, "bob", 1), PRESENCE_ENTERED);
	presence_link_gone(p, 1);
	assert_non_null(strstr(seen_of("alice"), "sessions=0\n"));
	assert_non_null(strstr(seen_of("bob"), "sessions=1\n"));
}

static void
test_the_blocked_do_not_enter(void **state)
{
	(void)state;
	assert_true(presence_block(p, slice_of("alice"), slice_of("guard")));
	assert_false(presence_block(p, slice_of("ALICE"), slice_of("guard")));
	assert_int_equal(enter(1, 10, "Alice", 0), PRESENCE_BLOCKED);
	assert_int_equal(enter(1, 10, "bob", 0), PRESENCE_ENTERED);
	assert_non_null(strstr(seen_of("alice"), "login_blocked=guard\n"));
	assert_true(presence_unblock(p, slice_of("alice")));
	assert_false(presence_unblock(p, slice_of("alice")));
	assert_false(presence_unblock(p, slice_of("nobody")));
	assert_int_equal(enter(1, 11, "alice", 0), PRESENCE_ENTERED);
	assert_true(presence_block(p, slice_of("bob"), slice_of("guard")));
	assert_non_null(strstr(seen_of("bob"), "sessions=1\n"));
}

static void
note_name(struct slice user, void *arg)
{
	buf_add(arg, user.p, user.n);
	buf_str(arg, ",");
}

static void
test_the_blocked_and_nobody_else_are_listed(void **state)
{
	struct buf names = buf_new(100);

	(void)state;
	presence_each_blocked(p, note_name, &names);
	assert_int_equal(names.n, 0);
	assert_int_equal(enter(1, 10, "bob", 0), PRESENCE_ENTERED);
	assert_int_equal(enter(1, 11, "carol", 0), PRESENCE_ENTERED);
	record("dora", true, "accepted");
	assert_true(presence_block(p, slice_of("alice"), slice_of("guard")));
	assert_true(presence_block(p, slice_of("carol"), slice_of("guard")));
	presence_each_blocked(p, note_name, &names);
	assert_true(slice_eq(buf_slice(&names), slice_of("alice,carol,")) ||
		    slice_eq(buf_slice(&names), slice_of("carol,alice,")));
	buf_free(&names);
}

static void
test_the_last_logins_are_shown_newest_first(void **state)
{
	char verdict[16];
	int i;

	(void)state;
	record("alice", false, "refused"); /* a guess: not remembered */
	assert_string_equal(seen_of("alice"), "");
	record("alice", true, "accepted");
	record("alice", false, "refused");
	assert_string_equal(seen_of("alice"),
	    "user=alice\nsessions=0\nlogin_blocked=no\n"
	    "login=1970-01-02T00:00:00Z verdict=refused mechanism=PLAIN "
	    "client=192.0.2.1\n"
	    "login=1970-01-02T00:00:00Z verdict=accepted mechanism=PLAIN "
	    "client=192.0.2.1\n");
	for (i = 0; i < 7; i++) {
		snprintf(verdict, sizeof(verdict), "v%d", i);
		record("alice", true, verdict);
	}
	assert_null(strstr(seen_of("alice"), "verdict=accepted"));
	assert_null(strstr(seen_of("alice"), "verdict=v1"));
	assert_true(strstr(seen_of("alice"), "verdict=v6") <
		    strstr(seen_of("alice"), "verdict=v2"));
}

static void
test_the_idle_longest_are_forgotten_and_no_others(void **state)
{
	char name[16];
	unsigned i;

	(void)state;
	record("first", true, "accepted");
	assert_int_equal(enter(1, 1, "here", 0), PRESENCE_ENTERED);
	assert_true(presence_block(p, slice_of("bad"), slice_of("guard")));
	for (i = 0; i < LIMIT_PRESENCE_USERS; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		record(name, true, "accepted");
	}
	assert_string_equal(seen_of("first"), "");
	assert_string_not_equal(seen_of("u0"), "");
	assert_string_not_equal(seen_of("here"), "");
	assert_string_not_equal(seen_of("bad"), "");
	record("u0", false, "refused"); /* seen: u1 is next */
	record("one more", true, "accepted");
	assert_string_not_equal(seen_of("u0"), "");
	assert_string_equal(seen_of("u1"), "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_a_session_more_than_allowed_is_refused, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_sessions_end_with_their_link, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_the_blocked_do_not_enter, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_the_blocked_and_nobody_else_are_listed, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_the_last_logins_are_shown_newest_first, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_the_idle_longest_are_forgotten_and_no_others, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
