/*
 * hook - the operator's own program, started for each alarm.
 *
 * The only program that master starts beside the roles, and the only one that
 * hears of anything a client did: so it gets nothing of ours, no shell comes
 * in between, and it can neither be flooded nor keep us waiting.
 */

#include "hook.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "limits.h"
#include "log.h"
#include "process.h"
#include "xalloc.h"

#define PATH_VARIABLE                                                          \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"              \
	"/sbin:/bin"

/* What the program is told. */
enum { VAR_EVENT, VAR_USER, VAR_DETAIL, VAR_COUNT };

struct run {
	TAILQ_ENTRY(run) next;
	struct hook *hook;
	char *var[VAR_COUNT]; /* "SUBMITD_EVENT=...", printable */
	pid_t pid;            /* 0: it waits */
	struct event *timer;
};

TAILQ_HEAD(run_queue, run);

struct hook {
	struct event_base *base;
	const struct settings *settings;
	struct run_queue waiting;
	struct run_queue running;
	unsigned waiting_count;
	unsigned running_count;
	unsigned dropped; /* since this was last logged */
};

/* -- one run --------------------------------------------------------------- */

static char *
variable(const char *name, struct slice value)
{
	struct buf b = buf_new(LIMIT_FRAME);
	char *text;
	size_t i;

	buf_printf(&b, "%s=", name);
	for (i = 0; i < value.n; i++)
		buf_add(&b,
		    value.p[i] >= ' ' && value.p[i] <= '~' ? value.p + i : "?",
		    1);
	text = xstrndup(buf_slice(&b));
	buf_free(&b);
	return text;
}

static void
run_free(struct run *r)
{
	size_t i;

	for (i = 0; i < VAR_COUNT; i++)
		free(r->var[i]);
	event_free(r->timer);
	free(r);
}

static void
on_overdue(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;

	(void)fd;
	(void)what;
	log_event(LOG_LEVEL_WARN, "alarm_command", "pid %d took too long",
	    (int)r->pid);
	if (kill(-r->pid, SIGKILL) == -1) /* no session of its own yet */
		kill(r->pid, SIGKILL);
}

/* Give up what master may; -1: cannot. */
static int
become_nobody(const struct settings *s)
{
	if (!s->config.smtp.role.confine)
		return 0;
	if (setgroups(0, NULL) == -1 || setgid(s->alarm_gid) == -1 ||
	    setuid(s->alarm_uid) == -1)
		return -1;
	return 0;
}

/* In the child: only async-signal-safe calls. */
NORETURN static void
become(const struct run *r)
{
	const struct settings *s = r->hook->settings;
	static char path[] = PATH_VARIABLE;
	char *argv[] = { s->alarm_command, NULL };
	char *env[] = { path, r->var[VAR_EVENT], r->var[VAR_USER],
		r->var[VAR_DETAIL], NULL };
	int null;

	process_reset_signals();
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
		_exit(127);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	if (setsid() == -1 || become_nobody(s) == -1 || chdir("/") == -1)
		_exit(126);
	execve(s->alarm_command, argv, env);
	_exit(127);
}

static void
run_start(struct run *r)
{
	const struct timeval patience =
	    clock_span(r->hook->settings->alarm_timeout_ms);
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	r->pid = fork();
	if (r->pid == 0)
		become(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r->pid == -1) {
		log_errno(LOG_LEVEL_ERROR, "alarm_command", "fork");
		run_free(r);
		return;
	}
	evtimer_add(r->timer, &patience);
	TAILQ_INSERT_TAIL(&r->hook->running, r, next);
	r->hook->running_count++;
}

/* As many of those that wait as may run. */
static void
start_waiting(struct hook *h)
{
	struct run *r;

	while (h->running_count < LIMIT_HOOK_RUNNING &&
	       (r = TAILQ_FIRST(&h->waiting)) != NULL) {
		TAILQ_REMOVE(&h->waiting, r, next);
		h->waiting_count--;
		run_start(r);
	}
	if (h->dropped > 0 && h->waiting_count == 0) {
		log_event(LOG_LEVEL_WARN, "alarms_dropped",
		    "%u alarms reached no command: too many at a time",
		    h->dropped);
		h->dropped = 0;
	}
}

/* -- the hook -------------------------------------------------------------- */

struct hook *
hook_new(struct event_base *base, const struct settings *settings)
{
	struct hook *h = xcalloc(1, sizeof(*h));

	h->base = base;
	h->settings = settings;
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->running);
	return h;
}

static void
free_all(struct run_queue *queue)
{
	struct run *r, *next;

	for (r = TAILQ_FIRST(queue); r != NULL; r = next) {
		next = TAILQ_NEXT(r, next);
		if (r->pid != 0)
			kill(-r->pid, SIGKILL);
		run_free(r);
	}
}

void
hook_free(struct hook **hp)
{
	struct hook *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	free_all(&h->running);
	free_all(&h->waiting);
	free(h);
}

static void
log_alarm(const struct msg_alarm *m)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARN, 0, "alarm");
	log_slice(&l, "event", m->event);
	log_slice(&l, "user", m->user);
	log_slice(&l, "detail", m->detail);
	log_end(&l);
}

void
hook_alarm(struct hook *h, const struct msg_alarm *m)
{
	struct run *r;

	log_alarm(m);
	if (h->settings->alarm_command == NULL)
		return;
	if (h->waiting_count == LIMIT_HOOK_WAITING) {
		h->dropped++;
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->hook = h;
	r->var[VAR_EVENT] = variable("SUBMITD_EVENT", m->event);
	r->var[VAR_USER] = variable("SUBMITD_USER", m->user);
	r->var[VAR_DETAIL] = variable("SUBMITD_DETAIL", m->detail);
	if ((r->timer = evtimer_new(h->base, on_overdue, r)) == NULL)
		fatal("out of memory");
	TAILQ_INSERT_TAIL(&h->waiting, r, next);
	h->waiting_count++;
	start_waiting(h);
}

bool
hook_reap(struct hook *h, pid_t pid, int status)
{
	struct run *r;

	for (r = TAILQ_FIRST(&h->running); r != NULL && r->pid != pid;
	     r = TAILQ_NEXT(r, next))
		continue;
	if (r == NULL)
		return false;
	/* what it left behind is one that nobody would count, or end */
	(void)kill(-pid, SIGKILL);
	if (status != 0)
		log_event(LOG_LEVEL_WARN, "alarm_command",
		    "%s ended with %s %d", h->settings->alarm_command,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
	TAILQ_REMOVE(&h->running, r, next);
	h->running_count--;
	run_free(r);
	start_waiting(h);
	return true;
}
