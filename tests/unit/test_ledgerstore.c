/*
 * ledgerstore - what outlives the process, and what a disk that fails does to
 * it.
 */

#include "relaypair.h"

#include "accounts.h"
#include "ledger.h"
#include "ledgerfile.h"

static struct {
	unsigned told;
	bool fine;
	bool drained;
} seen;

static void
on_told(void *arg, bool fine)
{
	assert_ptr_equal(arg, &seen);
	seen.told++;
	seen.fine = fine;
}

static void
on_drained(void)
{
	seen.drained = true;
}

static int
store_setup(void **state)
{
	memset(&seen, 0, sizeof(seen));
	return setup(state);
}

static uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

static void
start_anew(void)
{
	ledgerstore_free(&t.relay.store);
	t.relay.store = ledgerstore_new(&t.relay);
	t.relay.ledger =
	    t.relay.store == NULL ? NULL : ledgerstore_ledger(t.relay.store);
}

static void
drain(void)
{
	seen.drained = false;
	ledgerstore_drain(t.relay.store, on_drained);
	RUN_UNTIL(seen.drained);
}

static enum accounts_answer
block(const char *user)
{
	return accounts_change(
	    &t.relay, ACCOUNTS_BLOCK, user, "stolen", on_told, &seen);
}

static void
test_counts_outlive_an_orderly_end(void **state)
{
	static const char *const users[] = { "alice", "bob", "carol", "dave" };
	struct account *a;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(users); i++) {
		a = ledger_use(t.relay.ledger, users[i], now_s());
		tally_add(&a->spent[QUOTA_MESSAGES], i + 1);
		account_know(a, ledger_hash(a, "x@example.net"));
		ledger_touch(t.relay.ledger, a);
	}
	assert_int_equal(count_files("accounts"), 0); /* not at once */
	drain();
	assert_int_equal(count_files("accounts"), 4);
	start_anew();
	for (i = 0; i < ARRAY_LEN(users); i++) {
		a = ledger_use(t.relay.ledger, users[i], now_s());
		assert_int_equal(
		    tally_sum(&a->spent[QUOTA_MESSAGES], QUOTA_DAY), i + 1);
		assert_true(
		    known_has(&a->known, ledger_hash(a, "X@example.net")));
	}
	start_anew();
}

static void
test_nothing_to_keep_ends_at_once(void **state)
{
	(void)state;
	start_anew();
	ledgerstore_drain(t.relay.store, on_drained);
	assert_true(seen.drained);
	assert_int_equal(count_files("accounts"), 0);
}

/* Killed behind the answer: the block is there. */
static void
test_a_block_is_on_disk_when_it_is_answered(void **state)
{
	(void)state;
	disk.gated = true;
	assert_int_equal(block("alice"), ACCOUNTS_DONE);
	assert_non_null(ledger_find(t.relay.ledger, "alice")->blocked.reason);
	event_base_loop(t.relay.base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.told, 0);
	disk_go();
	RUN_UNTIL(seen.told > 0);
	assert_true(seen.fine);
	disk.gated = false;
	start_anew();
	assert_string_equal(
	    ledger_find(t.relay.ledger, "alice")->blocked.reason, "stolen");
}

/* Asked while another write of the page goes on: that one is too old. */
static void
test_an_answer_waits_for_a_write_begun_after_it(void **state)
{
	(void)state;
	start_anew();
	disk.gated = true;
	assert_int_equal(block("alice"), ACCOUNTS_DONE);
	while (jobs_busy(t.relay.disk) == 0)
		event_base_loop(t.relay.base, EVLOOP_ONCE);
	assert_int_equal(accounts_change(&t.relay, ACCOUNTS_UNBLOCK, "alice",
			     NULL, on_told, &seen),
	    ACCOUNTS_DONE);
	disk_go();
	RUN_UNTIL(seen.told == 1);
	start_anew(); /* a crash here */
	assert_non_null(ledger_find(t.relay.ledger, "alice")->blocked.reason);
	disk.gated = false;
}

static void
test_a_block_that_cannot_be_kept_is_told_and_counts(void **state)
{
	(void)state;
	start_anew();
	disk.error = ENOSPC;
	assert_int_equal(block("alice"), ACCOUNTS_DONE);
	RUN_UNTIL(seen.told > 0);
	assert_false(seen.fine);
	assert_non_null(ledger_find(t.relay.ledger, "alice")->blocked.reason);
	/* it is still wanted, and written when there is room */
	disk.error = 0;
	drain();
	start_anew();
	assert_non_null(ledger_find(t.relay.ledger, "alice")->blocked.reason);
}

static void
spoil(const char *text)
{
	unsigned number = ledger_page_of(t.relay.ledger, "alice")->number;
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/accounts/%02x", root, number);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_a_torn_page_is_set_aside_and_begun_anew(void **state)
{
	(void)state;
	start_anew();
	spoil("submitd-users\n\001");
	start_anew();
	assert_non_null(t.relay.store);
	assert_null(ledger_find(t.relay.ledger, "alice"));
	assert_int_equal(count_files("accounts"), 0);
	assert_int_equal(count_files("corrupt"), 1);
}

/* An older program must not take a newer one's file for rubbish. */
static void
test_a_later_version_stops_the_start(void **state)
{
	struct buf b = buf_new(LIMIT_PAGE_FILE);

	(void)state;
	start_anew();
	ledgerfile_pack(&b, &t.relay.ledger->page[5]);
	b.p[sizeof("submitd-users\n")] = 2;
	ledgerfile_seal(&b);
	assert_int_equal(
	    spool_note_write(t.relay.spool, 5, buf_slice(&b)), SPOOL_OK);
	start_anew();
	assert_null(t.relay.store);
	assert_int_equal(count_files("accounts"), 1);
	assert_int_equal(count_files("corrupt"), 0);
	spool_note_set_aside(t.relay.spool, 5);
	start_anew();
	assert_non_null(t.relay.store);
	buf_free(&b);
}

static void
test_what_is_undone_must_be_there(void **state)
{
	(void)state;
	start_anew();
	assert_int_equal(accounts_change(&t.relay, ACCOUNTS_UNBLOCK, "nobody",
			     NULL, on_told, &seen),
	    ACCOUNTS_UNKNOWN);
	ledger_use(t.relay.ledger, "alice", now_s());
	assert_int_equal(accounts_change(&t.relay, ACCOUNTS_UNBLOCK, "alice",
			     NULL, on_told, &seen),
	    ACCOUNTS_UNKNOWN);
	assert_int_equal(accounts_change(&t.relay, ACCOUNTS_RELEASE, "alice",
			     NULL, on_told, &seen),
	    ACCOUNTS_UNKNOWN);
	assert_int_equal(seen.told, 0);
}

static void
test_a_reset_keeps_blocks_and_known_recipients(void **state)
{
	struct account *a;

	(void)state;
	start_anew();
	a = ledger_use(t.relay.ledger, "alice", now_s());
	tally_add(&a->spent[QUOTA_MESSAGES], 5);
	account_know(a, 1);
	account_set_stop(&a->blocked, "stolen", now_s());
	a->reserved[QUOTA_MESSAGES] = 1;
	assert_int_equal(accounts_change(&t.relay, ACCOUNTS_RESET, "alice",
			     NULL, on_told, &seen),
	    ACCOUNTS_DONE);
	RUN_UNTIL(seen.told > 0);
	assert_int_equal(tally_sum(&a->spent[QUOTA_MESSAGES], QUOTA_DAY), 0);
	assert_int_equal(a->reserved[QUOTA_MESSAGES], 1);
	assert_true(known_has(&a->known, 1));
	assert_string_equal(a->blocked.reason, "stolen");
	a->reserved[QUOTA_MESSAGES] = 0;
}

static void
test_so_many_are_blocked_and_no_more(void **state)
{
	char user[32];
	unsigned i;

	(void)state;
	start_anew();
	for (i = 0; i < LIMIT_BLOCKED; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i);
		account_set_stop(
		    &ledger_use(t.relay.ledger, user, now_s())->blocked,
		    "stolen", now_s());
	}
	assert_int_equal(block("alice"), ACCOUNTS_TOO_MANY);
	assert_int_equal(block("user7"), ACCOUNTS_DONE); /* he is already */
	RUN_UNTIL(seen.told > 0);
	assert_true(seen.fine);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, store_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_counts_outlive_an_orderly_end),
		CASE(test_nothing_to_keep_ends_at_once),
		CASE(test_a_block_is_on_disk_when_it_is_answered),
		CASE(test_an_answer_waits_for_a_write_begun_after_it),
		CASE(test_a_block_that_cannot_be_kept_is_told_and_counts),
		CASE(test_a_torn_page_is_set_aside_and_begun_anew),
		CASE(test_a_later_version_stops_the_start),
		CASE(test_what_is_undone_must_be_there),
		CASE(test_a_reset_keeps_blocks_and_known_recipients),
		CASE(test_so_many_are_blocked_and_no_more),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
