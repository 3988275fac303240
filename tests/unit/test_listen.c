/* listen - the sockets that master keeps for its workers. */

#include "cases.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compiler.h"
#include "listen.h"
#include "log.h"

/* A port of 127.0.0.1 nobody has: bound, asked for, let go. */
static uint32_t
free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

static struct listen_config
line_of(char *address, uint32_t port)
{
	return (struct listen_config){ .address = address, .port = port };
}

static int
connect_to(uint32_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons((uint16_t)port);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void
test_every_worker_has_a_socket_on_every_line(void **state)
{
	struct listen_config lines[] = {
		line_of((char[]){ "127.0.0.1" }, free_port()),
		line_of((char[]){ "127.0.0.1" }, free_port()),
	};
	struct config c = { .smtp.listen = { lines, 2 }, .workers = 3 };
	unsigned seen[2][3] = { 0 };
	struct listeners l;
	char name[80];
	size_t i;

	(void)state;
	assert_int_equal(listen_open(&c, &l), 0);
	assert_int_equal(l.n, 6);
	for (i = 0; i < l.n; i++) {
		seen[l.v[i].index][l.v[i].worker]++;
		snprintf(name, sizeof(name), "127.0.0.1:%u",
		    lines[l.v[i].index].port);
		assert_string_equal(l.v[i].name, name);
		assert_true(fcntl(l.v[i].fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(l.v[i].fd, F_GETFL) & O_NONBLOCK);
	}
	for (i = 0; i < 6; i++)
		assert_int_equal(seen[i / 3][i % 3], 1);
	listen_close(&l);
	listen_close(&l);
	assert_int_equal(l.n, 0);
}

static void
test_connections_wait_where_no_worker_is(void **state)
{
	struct listen_config line =
	    line_of((char[]){ "127.0.0.1" }, free_port());
	struct config c = { .smtp.listen = { &line, 1 }, .workers = 2 };
	struct listeners l;
	int client, got = -1;
	size_t i;

	(void)state;
	assert_int_equal(listen_open(&c, &l), 0);
	client = connect_to(line.port);
	for (i = 0; i < l.n && got == -1; i++)
		got = accept4(l.v[i].fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(got != -1);
	close(got);
	close(client);
	listen_close(&l);
}

static void
test_a_second_gateway_cannot_take_half_of_the_port(void **state)
{
	struct listen_config line =
	    line_of((char[]){ "127.0.0.1" }, free_port());
	struct config c = { .smtp.listen = { &line, 1 }, .workers = 1 };
	struct listeners first, second;

	(void)state;
	assert_int_equal(listen_open(&c, &first), 0);
	assert_int_equal(listen_open(&c, &second), -1);
	assert_int_equal(second.n, 0);
	listen_close(&second);
	listen_close(&first);
	assert_int_equal(listen_open(&c, &second), 0);
	listen_close(&second);
}

static void
test_star_is_both_families(void **state)
{
	struct listen_config line = line_of((char[]){ "*" }, free_port());
	struct config c = { .smtp.listen = { &line, 1 }, .workers = 1 };
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);
	struct listeners l;

	(void)state;
	assert_int_equal(listen_open(&c, &l), 0);
	assert_true(l.n == 1 || l.n == 2); /* a host may have no IPv6 */
	assert_int_equal(getsockname(l.v[0].fd, (struct sockaddr *)&sa, &n), 0);
	assert_int_equal(sa.ss_family, AF_INET);
	if (l.n == 2) {
		n = sizeof(sa);
		assert_int_equal(
		    getsockname(l.v[1].fd, (struct sockaddr *)&sa, &n), 0);
		assert_int_equal(sa.ss_family, AF_INET6);
	}
	listen_close(&l);
}

static void
test_an_address_of_another_host_is_refused(void **state)
{
	struct listen_config line = line_of((char[]){ "192.0.2.1" }, 2587);
	struct config c = { .smtp.listen = { &line, 1 }, .workers = 1 };
	struct listeners l;

	(void)state;
	assert_int_equal(listen_open(&c, &l), -1);
	listen_close(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_worker_has_a_socket_on_every_line),
		cmocka_unit_test(test_connections_wait_where_no_worker_is),
		cmocka_unit_test(
		    test_a_second_gateway_cannot_take_half_of_the_port),
		cmocka_unit_test(test_star_is_both_families),
		cmocka_unit_test(test_an_address_of_another_host_is_refused),
	};

	log_open("test", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
