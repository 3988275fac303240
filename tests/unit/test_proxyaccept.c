/*
 * proxyaccept - nothing is said before the header is whole, nothing but the
 * header is taken, and every end is accounted for.
 *
 * A worker with one listener on a pair of sockets: what accept() would give is
 * given by hand.
 */

#include "cases.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "proxyaccept.h"
#include "session.h"
#include "sessions.h"
#include "worker.h"
#include "xalloc.h"

#define PATIENCE_MS 10000

static struct {
	struct worker worker;
	struct listener listener;
	struct origin proxy;
	int client; /* the proxy's end */
	char said[1024];
	size_t said_n;
} t;

static int
setup(void **state)
{
	struct smtp_config *c = &t.worker.config;

	(void)state;
	memset(&t, 0, sizeof(t));
	c->hostname = xstrdup("submit.test");
	c->max_message_size = 10000;
	c->max_errors = 5;
	c->max_connections = 8;
	c->max_connections_per_address = 2;
	c->preauth_timeout_ms = c->command_timeout_ms = 60000;
	c->shutdown_timeout_ms = 60000;
	worker_init(&t.worker, event_base_new());
	t.listener = (struct listener){ .worker = &t.worker,
		.hostname = c->hostname,
		.proxy = PROXY_REQUIRED,
		.name = xstrdup("test:0") };
	t.proxy = (struct origin){ .port = 7 };
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:10.0.0.1", &t.proxy.address), 1);
	t.client = -1;
	return 0;
}

static void
end_session(struct session *s)
{
	session_abort(&s, END_CLOSED);
}

static int
teardown(void **state)
{
	struct event_base *base = t.worker.base;

	(void)state;
	sessions_each(t.worker.sessions, end_session);
	worker_clear(&t.worker);
	assert_int_equal(t.worker.proxies.count, 0);
	if (t.client != -1)
		close(t.client);
	free(t.listener.name);
	event_base_free(base);
	return 0;
}

static void
connect_proxy(void)
{
	int fd[2];

	if (t.client != -1)
		close(t.client);
	assert_int_equal(socketpair(AF_UNIX,
			     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
	    0);
	t.client = fd[0];
	t.said_n = 0;
	proxyaccept_start(&t.worker, &t.listener, fd[1], &t.proxy);
}

static void
send_octets(const char *p, size_t n)
{
	assert_int_equal(send(t.client, p, n, MSG_NOSIGNAL), n);
}

/* Let everything that can happen now, happen; read what was said. */
static void
settle(void)
{
	ssize_t n;
	int i;

	for (i = 0; i < 10; i++)
		event_base_loop(t.worker.base, EVLOOP_NONBLOCK);
	while ((n = read(t.client, t.said + t.said_n,
		    sizeof(t.said) - 1 - t.said_n)) > 0)
		t.said_n += (size_t)n;
	t.said[t.said_n] = '\0';
}

static bool
hung_up(void)
{
	struct pollfd p = { .fd = t.client, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

static uint32_t
sessions(void)
{
	return sessions_count(t.worker.sessions);
}

/* The one session there is. */
static struct session *found;

static void
find(struct session *s)
{
	found = s;
}

static const struct session *
session(void)
{
	assert_int_equal(sessions(), 1);
	sessions_each(t.worker.sessions, find);
	return found;
}

/* clang-format off */
static const struct {
	struct slice	 header;
	const char	*client;	/* NULL: the proxy itself */
	uint16_t	 port;
} headers[] = {
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 4660 587\r\n"), "192.0.2.7", 4660 },
	{ S("PROXY TCP6 2001:db8::7 2001:db8::1 4660 587\r\n"), "2001:db8::7", 4660 },
	{ S("PROXY TCP6 ::ffff:192.0.2.7 ::1 4660 587\r\n"), "192.0.2.7", 4660 },
	{ S("PROXY UNKNOWN\r\n"), NULL, 7 },
	{ S("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\300\0\2\7\1\2\3\4\x12\x34\0\1\4\0\0"), "192.0.2.7", 4660 },
	{ S("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"), NULL, 7 },
};
/* clang-format on */

static void
check_session(size_t i)
{
	const struct session *s = session();

	assert_string_equal(
	    s->address, headers[i].client ? headers[i].client : "10.0.0.1");
	assert_int_equal(s->origin.port, headers[i].port);
	assert_true(s->origin.proxied);
	assert_int_equal(s->origin.probe, headers[i].client == NULL);
	assert_memory_equal(&s->origin.proxy, &t.proxy.address, 16);
}

static void
test_commands_may_follow_in_the_same_segment(void **state)
{
	static const char more[] = "EHLO x\r\n";
	char whole[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(headers); i++) {
		connect_proxy();
		assert_int_equal(t.worker.proxies.count, 1);
		memcpy(whole, headers[i].header.p, headers[i].header.n);
		memcpy(whole + headers[i].header.n, more, sizeof(more) - 1);
		send_octets(whole, headers[i].header.n + sizeof(more) - 1);
		settle();
		assert_memory_equal(t.said, "220 submit.test ", 16);
		assert_non_null(strstr(t.said, "\r\n250-submit.test\r\n"));
		assert_int_equal(t.worker.proxies.count, 0);
		check_session(i);
		close(t.client);
		t.client = -1;
		sessions_each(t.worker.sessions, end_session);
	}
	assert_int_equal(t.worker.refused, 0);
}

static void
test_nothing_is_said_before_the_last_octet(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(headers); i++) {
		connect_proxy();
		for (k = 0; k < headers[i].header.n; k++) {
			settle();
			assert_int_equal(t.said_n, 0);
			assert_int_equal(sessions(), 0);
			assert_false(hung_up());
			send_octets(headers[i].header.p + k, 1);
		}
		settle();
		assert_memory_equal(t.said, "220 submit.test ", 16);
		check_session(i);
		sessions_each(t.worker.sessions, end_session);
	}
}

static void
test_what_is_no_header_is_cut_off_without_a_word(void **state)
{
	static const struct slice bad[] = { S("EHLO x\r\n"), S("\x16\x03\1"),
		S("PROXY TCP4 1.2.3.4\r\n"), S("\r\n\r\nQ"),
		S("PROXY UNKNOWN\n") };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		connect_proxy();
		send_octets(bad[i].p, bad[i].n);
		settle();
		assert_true(hung_up());
		assert_int_equal(t.said_n, 0);
		assert_int_equal(sessions(), 0);
		assert_int_equal(t.worker.proxies.count, 0);
		assert_int_equal(t.worker.refused, i + 1);
	}
}

static void
test_half_a_header_and_the_end_is_the_end(void **state)
{
	(void)state;
	connect_proxy();
	send_octets("PROXY TCP4", 10);
	settle();
	assert_int_equal(t.worker.proxies.count, 1);
	assert_int_equal(shutdown(t.client, SHUT_WR), 0);
	settle();
	assert_int_equal(t.worker.proxies.count, 0);
	assert_int_equal(t.worker.refused, 1);
	/* both at once */
	connect_proxy();
	send_octets("PROXY TCP4", 10);
	assert_int_equal(shutdown(t.client, SHUT_WR), 0);
	settle();
	assert_int_equal(t.worker.proxies.count, 0);
	assert_int_equal(t.worker.refused, 2);
}

/* A port that is only knocked at is no mistake. */
static void
test_nothing_and_the_end_is_not_counted(void **state)
{
	(void)state;
	connect_proxy();
	assert_int_equal(shutdown(t.client, SHUT_WR), 0);
	settle();
	assert_int_equal(t.worker.proxies.count, 0);
	assert_int_equal(t.worker.refused, 0);
}

static void
test_silence_has_an_end(void **state)
{
	uint64_t until = clock_ms() + PATIENCE_MS;

	(void)state;
	t.worker.config.preauth_timeout_ms = 1;
	connect_proxy();
	send_octets("PROXY TCP4", 10);
	while (t.worker.proxies.count > 0 && clock_ms() < until)
		event_base_loop(t.worker.base, EVLOOP_ONCE);
	settle();
	assert_true(hung_up());
	assert_int_equal(t.said_n, 0);
	assert_int_equal(t.worker.refused, 1);
}

/* Two from each: the proxy may bring any number. */
static void
test_the_limit_is_the_clients_and_not_the_proxys(void **state)
{
	char header[64];
	int open[6], i, n;

	(void)state;
	for (i = 0; i < 6; i++) {
		connect_proxy();
		n = snprintf(header, sizeof(header),
		    "PROXY TCP4 192.0.2.%d 198.51.100.1 1 2\r\n", i / 2 + 1);
		send_octets(header, (size_t)n);
		settle();
		assert_memory_equal(t.said, "220 ", 4);
		open[i] = t.client;
		t.client = -1;
	}
	assert_int_equal(sessions(), 6);
	connect_proxy();
	send_octets("PROXY TCP4 192.0.2.2 198.51.100.1 1 2\r\n", 39);
	settle();
	assert_memory_equal(t.said, "421 4.7.0 ", 10);
	assert_true(hung_up());
	assert_int_equal(sessions(), 6);
	assert_int_equal(t.worker.refused, 1);
	for (i = 0; i < 6; i++)
		close(open[i]);
}

static void
test_a_drain_does_not_wait_for_headers(void **state)
{
	(void)state;
	connect_proxy();
	send_octets("PROXY", 5);
	settle();
	proxyaccept_end_all(&t.worker);
	assert_int_equal(t.worker.proxies.count, 0);
	settle();
	assert_true(hung_up());
	assert_int_equal(t.said_n, 0);
}

/* Whichever goes first, the others stay in the list. */
static void
test_any_of_several_may_end(void **state)
{
	int fds[3], order, i, k;

	(void)state;
	for (order = 0; order < 3; order++) {
		for (i = 0; i < 3; i++) {
			connect_proxy();
			fds[i] = t.client;
			t.client = -1;
		}
		for (k = 0; k < 3; k++) {
			i = (order + k) % 3;
			t.client = fds[i];
			send_octets("x", 1);
			settle();
			assert_true(hung_up());
			assert_int_equal(t.worker.proxies.count, 2 - k);
			close(t.client);
			t.client = -1;
		}
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_commands_may_follow_in_the_same_segment),
		TEST(test_nothing_is_said_before_the_last_octet),
		TEST(test_what_is_no_header_is_cut_off_without_a_word),
		TEST(test_half_a_header_and_the_end_is_the_end),
		TEST(test_nothing_and_the_end_is_not_counted),
		TEST(test_silence_has_an_end),
		TEST(test_the_limit_is_the_clients_and_not_the_proxys),
		TEST(test_a_drain_does_not_wait_for_headers),
		TEST(test_any_of_several_may_end),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
