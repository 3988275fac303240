/*
 * messageuser - messages of users with limits, users who are stopped, and
 * users whom the guard does not like.
 */

#include "relaypair.h"

#include "accounts.h"
#include "ledger.h"

static unsigned saved;

static void
on_saved(void *arg, bool fine)
{
	(void)arg;
	assert_true(fine);
	saved++;
}

static int
user_setup(void **state)
{
	saved = 0;
	t.relay.config.guard_action = GUARD_ALARM;
	t.relay.config.guard_networks = 0;
	t.relay.config.guard_new_recipients = 0;
	t.relay.config.guard_refused = 0;
	ledgerstore_free(&t.relay.store);
	t.relay.store = ledgerstore_new(&t.relay);
	t.relay.ledger = ledgerstore_ledger(t.relay.store);
	return setup(state);
}

static struct account *
alice(void)
{
	return ledger_use(t.relay.ledger, "alice", (uint64_t)time(NULL));
}

static uint64_t
spent(enum quota_measure m)
{
	return tally_sum(&alice()->spent[m], QUOTA_DAY);
}

static void
change(enum accounts_change what)
{
	unsigned before = saved;

	assert_int_equal(
	    accounts_change(&t.relay, what, "alice", "stolen", on_saved, NULL),
	    ACCOUNTS_DONE);
	RUN_UNTIL(saved > before);
}

/* The next request of the worker. */
static void
next(void)
{
	if (t.fd != -1)
		close(t.fd);
	t.fd = -1;
	t.ready = false;
	t.done = 0;
	t.request++;
}

static struct begin
limited(enum quota_measure m, enum quota_window w, uint64_t max)
{
	struct begin begin = good_begin();

	begin.grant.quota.max[m][w] = max;
	return begin;
}

/* Up to the smarthost's answer. */
static void
send_through(struct begin *begin)
{
	next();
	submit_as(begin);
	RUN_UNTIL(delivery != NULL || t.done > 0);
	if (delivery == NULL)
		return;
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
}

static void
assert_refused(struct begin *begin, unsigned code, const char *enhanced)
{
	next();
	send_begin(begin);
	RUN_UNTIL(t.ready || t.done > 0);
	assert_answer(FATE_REFUSED, code, enhanced);
	assert_false(t.ready);
}

/* -- limits ---------------------------------------------------------------- */

static void
test_the_limit_refuses_the_next_and_says_when(void **state)
{
	struct begin begin = limited(QUOTA_MESSAGES, QUOTA_HOUR, 3);
	uint64_t limited_before = t.relay.limited;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		send_through(&begin);
		assert_answer(FATE_DELIVERED, 250, "4.2.0");
	}
	assert_refused(&begin, 450, "4.7.1");
	assert_non_null(strstr(t.text, "You may send 3 messages an hour: 3 are "
				       "used"));
	assert_non_null(strstr(t.text, " UTC, in "));
	assert_int_equal(t.relay.limited, limited_before + 1);
	/* the directory says otherwise at the next login */
	begin.grant.quota.max[QUOTA_MESSAGES][QUOTA_HOUR] = 4;
	send_through(&begin);
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
}

static void
test_messages_begun_together_do_not_pass_together(void **state)
{
	struct begin begin = limited(QUOTA_MESSAGES, QUOTA_DAY, 1);

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	close(t.fd);
	t.fd = -1;
	assert_refused(&begin, 450, "4.7.1");
	/* the first one comes to nothing: there is room */
	t.request--;
	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
	t.request++;
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(alice()->reserved[QUOTA_MESSAGES], 0);
	send_through(&begin);
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
	assert_int_equal(spent(QUOTA_MESSAGES), 1);
}

static void
test_only_what_is_taken_counts(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_PERMANENT, OUTCOME_PERMANENT, 550);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_int_equal(spent(QUOTA_MESSAGES), 0);
	assert_int_equal(known_count(&alice()->known), 0);
	send_through(&begin);
	assert_int_equal(spent(QUOTA_MESSAGES), 1);
	assert_int_equal(spent(QUOTA_RECIPIENTS), 2);
	assert_int_equal(spent(QUOTA_NEW_RECIPIENTS), 2);
	assert_int_equal(spent(QUOTA_OCTETS), 2 * (sizeof(content) - 1));
	assert_int_equal(alice()->reserved[QUOTA_OCTETS], 0);
}

static void
test_what_is_queued_counts_once(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, 451);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_answer(FATE_QUEUED, 250, "2.0.0");
	assert_int_equal(spent(QUOTA_MESSAGES), 1);
	schedule_wake(t.relay.schedule);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(spent(QUOTA_MESSAGES), 1);
	assert_int_equal(spent(QUOTA_RECIPIENTS), 2);
}

/* The client heard no, the smarthost had it all the same. */
static void
test_what_went_out_counts_whatever_was_said(void **state)
{
	static const enum outcome second[] = { OUTCOME_OK, OUTCOME_TEMPORARY };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(second); i++) {
		next();
		submit();
		RUN_UNTIL(delivery != NULL);
		ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
		RUN_UNTIL(delivery->withdrawn);
		deliver(OUTCOME_OK, second[i], 250);
		RUN_UNTIL(messages_count() == 0);
		assert_int_equal(spent(QUOTA_MESSAGES), i + 1);
	}
}

static void
test_recipients_are_new_once(void **state)
{
	struct begin begin = limited(QUOTA_NEW_RECIPIENTS, QUOTA_DAY, 2);
	struct begin other = begin;

	(void)state;
	send_through(&begin);
	begin.recipients[0] = "BOB@example.net";
	send_through(&begin);
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
	other.recipients[1] = "dave@example.net";
	assert_refused(&other, 450, "4.7.1");
	assert_non_null(strstr(t.text, "2 new recipients a day"));
	send_through(&begin); /* old friends are written to for ever */
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
	assert_int_equal(spent(QUOTA_NEW_RECIPIENTS), 2);
}

static void
test_octets_are_refused_when_they_are_known(void **state)
{
	struct begin begin = limited(QUOTA_OCTETS, QUOTA_DAY, 60);

	(void)state;
	send_through(&begin); /* 25 octets to two recipients */
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
	next();
	submit_as(&begin);
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_REFUSED, 450, "4.7.1");
	assert_non_null(strstr(t.text, "60 octets a day"));
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(deliveries, 1);
	assert_int_equal(spent(QUOTA_MESSAGES), 1);
	assert_int_equal(alice()->reserved[QUOTA_MESSAGES], 0);
	assert_int_equal(alice()->reserved[QUOTA_OCTETS], 0);
	/* when none is left, there is no upload */
	begin.grant.quota.max[QUOTA_OCTETS][QUOTA_DAY] = 51;
	assert_refused(&begin, 450, "4.7.1");
}

static void
test_a_message_beyond_a_limit_by_itself_is_refused_for_good(void **state)
{
	struct begin begin = limited(QUOTA_RECIPIENTS, QUOTA_DAY, 1);

	(void)state;
	assert_refused(&begin, 550, "5.7.1");
	assert_non_null(strstr(t.text, "1 recipients a day, and this message "
				       "alone takes 2"));
}

static void
test_a_worker_that_dies_reserves_nothing(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	assert_int_equal(alice()->reserved[QUOTA_MESSAGES], 1);
	ipc_free(&t.worker);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(alice()->reserved[QUOTA_MESSAGES], 0);
	connect_worker();
}

/* -- stopped --------------------------------------------------------------- */

static void
queue_one(void)
{
	submit();
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, 451);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_answer(FATE_QUEUED, 250, "2.0.0");
}

static void
test_blocked_sends_nothing_and_its_queue_waits(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	queue_one();
	change(ACCOUNTS_BLOCK);
	assert_refused(&begin, 550, "5.7.1");
	assert_non_null(strstr(t.text, "blocked"));
	deliveries = 0;
	schedule_wake(t.relay.schedule);
	RUN_UNTIL(alice()->waiting_n == 1);
	assert_int_equal(deliveries, 0);
	assert_int_equal(count_files("queue"), 1);
	/* ... until it may go on */
	change(ACCOUNTS_UNBLOCK);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue"), 0);
	assert_int_equal(alice()->waiting_n, 0);
}

static void
test_blocked_while_its_content_comes_is_refused(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	change(ACCOUNTS_BLOCK);
	assert_int_equal(
	    write(t.fd, content, sizeof(content) - 1), sizeof(content) - 1);
	send_commit(sizeof(content) - 1);
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_REFUSED, 550, "5.7.1");
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(deliveries, 0);
}

/* What an attempt that was under way achieved is on record first. */
static void
test_blocked_during_a_try_waits_behind_it(void **state)
{
	(void)state;
	submit();
	RUN_UNTIL(delivery != NULL);
	change(ACCOUNTS_BLOCK);
	deliver(OUTCOME_OK, OUTCOME_TEMPORARY, 451);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_int_equal(t.fate, FATE_QUEUED);
	assert_int_equal(alice()->waiting_n, 1);
	change(ACCOUNTS_UNBLOCK);
	RUN_UNTIL(delivery != NULL);
	assert_int_equal(delivery->n, 1);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue"), 0);
}

/* However long that took: it is tried, and not given up unseen. */
static void
test_what_grew_old_while_it_waited_is_tried(void **state)
{
	(void)state;
	queue_one();
	change(ACCOUNTS_BLOCK);
	schedule_wake(t.relay.schedule);
	RUN_UNTIL(alice()->waiting_n == 1);
	t.relay.config.lifetime_s = 0;
	change(ACCOUNTS_UNBLOCK);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(report.n, 0);
}

/* -- the guard ------------------------------------------------------------- */

static void
test_held_is_taken_and_waits_for_release(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	t.relay.config.guard_action = GUARD_HOLD;
	t.relay.config.guard_new_recipients = 1;
	submit_as(&begin); /* two new ones: the sign */
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_string_equal(alice()->held.reason, "new_recipients");
	assert_answer(FATE_QUEUED, 250, "2.0.0");
	assert_int_equal(deliveries, 0);
	assert_int_equal(alice()->waiting_n, 1);
	change(ACCOUNTS_RELEASE);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_null(alice()->held.reason); /* not held again for the same */
	assert_int_equal(count_files("queue"), 0);
}

/* Released, but blocked as well. */
static void
test_both_must_end(void **state)
{
	(void)state;
	queue_one();
	account_set_stop(&alice()->held, "networks", 1);
	change(ACCOUNTS_BLOCK);
	schedule_wake(t.relay.schedule);
	RUN_UNTIL(alice()->waiting_n == 1);
	change(ACCOUNTS_UNBLOCK);
	assert_int_equal(alice()->waiting_n, 1);
	change(ACCOUNTS_RELEASE);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
}

static void
test_the_guard_may_block(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	t.relay.config.guard_action = GUARD_BLOCK;
	t.relay.config.guard_refused = 50;
	t.relay.config.guard_refused_least = 2;
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_PERMANENT, OUTCOME_PERMANENT, 550);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_string_equal(alice()->blocked.reason, "refused");
	assert_refused(&begin, 550, "5.7.1");
}

/* MAIL FROM:<> hides nobody's refusals, at once or from the queue. */
static void
test_the_guard_judges_what_has_no_sender(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	begin.sender = "";
	submit_as(&begin);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_PERMANENT, OUTCOME_TEMPORARY, 550);
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_int_equal(tally_sum(&alice()->refused, QUOTA_HOUR), 1);
	schedule_wake(t.relay.schedule);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_PERMANENT, OUTCOME_OK, 550);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(tally_sum(&alice()->refused, QUOTA_HOUR), 2);
}

/* Reports are nobody's doing: their being taken is no excuse. */
static void
test_the_guard_judges_no_report(void **state)
{
	(void)state;
	queue_one();
	schedule_wake(t.relay.schedule);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_PERMANENT, OUTCOME_PERMANENT, 550);
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_int_equal(tally_sum(&alice()->tried, QUOTA_HOUR), 2);
	assert_int_equal(tally_sum(&alice()->refused, QUOTA_HOUR), 2);
}

/* The client heard that it would not be sent, and it was not. */
static void
test_what_was_withdrawn_in_time_does_not_count(void **state)
{
	(void)state;
	t.relay.config.hand_over = HAND_OVER_QUEUE;
	disk.gated = true;
	submit();
	while (jobs_busy(t.relay.disk) == 0)
		event_base_loop(t.relay.base, EVLOOP_ONCE);
	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
	event_base_loop(t.relay.base, EVLOOP_ONCE);
	disk.gated = false;
	disk_go();
	RUN_UNTIL(messages_count() == 0);
	t.relay.config.hand_over = HAND_OVER_LIVE;
	assert_int_equal(deliveries, 0);
	assert_int_equal(count_files("queue"), 0);
	assert_int_equal(spent(QUOTA_MESSAGES), 0);
	assert_int_equal(alice()->reserved[QUOTA_MESSAGES], 0);
}

static void
test_the_guard_may_only_tell(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	t.relay.config.guard_new_recipients = 1;
	send_through(&begin);
	assert_false(account_is_stopped(alice()));
	assert_true(alice()->alarmed_s[GUARD_NEW_RECIPIENTS] > 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, user_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_the_limit_refuses_the_next_and_says_when),
		CASE(test_messages_begun_together_do_not_pass_together),
		CASE(test_only_what_is_taken_counts),
		CASE(test_what_is_queued_counts_once),
		CASE(test_what_went_out_counts_whatever_was_said),
		CASE(test_recipients_are_new_once),
		CASE(test_octets_are_refused_when_they_are_known),
		CASE(
		    test_a_message_beyond_a_limit_by_itself_is_refused_for_good),
		CASE(test_a_worker_that_dies_reserves_nothing),
		CASE(test_blocked_sends_nothing_and_its_queue_waits),
		CASE(test_blocked_while_its_content_comes_is_refused),
		CASE(test_blocked_during_a_try_waits_behind_it),
		CASE(test_what_grew_old_while_it_waited_is_tried),
		CASE(test_held_is_taken_and_waits_for_release),
		CASE(test_both_must_end),
		CASE(test_the_guard_may_block),
		CASE(test_the_guard_may_only_tell),
		CASE(test_the_guard_judges_what_has_no_sender),
		CASE(test_the_guard_judges_no_report),
		CASE(test_what_was_withdrawn_in_time_does_not_count),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
