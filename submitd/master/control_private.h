#ifndef SUBMITD_CONTROL_PRIVATE_H
#define SUBMITD_CONTROL_PRIVATE_H

/*
 * control_private - shared by control.c (the socket and who is at it) and
 * controlrequest.c (what they want), by nobody else.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "buf.h"
#include "control.h"
#include "messages.h"

struct bufferevent;
struct evconnlistener;
struct event;

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
	unsigned roles; /* that were asked: a set of bits */
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

/* Wait in a state, no longer than that. */
void query_wait(struct query *, enum query_state, uint32_t ms);

/* Send a first line and the text there is; then the query ends by itself. */
void query_answer(struct query *, const char *first);

/* The same with "error", why, and no text. */
void query_refuse(struct query *, const char *why);

/* Start what the words ask for: the query waits for roles, or is answered. */
void query_run(struct query *, const struct msg_control_ask *);

#endif
