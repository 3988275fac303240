/* ipc - frames and descriptors between two roles, and peers that cheat. */

#include "ipcpair.h"

static void
test_a_frame_arrives_whole(void **state)
{
	(void)state;
	say_frame(T_PLAIN, 0x1122334455667788, "hello", -1);
	run();
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.type, T_PLAIN);
	assert_true(t.id == 0x1122334455667788);
	assert_int_equal(t.n, 5);
	assert_memory_equal(t.payload, "hello", 5);
	assert_int_equal(t.closed, 0);
}

static void
test_what_we_send_has_the_documented_form(void **state)
{
	static const char wire[] = "\0\0\0\2\0\1\0\0\0\0\0\0\0\0\0\x07hi";
	struct buf b = buf_new(10);
	char got[64];

	(void)state;
	buf_str(&b, "hi");
	ipc_send(t.link, T_PLAIN, 7, &b, -1);
	assert_int_equal(hear(got, sizeof(got)), sizeof(wire) - 1);
	assert_memory_equal(got, wire, sizeof(wire) - 1);
	assert_int_equal(ipc_pending(t.link), 0);
	buf_free(&b);
}

static void
test_the_longest_frame_passes_both_ways(void **state)
{
	static char text[LIMIT_FRAME + 1], got[2 * LIMIT_FRAME];

	(void)state;
	memset(text, 'x', LIMIT_FRAME);
	say_frame(T_ECHO, 1, text, -1);
	run();
	assert_int_equal(hear(got, sizeof(got)), 16 + LIMIT_FRAME);
	assert_memory_equal(got + 16, text, LIMIT_FRAME);
}

static void
test_a_descriptor_comes_with_its_frame_and_is_ours(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	say_frame(T_FD, 1, "", p[1]);
	close(p[1]);
	run();
	assert_int_equal(t.frames, 1);
	assert_true(t.fd >= 0);
	assert_true(fcntl(t.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(t.fd, "x", 1), 1);
	close(p[0]);
}

static void
test_a_descriptor_nobody_took_is_closed(void **state)
{
	unsigned before = count_open_fds();

	(void)state;
	say_frame(T_SMALL, 1, "abcd", t.peer);
	run();
	assert_int_equal(t.frames, 1);
	assert_int_equal(count_open_fds(), before);
}

static void
test_a_descriptor_we_send_is_closed_here(void **state)
{
	unsigned before = count_open_fds();
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	ipc_send(t.link, T_FD, 1, NULL, fd);
	assert_int_equal(count_open_fds(), before);
}

/* -- frames that break the rules ------------------------------------------- */

static void
test_every_malformed_header_ends_the_link(void **state)
{
	static const struct {
		uint32_t length;
		uint16_t type, reserved;
		const char *payload;
	} cases[] = {
		{ 5, T_PLAIN, 0, "four" },
		{ 3, T_PLAIN, 0, "four" },
		{ 0xffffffff, T_PLAIN, 0, "four" },
		{ 4, T_PLAIN, 1, "four" },
		{ 4, 0, 0, "four" },
		{ 4, 999, 0, "four" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = frame(cases[i].length, cases[i].type,
		    cases[i].reserved, 1, cases[i].payload);

		say(buf_slice(&b), NULL, 0);
		expect_malformed();
		assert_int_equal(t.frames, 0);
		buf_free(&b);
		teardown(state);
		setup(state);
	}
}

static void
test_a_header_cut_at_any_length_ends_the_link(void **state)
{
	struct buf b = frame(0, T_PLAIN, 0, 1, "");
	size_t n;

	for (n = 1; n < b.n; n++) {
		say((struct slice){ b.p, n }, NULL, 0);
		expect_malformed();
		teardown(state);
		setup(state);
	}
	buf_free(&b);
}

static void
test_a_packet_longer_than_a_frame_ends_the_link(void **state)
{
	static char text[LIMIT_FRAME + 2];
	struct buf b;

	(void)state;
	memset(text, 'x', LIMIT_FRAME + 1);
	b = frame(LIMIT_FRAME + 1, T_PLAIN, 0, 1, text);
	say(buf_slice(&b), NULL, 0);
	buf_free(&b);
	expect_malformed();
	assert_int_equal(t.frames, 0);
}

static void
test_a_payload_longer_than_its_row_allows_ends_the_link(void **state)
{
	(void)state;
	say_frame(T_SMALL, 1, "abcde", t.peer);
	expect_malformed();
}

static void
test_a_missing_descriptor_ends_the_link(void **state)
{
	(void)state;
	say_frame(T_FD, 1, "", -1);
	expect_malformed();
}

static void
test_an_unwanted_descriptor_ends_the_link_and_is_closed(void **state)
{
	unsigned before = count_open_fds();

	(void)state;
	say_frame(T_PLAIN, 1, "", t.peer);
	expect_malformed();
	assert_int_equal(count_open_fds(), before - 1); /* the link's own */
}

static void
test_several_descriptors_end_the_link_and_are_closed(void **state)
{
	struct buf b = frame(0, T_FD, 0, 1, "");
	int fds[4] = { t.peer, t.peer, t.peer, t.peer };
	size_t n;

	for (n = 2; n <= 4; n++) {
		unsigned before = count_open_fds();

		fds[0] = fds[1] = fds[2] = fds[3] = t.peer;
		say(buf_slice(&b), fds, n);
		expect_malformed();
		assert_int_equal(count_open_fds(), before - 1);
		teardown(state);
		setup(state);
	}
	buf_free(&b);
}

static void
test_a_descriptor_there_is_no_room_for_ends_the_link(void **state)
{
	struct rlimit saved, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	none = saved;
	none.rlim_cur = 0;
	say_frame(T_PLAIN, 1, "", t.peer);
	setrlimit(RLIMIT_NOFILE, &none);
	run();
	setrlimit(RLIMIT_NOFILE, &saved);
	assert_int_equal(t.frames, 0);
	assert_int_equal(t.closed, 1);
}

static void
test_a_frame_in_the_wrong_phase_ends_the_link(void **state)
{
	(void)state;
	ipc_phase(t.link, EARLY);
	say_frame(T_EARLY, 1, "", -1);
	run();
	assert_int_equal(t.frames, 1);
	ipc_phase(t.link, LATE);
	say_frame(T_PLAIN, 1, "", -1); /* allowed in any */
	run();
	assert_int_equal(t.frames, 2);
	say_frame(T_EARLY, 1, "", -1);
	expect_malformed();
}

static void
test_a_handler_can_call_a_frame_malformed(void **state)
{
	(void)state;
	say_frame(T_BAD, 1, "", -1);
	say_frame(T_PLAIN, 1, "", -1);
	expect_malformed();
	assert_int_equal(t.frames, 0); /* nothing is read after it */
}

/* -- ends ------------------------------------------------------------------ */

static void
test_what_a_peer_said_before_it_left_is_heard(void **state)
{
	(void)state;
	say_frame(T_PLAIN, 1, "", -1);
	say_frame(T_PLAIN, 2, "", -1);
	close(t.peer);
	t.peer = -1;
	run();
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.closed, 1);
}

/* Its last word may be that a message is delivered. */
static void
test_last_words_are_heard_though_we_were_writing(void **state)
{
	(void)state;
	ipc_send(t.link, T_PLAIN, 1, NULL, -1); /* which it never reads */
	say_frame(T_PLAIN, 1, "", -1);
	close(t.peer);
	t.peer = -1;
	ipc_send(t.link, T_PLAIN, 2, NULL, -1);
	ipc_send(t.link, T_PLAIN, 3, NULL, -1);
	assert_int_equal(t.closed, 0);
	run();
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.closed, 1);
}

static void
test_last_words_are_heard_though_it_left_ours_unread(void **state)
{
	(void)state;
	ipc_send(t.link, T_PLAIN, 1, NULL, -1);
	say_frame(T_PLAIN, 1, "", -1);
	close(t.peer); /* the kernel says ECONNRESET first */
	t.peer = -1;
	run();
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.closed, 1);
}

static void
test_a_peer_that_shuts_one_way_is_gone(void **state)
{
	(void)state;
	shutdown(t.peer, SHUT_RD);
	ipc_send(t.link, T_PLAIN, 1, NULL, -1);
	assert_int_equal(t.closed, 0);
	run();
	assert_int_equal(t.closed, 1);
}

static void
test_closed_comes_once_and_from_the_loop(void **state)
{
	(void)state;
	say_frame(T_LOSE, 1, "", -1);
	say_frame(T_LOSE, 1, "", -1);
	run();
	assert_int_equal(t.closed, 1);
	ipc_send(t.link, T_PLAIN, 1, NULL, -1); /* harmless by now */
	run();
	assert_int_equal(t.closed, 1);
}

static void
test_closed_does_not_come_after_free(void **state)
{
	(void)state;
	close(t.peer);
	t.peer = -1;
	ipc_send(t.link, T_PLAIN, 1, NULL, -1);
	ipc_free(&t.link);
	assert_null(t.link);
	run();
	assert_int_equal(t.closed, 0);
}

static void
test_a_handler_may_free_its_link(void **state)
{
	uint64_t id;

	for (id = 0; id < 2; id++) { /* and call the frame bad, too */
		say_frame(T_FREE, id, "", -1);
		say_frame(T_PLAIN, 1, "", -1);
		run();
		assert_int_equal(t.frames, 1);
		assert_int_equal(t.closed, 0);
		assert_null(t.link);
		teardown(state);
		setup(state);
	}
}

/* -- back-pressure --------------------------------------------------------- */

static size_t
fill_the_socket(void)
{
	size_t sent = 0;

	while (ipc_pending(t.link) == 0) {
		ipc_send(t.link, T_PLAIN, sent, NULL, -1);
		sent++;
	}
	return sent;
}

static void
test_what_the_kernel_does_not_take_waits_in_order(void **state)
{
	size_t sent, i, got = 0;
	char octets[64];

	(void)state;
	sent = fill_the_socket();
	for (i = 0; i < 200; i++)
		ipc_send(t.link, T_PLAIN, sent++, NULL, -1);
	assert_true(ipc_pending(t.link) > 200);
	for (i = 0; i < 100 && got < sent; i++) {
		while (hear(octets, sizeof(octets)) == 16) {
			struct unpack u =
			    unpack_begin((struct slice){ octets, 16 });

			unpack_u64(&u);
			assert_int_equal(unpack_u64(&u), got);
			got++;
		}
		/* There is room now; this one must not overtake the rest. */
		if (i == 0)
			ipc_send(t.link, T_PLAIN, sent++, NULL, -1);
		run();
	}
	assert_int_equal(got, sent);
	assert_int_equal(ipc_pending(t.link), 0);
	assert_int_equal(t.closed, 0);
}

static void
test_a_full_queue_is_a_dead_peer(void **state)
{
	unsigned before = count_open_fds();
	size_t i;
	int fd = -1;

	(void)state;
	fill_the_socket();
	ipc_send(t.link, T_FD, 0, NULL, dup(t.peer));
	for (i = ipc_pending(t.link); i < LIMIT_LINK_QUEUE; i++)
		ipc_send(t.link, T_PLAIN, i, NULL, -1);
	assert_int_equal(ipc_pending(t.link), LIMIT_LINK_QUEUE);
	run();
	assert_int_equal(t.closed, 0);
	fd = dup(t.peer);
	ipc_send(t.link, T_FD, i, NULL, fd);
	assert_int_equal(t.closed, 0); /* later */
	assert_int_equal(ipc_pending(t.link), 0);
	assert_int_equal(count_open_fds(), before - 1); /* the link's own */
	run();
	assert_int_equal(t.closed, 1);
}

static void
test_a_busy_link_does_not_keep_others_waiting(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		say_frame(T_PLAIN, 1, "", -1);
	event_base_loop(t.base, EVLOOP_ONCE);
	assert_in_range(t.frames, 1, 99);
	run();
	assert_int_equal(t.frames, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_a_frame_arrives_whole),
		TEST(test_what_we_send_has_the_documented_form),
		TEST(test_the_longest_frame_passes_both_ways),
		TEST(test_a_descriptor_comes_with_its_frame_and_is_ours),
		TEST(test_a_descriptor_nobody_took_is_closed),
		TEST(test_a_descriptor_we_send_is_closed_here),
		TEST(test_every_malformed_header_ends_the_link),
		TEST(test_a_header_cut_at_any_length_ends_the_link),
		TEST(test_a_packet_longer_than_a_frame_ends_the_link),
		TEST(test_a_payload_longer_than_its_row_allows_ends_the_link),
		TEST(test_a_missing_descriptor_ends_the_link),
		TEST(test_an_unwanted_descriptor_ends_the_link_and_is_closed),
		TEST(test_several_descriptors_end_the_link_and_are_closed),
		TEST(test_a_descriptor_there_is_no_room_for_ends_the_link),
		TEST(test_a_frame_in_the_wrong_phase_ends_the_link),
		TEST(test_a_handler_can_call_a_frame_malformed),
		TEST(test_what_a_peer_said_before_it_left_is_heard),
		TEST(test_last_words_are_heard_though_we_were_writing),
		TEST(test_last_words_are_heard_though_it_left_ours_unread),
		TEST(test_a_peer_that_shuts_one_way_is_gone),
		TEST(test_closed_comes_once_and_from_the_loop),
		TEST(test_closed_does_not_come_after_free),
		TEST(test_a_handler_may_free_its_link),
		TEST(test_what_the_kernel_does_not_take_waits_in_order),
		TEST(test_a_full_queue_is_a_dead_peer),
		TEST(test_a_busy_link_does_not_keep_others_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
