/*
 * control - answer submitctl.
 *
 * A query asks every running role for its figures and is answered when all
 * have spoken or STATS_DEADLINE_MS is over.  At most QUERIES_MAX at a time.
 */

#include "control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "ipc.h"
#include "limits.h"
#include "log.h"
#include "master.h"
#include "messages.h"
#include "process.h"
#include "xalloc.h"

#define STATS_DEADLINE_MS 1000
#define CLIENT_TIMEOUT_S  5
#define QUERIES_MAX       8
#define ANSWER_MAX        (1024UL * 1024UL)

struct query {
	LIST_ENTRY(query) next;
	struct control *control;
	uint64_t id; /* of its MSG_STATS_ASK frames */
	struct bufferevent *bev;
	struct event *deadline; /* NULL until it asked the roles */
	unsigned waiting;
	bool answered;
	struct buf text;
};

LIST_HEAD(query_list, query);

struct control {
	struct master *master;
	struct evconnlistener *accept;
	char *path;
	struct query_list queries;
	unsigned query_count;
	uint64_t ids;
};

static void
query_free(struct query **qp)
{
	struct query *q = *qp;

	*qp = NULL;
	LIST_REMOVE(q, next);
	q->control->query_count--;
	if (q->deadline != NULL)
		event_free(q->deadline);
	bufferevent_free(q->bev);
	buf_free(&q->text);
	free(q);
}

/* Send what there is; on_written() ends it. */
static void
query_answer(struct query *q, const char *first)
{
	if (q->answered)
		return;
	q->answered = true;
	bufferevent_disable(q->bev, EV_READ);
	bufferevent_write(q->bev, first, strlen(first));
	bufferevent_write(q->bev, q->text.p, q->text.n);
}

/* -- status ---------------------------------------------------------------- */

static void
add_child(struct query *q, const struct child *c)
{
	buf_printf(&q->text,
	    "role=%s worker=%u pid=%d ready=%s uptime_s=%llu restarts=%u\n",
	    process_role_name(c->role), c->worker, (int)c->pid,
	    c->ready ? "yes" : "no",
	    c->pid == 0
		? 0ULL
		: (unsigned long long)(clock_ms() - c->started_ms) / 1000,
	    c->restarts);
}

static void
on_stats_overdue(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	query_answer(arg, "ok incomplete: a role did not answer\n");
}

static void
run_status(struct query *q)
{
	static const struct timeval patience = { STATS_DEADLINE_MS / 1000, 0 };
	struct master *m = q->control->master;
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		add_child(q, c);
		if (!c->ready || c->link == NULL)
			continue;
		ipc_send(c->link, MSG_STATS_ASK, q->id, NULL, -1);
		q->waiting++;
	}
	q->deadline = evtimer_new(m->base, on_stats_overdue, q);
	if (q->deadline == NULL || evtimer_add(q->deadline, &patience) == -1)
		fatal("out of memory");
	if (q->waiting == 0)
		query_answer(q, "ok\n");
}

void
control_stats(struct control *control, const struct child *c, uint64_t id,
    struct slice text)
{
	struct query *q;

	if (control == NULL)
		return;
	LIST_FOREACH (q, &control->queries, next) {
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		if (q->id != id || q->waiting == 0)
			continue;
		buf_printf(&q->text, "[%s %u]\n", process_role_name(c->role),
		    c->worker);
		buf_add(&q->text, text.p, text.n);
		if (--q->waiting == 0)
			query_answer(q, "ok\n");
		return;
	}
}

/* -- requests -------------------------------------------------------------- */

static const struct {
	const char *word;
	void (*run)(struct query *);
} requests[] = {
	{ "status", run_status },
};

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct query *q = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t i;
	char *line;

	if (q->deadline != NULL || q->answered)
		return; /* one request to a connection */
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
	if (line == NULL) {
		if (evbuffer_get_length(in) > LIMIT_CONTROL_LINE)
			query_answer(q, "error request too long\n");
		return;
	}
	for (i = 0; i < ARRAY_LEN(requests); i++)
		if (strcmp(line, requests[i].word) == 0)
			break;
	free(line);
	if (i == ARRAY_LEN(requests))
		query_answer(q, "error unknown request\n");
	else
		requests[i].run(q);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct query *q = arg;

	(void)bev;
	if (q->answered)
		query_free(&q);
}

static void
on_gone(struct bufferevent *bev, short what, void *arg)
{
	struct query *q = arg;

	(void)bev;
	(void)what;
	query_free(&q);
}

static bool
may_ask(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	/* The file's mode has let them in: owner, group or root. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return false;
	log_event(LOG_LEVEL_DEBUG, "control", "pid %d, uid %u", (int)who.pid,
	    (unsigned)who.uid);
	return true;
}

static void
on_connect(struct evconnlistener *el, evutil_socket_t fd, struct sockaddr *sa,
    int salen, void *arg)
{
	static const struct timeval patience = { CLIENT_TIMEOUT_S, 0 };
	struct control *control = arg;
	struct query *q;

	(void)el;
	(void)sa;
	(void)salen;
	if (control->query_count == QUERIES_MAX || !may_ask(fd)) {
		close(fd);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->control = control;
	q->id = ++control->ids;
	q->text = buf_new(ANSWER_MAX);
	q->bev = bufferevent_socket_new(control->master->base, fd,
	    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (q->bev == NULL)
		fatal("out of memory");
	LIST_INSERT_HEAD(&control->queries, q, next);
	control->query_count++;
	bufferevent_setcb(q->bev, on_readable, on_written, on_gone, q);
	bufferevent_set_timeouts(q->bev, &patience, &patience);
	bufferevent_enable(q->bev, EV_READ | EV_WRITE);
}

/* -- the socket ------------------------------------------------------------ */

/* A directory of our own, if it is not there: nobody else looks in. */
static void
make_directory(const char *socket_path)
{
	char *dir = xstrdup(socket_path), *slash = strrchr(dir, '/');

	if (slash != NULL && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0750); /* bind() will tell if it matters */
	}
	free(dir);
}

static int
bind_socket(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, saved;
	mode_t mask;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	/* One that still answers belongs to a living gateway. */
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	(void)unlink(path);
	mask = umask(0117);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    listen(fd, QUERIES_MAX) == 0) {
		umask(mask);
		return fd;
	}
	saved = errno;
	umask(mask);
	close(fd);
	errno = saved;
	return -1;
}

int
control_open(struct master *m, struct control **out)
{
	const char *path = m->settings->config.control;
	bool wanted =
	    m->settings->line[config_key_find("control", "socket")] != 0;
	struct control *control;
	int fd;

	*out = NULL;
	if (path == NULL)
		return 0;
	make_directory(path);
	if ((fd = bind_socket(path)) == -1) {
		log_errno(wanted ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
		    "control_off", "%s: submitctl cannot be answered", path);
		return wanted ? -1 : 0;
	}
	control = xcalloc(1, sizeof(*control));
	control->master = m;
	control->path = xstrdup(path);
	LIST_INIT(&control->queries);
	control->accept = evconnlistener_new(m->base, on_connect, control,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (control->accept == NULL)
		fatal("out of memory");
	*out = control;
	return 0;
}

void
control_close(struct control **cp)
{
	struct control *control = *cp;
	struct query *q;

	*cp = NULL;
	if (control == NULL)
		return;
	while ((q = LIST_FIRST(&control->queries)) != NULL)
		query_free(&q);
	evconnlistener_free(control->accept);
	(void)unlink(control->path);
	free(control->path);
	free(control);
}
