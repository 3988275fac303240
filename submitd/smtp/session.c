/*
 * session - the driver, the life of a session, and the command state.
 *
 * Every callback, from the client, a timer or another role, ends in
 * session_drive(), and nothing else frees a session: so no step ever returns
 * into freed memory.
 */

#include "session.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <unistd.h>

#include "authclient.h"
#include "clock.h"
#include "log.h"
#include "relayclient.h"
#include "sessions.h"
#include "worker.h"
#include "xalloc.h"

/* -- replies --------------------------------------------------------------- */

void
session_reply_with(struct session *s, enum reply r, struct slice arg)
{
	reply_add(&s->out, r, arg);
}

void
session_reply(struct session *s, enum reply r)
{
	session_reply_with(s, r, slice_of(session_hostname(s)));
}

enum verdict
session_hangup(struct session *s, enum reply r, enum ending why)
{
	session_reply(s, r);
	s->ending = why;
	return HANGUP;
}

enum verdict
session_reject_with(struct session *s, enum reply r, struct slice arg)
{
	size_t before = s->out.n;

	session_reply_with(s, r, arg);
	if (s->authenticated) /* strangers' slips are a number in their line */
		session_log_rejection(
		    s, slice_from(buf_slice(&s->out), before));
	if (++s->errors >= s->worker->config.max_errors)
		return session_hangup(s, R_421_ERRORS, END_REFUSED);
	return AGAIN;
}

enum verdict
session_reject(struct session *s, enum reply r)
{
	return session_reject_with(s, r, (struct slice){ "", 0 });
}

/* -- states ---------------------------------------------------------------- */

static enum verdict
step_wait_peer(struct session *s)
{
	(void)s;
	return WAIT_PEER;
}

static enum verdict
step_wait_client(struct session *s)
{
	(void)s;
	return WAIT_CLIENT;
}

static enum verdict
step_closing(struct session *s)
{
	(void)s;
	return HANGUP;
}

static enum verdict
overdue_client(struct session *s)
{
	return session_hangup(s, R_421_TIMEOUT, END_TIMEOUT);
}

static enum verdict
overdue_content(struct session *s)
{
	return session_hangup(s, R_421_SLOW, END_TIMEOUT);
}

/* Nobody listens (yet, or any more): go without a word. */
static enum verdict
overdue_silently(struct session *s)
{
	s->ending = s->ending == END_NONE ? END_TIMEOUT : s->ending;
	return HANGUP;
}

/*
 * A client that waits for our greeting on a port of implicit TLS has been set
 * up for STARTTLS: the log is where somebody will look.
 */
static enum verdict
overdue_handshake(struct session *s)
{
	SSL *ssl = bufferevent_openssl_get_ssl(s->bev);
	bool silent = ssl != NULL && BIO_number_read(SSL_get_rbio(ssl)) == 0;

	s->tls_error = silent && !s->tls_promised
			   ? "silence: set up for STARTTLS?"
			   : "timed out";
	return overdue_silently(s);
}

#define TIME(field) offsetof(struct smtp_config, field)

/* clang-format off */
static const struct {
	const char	*name;
	enum verdict	(*step)(struct session *);
	enum verdict	(*overdue)(struct session *);
	size_t		 timeout;	/* of the configuration's milliseconds */
} states[] = {
	[ST_HANDSHAKE]	= { "handshake", step_wait_client, overdue_handshake, TIME(preauth_timeout_ms) },
	[ST_COMMAND]	= { "command",	step_command,	overdue_client,	TIME(command_timeout_ms) },
	[ST_STARTTLS]	= { "starttls",	step_starttls,	overdue_silently, TIME(preauth_timeout_ms) },
	[ST_AUTHENTICATING] = { "authenticating", step_wait_peer, session_auth_overdue, TIME(auth_timeout_ms) },
	[ST_AUTH_LINE]	= { "auth_line", step_auth_line, overdue_client, TIME(command_timeout_ms) },
	[ST_OPENING]	= { "opening",	step_wait_peer,	session_mail_overdue, TIME(hand_over_timeout_ms) },
	[ST_CONTENT]	= { "content",	step_content,	overdue_content, TIME(data_timeout_ms) },
	[ST_CHUNK]	= { "chunk",	step_chunk,	overdue_content, TIME(data_timeout_ms) },
	[ST_COMMITTING]	= { "committing", step_wait_peer, session_mail_overdue, TIME(hand_over_timeout_ms) },
	[ST_CLOSING]	= { "closing",	step_closing,	overdue_silently, 0 },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(states) == ST_COUNT, "a row for every state");

void
session_enter(struct session *s, enum state next)
{
	const char *config = (const char *)&s->worker->config;
	uint32_t ms = LIMIT_CLOSING_MS;

	if (next != ST_CLOSING)
		memcpy(&ms, config + states[next].timeout, sizeof(ms));
	if (next == ST_HANDSHAKE && ms > LIMIT_HANDSHAKE_MS)
		ms = LIMIT_HANDSHAKE_MS;
	s->state = next;
	s->deadline_ms = clock_ms() + ms;
}

void
session_cancel_request(struct session *s)
{
	if (s->request == 0)
		return;
	if (s->state == ST_AUTHENTICATING || s->state == ST_AUTH_LINE)
		authclient_cancel(s->worker->auth, s->request);
	else if (s->state != ST_COMMITTING)
		relayclient_abort(s->worker->relay, s->request);
	s->request = 0;
}

/* -- the driver ------------------------------------------------------------ */

static bool
output_full(const struct session *s)
{
	return s->out.n + evbuffer_get_length(bufferevent_get_output(s->bev)) >
	       LIMIT_OUTPUT;
}

static void
flush(struct session *s)
{
	if (s->out.n == 0)
		return;
	bufferevent_write(s->bev, s->out.p, s->out.n);
	buf_clear(&s->out);
}

static uint64_t
due_ms(const struct session *s)
{
	uint64_t due = s->deadline_ms;
	uint64_t login = s->started_ms + s->worker->config.preauth_timeout_ms;

	if (s->state == ST_CONTENT || s->state == ST_CHUNK ||
	    (s->state == ST_COMMAND && session_content_is_open(s)))
		due = session_content_deadline(s);
	/* Strangers get one deadline for all they do. */
	if (!s->authenticated && s->state != ST_CLOSING && login < due)
		due = login;
	return due;
}

/* Set what wakes the session up: its deadline, and bytes if wanted. */
static void
arm(struct session *s, bool reading)
{
	uint64_t now = clock_ms(), due = due_ms(s);
	uint64_t left = due > now ? due - now : 0;
	struct timeval tv = clock_span(left);

	evtimer_add(s->deadline, &tv);
	if (reading)
		bufferevent_enable(s->bev, EV_READ);
	else
		bufferevent_disable(s->bev, EV_READ);
}

static void
session_free(struct session **sp)
{
	struct session *s = *sp;

	*sp = NULL;
	session_cancel_request(s);
	if (s->authenticated)
		authclient_ended(s->worker->auth, s->id);
	tx_free(&s->tx);
	session_log_end(s);
	event_free(s->deadline);
	event_free(s->resume);
	bufferevent_free(s->bev);
	buf_free(&s->out);
	buf_free(&s->chunk.held);
	buf_free(&s->grant);
	worker_session_gone(s->worker, s);
	free(s);
}

/* Say close_notify (RFC 8314, 3.4) and go. */
static void
farewell(struct session **sp)
{
	SSL *ssl = bufferevent_openssl_get_ssl((*sp)->bev);

	if (ssl != NULL && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error(); /* the next session's are not to be mistaken */
	session_free(sp);
}

static enum verdict
run_steps(struct session *s)
{
	enum verdict v = AGAIN;
	int budget;

	for (budget = LIMIT_STEPS_PER_EVENT; v == AGAIN && budget > 0; budget--)
		v = output_full(s) ? WAIT_FLUSH : states[s->state].step(s);
	return v;
}

/* Do what a verdict asks for. */
static void
settle(struct session **sp, enum verdict v)
{
	static const struct timeval now = { 0, 0 };
	struct session *s = *sp;

	if (v == HANGUP && s->state != ST_CLOSING) {
		session_cancel_request(s);
		session_enter(s, ST_CLOSING); /* whose step says HANGUP again */
	}
	flush(s);
	switch (v) {
	case AGAIN: /* a fair share is used up: let others run */
		evtimer_add(s->resume, &now);
		break;
	case WAIT_CLIENT:
		arm(s, true);
		break;
	case WAIT_PEER:
	case WAIT_FLUSH:
		arm(s, false);
		break;
	case HANGUP:
		if (evbuffer_get_length(bufferevent_get_output(s->bev)) == 0)
			farewell(sp);
		else
			arm(s, false);
		break;
	}
}

void
session_resume(struct session **sp, enum verdict v)
{
	settle(sp, v == AGAIN ? run_steps(*sp) : v);
}

void
session_drive(struct session **sp)
{
	session_resume(sp, AGAIN);
}

void
session_abort(struct session **sp, enum ending why)
{
	if ((*sp)->ending == END_NONE)
		(*sp)->ending = why;
	session_free(sp);
}

void
session_drain(struct session *s)
{
	bool in_flight = s->state == ST_OPENING || s->state == ST_COMMITTING ||
			 s->state == ST_CLOSING || s->state == ST_CHUNK ||
			 session_content_is_open(s);

	if (in_flight)
		return;
	if (s->state == ST_HANDSHAKE || s->state == ST_STARTTLS)
		s->ending = END_SHUTDOWN; /* no clear text into a handshake */
	else
		session_hangup(s, R_421_SHUTDOWN, END_SHUTDOWN);
	settle(&s, HANGUP);
}

void
session_expel(struct session *s)
{
	s->expelled = true;
	if (s->state == ST_COMMITTING || s->state == ST_CLOSING)
		return;
	session_hangup(s, R_421_BLOCKED, END_BLOCKED);
	settle(&s, HANGUP);
}

/* -- callbacks ------------------------------------------------------------- */

static void
on_io(struct bufferevent *bev, void *arg)
{
	struct session *s = arg;

	(void)bev;
	session_drive(&s);
}

/* Keep the reason for the log line, and the error queue for nobody else. */
static void
handshake_failed(struct session *s)
{
	unsigned long code, first = 0;

	while ((code = bufferevent_get_openssl_error(s->bev)) != 0)
		first = first == 0 ? code : first;
	ERR_clear_error();
	s->tls_error =
	    first == 0 ? "connection closed" : ERR_reason_error_string(first);
	session_abort(&s, END_TLS);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct session *s = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		session_tls_ready(s);
		session_drive(&s);
		return;
	}
	if (s->state == ST_COMMITTING)
		s->ending = END_CLOSED; /* the message's fate is still told */
	else if (s->state == ST_HANDSHAKE)
		handshake_failed(s);
	else
		session_abort(&s, END_CLOSED);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (clock_ms() < due_ms(s)) { /* bytes moved it meanwhile */
		session_drive(&s);
		return;
	}
	if (s->state == ST_CLOSING) {
		session_abort(&s, END_TIMEOUT);
		return;
	}
	session_resume(&s, states[s->state].overdue(s));
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	session_drive(&s);
}

/* -- birth ----------------------------------------------------------------- */

void
session_set_callbacks(struct session *s)
{
	bufferevent_setcb(s->bev, on_io, on_io, on_event, s);
	bufferevent_setwatermark(s->bev, EV_READ, 0, LIMIT_INPUT);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
}

static struct session *
session_new(struct worker *w, const struct listener *l, const char *address)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->worker = w;
	s->listener = l;
	(void)snprintf(s->address, sizeof(s->address), "%s", address);
	s->started_ms = clock_ms();
	s->out = buf_new((size_t)2 * LIMIT_OUTPUT);
	s->chunk.held = buf_new(LIMIT_OUTPUT);
	s->grant = buf_new(LIMIT_GRANT);
	s->id = sessions_add(w->sessions, s);
	BUG_ON(s->id == 0); /* the worker counts before it accepts */
	s->deadline = evtimer_new(w->base, on_deadline, s);
	s->resume = evtimer_new(w->base, on_resume, s);
	if (s->deadline == NULL || s->resume == NULL)
		fatal("out of memory");
	return s;
}

/* Ready for SMTP: say hello.  The session may be over when this returns. */
static void
begin(struct session **sp)
{
	struct session *s = *sp;

	session_set_callbacks(s);
	session_enter(s, ST_COMMAND);
	session_reply(s, R_220_GREETING);
	session_drive(sp);
}

struct session *
session_start_on(struct worker *w, const struct listener *l,
    struct bufferevent *bev, const char *address)
{
	struct session *s = session_new(w, l, address);

	s->bev = bev;
	begin(&s);
	return s;
}

void
session_start(
    struct worker *w, const struct listener *l, int fd, const struct origin *o)
{
	char address[INET6_ADDRSTRLEN];
	struct session *s;
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	origin_text(&o->address, address);
	s = session_new(w, l, address);
	s->origin = *o;
	s->bev = bufferevent_socket_new(
	    w->base, fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (s->bev == NULL)
		fatal("out of memory");
	if (l->tls == TLS_MODE_STARTTLS)
		begin(&s);
	else if (session_start_tls(s) == -1)
		session_abort(&s, END_TROUBLE);
	else
		session_drive(&s);
}
