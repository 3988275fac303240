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
#define CLIENT_TIMEOUT_MS 5000
#define QUERIES_MAX       8
#define GROUPS_MAX        1024 /* a user in more is not looked for */
#define ANSWER_MAX        (1024UL * 1024UL)

/* A state is a place to wait, and no wait is longer than its timer. */
enum query_state {
	QUERY_REQUEST, /* for the request line */
	QUERY_STATS,   /* for the roles */
	QUERY_ANSWER,  /* for the client to take it */
};

struct query {
	LIST_ENTRY(query) next;
	struct control *control;
	enum query_state state;
	uint64_t id; /* of its MSG_STATS_ASK frames */
	struct bufferevent *bev;
	struct event *timer;
	unsigned waiting; /* roles that have not answered */
	struct buf text;
};

LIST_HEAD(query_list, query);

struct control {
	struct master *master;
	struct evconnlistener *accept;
	char *path;
	gid_t group; /* of the socket */
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
	event_free(q->timer);
	bufferevent_free(q->bev);
	buf_free(&q->text);
	free(q);
}

static void
query_wait(struct query *q, enum query_state state, uint32_t ms)
{
	const struct timeval tv = clock_span(ms);

	q->state = state;
	if (evtimer_add(q->timer, &tv) == -1)
		fatal("cannot set a timer");
}

/* Send what there is; on_written() ends it when all has gone. */
static void
query_answer(struct query *q, const char *first)
{
	query_wait(q, QUERY_ANSWER, CLIENT_TIMEOUT_MS);
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
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;

	(void)fd;
	(void)what;
	if (q->state == QUERY_STATS)
		query_answer(q, "ok incomplete: a role did not answer\n");
	else
		query_free(&q);
}

static void
run_status(struct query *q)
{
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
	query_wait(q, QUERY_STATS, STATS_DEADLINE_MS);
	if (q->waiting == 0)
		query_answer(q, "ok\n");
}

/* A captured role shall not speak to the operator's terminal. */
static void
add_printable(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool fine = s.p[i] == '\n' || (s.p[i] >= ' ' && s.p[i] <= '~');

		buf_add(b, fine ? s.p + i : "?", 1);
	}
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
		if (q->id != id || q->state != QUERY_STATS)
			continue;
		buf_printf(&q->text, "[%s %u]\n", process_role_name(c->role),
		    c->worker);
		add_printable(&q->text, text);
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
	struct slice request;
	size_t i, n;
	char *line;

	if (q->state != QUERY_REQUEST)
		return; /* one request to a connection */
	line = evbuffer_readln(in, &n, EVBUFFER_EOL_LF);
	if (line == NULL) {
		if (evbuffer_get_length(in) > LIMIT_CONTROL_LINE)
			query_answer(q, "error request too long\n");
		return;
	}
	request = (struct slice){ line, n };
	for (i = 0; i < ARRAY_LEN(requests); i++)
		if (slice_eq(slice_of(requests[i].word), request))
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

	/* Also called for the empty buffer of a new connection. */
	if (q->state == QUERY_ANSWER &&
	    evbuffer_get_length(bufferevent_get_output(bev)) == 0)
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

/* Whoever the file's mode should let in, even after somebody changed it. */
static bool
may_ask(const struct control *control, int fd)
{
	gid_t groups[GROUPS_MAX];
	struct ucred who;
	socklen_t n = sizeof(who);
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == -1)
		return false;
	if (who.uid == 0 || who.uid == geteuid() || who.gid == control->group)
		return true;
	n = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) == 0)
		for (i = 0; i < n / sizeof(*groups); i++)
			if (groups[i] == control->group)
				return true;
	log_event(LOG_LEVEL_WARN, "control_refused", "user %u, pid %d",
	    (unsigned)who.uid, (int)who.pid);
	return false;
}

static void
on_connect(struct evconnlistener *el, evutil_socket_t fd, struct sockaddr *sa,
    int salen, void *arg)
{
	struct control *control = arg;
	struct query *q;

	(void)el;
	(void)sa;
	(void)salen;
	if (control->query_count == QUERIES_MAX || !may_ask(control, fd)) {
		close(fd);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->control = control;
	q->id = ++control->ids;
	q->text = buf_new(ANSWER_MAX);
	q->bev = bufferevent_socket_new(control->master->base, fd,
	    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	q->timer = evtimer_new(control->master->base, on_timer, q);
	if (q->bev == NULL || q->timer == NULL)
		fatal("out of memory");
	LIST_INSERT_HEAD(&control->queries, q, next);
	control->query_count++;
	bufferevent_setcb(q->bev, on_readable, on_written, on_gone, q);
	bufferevent_setwatermark(q->bev, EV_READ, 0, LIMIT_CONTROL_LINE + 1);
	query_wait(q, QUERY_REQUEST, CLIENT_TIMEOUT_MS);
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
		/* our umask would keep the group out; bind() tells of trouble
		 */
		if (mkdir(dir, 0750) == 0)
			(void)chmod(dir, 0750);
	}
	free(dir);
}

/*
 * Make room for our socket: one that still answers belongs to a living
 * gateway, and what is no socket is not ours to remove.
 */
static int
clear_path(int fd, const struct sockaddr_un *sa)
{
	struct stat st;

	if (lstat(sa->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	errno = EADDRINUSE;
	if (!S_ISSOCK(st.st_mode) ||
	    connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
		return -1;
	/* a full backlog is an answer, too */
	return errno == ECONNREFUSED ? unlink(sa->sun_path) : -1;
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
	mask = umask(0117);
	if (clear_path(fd, &sa) == 0 &&
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
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
	struct stat st;
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
	/* with a setgid directory, not our own group */
	control->group = stat(path, &st) == 0 ? st.st_gid : getegid();
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
