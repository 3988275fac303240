/*
 * message - the table of docs/architecture.md, section 3, and a disk and a
 * smarthost that end in either order.
 */

#include "relaypair.h"

/* -- the table ------------------------------------------------------------- */

#define O OUTCOME_OK
#define T OUTCOME_TEMPORARY
#define P OUTCOME_PERMANENT

/* clang-format off */
static const struct {
	enum outcome	 outcome[RECIPIENTS];
	unsigned	 code;		/* of the smarthost */
	int		 disk_error;
	enum mail_fate	 fate;
	unsigned	 answer;
	const char	*enhanced;
	size_t		 queued;	/* files */
	unsigned	 reports;
} fates[] = {
	{ { O, O }, 250, 0,	FATE_DELIVERED, 250, "4.2.0",	0, 0 },
	{ { P, P }, 550, 0,	FATE_REFUSED,	550, "5.1.1",	0, 0 },
	{ { O, P }, 250, 0,	FATE_DELIVERED, 250, "2.0.0",	0, 1 },
	{ { T, T }, 451, 0,	FATE_QUEUED,	250, "2.0.0",	1, 0 },
	{ { O, T }, 250, 0,	FATE_QUEUED,	250, "2.0.0",	1, 0 },
	{ { T, P }, 550, 0,	FATE_QUEUED,	250, "2.0.0",	1, 1 },
	/* and the spool cannot take it either; it is not asked for the first */
	{ { O, O }, 250, EIO,	FATE_DELIVERED, 250, "4.2.0",	0, 0 },
	{ { P, P }, 550, EIO,	FATE_REFUSED,	550, "5.1.1",	0, 0 },
	{ { T, T }, 451, EIO,	FATE_REFUSED,	451, "4.3.0",	0, 0 },
	{ { T, T }, 451, ENOSPC, FATE_REFUSED,	452, "4.3.1",	0, 0 },
	{ { O, T }, 250, EDQUOT, FATE_REFUSED,	452, "4.3.1",	0, 0 },
	{ { O, P }, 250, EIO,	FATE_REFUSED,	451, "4.3.0",	0, 0 },
};
/* clang-format on */

static void
assert_fate(size_t i)
{
	RUN_UNTIL(t.done > 0 && report.n >= fates[i].reports &&
		  messages_count() == 0);
	assert_answer(fates[i].fate, fates[i].answer, fates[i].enhanced);
	assert_int_equal(report.n, fates[i].reports);
	assert_int_equal(count_files("queue"), fates[i].queued);
	assert_int_equal(count_files("held"), 0);
	assert_false(t.closed);
}

static void
test_the_smarthosts_answer_decides(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(fates); i++) {
		print_message("row %zu\n", i);
		disk.error = fates[i].disk_error;
		submit();
		RUN_UNTIL(delivery != NULL);
		deliver(
		    fates[i].outcome[0], fates[i].outcome[1], fates[i].code);
		assert_fate(i);
		assert_int_equal(deliveries, 1);
		teardown(state);
		setup(state);
	}
}

static void
test_queue_first_promises_before_it_delivers(void **state)
{
	(void)state;
	t.relay.config.hand_over = HAND_OVER_QUEUE;
	submit();
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_QUEUED, 250, "2.0.0");
	assert_int_equal(count_files("queue"), 1);
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue"), 0);
}

/* -- patience ends while the smarthost thinks ------------------------------ */

/* A message whose smarthost is slow, and whose disk is stopped in fdatasync. */
static void
submit_slowly_as(struct begin *begin, int error)
{
	t.relay.config.hand_over_timeout_ms = 10;
	disk.gated = true;
	disk.error = error;
	submit_as(begin);
	RUN_UNTIL(delivery != NULL);
	RUN_UNTIL(jobs_busy(t.relay.disk) > 0);
	assert_int_equal(t.done, 0);
}

static void
submit_slowly(int error)
{
	struct begin begin = good_begin();

	submit_slowly_as(&begin, error);
}

static void
test_slow_is_queued_and_the_late_answer_ends_it(void **state)
{
	(void)state;
	submit_slowly(0);
	disk_go();
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_QUEUED, 250, "2.0.0");
	assert_false(delivery->withdrawn);
	assert_int_equal(count_files("queue"), 1);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue") + count_files("held"), 0);
	assert_int_equal(deliveries, 1);
}

static void
test_an_answer_while_it_is_stored_ends_it(void **state)
{
	(void)state;
	submit_slowly(0);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	disk_go();
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_int_equal(t.code, 250);
	assert_int_equal(count_files("queue") + count_files("held"), 0);
	assert_int_equal(deliveries, 1);
}

/* It was delivered: to say 451 now would have it sent again. */
static void
test_an_answer_outlives_a_spool_that_fails(void **state)
{
	(void)state;
	submit_slowly(EIO);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	disk_go();
	RUN_UNTIL(t.done > 0 && messages_count() == 0);
	assert_answer(FATE_DELIVERED, 250, "4.2.0");
}

static void
test_what_cannot_be_stored_is_taken_back(void **state)
{
	(void)state;
	submit_slowly(ENOSPC);
	disk_go();
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_REFUSED, 452, "4.3.1");
	assert_true(delivery->withdrawn);
	deliver(OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, 451);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(t.done, 1);
	assert_int_equal(count_files("queue") + count_files("held"), 0);
}

static void
test_a_late_refusal_is_reported(void **state)
{
	(void)state;
	submit_slowly(0);
	disk_go();
	RUN_UNTIL(t.done > 0);
	disk.gated = false;
	deliver(OUTCOME_OK, OUTCOME_PERMANENT, 250);
	RUN_UNTIL(report.n == 1 && messages_count() == 0);
	assert_int_equal(count_files("queue") + count_files("held"), 0);
}

/* What a smarthost has is on record before anything is tried again. */
static void
test_only_who_is_still_open_is_tried_again(void **state)
{
	struct spool_message m;
	uint64_t id;

	(void)state;
	submit();
	RUN_UNTIL(delivery != NULL);
	deliver(OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, 451);
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = 1;
	RUN_UNTIL(delivery != NULL);
	assert_int_equal(delivery->n, 2);
	deliver(OUTCOME_OK, OUTCOME_TEMPORARY, 250);
	RUN_UNTIL(delivery != NULL);
	assert_int_equal(delivery->n, 1);
	assert_int_equal(queueid_parse(slice_of(t.name), &id), 0);
	assert_int_equal(spool_load(t.relay.spool, id, &m), SPOOL_OK);
	assert_int_equal(m.envelope->recipients[0].status, RECIPIENT_DONE);
	assert_int_equal(m.envelope->recipients[1].status, RECIPIENT_OPEN);
	envelope_free(&m.envelope);
	close(m.fd);
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue"), 0);
}

/* -- a disk that does not take the record ---------------------------------- */

/* A message in the queue whose first attempt is still under way. */
static void
submit_to_queue(void)
{
	submit_slowly(0);
	disk_go();
	RUN_UNTIL(t.done > 0);
	disk.gated = false;
}

/* Who has it must be on record first: else they have it twice. */
static void
test_nothing_is_tried_before_the_mark_is_on_disk(void **state)
{
	(void)state;
	submit_to_queue();
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = 1;
	disk.error = EIO;
	deliver(OUTCOME_OK, OUTCOME_TEMPORARY, 250);
	RUN_UNTIL(disk.refused == 2 || delivery != NULL);
	assert_null(delivery);
	assert_int_equal(messages_count(), 1);
	disk.error = 0;
	RUN_UNTIL(delivery != NULL);
	assert_int_equal(delivery->n, 1);
	assert_int_equal(deliveries, 2);
}

static void
test_a_removal_that_fails_is_tried_again(void **state)
{
	(void)state;
	submit_to_queue();
	disk.unlink = EIO;
	deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(disk.refused == 1);
	assert_int_equal(count_files("queue"), 1);
	disk.unlink = 0;
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue"), 0);
	assert_int_equal(deliveries, 1);
}

/* Nobody can be told.  Whichever step fails; and it counts when it is done. */
static void
test_a_hold_that_fails_is_tried_again(void **state)
{
	atomic_int *const steps[] = { &disk.error, &disk.rename, &disk.fsync };
	struct begin begin;
	uint64_t before;
	size_t i;

	for (i = 0; i < ARRAY_LEN(steps); i++) {
		print_message("step %zu\n", i);
		begin = good_begin();
		begin.sender = "";
		submit_slowly_as(&begin, 0);
		disk_go();
		RUN_UNTIL(t.done > 0);
		disk.gated = false;
		before = t.relay.held;
		*steps[i] = EIO;
		deliver(OUTCOME_OK, OUTCOME_PERMANENT, 250);
		RUN_UNTIL(disk.refused == 1 && jobs_busy(t.relay.disk) == 0);
		assert_int_equal(t.relay.held, before);
		*steps[i] = 0;
		RUN_UNTIL(messages_count() == 0);
		assert_int_equal(t.relay.held, before + 1);
		assert_int_equal(count_files("queue"), 0);
		assert_int_equal(count_files("held"), 1);
		teardown(state);
		setup(state);
	}
}

/* -- the client was told no meanwhile -------------------------------------- */

/* Say ABORT; the next request is answered when it has been read. */
static void
abort_it(void)
{
	struct begin begin = good_begin();

	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
	t.request++;
	t.ready = false;
	close(t.fd);
	send_begin(&begin);
	RUN_UNTIL(t.ready || t.closed);
	assert_false(t.closed);
	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
}

static void
test_an_attempt_nobody_wants_is_stopped(void **state)
{
	(void)state;
	submit();
	RUN_UNTIL(delivery != NULL);
	abort_it();
	assert_true(delivery->withdrawn);
	deliver(OUTCOME_TEMPORARY, OUTCOME_TEMPORARY, 451);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(t.done, 0);
	assert_int_equal(count_files("queue") + count_files("held"), 0);
}

static void
test_what_nobody_wants_leaves_the_queue_undelivered(void **state)
{
	(void)state;
	t.relay.config.hand_over = HAND_OVER_QUEUE;
	disk.gated = true;
	submit();
	RUN_UNTIL(jobs_busy(t.relay.disk) > 0);
	abort_it();
	disk_go();
	RUN_UNTIL(messages_count() == 0 || delivery != NULL);
	assert_null(delivery);
	assert_int_equal(t.done, 0);
	assert_int_equal(count_files("queue") + count_files("held"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_smarthosts_answer_decides),
		TEST(test_queue_first_promises_before_it_delivers),
		TEST(test_slow_is_queued_and_the_late_answer_ends_it),
		TEST(test_an_answer_while_it_is_stored_ends_it),
		TEST(test_an_answer_outlives_a_spool_that_fails),
		TEST(test_what_cannot_be_stored_is_taken_back),
		TEST(test_a_late_refusal_is_reported),
		TEST(test_only_who_is_still_open_is_tried_again),
		TEST(test_nothing_is_tried_before_the_mark_is_on_disk),
		TEST(test_a_removal_that_fails_is_tried_again),
		TEST(test_a_hold_that_fails_is_tried_again),
		TEST(test_an_attempt_nobody_wants_is_stopped),
		TEST(test_what_nobody_wants_leaves_the_queue_undelivered),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
