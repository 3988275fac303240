/*
 * test_sessionheader - what relay gets is what the client sent, with our
 * Received in front, for every length near every edge of a buffer.
 */

#include "sessionpair.h"

#include "cases.h"

#define COMPLETE "From: alice@example.org\r\nDate: x\r\nMessage-ID: <a@b>\r\n"

static char *content; /* of the message being sent, unstuffed */
static bool dotted;   /* most lines begin with a dot, which cuts the runs */
static size_t content_n;

static void
say(const char *text)
{
	bufferevent_write(play.client, text, strlen(text));
	settle_down();
}

/* The last reply's code; all of them are read. */
static int
hear(void)
{
	struct evbuffer *in = bufferevent_get_input(play.client);
	char *line;
	int code = 0;

	settle_down();
	while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT)) !=
	       NULL) {
		code = (int)strtol(line, NULL, 10);
		free(line);
	}
	return code;
}

static int
begin(void **state)
{
	(void)state;
	session_setup();
	play.worker.config.max_message_size = 1 << 20;
	play.worker.config.max_content_line = 4096;
	begin_session();
	say("EHLO x\r\nAUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n");
	assert_int_equal(hear(), 235);
	content = xcalloc(1, 1 << 20);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	free(content);
	session_teardown();
	return 0;
}

/*
 * A message whose header, empty line included, is head octets, of size octets
 * in all, in lines of every length.
 */
static void
make(size_t head, size_t size)
{
	size_t n = strlen(COMPLETE);

	memset(content, 'x', size);
	memcpy(content, COMPLETE, n);
	if (head >= n + 2 + strlen("X:\r\n")) {
		memcpy(content + n, "X:", 2);
		for (n += 72; n + 7 < head; n += 72)
			memcpy(content + n, "\r\n ", 3);
		memcpy(content + head - 4, "\r\n\r\n", 4);
	} else {
		memcpy(content + n, "\r\n", 2);
		head = n + 2;
	}
	for (n = head; n + 2 < size; n += 2 + n % 71) {
		content[n] = dotted ? '.' : 'y';
		if (n > head)
			memcpy(content + n - 2, "\r\n", 2);
	}
	if (size >= head + 2)
		memcpy(content + size - 2, "\r\n", 2);
	content_n = size >= head + 2 ? size : head;
}

/* Send it stuffed, in two writes: first octets, then the others. */
static void
send_mail(size_t first)
{
	char *wire = xcalloc(2, content_n + 3);
	size_t i, n = 0;

	for (i = 0; i < content_n; i++) {
		if (content[i] == '.' && (i == 0 || content[i - 1] == '\n'))
			wire[n++] = '.';
		wire[n++] = content[i];
	}
	memcpy(wire + n, ".\r\n", 3);
	n += 3;
	if (first > n)
		first = n;
	say("MAIL FROM:<alice@example.org>\r\nRCPT TO:<b@c.d>\r\nDATA\r\n");
	assert_int_equal(hear(), 354);
	bufferevent_write(play.client, wire, first);
	settle_down();
	bufferevent_write(play.client, wire + first, n - first);
	assert_int_equal(hear(), 250);
	free(wire);
}

static void
assert_whole(size_t head, size_t size)
{
	if (play.body_n != content_n ||
	    memcmp(play.body, content, content_n) != 0)
		fail_msg("header of %zu, size %zu: got %zu octets", head, size,
		    play.body_n);
}

static void
test_sizes_around_each_edge(void **state)
{
	static const size_t edges[] = { 64, 1000, 4096, 8192, 16384, 65536,
		131072 };
	size_t i, at;

	(void)state;
	for (i = 0; i < 2 * ARRAY_LEN(edges); i++) {
		dotted = i % 2 == 0;
		for (at = edges[i / 2] - 4; at <= edges[i / 2] + 4; at++) {
			make(0, at);
			send_mail(at / 2);
			assert_whole(0, at);
		}
	}
}

static void
test_a_header_that_ends_around_each_edge(void **state)
{
	static const size_t edges[] = { 72, 4096, 16384, 65536 };
	size_t i, at;

	(void)state;
	for (i = 0; i < ARRAY_LEN(edges); i++)
		for (at = edges[i] - 5; at <= edges[i] + 5; at++) {
			make(at, at + 200);
			send_mail(edges[i]);
			assert_whole(at, at + 200);
			make(at, at);
			send_mail(edges[i]);
			assert_whole(at, at);
		}
}

static void
test_a_small_message_at_every_split(void **state)
{
	size_t at;

	(void)state;
	for (at = 0; at < 120; at++) {
		make(0, 100);
		send_mail(at);
		assert_whole(0, 100);
	}
}

static void
test_a_header_beyond_the_limit_is_refused(void **state)
{
	size_t i;

	(void)state;
	say("MAIL FROM:<alice@example.org>\r\nRCPT TO:<b@c.d>\r\nDATA\r\n");
	assert_int_equal(hear(), 354);
	for (i = 0; i < LIMIT_HEADER / 64 + 2; i++) {
		memset(content, 'x', 64);
		memcpy(content, "X:", 2);
		memcpy(content + 62, "\r\n", 2);
		bufferevent_write(play.client, content, 64);
		settle_down();
	}
	assert_int_equal(play.session->tx->header.raw.n <= LIMIT_HEADER, 1);
	say("\r\nbody\r\n.\r\n");
	assert_int_equal(hear(), 552);
	assert_int_equal(play.session->state, ST_COMMAND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_sizes_around_each_edge, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_a_header_that_ends_around_each_edge, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_a_small_message_at_every_split, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_a_header_beyond_the_limit_is_refused, begin, end),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
