/*
 * mailserver - a worker is believed nothing: grants that are none, and frames
 * that no worker of ours sends.
 */

#include "relaypair.h"

/* -- grants ---------------------------------------------------------------- */

static void
assert_no_grant(struct begin *begin)
{
	t.done = 0;
	t.request++;
	t.relay.grants_refused = 0;
	send_begin(begin);
	RUN_UNTIL(t.done > 0 || t.ready || t.closed);
	assert_false(t.ready || t.closed);
	assert_answer(FATE_REFUSED, 451, "4.7.0");
	assert_int_equal(messages_count(), 0);
	assert_int_equal(t.relay.grants_refused, 1);
}

static void
test_without_a_grant_of_its_own_nothing_is_opened(void **state)
{
	char other_key[] = "another key, of the same length";
	char rubbish[200];
	struct begin begin;

	(void)state;
	begin = good_begin();
	begin.sealed = (struct slice){ "", 0 };
	assert_no_grant(&begin); /* missing */
	memset(rubbish, 'x', sizeof(rubbish));
	begin.sealed = (struct slice){ rubbish, sizeof(rubbish) };
	assert_no_grant(&begin); /* made up */
	begin = good_begin();
	begin.key = slice_of(other_key);
	assert_no_grant(&begin); /* forged */
	begin = good_begin();
	begin.grant.expires_ms = clock_ms() - 1;
	assert_no_grant(&begin); /* expired */
	begin = good_begin();
	begin.grant.session = SESSION + 1;
	assert_no_grant(&begin); /* of another session */
	begin = good_begin();
	begin.grant.instance = INSTANCE + 1;
	assert_no_grant(&begin); /* of another worker */
	begin = good_begin();
	begin.sender = "mallory@example.org";
	assert_no_grant(&begin); /* for another sender */
	begin.sender = "alice@example.org.example";
	assert_no_grant(&begin);
	/* and the link is as good as before */
	t.done = 0;
	t.request++;
	begin = good_begin();
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	assert_int_equal(messages_count(), 1);
}

static void
test_a_grant_allows_the_null_sender(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	begin.sender = "";
	send_begin(&begin);
	RUN_UNTIL(t.ready);
}

/* -- offers ---------------------------------------------------------------- */

static void
test_a_new_link_hears_the_offers_at_once(void **state)
{
	(void)state;
	RUN_UNTIL(t.told > 0);
	assert_int_equal(t.told, 1);
	assert_int_equal(t.offers.extensions, OFFER_8BITMIME);
	assert_int_equal(t.offers.size, 0);
	assert_int_equal(t.offers.by_min_s, 0);
}

static void
test_every_link_hears_of_a_change(void **state)
{
	(void)state;
	RUN_UNTIL(t.told > 0);
	mailserver_tell_offers(&t.relay);
	RUN_UNTIL(t.told > 1);
	assert_int_equal(t.offers.extensions, OFFER_8BITMIME);
}

/* -- frames that no worker of ours sends ----------------------------------- */

static void
assert_closed(void)
{
	RUN_UNTIL(t.closed || t.ready || t.done > 0);
	assert_true(t.closed);
	assert_int_equal(t.done, 0);
	assert_int_equal(messages_count(), 0);
	ipc_free(&t.worker);
	t.closed = t.ready = false;
	t.request++;
	connect_worker();
}

static void
test_malformed_frames_close_the_link(void **state)
{
	/* clang-format off */
	static const struct { const char *sender, *recipients[RECIPIENTS + 2]; } bad[] = {
		{ "alice@example.org",	{ NULL } },
		{ "alice@example.org",	{ "a@b", "c@d", "e@f" } },
		{ "alice@example.org",	{ "a@b\r\nDATA" } },
		{ "alice@example.org",	{ "a@b> NOTIFY=NEVER" } },
		{ "alice@example.org",	{ "a@b", "c d@e" } },
		{ "alice@example.org",	{ "" } },
		{ "odd one@example.org", { "a@b" } },
	};
	/* clang-format on */
	struct begin begin;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		print_message("row %zu\n", i);
		begin = good_begin();
		begin.sender = bad[i].sender;
		memcpy(begin.recipients, bad[i].recipients,
		    sizeof(begin.recipients));
		send_begin(&begin);
		assert_closed();
	}
	send_commit(0); /* of nothing */
	assert_closed();
	ipc_send(t.worker, MSG_MAIL_COMMIT, t.request, NULL, -1);
	assert_closed();
	ipc_send(t.worker, MSG_MAIL_BEGIN, t.request, NULL, -1);
	assert_closed();
	ipc_send(t.worker, MSG_CONFIG, t.request, NULL, -1);
	assert_closed();
}

static void
test_a_request_cannot_be_begun_or_committed_twice(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	t.ready = false;
	send_begin(&begin);
	assert_closed();
	close(t.fd);
	submit();
	RUN_UNTIL(delivery != NULL);
	send_commit(sizeof(content) - 1);
	RUN_UNTIL(t.closed);
	assert_non_null(delivery); /* which goes on, unheard */
}

static void
test_an_abort_forgets_and_one_too_late_is_fine(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
	RUN_UNTIL(messages_count() == 0);
	ipc_send(t.worker, MSG_MAIL_ABORT, t.request, NULL, -1);
	t.request++;
	t.ready = false;
	close(t.fd);
	send_begin(&begin);
	RUN_UNTIL(t.ready || t.closed);
	assert_true(t.ready);
}

static void
test_a_worker_that_dies_leaves_nothing_open(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	ipc_free(&t.worker);
	RUN_UNTIL(messages_count() == 0);
	assert_int_equal(count_files("queue"), 0);
}

static void
test_content_of_another_size_is_refused(void **state)
{
	struct begin begin = good_begin();

	(void)state;
	send_begin(&begin);
	RUN_UNTIL(t.ready);
	assert_int_equal(write(t.fd, "abc", 3), 3);
	send_commit(4);
	RUN_UNTIL(t.done > 0);
	assert_answer(FATE_REFUSED, 451, "4.3.0");
	assert_int_equal(deliveries, 0);
}

/* A worker may send as much as a client, and the fields smtp adds. */
static void
test_content_over_the_limit_is_refused(void **state)
{
	static const char text[100 + 4096 + 1];
	struct begin begin = good_begin();
	size_t n;

	for (n = sizeof(text) - 1; n <= sizeof(text); n++) {
		send_begin(&begin);
		RUN_UNTIL(t.ready);
		assert_int_equal(write(t.fd, text, n), n);
		send_commit(n);
		RUN_UNTIL(t.done > 0 || delivery != NULL);
		assert_int_equal(delivery != NULL, n < sizeof(text));
		if (delivery == NULL)
			assert_answer(FATE_REFUSED, 451, "4.3.0");
		teardown(state);
		setup(state);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_new_link_hears_the_offers_at_once),
		TEST(test_every_link_hears_of_a_change),
		TEST(test_without_a_grant_of_its_own_nothing_is_opened),
		TEST(test_a_grant_allows_the_null_sender),
		TEST(test_malformed_frames_close_the_link),
		TEST(test_a_request_cannot_be_begun_or_committed_twice),
		TEST(test_an_abort_forgets_and_one_too_late_is_fine),
		TEST(test_a_worker_that_dies_leaves_nothing_open),
		TEST(test_content_of_another_size_is_refused),
		TEST(test_content_over_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
