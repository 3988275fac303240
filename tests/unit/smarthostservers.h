#ifndef SUBMITD_TESTS_SMARTHOSTSERVERS_H
#define SUBMITD_TESTS_SMARTHOSTSERVERS_H

/*
 * smarthostservers - two smarthosts on real ports, in one loop with what is
 * tested, and a struct smarthosts that knows them.
 *
 * Each writes down what it was given in a few letters: ( a connection, | MAIL,
 * the first letter of each recipient, ~ one refused, . content taken, q QUIT.
 */

#include "cases.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compiler.h"
#include "delivery.h"
#include "limits.h"
#include "smarthost.h"

#define SERVERS  2
#define SESSIONS 16

/* Instead of words: */
static const char CUT[] = "(ends the connection)";

/* One step that is answered otherwise. */
struct bend {
	char step;       /* a recipient's letter; M MAIL, C content; 0: none */
	unsigned number; /* of MAIL or content, from 1 */
	const char *says;
};

struct server {
	struct evconnlistener *listener; /* NULL: down */
	uint16_t port;
	char name[32];
	const char *offers; /* the reply to EHLO */
	struct bend bend;
	unsigned mails, contents;
	char got[256];
};

struct session {
	struct server *server;
	struct bufferevent *bev; /* NULL: free */
	bool in_content;
};

static struct server servers[SERVERS];
static struct session sessions[SESSIONS];
static struct event_base *base;

static inline void
wrote(struct server *s, char c)
{
	size_t n = strlen(s->got);

	assert_true(n + 1 < sizeof(s->got));
	s->got[n] = c;
	s->got[n + 1] = '\0';
}

static inline void
session_end(struct session *s)
{
	if (s->bev != NULL)
		bufferevent_free(s->bev);
	*s = (struct session){ 0 };
}

/* Answer as usual, or as bent; what: the letter for a yes. */
static inline void
answer(struct session *s, char step, unsigned number, const char *usual)
{
	const struct bend *b = &s->server->bend;
	bool bent = b->step == step && b->number == number;
	const char *text = bent ? b->says : usual;

	if (text == CUT) {
		session_end(s);
		return;
	}
	if (step == 'M')
		wrote(s->server, '|');
	else if (step != 'C')
		wrote(s->server, text[0] == '2' ? step : '~');
	else if (text[0] == '2')
		wrote(s->server, '.');
	bufferevent_write(s->bev, text, strlen(text));
}

static inline void
say_words(struct session *s, const char *text)
{
	bufferevent_write(s->bev, text, strlen(text));
}

static inline void
take_command(struct session *s, const char *line)
{
	if (strncmp(line, "EHLO", 4) == 0) {
		say_words(s, s->server->offers);
	} else if (strncmp(line, "MAIL", 4) == 0) {
		answer(s, 'M', ++s->server->mails, "250 ok\r\n");
	} else if (strncmp(line, "RCPT TO:<", 9) == 0) {
		answer(s, line[9], 0, "250 ok\r\n");
	} else if (strncmp(line, "DATA", 4) == 0) {
		s->in_content = true;
		say_words(s, "354 go\r\n");
	} else if (strncmp(line, "QUIT", 4) == 0) {
		wrote(s->server, 'q');
		say_words(s, "221 bye\r\n");
	} else {
		say_words(s, "250 ok\r\n");
	}
}

static inline void
on_session_readable(struct bufferevent *bev, void *arg)
{
	struct session *s = arg;
	char *line;

	while (
	    s->bev == bev && (line = evbuffer_readln(bufferevent_get_input(bev),
				  NULL, EVBUFFER_EOL_CRLF_STRICT)) != NULL) {
		if (!s->in_content) {
			take_command(s, line);
		} else if (strcmp(line, ".") == 0) {
			s->in_content = false;
			answer(s, 'C', ++s->server->contents, "250 taken\r\n");
		}
		free(line);
	}
}

static inline void
on_session_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	session_end(arg);
}

static inline void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *a,
    int n, void *arg)
{
	struct session *s = sessions;

	(void)l;
	(void)a;
	(void)n;
	while (s->bev != NULL)
		s++;
	assert_true(s < sessions + SESSIONS);
	s->server = arg;
	s->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(
	    s->bev, on_session_readable, NULL, on_session_event, s);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
	wrote(s->server, '(');
	say_words(s, "220 hello\r\n");
}

/* Listen, on the port of before if there was one. */
static inline void
server_up(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(s->port) };
	socklen_t n = sizeof(a);

	s->listener = evconnlistener_new_bind(base, on_accept, s,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16,
	    (struct sockaddr *)&a, sizeof(a));
	assert_non_null(s->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(s->listener),
			     (struct sockaddr *)&a, &n),
	    0);
	s->port = ntohs(a.sin_port);
	(void)snprintf(s->name, sizeof(s->name), "127.0.0.1:%u", s->port);
}

static inline void
server_down(struct server *s)
{
	size_t i;

	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	s->listener = NULL;
	for (i = 0; i < SESSIONS; i++)
		if (sessions[i].server == s)
			session_end(&sessions[i]);
}

/* -- what is tested -------------------------------------------------------- */

static struct evdns_base *dns;
static struct smarthosts *hosts;
static char *names[SERVERS];
static char me[] = "me.example";
static struct relay_config config = {
	.hostname = me,
	.server = { names, SERVERS },
	.tls = SMARTHOST_TLS_NONE,
	.connections = 1,
	.idle_ms = 60000,
	.retry_dead_ms = 20,
	.connect_timeout_ms = 10000,
};

static inline void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("nothing happened");
}

/* Run the loop until the expression is true. */
#define RUN_UNTIL(expression)                                                  \
	do {                                                                   \
		static const struct timeval deadline = { 20, 0 };              \
		struct event *alarm = evtimer_new(base, too_late, NULL);       \
		evtimer_add(alarm, &deadline);                                 \
		while (!(expression))                                          \
			assert_int_not_equal(                                  \
			    event_base_loop(base, EVLOOP_ONCE), -1);           \
		event_free(alarm);                                             \
	} while (0)

/* offers[i]: of server i; NULL: it is down. */
static inline void
servers_start(const char *const offers[SERVERS])
{
	size_t i;

	base = event_base_new();
	memset(servers, 0, sizeof(servers));
	for (i = 0; i < SERVERS; i++) {
		server_up(&servers[i]);
		servers[i].offers = offers[i];
		if (offers[i] == NULL)
			server_down(&servers[i]);
		names[i] = servers[i].name;
	}
	dns = evdns_base_new(base, 0);
	hosts = smarthosts_new(base, dns, &config);
	assert_non_null(hosts);
}

static inline void
servers_stop(void)
{
	size_t i;

	smarthosts_free(&hosts);
	for (i = 0; i < SERVERS; i++)
		server_down(&servers[i]);
	evdns_base_free(dns, 0);
	event_base_free(base);
}

#endif
