/*
 * control - answer submitctl.
 *
 * A query asks some roles, and is answered when all of them have spoken or its
 * time is over.  What a role answers is data: its words are reduced to what a
 * terminal may be shown.  At most QUERIES_MAX at a time.
 */

#include "control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "controlsocket.h"
#include "ipc.h"
#include "limits.h"
#include "log.h"
#include "master.h"
#include "messages.h"
#include "process.h"
#include "words.h"
#include "xalloc.h"

#define STATS_DEADLINE_MS 1000
#define ROLES_DEADLINE_MS                                                      \
	10000 /* a block is on disk before it is confirmed                     \
	       */
#define CLIENT_TIMEOUT_MS 5000
#define QUERIES_MAX       8
#define ANSWER_MAX        (1024UL * 1024UL)

/* A state is a place to wait, and no wait is longer than its timer. */
enum query_state {
	QUERY_REQUEST, /* for the request line */
	QUERY_STATS,   /* for the roles' figures */
	QUERY_ROLES,   /* for their answers */
	QUERY_ANSWER,  /* for the client to take it */
};

struct query {
	LIST_ENTRY(query) next;
	struct control *control;
	enum query_state state;
	uint64_t id; /* of its frames to roles */
	struct bufferevent *bev;
	struct event *timer;
	unsigned waiting; /* roles that have not answered */
	struct buf text;
	/* QUERY_ROLES */
	bool answered;  /* with CONTROL_OK, by one at least */
	bool refused;   /* by one at least */
	struct buf why; /* in words */
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
	buf_free(&q->why);
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
	else if (q->state == QUERY_ROLES)
		query_answer(q, "error a process did not answer in time\n");
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

static struct query *
query_find(struct control *control, uint64_t id, enum query_state state)
{
	struct query *q;

	if (control == NULL)
		return NULL;
	LIST_FOREACH (q, &control->queries, next)
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		if (q->id == id && q->state == state)
			return q;
	return NULL;
}

void
control_stats(struct control *control, const struct child *c, uint64_t id,
    struct slice text)
{
	struct query *q = query_find(control, id, QUERY_STATS);

	if (q == NULL)
		return;
	buf_printf(
	    &q->text, "[%s %u]\n", process_role_name(c->role), c->worker);
	add_printable(&q->text, text);
	if (--q->waiting == 0)
		query_answer(q, "ok\n");
}

/* -- questions to roles ---------------------------------------------------- */

static void
query_refuse(struct query *q, const char *why)
{
	struct buf line = buf_new(LIMIT_CONTROL_LINE);

	buf_printf(&line, "error %s\n", why);
	buf_add(&line, "", 1);
	buf_clear(&q->text);
	query_answer(q, buf_ok(&line) ? line.p : "error\n");
	buf_free(&line);
}

/* All have spoken: a single no is a no, unless it is "not known here". */
static void
query_conclude(struct query *q)
{
	struct buf line = buf_new(LIMIT_CONTROL_LINE);

	if (q->answered && !q->refused) {
		query_answer(q, "ok\n");
	} else {
		add_printable(&line, buf_slice(&q->why));
		buf_add(&line, "", 1);
		query_refuse(q, buf_ok(&line) ? line.p : "refused");
	}
	buf_free(&line);
}

/* Ask one role; false: it is not there to be asked. */
static bool
ask_role(struct query *q, enum role_id role, const struct buf *ask)
{
	struct master *m = q->control->master;
	bool asked = false;
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		if (c->role != role || !c->ready || c->link == NULL)
			continue;
		ipc_send(c->link, MSG_CONTROL_ASK, q->id, ask, -1);
		q->waiting++;
		asked = true;
	}
	return asked;
}

/* The same words to each role of a set; all must be there. */
static void
ask_roles(struct query *q, unsigned roles, const struct msg_control_ask *m)
{
	struct buf ask = buf_new(LIMIT_FRAME);
	const char *missing = NULL;
	char why[64];
	int role;

	msg_control_ask_pack(&ask, m);
	for (role = 0; role < ROLE_COUNT && missing == NULL; role++)
		if ((roles & 1U << role) != 0 &&
		    !ask_role(q, (enum role_id)role, &ask))
			missing = process_role_name((enum role_id)role);
	buf_free(&ask);
	if (missing != NULL) {
		(void)snprintf(
		    why, sizeof(why), "the %s process is not running", missing);
		query_refuse(q, why);
		return;
	}
	query_wait(q, QUERY_ROLES, ROLES_DEADLINE_MS);
}

enum ipc_verdict
control_answer(struct control *control, uint64_t id, struct slice payload)
{
	struct msg_control_answer m;
	struct query *q;

	if (msg_control_answer_unpack(payload, &m) == -1)
		return IPC_MALFORMED;
	if ((q = query_find(control, id, QUERY_ROLES)) == NULL)
		return IPC_FINE; /* too late */
	if (m.status == CONTROL_OK) {
		add_printable(&q->text, m.text);
		q->answered = true;
	} else if (m.status == CONTROL_REFUSED || q->why.n == 0) {
		buf_clear(&q->why);
		buf_add(&q->why, m.text.p, m.text.n);
		q->refused = q->refused || m.status == CONTROL_REFUSED;
	}
	if (!m.more && --q->waiting == 0)
		query_conclude(q);
	return IPC_FINE;
}

/* -- requests -------------------------------------------------------------- */

#define ASK(role) (1U << (role))

/* clang-format off */
static const struct request {
	const char *words; /* that it begins with */
	unsigned least, most; /* words behind them */
	unsigned roles; /* to be asked; 0: run() answers by itself */
	void (*run)(struct query *);
} requests[] = {
	{ "status",		0, 0, 0, run_status },
	{ "user show",		1, 1, ASK(ROLE_RELAY) | ASK(ROLE_AUTH), NULL },
	{ "user block",		1, 2, ASK(ROLE_RELAY), NULL },
	{ "user unblock",	1, 1, ASK(ROLE_RELAY), NULL },
	{ "user release",	1, 1, ASK(ROLE_RELAY), NULL },
	{ "user limits reset",	1, 1, ASK(ROLE_RELAY), NULL },
	{ "bans",		0, 0, ASK(ROLE_AUTH), NULL },
	{ "unban",		1, 1, ASK(ROLE_AUTH), NULL },
	{ "cache flush",	0, 1, ASK(ROLE_AUTH), NULL },
};
/* clang-format on */

/* Words that a request begins with, of those that came; 0: it is another. */
static uint32_t
match(const struct request *r, const struct msg_control_ask *m)
{
	const char *p = r->words, *end;
	uint32_t n = 0;

	for (; *p != '\0'; p = *end == '\0' ? end : end + 1, n++) {
		end = strchrnul(p, ' ');
		if (!slice_eq(words_at(m->words, m->word_count, n),
			(struct slice){ p, (size_t)(end - p) }))
			return 0;
	}
	return n;
}

static void
run_request(struct query *q, const struct msg_control_ask *m)
{
	const struct request *r;
	uint32_t n;

	for (r = requests; r < requests + ARRAY_LEN(requests); r++) {
		if ((n = match(r, m)) == 0)
			continue;
		n = m->word_count - n;
		if (n < r->least || n > r->most)
			query_refuse(q,
			    n < r->least ? "too few words" : "too many words");
		else if (r->roles == 0)
			r->run(q);
		else
			ask_roles(q, r->roles, m);
		return;
	}
	query_refuse(q, "unknown request");
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct query *q = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct buf words = buf_new(2 * LIMIT_CONTROL_LINE);
	struct msg_control_ask m;
	size_t n;
	char *line;

	if (q->state != QUERY_REQUEST)
		goto out; /* one request to a connection */
	line = evbuffer_readln(in, &n, EVBUFFER_EOL_LF);
	if (line == NULL) {
		if (evbuffer_get_length(in) > LIMIT_CONTROL_LINE)
			query_refuse(q, "request too long");
		goto out;
	}
	if (words_parse((struct slice){ line, n }, &words, &m.word_count) ==
	    -1) {
		query_refuse(q, "unknown request");
	} else {
		m.words = buf_slice(&words);
		run_request(q, &m);
	}
	free(line);
out:
	buf_free(&words);
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

static void
on_connect(struct evconnlistener *el, evutil_socket_t fd, struct sockaddr *sa,
    int salen, void *arg)
{
	struct control *control = arg;
	struct query *q;

	(void)el;
	(void)sa;
	(void)salen;
	if (control->query_count == QUERIES_MAX ||
	    !controlsocket_may_ask(fd, control->group)) {
		close(fd);
		return;
	}
	q = xcalloc(1, sizeof(*q));
	q->control = control;
	q->id = ++control->ids;
	q->text = buf_new(ANSWER_MAX);
	q->why = buf_new(LIMIT_FRAME);
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
	if ((fd = controlsocket_open(path)) == -1) {
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
