/*
 * control - the operator's socket, and the life of a query.
 *
 * A query waits for its request line, for roles, and for its client to take
 * the answer.  What may be asked is controlrequest.c's.  At most QUERIES_MAX
 * at a time.
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "control_private.h"
#include "controlsocket.h"
#include "limits.h"
#include "log.h"
#include "master.h"
#include "words.h"
#include "xalloc.h"

#define CLIENT_TIMEOUT_MS 5000
#define QUERIES_MAX       8
#define ANSWER_MAX        (1024UL * 1024UL)

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

void
query_wait(struct query *q, enum query_state state, uint32_t ms)
{
	const struct timeval tv = clock_span(ms);

	q->state = state;
	if (evtimer_add(q->timer, &tv) == -1)
		fatal("cannot set a timer");
}

void
query_answer(struct query *q, const char *first)
{
	query_wait(q, QUERY_ANSWER, CLIENT_TIMEOUT_MS);
	bufferevent_disable(q->bev, EV_READ);
	bufferevent_write(q->bev, first, strlen(first));
	bufferevent_write(q->bev, q->text.p, q->text.n);
}

void
query_refuse(struct query *q, const char *why)
{
	struct buf line = buf_new(LIMIT_CONTROL_LINE);

	buf_printf(&line, "error %s\n", why);
	buf_add(&line, "", 1);
	buf_clear(&q->text);
	query_answer(q, buf_ok(&line) ? line.p : "error\n");
	buf_free(&line);
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
on_readable(struct bufferevent *bev, void *arg)
{
	struct query *q = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct buf words = buf_new((size_t)2 * LIMIT_CONTROL_LINE);
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
		query_run(q, &m);
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
