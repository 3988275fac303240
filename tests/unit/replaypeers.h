#ifndef SUBMITD_TEST_REPLAYPEERS_H
#define SUBMITD_TEST_REPLAYPEERS_H

/*
 * replaypeers - the fake auth and relay of test_replay.c, which tells what
 * they answer.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authclient.h"
#include "clock.h"
#include "grant.h"
#include "ipc.h"
#include "log.h"
#include "pack.h"
#include "relayclient.h"
#include "session.h"
#include "sessions.h"
#include "worker.h"
#include "xalloc.h"

#define PATIENCE_MS 2000

static struct play {
	const char *file;
	unsigned line;
	bool by_octet;
	unsigned repeat; /* the next line so often; 0: once */

	struct event_base *base;
	struct worker worker;
	struct listener listener;
	struct session *session; /* borrowed; dead once closed */
	struct bufferevent *client;
	struct ipc *auth, *relay;

	char login_user[256]; /* LOGIN, between its two steps */
	uint64_t login_session;
	unsigned ended; /* sessions that auth heard the end of */
	char fate[64];
	int content;
	char *body; /* of the last committed message */
	size_t body_at, body_n;
	struct buf bodies;  /* of all of them, pack_bytes() */
	char options[1024]; /* what the last message began with, as text */
	char recipients[2048];
	char *next_recipient; /* of these */
} play;

/* -- fake auth ------------------------------------------------------------- */

/* What USER may send as; see test_replay.c. */
static void
add_rights(struct grant *g, struct buf *own, struct buf *delegated)
{
	char text[300];

	(void)snprintf(text, sizeof(text), "alias.%.*s@example.org",
	    (int)g->user.n, g->user.p);
	if (slice_eq(g->user, slice_of("domain"))) {
		pack_bytes(own, slice_of("@example.net"));
		g->address_count = 1;
	} else {
		pack_bytes(own, slice_of(text + strlen("alias.")));
		pack_bytes(own, slice_of(text));
		g->address_count = 2;
	}
	if (slice_eq(g->user, slice_of("delegate"))) {
		pack_bytes(delegated, slice_of("office@example.org"));
		g->delegated_count = 1;
	}
	g->addresses = buf_slice(own);
	g->delegated = buf_slice(delegated);
}

static void
auth_done(uint64_t id, enum auth_verdict verdict, const char *user)
{
	struct buf b = buf_new(LIMIT_FRAME), sealed = buf_new(LIMIT_GRANT);
	struct buf own = buf_new(LIMIT_GRANT), others = buf_new(LIMIT_GRANT);
	struct msg_auth_done done = { .verdict = verdict };
	struct grant g = {
		.session = play.login_session,
		.expires_ms = clock_ms() + 60000,
		.user = slice_of(user),
	};
	static const char mac[GRANT_MAC_LEN];

	add_rights(&g, &own, &others);
	if (strcmp(user, "late") == 0)
		g.expires_ms = clock_ms();
	grant_pack(&sealed, &g);
	buf_add(&sealed, mac, sizeof(mac));
	if (verdict == AUTH_ACCEPTED)
		done.grant = buf_slice(&sealed);
	msg_auth_done_pack(&b, &done);
	ipc_send(play.auth, MSG_AUTH_DONE, id, &b, -1);
	buf_free(&b);
	buf_free(&sealed);
	buf_free(&own);
	buf_free(&others);
}

static void
auth_judge(uint64_t id, const char *user, const char *password)
{
	if (strcmp(password, "silent") == 0)
		return;
	if (strcmp(password, "secret") == 0)
		auth_done(id, AUTH_ACCEPTED, user);
	else if (strcmp(password, "trouble") == 0)
		auth_done(id, AUTH_TROUBLE, user);
	else
		auth_done(id, AUTH_REFUSED, user);
}

static void
auth_challenge(uint64_t id, const char *text)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct msg_auth_step step = { .data = slice_of(text) };

	msg_auth_step_pack(&b, &step);
	ipc_send(play.auth, MSG_AUTH_CHALLENGE, id, &b, -1);
	buf_free(&b);
}

static void
auth_plain(uint64_t id, struct slice s)
{
	char *text = xstrndup(s), *user, *password;

	if (s.n < 3 || strlen(text) + 1 >= s.n) {
		auth_done(id, AUTH_BROKEN, "");
	} else {
		user = text + strlen(text) + 1;
		password = user + strlen(user);
		auth_judge(
		    id, user, password < text + s.n ? password + 1 : password);
	}
	free(text);
}

static enum ipc_verdict
on_auth_start(void *arg, struct ipc_frame *f)
{
	struct msg_auth_start m;

	(void)arg;
	if (msg_auth_start_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	play.login_session = m.session;
	play.login_user[0] = '\0';
	if (slice_eq(m.mechanism, slice_of("LOGIN")))
		auth_challenge(f->id, "Username:");
	else if (!slice_eq(m.mechanism, slice_of("PLAIN")))
		auth_done(f->id, AUTH_NO_MECHANISM, "");
	else if (m.has_initial)
		auth_plain(f->id, m.initial);
	else
		auth_challenge(f->id, "");
	return IPC_FINE;
}

static enum ipc_verdict
on_auth_step(void *arg, struct ipc_frame *f)
{
	struct msg_auth_step m;
	char *text;

	(void)arg;
	if (msg_auth_step_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	if (m.data.n > 0 && m.data.p[0] == '\0') {
		auth_plain(f->id, m.data);
		return IPC_FINE;
	}
	text = xstrndup(m.data);
	if (play.login_user[0] == '\0') {
		(void)snprintf(
		    play.login_user, sizeof(play.login_user), "%.200s", text);
		auth_challenge(f->id, "Password:");
	} else {
		auth_judge(f->id, play.login_user, text);
	}
	free(text);
	return IPC_FINE;
}

static enum ipc_verdict
on_ignored(void *arg, struct ipc_frame *f)
{
	(void)arg;
	(void)f;
	return IPC_FINE;
}

static enum ipc_verdict
on_auth_ended(void *arg, struct ipc_frame *f)
{
	struct msg_auth_ended m;

	(void)arg;
	if (msg_auth_ended_unpack(f->payload, &m) == -1 ||
	    m.session != play.login_session)
		return IPC_MALFORMED;
	play.ended++;
	return IPC_FINE;
}

/* -- fake relay ------------------------------------------------------------ */

static void
mail_done(uint64_t id, enum mail_fate fate, unsigned code, const char *enhanced,
    const char *text)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct msg_mail_done m = {
		.fate = fate,
		.code = code,
		.enhanced = slice_of(enhanced),
		.text = slice_of(text),
		.smarthost = slice_of("smart.example"),
	};

	msg_mail_done_pack(&b, &m);
	ipc_send(play.relay, MSG_MAIL_DONE, id, &b, -1);
	buf_free(&b);
}

static inline void
offer(const struct msg_mail_offers *offers)
{
	struct buf b = buf_new(LIMIT_FRAME);

	msg_mail_offers_pack(&b, offers);
	ipc_send(play.relay, MSG_MAIL_OFFERS, 0, &b, -1);
	buf_free(&b);
}

/* Only what was asked for, in a fixed order; times without their value. */
static void
keep_options(const struct mail_options *o)
{
	static const char *const bodies[] = { "", " 8BITMIME", " BINARYMIME" };
	static const char *const rets[] = { "", " RET=FULL", " RET=HDRS" };
	static const char *const bys[] = { "", " BY=N", " BY=R" };
	struct buf b = buf_new(sizeof(play.options) - 1);

	buf_str(&b, bodies[o->body]);
	buf_str(&b, o->smtputf8 ? " SMTPUTF8" : "");
	buf_str(&b, o->require_tls ? " REQUIRETLS" : "");
	buf_str(&b, rets[o->ret]);
	if (o->envid.n > 0)
		buf_printf(&b, " ENVID=%.*s", (int)o->envid.n, o->envid.p);
	if (o->has_priority)
		buf_printf(&b, " MT-PRIORITY=%d", o->priority);
	buf_str(&b, bys[o->by]);
	buf_str(&b, o->by_trace ? "T" : "");
	if (o->hold_until_s > 0)
		buf_printf(&b, " HOLD=%.*s", (int)o->hold_request.n,
		    o->hold_request.p);
	memset(play.options, 0, sizeof(play.options));
	if (b.n > 0)
		memcpy(play.options, b.p + 1, b.n - 1);
	buf_free(&b);
}

/* A line for each: the mailbox, NOTIFY as digits, ORCPT. */
static void
keep_recipients(const struct msg_mail_begin *m)
{
	struct unpack u = unpack_begin(m->recipients);
	struct buf b = buf_new(sizeof(play.recipients) - 1);
	struct mail_recipient r;
	uint32_t i;

	for (i = 0; i < m->recipient_count; i++) {
		mail_recipient_unpack(&u, &r);
		buf_printf(&b, "%.*s", (int)r.mailbox.n, r.mailbox.p);
		if (r.notify != 0)
			buf_printf(&b, " %u", r.notify);
		if (r.orcpt.n > 0)
			buf_printf(&b, " %.*s", (int)r.orcpt.n, r.orcpt.p);
		buf_str(&b, "\n");
	}
	memset(play.recipients, 0, sizeof(play.recipients));
	memcpy(play.recipients, b.p, b.n);
	play.next_recipient = play.recipients;
	buf_free(&b);
}

static enum ipc_verdict
on_mail_begin(void *arg, struct ipc_frame *f)
{
	struct msg_mail_begin m;
	struct unpack u;
	struct mail_recipient r;
	struct slice first;
	struct buf id = buf_new(64);
	const char *at;

	(void)arg;
	if (msg_mail_begin_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	keep_options(&m.options);
	keep_recipients(&m);
	u = unpack_begin(m.recipients);
	mail_recipient_unpack(&u, &r);
	first = r.mailbox;
	at = memchr(first.p, '@', first.n);
	(void)snprintf(
	    play.fate, sizeof(play.fate), "%.*s", (int)(at - first.p), first.p);
	if (strcmp(play.fate, "full") == 0) {
		mail_done(f->id, FATE_REFUSED, 452, "4.3.1", "No room");
		return IPC_FINE;
	}
	if (strcmp(play.fate, "unready") == 0)
		return IPC_FINE;
	if (play.content != -1)
		close(play.content);
	play.content = memfd_create("content", MFD_CLOEXEC);
	buf_str(&id, "0testid");
	ipc_send(play.relay, MSG_MAIL_READY, f->id, &id, dup(play.content));
	buf_free(&id);
	return IPC_FINE;
}

/* Keep what came behind our own Received field. */
static void
keep_body(uint64_t size)
{
	char *all = xcalloc(1, size + 1), *p = all;

	assert_int_equal(pread(play.content, all, size, 0), (ssize_t)size);
	assert_true(strncmp(all, "Received: ", 10) == 0);
	do
		p = strstr(p, "\r\n") + 2;
	while (*p == '\t');
	free(play.body);
	play.body_n = size - (size_t)(p - all);
	play.body = xcalloc(1, play.body_n + 1);
	memcpy(play.body, p, play.body_n);
	play.body_at = 0;
	pack_bytes(&play.bodies, (struct slice){ play.body, play.body_n });
	free(all);
}

static enum ipc_verdict
on_mail_commit(void *arg, struct ipc_frame *f)
{
	struct msg_mail_commit m;

	(void)arg;
	if (msg_mail_commit_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	keep_body(m.size);
	if (strcmp(play.fate, "silent") == 0)
		return IPC_FINE;
	if (strcmp(play.fate, "refused") == 0)
		mail_done(f->id, FATE_REFUSED, 550, "5.1.1", "No such user");
	else if (strcmp(play.fate, "queued") == 0)
		mail_done(f->id, FATE_QUEUED, 250, "2.0.0", "");
	else
		mail_done(f->id, FATE_DELIVERED, 250, "2.0.0", "taken");
	return IPC_FINE;
}

/* clang-format off */
static const struct ipc_row auth_rows[] = {
	{ MSG_AUTH_START,	on_auth_start,	LIMIT_FRAME,	false,	0 },
	{ MSG_AUTH_STEP,	on_auth_step,	LIMIT_FRAME,	false,	0 },
	{ MSG_AUTH_CANCEL,	on_ignored,	0,		false,	0 },
	{ MSG_AUTH_ENDED,	on_auth_ended,	64,		false,	0 },
};
static const struct ipc_row relay_rows[] = {
	{ MSG_MAIL_BEGIN,	on_mail_begin,	LIMIT_FRAME,	false,	0 },
	{ MSG_MAIL_COMMIT,	on_mail_commit,	LIMIT_FRAME,	false,	0 },
	{ MSG_MAIL_ABORT,	on_ignored,	0,		false,	0 },
};
/* clang-format on */

static const struct ipc_table auth_table = { auth_rows, ARRAY_LEN(auth_rows) };
static const struct ipc_table relay_table = { relay_rows,
	ARRAY_LEN(relay_rows) };

static void
on_lost(void *arg)
{
	ipc_free(arg);
}

#endif
