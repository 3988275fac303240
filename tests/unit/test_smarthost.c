/*
 * smarthost - what servers offer is known before any message comes, and again
 * when it has changed.
 */

#include "smarthostservers.h"

#define PLAIN "250 hi\r\n"
#define RICH                                                                   \
	"250-hi\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-MT-PRIORITY\r\n"        \
	"250 SIZE 9\r\n"
#define POOR "250-hi\r\n250-8BITMIME\r\n250 SIZE 8\r\n"

#define OFFERS_RICH (OFFER_8BITMIME | OFFER_SMTPUTF8 | OFFER_MT_PRIORITY)

static unsigned changes, backs;

static void
count(void *arg)
{
	++*(unsigned *)arg;
}

static struct msg_mail_offers
offers(void)
{
	struct msg_mail_offers o;

	smarthosts_offers(hosts, &o);
	return o;
}

static void
start(const char *first, const char *second)
{
	const char *const replies[] = { first, second };

	servers_start(replies);
	changes = backs = 0;
	smarthosts_on_offers(hosts, count, &changes);
	smarthosts_on_back(hosts, count, &backs);
	smarthosts_probe(hosts);
	assert_int_equal(offers().extensions, OFFER_8BITMIME);
}

static void
assert_stats(const char *part)
{
	struct buf b = buf_new(4000);

	smarthosts_stats(hosts, &b);
	assert_true(buf_ok(&b));
	if (memmem(b.p, b.n, part, strlen(part)) == NULL)
		fail_msg("'%s' not in '%.*s'", part, (int)b.n, b.p);
	buf_free(&b);
}

static void
test_offers_are_known_without_a_message(void **state)
{
	(void)state;
	start(RICH, POOR);
	assert_stats("offers=8BITMIME\n");
	assert_stats("offers=unknown\n");
	RUN_UNTIL(offers().size == 8);
	assert_int_equal(offers().extensions, OFFER_8BITMIME);
	assert_true(changes > 0);
	assert_stats("offers=8BITMIME,SIZE=8\n");
	assert_stats("offers=8BITMIME,SIZE=9,SMTPUTF8,MT-PRIORITY\n");
	/* and that connection is there for the first message */
	assert_string_equal(servers[0].got, "(");
	servers_stop();
}

static void
test_a_server_never_seen_narrows_nothing_until_it_is(void **state)
{
	(void)state;
	start(RICH, NULL);
	RUN_UNTIL(offers().extensions == OFFERS_RICH);
	servers[1].offers = PLAIN;
	server_up(&servers[1]);
	RUN_UNTIL(changes > 1);
	assert_int_equal(offers().extensions, 0);
	assert_int_equal(offers().size, 9);
	servers_stop();
}

static void
test_a_restart_with_others_is_noticed(void **state)
{
	(void)state;
	start(RICH, RICH);
	RUN_UNTIL(offers().extensions == OFFERS_RICH);
	server_down(&servers[0]);
	RUN_UNTIL(!smarthost_is_well(smarthosts_get(hosts, 0)));
	/* still counts: mail could come to it */
	assert_int_equal(offers().extensions, OFFERS_RICH);
	changes = 0;
	servers[0].offers = POOR;
	server_up(&servers[0]);
	RUN_UNTIL(changes > 0);
	assert_int_equal(offers().extensions, OFFER_8BITMIME);
	assert_int_equal(offers().size, 8);
	server_down(&servers[0]);
	servers[0].offers = RICH;
	server_up(&servers[0]);
	RUN_UNTIL(changes > 1);
	assert_int_equal(offers().extensions, OFFERS_RICH);
	servers_stop();
}

static void
test_the_same_again_is_no_change(void **state)
{
	(void)state;
	start(RICH, NULL);
	RUN_UNTIL(changes == 1);
	server_down(&servers[0]);
	RUN_UNTIL(!smarthost_is_well(smarthosts_get(hosts, 0)));
	server_up(&servers[0]);
	RUN_UNTIL(backs > 0);
	assert_string_equal(servers[0].got, "((");
	assert_int_equal(changes, 1);
	servers_stop();
}

static void
test_a_server_that_is_back_is_told_of(void **state)
{
	(void)state;
	start(PLAIN, NULL);
	RUN_UNTIL(!smarthost_is_well(smarthosts_get(hosts, 1)));
	servers[1].offers = PLAIN;
	server_up(&servers[1]);
	RUN_UNTIL(backs > 0); /* nobody had to bring a message */
	servers_stop();
}

/* -- a probe is not a verdict ---------------------------------------------- */

static unsigned grants, failures;

static void
on_grant(struct smarthost_waiter *w, struct smtpclient *client)
{
	(void)w;
	(void)client;
	grants++;
}

static void
on_failure(struct smarthost_waiter *w, const struct smtpreply *why)
{
	(void)w;
	(void)why;
	failures++;
}

/* The server hangs up on whoever is there. */
static void
cut(struct server *s)
{
	size_t i;

	for (i = 0; i < SESSIONS; i++)
		if (sessions[i].server == s)
			session_end(&sessions[i]);
}

static void
test_whoever_waits_for_a_probe_gets_another_connection(void **state)
{
	struct smarthost_waiter w = { .granted = on_grant,
		.failed = on_failure };

	(void)state;
	grants = failures = 0;
	start(PLAIN, NULL);
	RUN_UNTIL(strcmp(servers[0].got, "(") == 0);
	smarthost_acquire(smarthosts_get(hosts, 0), &w);
	cut(&servers[0]);
	RUN_UNTIL(grants + failures > 0);
	assert_int_equal(failures, 0);
	assert_string_equal(servers[0].got, "((");
	servers_stop();
}

static void
test_one_probe_that_failed_keeps_no_message_away(void **state)
{
	struct smarthost *s;

	(void)state;
	start(PLAIN, NULL);
	s = smarthosts_get(hosts, 0);
	RUN_UNTIL(strcmp(servers[0].got, "(") == 0);
	cut(&servers[0]);
	while (strcmp(servers[0].got, "((") != 0) {
		assert_true(smarthost_is_well(s));
		assert_int_not_equal(event_base_loop(base, EVLOOP_ONCE), -1);
	}
	cut(&servers[0]);
	RUN_UNTIL(!smarthost_is_well(s)); /* two in a row do */
	servers_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offers_are_known_without_a_message),
		cmocka_unit_test(
		    test_a_server_never_seen_narrows_nothing_until_it_is),
		cmocka_unit_test(test_a_restart_with_others_is_noticed),
		cmocka_unit_test(test_the_same_again_is_no_change),
		cmocka_unit_test(test_a_server_that_is_back_is_told_of),
		cmocka_unit_test(
		    test_whoever_waits_for_a_probe_gets_another_connection),
		cmocka_unit_test(
		    test_one_probe_that_failed_keeps_no_message_away),
	};

	signal(SIGPIPE, SIG_IGN); /* as in every role */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
