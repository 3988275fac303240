/*
 * master - the loop of the first process: signals, timers and children.
 *
 * Kept simple, since it alone keeps root's rights: no TLS, no LDAP, no byte
 * from the network, and from its children only READY and STATS.
 */

#include "master.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "blocked.h"
#include "clock.h"
#include "configcheck.h"
#include "control.h"
#include "hook.h"
#include "ipc.h"
#include "join.h"
#include "limits.h"
#include "log.h"
#include "messages.h"
#include "process.h"
#include "sandbox.h"
#include "spooldir.h"
#include "tell.h"
#include "xalloc.h"

#define READY_DEADLINE_MS  30000
#define TICKET_ROTATION_MS (6 * 3600 * 1000)
#define DRAIN_SLACK_MS     2000 /* beyond the roles' own time-out */
#define HUNG_UP_MS         2000 /* from its end of the link to its own end */
#define GRANT_KEY_LEN      32

static void
set_timer(struct event *timer, uint32_t ms)
{
	struct timeval tv = clock_span(ms);

	if (evtimer_add(timer, &tv) == -1)
		fatal("cannot set a timer");
}

static void
make_random(struct secret *s, size_t n)
{
	char octets[TICKET_KEY_LEN];

	BUG_ON(n > sizeof(octets));
	if (getrandom(octets, n, 0) != (ssize_t)n)
		fatal("no random numbers: %s", strerror(errno));
	secret_set(s, (struct slice){ octets, n });
	explicit_bzero(octets, sizeof(octets));
}

static bool
is_draining(const struct master *m)
{
	return m->phase == MASTER_DRAINING_SMTP ||
	       m->phase == MASTER_DRAINING_REST;
}

/* -- what a child is told -------------------------------------------------- */

static void
send_listeners(struct child *c)
{
	const struct listeners *all = &c->master->listeners;
	struct buf b = buf_new(LIMIT_FRAME);
	size_t i;
	int fd;

	for (i = 0; i < all->n; i++) {
		const struct listener *l = &all->v[i];
		struct msg_listen m = { l->index, slice_of(l->name) };

		if (l->worker != c->worker)
			continue;
		if ((fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0)) == -1) {
			log_errno(LOG_LEVEL_ERROR, "listen_dup", "%s", l->name);
			continue;
		}
		buf_clear(&b);
		msg_listen_pack(&b, &m);
		ipc_send(c->link, MSG_LISTEN, 0, &b, fd);
	}
	buf_free(&b);
}

static void
send_ticket_keys(struct child *c)
{
	struct msg_ticket_keys m = {
		secret_slice(&c->master->ticket_current),
		secret_slice(&c->master->ticket_previous),
	};
	struct buf b = buf_new(LIMIT_FRAME);

	msg_ticket_keys_pack(&b, &m);
	ipc_send(c->link, MSG_TICKET_KEYS, 0, &b, -1);
	buf_free(&b);
}

/* -- what a child says ----------------------------------------------------- */

static void
all_ready(struct master *m)
{
	uint32_t i;

	for (i = 0; i < m->child_count; i++)
		if (!m->children[i].ready)
			return;
	if (is_draining(m))
		return;
	m->phase = MASTER_RUNNING;
	log_event(LOG_LEVEL_INFO, "ready", "%u smtp, %zu sockets",
	    m->settings->config.workers, m->listeners.n);
}

static enum ipc_verdict
on_ready(void *arg, struct ipc_frame *f)
{
	struct child *c = arg;

	(void)f;
	if (c->ready)
		return IPC_MALFORMED;
	c->ready = c->was_ready = true;
	evtimer_del(c->timer);
	all_ready(c->master);
	return IPC_FINE;
}

static enum ipc_verdict
on_stats(void *arg, struct ipc_frame *f)
{
	struct child *c = arg;

	control_stats(c->master->control, c, f->id, f->payload);
	return IPC_FINE;
}

static enum ipc_verdict
on_control_answer(void *arg, struct ipc_frame *f)
{
	struct child *c = arg;

	return control_answer(c->master->control, c, f->id, f->payload);
}

/*
 * The process will follow, with an exit status that tells more than our
 * SIGKILL would; or it has to be made to.
 */
static void
on_link_closed(void *arg)
{
	struct child *c = arg;

	ipc_free(&c->link);
	if (c->pid != 0 && !is_draining(c->master))
		set_timer(c->timer, HUNG_UP_MS);
}

/* clang-format off */
static const struct ipc_row rows[] = {
	{ MSG_READY,	on_ready,	0,		false,	0 },
	{ MSG_STATS,	on_stats,	LIMIT_FRAME,	false,	0 },
	{ MSG_LINK_LOST, join_on_lost,	64,		false,	0 },
	{ MSG_CONTROL_ANSWER, on_control_answer, LIMIT_FRAME, false, 0 },
	{ MSG_ACCOUNT,	tell_on_account, 1024,		false,	0 },
	{ MSG_ALARM,	tell_on_alarm, 1024,		false,	0 },
};
/* clang-format on */

static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

/* -- the end --------------------------------------------------------------- */

static uint32_t
running(const struct master *m, bool smtp)
{
	uint32_t i, n = 0;

	for (i = 0; i < m->child_count; i++)
		if ((m->children[i].role == ROLE_SMTP) == smtp &&
		    m->children[i].pid != 0)
			n++;
	return n;
}

static void
drain_children(struct master *m, bool smtp)
{
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		evtimer_del(c->timer);
		if ((c->role == ROLE_SMTP) != smtp || c->pid == 0)
			continue;
		if (c->link != NULL)
			ipc_send(c->link, MSG_DRAIN, 0, NULL, -1);
		else
			kill(c->pid, SIGKILL);
	}
	set_timer(m->drain_timer,
	    m->settings->config.shutdown_timeout_ms + DRAIN_SLACK_MS);
}

/* Clients first; their messages need the other two. */
static void
drain_on(struct master *m)
{
	if (m->phase == MASTER_DRAINING_SMTP && running(m, true) == 0) {
		m->phase = MASTER_DRAINING_REST;
		drain_children(m, false);
	}
	if (m->phase == MASTER_DRAINING_REST && running(m, false) == 0)
		event_base_loopexit(m->base, NULL);
}

static void
drain(struct master *m)
{
	log_event(LOG_LEVEL_INFO, "stopping", "messages in flight have %u ms",
	    m->settings->config.shutdown_timeout_ms);
	m->phase = MASTER_DRAINING_SMTP;
	listen_close(&m->listeners);
	drain_children(m, true);
	drain_on(m);
}

/* End those that are being waited for. */
static void
kill_phase(struct master *m)
{
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		if (c->pid != 0 && (c->role == ROLE_SMTP) ==
				       (m->phase == MASTER_DRAINING_SMTP))
			kill(c->pid, SIGKILL);
	}
}

static void
on_drain_overdue(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	kill_phase(arg);
}

/* -- lives and deaths ------------------------------------------------------ */

static void
retry_later(struct child *c, uint64_t lived_ms)
{
	uint32_t ms = backoff_next(&c->backoff, lived_ms);
	struct log_line l;

	c->restarts++;
	log_begin(&l, LOG_LEVEL_WARN, 0, "role_restart");
	log_str(&l, "role", process_role_name(c->role));
	log_u64(&l, "worker", c->worker);
	log_u64(&l, "in_ms", ms);
	log_u64(&l, "restarts", c->restarts);
	log_end(&l);
	set_timer(c->timer, ms);
}

/*
 * A life is over, or could not begin.  gave_up: by its own decision, not by a
 * signal: what does so before it was ever ready is for the operator to see now.
 */
static void
child_gone(struct child *c, uint64_t lived_ms, bool gave_up)
{
	struct master *m = c->master;

	c->pid = 0;
	if (is_draining(m)) {
		drain_on(m);
	} else if (m->phase == MASTER_STARTING && !c->was_ready && gave_up) {
		log_event(LOG_LEVEL_ERROR, "start_failed", "%s did not start",
		    process_role_name(c->role));
		m->status = EXIT_FAILURE;
		drain(m);
	} else {
		retry_later(c, lived_ms);
	}
}

static void
child_start(struct child *c)
{
	struct master *m = c->master;
	int fd, config;

	c->started_ms = clock_ms();
	c->ready = c->failed = false;
	if ((c->pid = process_start(c->role, NULL, &fd)) == -1) {
		child_gone(c, 0, true);
		return;
	}
	if (c->role == ROLE_SMTP)
		c->instance = ++m->instances;
	c->link = ipc_new(
	    m->base, fd, process_role_name(c->role), &table, on_link_closed, c);
	if ((config = process_config_fd(c->role, &m->settings->config)) == -1) {
		kill(c->pid, SIGKILL); /* its death starts it again */
		return;
	}
	ipc_send(c->link, MSG_CONFIG, 0, NULL, config);
	if (c->role == ROLE_SMTP) {
		send_listeners(c);
		send_ticket_keys(c);
	}
	if (c->role == ROLE_AUTH)
		tell_accounts(c);
	join_all(c);
	ipc_send(c->link, MSG_GO, 0, NULL, -1);
	set_timer(c->timer, READY_DEADLINE_MS);
}

/* Time to start, to have been ready, or to have followed its link. */
static void
on_child_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (c->pid == 0) {
		child_start(c);
		return;
	}
	log_event(LOG_LEVEL_ERROR,
	    c->link == NULL ? "role_hung_up" : "role_not_ready", "%s, pid %d",
	    process_role_name(c->role), (int)c->pid);
	c->failed = true;
	kill(c->pid, SIGKILL);
}

static void
log_death(const struct child *c, int status)
{
	bool expected = is_draining(c->master) && status == 0;
	struct log_line l;

	log_begin(
	    &l, expected ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, 0, "role_died");
	log_str(&l, "role", process_role_name(c->role));
	log_u64(&l, "worker", c->worker);
	log_u64(&l, "pid", (uint64_t)c->pid);
	if (WIFSIGNALED(status))
		log_str(&l, "signal", sigabbrev_np(WTERMSIG(status)));
	else
		log_u64(&l, "status", (uint64_t)WEXITSTATUS(status));
	log_u64(&l, "lived_ms", clock_ms() - c->started_ms);
	log_end(&l);
}

/* -- signals --------------------------------------------------------------- */

static void
child_died(struct child *c, int status)
{
	uint64_t lived = c->ready ? clock_ms() - c->started_ms : 0;

	log_death(c, status);
	control_lost(c->master->control, c->role);
	c->ready = false;
	ipc_free(&c->link);
	evtimer_del(c->timer);
	child_gone(c, lived, c->failed || WIFEXITED(status));
}

static void
on_sigchld(evutil_socket_t sig, short what, void *arg)
{
	struct master *m = arg;
	uint32_t i;
	int status;
	pid_t pid;

	(void)sig;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (hook_reap(m->hook, pid, status))
			continue;
		for (i = 0; i < m->child_count; i++)
			if (m->children[i].pid == pid)
				child_died(&m->children[i], status);
	}
}

/* Asked twice, we do not wait for the messages in flight. */
static void
on_terminate(evutil_socket_t sig, short what, void *arg)
{
	struct master *m = arg;

	(void)sig;
	(void)what;
	if (is_draining(m))
		kill_phase(m);
	else
		drain(m);
}

static void
on_hangup(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	(void)arg;
	log_event(LOG_LEVEL_WARN, "reload_ignored",
	    "restart to use a changed configuration");
}

static void
on_ticket_timer(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;
	uint32_t i;

	(void)fd;
	(void)what;
	secret_set(&m->ticket_previous, secret_slice(&m->ticket_current));
	make_random(&m->ticket_current, TICKET_KEY_LEN);
	for (i = 0; i < m->child_count; i++)
		if (m->children[i].role == ROLE_SMTP &&
		    m->children[i].link != NULL)
			send_ticket_keys(&m->children[i]);
	set_timer(m->ticket_timer, TICKET_ROTATION_MS);
}

/* -- life of the whole ----------------------------------------------------- */

static void
make_children(struct master *m)
{
	uint32_t i;

	m->child_count = 2 + m->settings->config.workers;
	m->children = xcalloc(m->child_count, sizeof(*m->children));
	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		c->master = m;
		c->role = i == 0 ? ROLE_AUTH : i == 1 ? ROLE_RELAY : ROLE_SMTP;
		c->worker = i < 2 ? 0 : i - 2;
		c->timer = evtimer_new(m->base, on_child_timer, c);
		c->rejoin = evtimer_new(m->base, join_on_timer, c);
		if (c->timer == NULL || c->rejoin == NULL)
			fatal("out of memory");
	}
	for (i = 0; i < m->child_count && !is_draining(m); i++)
		child_start(&m->children[i]);
}

static void
loop(struct master *m)
{
	struct event *signals[] = {
		evsignal_new(m->base, SIGCHLD, on_sigchld, m),
		evsignal_new(m->base, SIGTERM, on_terminate, m),
		evsignal_new(m->base, SIGINT, on_terminate, m),
		evsignal_new(m->base, SIGHUP, on_hangup, m),
	};
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	m->drain_timer = evtimer_new(m->base, on_drain_overdue, m);
	m->ticket_timer = evtimer_new(m->base, on_ticket_timer, m);
	if (m->drain_timer == NULL || m->ticket_timer == NULL)
		fatal("out of memory");
	for (i = 0; i < ARRAY_LEN(signals); i++)
		if (signals[i] == NULL || event_add(signals[i], NULL) == -1)
			fatal("cannot wait for signals");
	set_timer(m->ticket_timer, TICKET_ROTATION_MS);
	make_children(m);
	event_base_dispatch(m->base);

	for (i = 0; i < ARRAY_LEN(signals); i++)
		event_free(signals[i]);
	for (i = 0; i < m->child_count; i++) {
		event_free(m->children[i].timer);
		event_free(m->children[i].rejoin);
	}
	event_free(m->drain_timer);
	event_free(m->ticket_timer);
	free(m->children);
}

/* Everything that may fail for a reason the operator should see. */
static int
open_world(struct master *m)
{
	struct config *c = &m->settings->config;

	if (spooldir_prepare(
		c->relay.spool, c->relay.role.uid, c->relay.role.gid) == -1 ||
	    listen_open(c, &m->listeners) == -1)
		return -1;
	return control_open(m, &m->control);
}

int
master_run(struct settings *settings)
{
	struct config *c = &settings->config;
	struct master m = { .settings = settings, .started_ms = clock_ms() };

	log_open("master", (enum log_target)settings->log_target,
	    (enum log_level)settings->log_level);
	sandbox_no_dumps();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("no_new_privs: %s", strerror(errno));
	configcheck_warn(settings);
	account_warn(settings);
	make_random(&m.ticket_current, TICKET_KEY_LEN);
	make_random(&c->auth.grant_key, GRANT_KEY_LEN);
	secret_set(&c->relay.grant_key, secret_slice(&c->auth.grant_key));
	m.blocked = blocked_new();
	if ((m.base = event_base_new()) == NULL)
		fatal("cannot make an event loop");
	m.hook = hook_new(m.base, settings);
	if (open_world(&m) == -1)
		m.status = EXIT_FAILURE;
	else
		loop(&m);
	control_close(&m.control);
	listen_close(&m.listeners);
	hook_free(&m.hook);
	blocked_free(&m.blocked);
	secret_wipe(&m.ticket_current);
	secret_wipe(&m.ticket_previous);
	event_base_free(m.base);
	log_event(LOG_LEVEL_INFO, "stopped", "status %d", m.status);
	return m.status;
}
