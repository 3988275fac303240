#ifndef SUBMITD_TEST_SESSIONPAIR_H
#define SUBMITD_TEST_SESSIONPAIR_H

/*
 * sessionpair - a session of the engine with a client's end to write to: on a
 * bufferevent pair, between the fake auth and relay of replaypeers.h.
 *
 * No sockets, no clock: what can happen happens in settle_down().
 */

#include "replaypeers.h"

/* A bufferevent pair does not tell one end that the other is gone. */
static inline bool
closed(void)
{
	return sessions_count(play.worker.sessions) == 0;
}

/* Octets on their way, in either direction. */
static inline size_t
octets_waiting(void)
{
	size_t n;

	if (play.client == NULL)
		return 0;
	n = evbuffer_get_length(bufferevent_get_input(play.client)) * 2;
	n += evbuffer_get_length(bufferevent_get_output(play.client));
	return closed() ? n
			: n + evbuffer_get_length(
				  bufferevent_get_input(play.session->bev));
}

/* Let everything that can happen now, happen. */
static inline void
settle_down(void)
{
	size_t now = octets_waiting(), before;
	int i;

	do {
		before = now;
		for (i = 0; i < 20; i++)
			event_base_loop(play.base, EVLOOP_NONBLOCK);
		now = octets_waiting();
	} while (now != before);
}

static inline void
begin_session(void)
{
	struct bufferevent *pair[2];

	assert_int_equal(
	    bufferevent_pair_new(play.base, BEV_OPT_DEFER_CALLBACKS, pair), 0);
	play.client = pair[0];
	bufferevent_enable(play.client, EV_READ | EV_WRITE);
	play.session = session_start_on(
	    &play.worker, &play.listener, pair[1], "192.0.2.1");
	play.session->tls = play.listener.tls == TLS_MODE_IMPLICIT;
	play.session->tls_version = "TLSv1.3";
	play.session->tls_cipher = "TLS_AES_128_GCM_SHA256";
}

static inline void
join_peers(void)
{
	int a[2], r[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, r), 0);
	play.auth =
	    ipc_new(play.base, a[1], "smtp", &auth_table, on_lost, &play.auth);
	play.relay = ipc_new(
	    play.base, r[1], "smtp", &relay_table, on_lost, &play.relay);
	authclient_attach(play.worker.auth, a[0]);
	relayclient_attach(play.worker.relay, r[0]);
}

static inline void
session_setup(void)
{
	struct smtp_config *c = &play.worker.config;

	play = (struct play){ .content = -1, .bodies = buf_new(16 << 20) };
	c->hostname = xstrdup("submit.test");
	c->null_sender = true;
	c->max_message_size = 10000;
	c->max_recipients = 3;
	c->max_content_line = 998;
	c->max_errors = 50;
	c->max_auth_failures = 3;
	c->max_connections = 4;
	c->max_connections_per_address = 4;
	c->preauth_timeout_ms = c->command_timeout_ms = 60000;
	c->data_timeout_ms = c->auth_timeout_ms = 60000;
	c->hand_over_timeout_ms = c->shutdown_timeout_ms = 60000;
	c->data_rate = 1;
	play.base = event_base_new();
	play.listener = (struct listener){ .worker = &play.worker,
		.hostname = play.worker.config.hostname,
		.tls = TLS_MODE_IMPLICIT,
		.name = xstrdup("test:0") };
	worker_init(&play.worker, play.base);
	join_peers();
}

static inline void
session_teardown(void)
{
	if (play.client != NULL)
		bufferevent_free(play.client);
	if (play.client != NULL && !closed())
		session_abort(&play.session, END_CLOSED);
	worker_clear(&play.worker);
	ipc_free(&play.auth);
	ipc_free(&play.relay);
	if (play.content != -1)
		close(play.content);
	free(play.body);
	buf_free(&play.bodies);
	free(play.listener.name);
	event_base_free(play.base);
}

#endif
