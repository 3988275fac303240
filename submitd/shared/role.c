/*
 * role - how every process but master comes up and goes down.
 *
 * Serves the link to master and calls the role at each step; knows nothing of
 * what a role does.  Invariants: between CONFIG and GO nothing is read from
 * outside; drain() is called at most once; the end of the link counts as
 * DRAIN, so no role outlives its master for long.
 */

#include "role.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc.h"
#include "limits.h"
#include "log.h"

/* Phases of the link. */
#define NEW   1U /* waiting for CONFIG */
#define SETUP 2U /* waiting for GO */
#define UP    4U

#define ASK_MAX     (2 * LIMIT_CONTROL_LINE)
#define ANSWER_PART 65536 /* octets of text in a frame */

static struct {
	const struct role_ops *ops;
	struct event_base *base;
	struct ipc *link;
	struct role_config common;
	unsigned phase;
	bool dial; /* --dial, --user: do one thing instead of serving */
	bool draining;
	int status; /* of the process */
} role;

#ifdef __SANITIZE_ADDRESS__
/* A leak check at exit needs ptrace and /proc, which the sandbox forbids. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

void
role_exit(void)
{
	event_base_loopexit(role.base, NULL);
}

/* Master is gone: we shall be, too. */
static void
tell(uint16_t type, uint64_t id, const struct buf *payload)
{
	if (role.link != NULL)
		ipc_send(role.link, type, id, payload, -1);
}

void
role_link_lost(enum role_id other)
{
	struct msg_peer m = { .role = other };
	struct buf b = buf_new(LIMIT_FRAME);

	msg_peer_pack(&b, &m);
	tell(MSG_LINK_LOST, 0, &b);
	buf_free(&b);
}

void
role_answer(uint64_t id, enum control_status status, struct slice text)
{
	struct msg_control_answer m = { .status = status };
	struct buf b = buf_new(LIMIT_FRAME);

	do {
		m.more = text.n > ANSWER_PART;
		m.text = text;
		if (m.more)
			m.text.n = ANSWER_PART;
		text = slice_from(text, m.text.n);
		buf_clear(&b);
		msg_control_answer_pack(&b, &m);
		tell(MSG_CONTROL_ANSWER, id, &b);
	} while (m.more);
	buf_free(&b);
}

void
role_tell_account(const struct msg_account *m)
{
	struct buf b = buf_new(LIMIT_FRAME);

	msg_account_pack(&b, m);
	tell(MSG_ACCOUNT, 0, &b);
	buf_free(&b);
}

void
role_alarm(const struct msg_alarm *m)
{
	struct buf b = buf_new(LIMIT_FRAME);

	msg_alarm_pack(&b, m);
	tell(MSG_ALARM, 0, &b);
	buf_free(&b);
}

/* End the process; what master said after this step is not looked at. */
static void
fail(const char *step)
{
	log_event(LOG_LEVEL_ERROR, "start_failed", "%s", step);
	role.status = EXIT_FAILURE;
	ipc_free(&role.link);
	event_base_loopbreak(role.base);
}

static void
drain(void)
{
	if (role.draining)
		return;
	role.draining = true;
	if (role.phase == UP && !role.dial)
		role.ops->drain();
	else
		role_exit();
}

static void
set_phase(unsigned phase)
{
	role.phase = phase;
	ipc_phase(role.link, phase);
}

/* -- what master says ------------------------------------------------------ */

/* The whole of a file from its start, wherever its offset stands. */
static int
read_whole(int fd, struct buf *b)
{
	char part[4096];
	ssize_t n = 1;

	while (n > 0 && buf_ok(b)) {
		n = pread(fd, part, sizeof(part), (off_t)b->n);
		if (n > 0)
			buf_add(b, part, (size_t)n);
		else if (n == -1 && errno == EINTR)
			n = 1;
	}
	explicit_bzero(part, sizeof(part));
	return n == 0 && buf_ok(b) ? 0 : -1;
}

static enum ipc_verdict
on_config(void *arg, struct ipc_frame *f)
{
	struct buf packed = buf_new(LIMIT_CONFIG);
	int r;

	(void)arg;
	r = read_whole(f->fd, &packed);
	if (r == 0)
		r = role.ops->configure(buf_slice(&packed), &role.common);
	buf_free(&packed);
	if (r == -1) {
		fail("cannot use the configuration");
		return IPC_FINE;
	}
	log_open(role.ops->name, (enum log_target)role.common.log_target,
	    (enum log_level)role.common.log_level);
	set_phase(SETUP);
	return IPC_FINE;
}

static enum ipc_verdict
on_listen(void *arg, struct ipc_frame *f)
{
	struct msg_listen m;
	int fd = f->fd;

	(void)arg;
	if (role.ops->listen == NULL || msg_listen_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	f->fd = -1;
	if (role.ops->listen(&m, fd) == -1)
		fail("cannot take a listening socket");
	return IPC_FINE;
}

static enum ipc_verdict
on_peer(void *arg, struct ipc_frame *f)
{
	struct msg_peer m;
	int fd = f->fd;

	(void)arg;
	if (role.ops->peer == NULL || msg_peer_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	f->fd = -1;
	/* Once up, the others are served on: one link is not worth them. */
	if (role.ops->peer(&m, fd) == -1 && role.phase != UP)
		fail("cannot take a link");
	return IPC_FINE;
}

static enum ipc_verdict
on_ticket_keys(void *arg, struct ipc_frame *f)
{
	struct msg_ticket_keys m;

	(void)arg;
	if (role.ops->ticket_keys == NULL ||
	    msg_ticket_keys_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	if (role.ops->ticket_keys(&m) == -1 && role.phase != UP)
		fail("cannot take ticket keys");
	return IPC_FINE;
}

static enum ipc_verdict
on_go(void *arg, struct ipc_frame *f)
{
	struct sandbox s = { .chroot_wanted = true, .root_fd = -1 };

	(void)arg;
	(void)f;
	if (role.dial) { /* from main(): it may run the loop itself */
		set_phase(UP);
		event_base_loopbreak(role.base);
		return IPC_FINE;
	}
	if (role.ops->prepare(role.base, &s) == -1)
		fail("cannot prepare");
	else if (sandbox_enter(&s, role.common.confine, role.common.uid,
		     role.common.gid) == -1)
		fail("cannot be confined");
	else if (role.ops->start() == -1)
		fail("cannot start");
	else {
		set_phase(UP);
		ipc_send(role.link, MSG_READY, 0, NULL, -1);
	}
	return IPC_FINE;
}

static enum ipc_verdict
on_drain(void *arg, struct ipc_frame *f)
{
	(void)arg;
	(void)f;
	drain();
	return IPC_FINE;
}

static enum ipc_verdict
on_stats_ask(void *arg, struct ipc_frame *f)
{
	struct buf text = buf_new(LIMIT_FRAME);

	(void)arg;
	if (role.phase == UP && role.ops->stats != NULL)
		role.ops->stats(&text);
	buf_printf(&text, "malformed_frames=%llu\n",
	    (unsigned long long)ipc_malformed_count());
	ipc_send(role.link, MSG_STATS, f->id, &text, -1);
	buf_free(&text);
	return IPC_FINE;
}

static enum ipc_verdict
on_control_ask(void *arg, struct ipc_frame *f)
{
	struct msg_control_ask m;

	(void)arg;
	if (msg_control_ask_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	if (role.ops->control == NULL)
		role_answer(f->id, CONTROL_NOT_FOUND,
		    slice_of("not a matter of this process"));
	else
		role.ops->control(f->id, &m);
	return IPC_FINE;
}

static enum ipc_verdict
on_account(void *arg, struct ipc_frame *f)
{
	struct msg_account m;

	(void)arg;
	if (msg_account_unpack(f->payload, &m) == -1)
		return IPC_MALFORMED;
	if (role.ops->account != NULL)
		role.ops->account(&m);
	return IPC_FINE;
}

/* clang-format off */
static const struct ipc_row rows[] = {
	/* type			handler		max	fd	phases */
	{ MSG_CONFIG,		on_config,	0,	true,	NEW },
	{ MSG_LISTEN,		on_listen,	1024,	true,	SETUP },
	{ MSG_PEER,		on_peer,	64,	true,	SETUP | UP },
	{ MSG_TICKET_KEYS,	on_ticket_keys,	256,	false,	SETUP | UP },
	{ MSG_GO,		on_go,		0,	false,	SETUP },
	{ MSG_DRAIN,		on_drain,	0,	false,	0 },
	{ MSG_STATS_ASK,	on_stats_ask,	0,	false,	0 },
	{ MSG_CONTROL_ASK,	on_control_ask,	ASK_MAX, false,	UP },
	{ MSG_ACCOUNT_TOLD,	on_account,	1024,	false,	SETUP | UP },
};
/* clang-format on */

static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

/* Master died, or we are no longer talking to it. */
static void
on_link_closed(void *arg)
{
	(void)arg;
	ipc_free(&role.link);
	drain();
}

/* -- start ----------------------------------------------------------------- */

static void
on_signal(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	(void)arg;
	drain();
}

/*
 * SIGTERM means drain.  A terminal's interrupt and hang-up reach the whole
 * group, but it is master that answers them, by telling us.  The others are
 * errors of a write, and are handled there.
 */
static struct event *
set_signals(void)
{
	static const int ignored[] = { SIGPIPE, SIGXFSZ, SIGHUP };
	struct event *term;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (!role.dial)
		signal(SIGINT, SIG_IGN);
	term = evsignal_new(role.base, SIGTERM, on_signal, NULL);
	if (term == NULL || event_add(term, NULL) == -1)
		fatal("cannot wait for signals");
	return term;
}

static bool
is_link(int fd)
{
	socklen_t n = sizeof(int);
	int type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
	       type == SOCK_SEQPACKET;
}

int
role_main(const struct role_ops *ops, int argc, char **argv)
{
	struct event *term;
	bool tool = argc > 1 && strcmp(argv[1], "--user") == 0;

	role.ops = ops;
	role.dial = tool || (argc == 2 && strcmp(argv[1], "--dial") == 0);
	log_open(ops->name, LOG_TO_STDERR, LOG_LEVEL_INFO);
	if ((argc != 1 && !role.dial) || !is_link(ROLE_FD))
		fatal(
		    "submitd-%s is started by submitd, not by hand", ops->name);
	sandbox_no_dumps();
	umask(077);

	role.base = event_base_new();
	if (role.base == NULL)
		fatal("cannot make an event loop");
	term = set_signals();
	role.link =
	    ipc_new(role.base, ROLE_FD, "master", &table, on_link_closed, NULL);
	set_phase(NEW);
	event_base_dispatch(role.base);

	if (role.dial && role.phase == UP && !role.draining) {
		if (tool)
			role.status = ops->tool == NULL
					  ? EXIT_FAILURE
					  : ops->tool(argc - 1, argv + 1);
		else
			role.status = ops->dial == NULL ? 0 : ops->dial();
	}
	ipc_free(&role.link);
	event_free(term);
	return role.status;
}
