/* A TLS handshake has its own limit of time, below that of a login. */

#include "cases.h"

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "clock.h"
#include "limits.h"
#include "session.h"
#include "worker.h"
#include "xalloc.h"

/* How long a session whose clients get ms to log in waits in that state. */
static uint64_t
wait_in(enum state state, uint32_t ms)
{
	struct worker w = { 0 };
	struct event_base *base = event_base_new();
	struct listener l = { .worker = &w };
	struct bufferevent *pair[2];
	struct session *s;
	uint64_t wait;

	l.hostname = w.config.hostname = xstrdup("submit.test");
	l.name = (char[]){ "test:0" };
	w.config.max_connections = 1;
	w.config.preauth_timeout_ms = w.config.command_timeout_ms = ms;
	worker_init(&w, base);
	assert_int_equal(bufferevent_pair_new(base, 0, pair), 0);
	s = session_start_on(&w, &l, pair[1], "192.0.2.1");
	session_enter(s, state);
	wait = s->deadline_ms - clock_ms();
	session_abort(&s, END_CLOSED);
	bufferevent_free(pair[0]);
	worker_clear(&w);
	event_base_free(base);
	return wait;
}

static void
test_a_handshake_gets_half_a_minute_at_most(void **state)
{
	(void)state;
	assert_in_range(wait_in(ST_HANDSHAKE, 60000), 29000, 30000);
	assert_in_range(wait_in(ST_HANDSHAKE, 7000), 6000, 7000);
	assert_in_range(wait_in(ST_COMMAND, 60000), 59000, 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_handshake_gets_half_a_minute_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
