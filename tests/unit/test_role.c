/*
 * role - how a process comes up and goes down, as its master sees it.
 *
 * Each case starts a child that runs role_main() with callbacks that write a
 * letter each into a pipe, and plays its master over the link.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "pack.h"
#include "role.h"

#define DEADLINE_S 20

static int trace;      /* in the child: where the letters go */
static char fail_step; /* the step that says -1 */

static int
step(char letter)
{
	if (write(trace, &letter, 1) != 1)
		_exit(99);
	return letter == fail_step ? -1 : 0;
}

static int
configure(struct slice packed, struct role_config *common)
{
	if (!slice_eq(packed, slice_of("the configuration")))
		return -1;
	*common = (struct role_config){ .log_level = LOG_LEVEL_ERROR };
	return step('c');
}

static int
take_listener(const struct msg_listen *m, int fd)
{
	close(fd);
	return m->index == 5 ? step('l') : -1;
}

static int
take_peer(const struct msg_peer *m, int fd)
{
	close(fd);
	return m->instance == 9 ? step('p') : -1;
}

static int
prepare(struct event_base *base, struct sandbox *s)
{
	return base != NULL && s->root_fd == -1 ? step('f') : -1;
}

static int
start(void)
{
	return step('s');
}

static void
drain(void)
{
	if (step('d') == 0)
		role_exit();
}

static void
stats(struct buf *b)
{
	buf_str(b, "answer=42\n");
}

static int
dial(void)
{
	return step('D') == 0 ? 7 : 8;
}

static const struct role_ops ops = {
	.name = "test",
	.configure = configure,
	.listen = take_listener,
	.peer = take_peer,
	.prepare = prepare,
	.start = start,
	.drain = drain,
	.stats = stats,
	.dial = dial,
};

/* -- the master's side ----------------------------------------------------- */

static struct {
	pid_t pid;
	int link;
	int trace;
} child;

static void
run_child(int link, int letters, const char *option)
{
	char *argv[] = { (char *)(uintptr_t) "role", (char *)(uintptr_t)option,
		NULL };
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

	trace = letters;
	dup2(quiet, STDERR_FILENO);
	if (dup2(link, ROLE_FD) == -1) /* which was the other end's, or taken */
		_exit(98);
	close(link);
	_exit(role_main(&ops, option == NULL ? 1 : 2, argv));
}

static void
begin(const char *option, char failing)
{
	struct timeval deadline = { DEADLINE_S, 0 };
	int s[2], p[2];

	fail_step = failing;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s), 0);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		close(s[0]);
		run_child(s[1], p[1], option);
	}
	close(s[1]);
	close(p[1]);
	child.link = s[0];
	child.trace = p[0];
}

static void
say(uint16_t type, const struct buf *payload, int fd)
{
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct buf b = buf_new(1000);
	struct iovec part;
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;

	pack_u32(&b, payload == NULL ? 0 : (uint32_t)payload->n);
	pack_u32(&b, (uint32_t)type << 16);
	pack_u64(&b, 0);
	if (payload != NULL)
		buf_add(&b, payload->p, payload->n);
	part = (struct iovec){ b.p, b.n };
	if (fd != -1) {
		msg.msg_control = control.octets;
		msg.msg_controllen = sizeof(control.octets);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	(void)!sendmsg(child.link, &msg, MSG_NOSIGNAL);
	buf_free(&b);
}

static void
say_config(const char *text)
{
	int fd = memfd_create("config", MFD_CLOEXEC);

	/* The offset is left at the end: the role reads from the start. */
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	say(MSG_CONFIG, NULL, fd);
	close(fd);
}

static void
say_listen(void)
{
	struct msg_listen m = { 5, { "x", 1 } };
	struct buf b = buf_new(100);

	msg_listen_pack(&b, &m);
	say(MSG_LISTEN, &b, child.link);
	buf_free(&b);
}

static void
say_peer(uint32_t instance)
{
	struct msg_peer m = { ROLE_AUTH, instance };
	struct buf b = buf_new(100);

	msg_peer_pack(&b, &m);
	say(MSG_PEER, &b, child.link);
	buf_free(&b);
}

/* The type of the next frame, 0 at the end; the payload goes to *text. */
static uint16_t
hear(char *text, size_t size)
{
	char octets[1024];
	ssize_t n = recv(child.link, octets, sizeof(octets), 0);
	struct unpack u;
	uint16_t type;

	if (n < 16)
		return 0;
	u = unpack_begin((struct slice){ octets, (size_t)n });
	unpack_u32(&u);
	type = unpack_u16(&u);
	snprintf(text, size, "%.*s", (int)n - 16, octets + 16);
	return type;
}

static void
expect_ready(void)
{
	char none[1];

	assert_int_equal(hear(none, sizeof(none)), MSG_READY);
}

/* The child ends with this status, after these steps and no others. */
static void
expect_end(int status, const char *steps)
{
	char letters[32] = "";
	ssize_t n = 0, r;
	int got;

	while ((r = read(child.trace, letters + n,
		    sizeof(letters) - 1 - (size_t)n)) > 0)
		n += r;
	letters[n] = '\0';
	assert_int_equal(waitpid(child.pid, &got, 0), child.pid);
	assert_string_equal(letters, steps);
	assert_true(WIFEXITED(got));
	assert_int_equal(WEXITSTATUS(got), status);
	close(child.link);
	close(child.trace);
}

static void
come_up(void)
{
	begin(NULL, 0);
	say_config("the configuration");
	say(MSG_GO, NULL, -1);
	expect_ready();
}

/* -- cases ----------------------------------------------------------------- */

static void
test_a_role_comes_up_step_by_step_and_drains(void **state)
{
	(void)state;
	begin(NULL, 0);
	say_config("the configuration");
	say_listen();
	say_peer(9);
	say(MSG_GO, NULL, -1);
	expect_ready();
	say_peer(9); /* also later */
	say(MSG_DRAIN, NULL, -1);
	say(MSG_DRAIN, NULL, -1); /* a second one is harmless */
	expect_end(0, "clpfspd");
}

static void
test_the_end_of_the_link_is_a_drain(void **state)
{
	(void)state;
	come_up();
	shutdown(child.link, SHUT_RDWR);
	expect_end(0, "cfsd");
}

static void
test_sigterm_is_a_drain_and_sigint_is_nothing(void **state)
{
	char none[1];

	(void)state;
	come_up();
	kill(child.pid, SIGINT);
	kill(child.pid, SIGHUP);
	say(MSG_STATS_ASK, NULL, -1);
	assert_int_equal(hear(none, sizeof(none)), MSG_STATS); /* alive */
	kill(child.pid, SIGTERM);
	expect_end(0, "cfsd");
}

static void
test_a_role_drained_before_go_just_ends(void **state)
{
	(void)state;
	begin(NULL, 0);
	say_config("the configuration");
	say(MSG_DRAIN, NULL, -1);
	expect_end(0, "c");
}

static void
test_statistics_are_the_roles_and_the_links(void **state)
{
	char text[200];

	(void)state;
	come_up();
	say(MSG_STATS_ASK, NULL, -1);
	assert_int_equal(hear(text, sizeof(text)), MSG_STATS);
	assert_string_equal(text, "answer=42\nmalformed_frames=0\n");
	say(MSG_DRAIN, NULL, -1);
	expect_end(0, "cfsd");
}

/* All frames are there before the first is read: none may slip through. */
static void
test_nothing_follows_a_step_that_failed(void **state)
{
	static const struct {
		char failing;
		const char *steps;
	} cases[] = {
		{ 'c', "c" },
		{ 'l', "cl" },
		{ 'p', "clp" },
		{ 'f', "clpf" },
		{ 's', "clpfs" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		begin(NULL, cases[i].failing);
		say_config("the configuration");
		say_listen();
		say_peer(9);
		say(MSG_GO, NULL, -1);
		expect_end(1, cases[i].steps);
	}
}

static void
test_a_bad_peer_once_up_does_not_end_the_role(void **state)
{
	(void)state;
	come_up();
	say_peer(10); /* the role says -1 */
	say_peer(9);
	say(MSG_DRAIN, NULL, -1);
	expect_end(0, "cfspd");
}

static void
test_frames_out_of_order_never_start_a_role(void **state)
{
	(void)state;
	begin(NULL, 0);
	say(MSG_GO, NULL, -1);
	say_config("the configuration");
	expect_end(0, "");
	begin(NULL, 0);
	say_config("the configuration");
	say_config("the configuration");
	say(MSG_GO, NULL, -1);
	expect_end(0, "c");
	begin(NULL, 0);
	say_listen();
	expect_end(0, "");
}

static void
test_dial_neither_prepares_nor_starts(void **state)
{
	(void)state;
	begin("--dial", 0);
	say_config("the configuration");
	say(MSG_GO, NULL, -1);
	expect_end(7, "cD");
	begin("--dial", 'c');
	say_config("the configuration");
	say(MSG_GO, NULL, -1);
	expect_end(1, "c");
}

static void
test_a_role_is_not_started_by_hand(void **state)
{
	(void)state;
	begin("--help", 0);
	expect_end(1, "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_role_comes_up_step_by_step_and_drains),
		cmocka_unit_test(test_the_end_of_the_link_is_a_drain),
		cmocka_unit_test(test_sigterm_is_a_drain_and_sigint_is_nothing),
		cmocka_unit_test(test_a_role_drained_before_go_just_ends),
		cmocka_unit_test(test_statistics_are_the_roles_and_the_links),
		cmocka_unit_test(test_nothing_follows_a_step_that_failed),
		cmocka_unit_test(test_a_bad_peer_once_up_does_not_end_the_role),
		cmocka_unit_test(test_frames_out_of_order_never_start_a_role),
		cmocka_unit_test(test_dial_neither_prepares_nor_starts),
		cmocka_unit_test(test_a_role_is_not_started_by_hand),
	};

	alarm(60); /* a child that hangs fails the test, not the suite */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
