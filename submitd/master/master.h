#ifndef SUBMITD_MASTER_H
#define SUBMITD_MASTER_H

/*
 * master - start the roles, join them, restart the dead, end them in order.
 *
 * One auth, one relay, as many smtp as configured.  Links exist only between
 * smtp and auth, and smtp and relay; when either end is started anew, so is
 * the link.  Reads nothing from the network.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "backoff.h"
#include "compiler.h"
#include "configkeys.h"
#include "listen.h"

struct event;
struct event_base;
struct ipc;

/* One place for a process; its lives come and go. */
struct child {
	struct master *master;
	enum role_id role;
	uint32_t worker;  /* smtp: which set of listeners */
	pid_t pid;        /* 0: not running */
	struct ipc *link; /* NULL: not running, or it hung up */
	uint32_t instance;
	bool ready;
	bool failed;    /* it hung up, or was not ready in time: we ended it */
	bool was_ready; /* in any life */
	uint64_t started_ms;
	unsigned restarts;
	struct backoff backoff;
	uint64_t joined_ms[ROLE_COUNT]; /* smtp: when it got that link */
	uint64_t lost_ms[ROLE_COUNT];   /* smtp: when it said it lost it */
	struct event *rejoin;
	struct event *timer; /* to start, to be ready, to be gone */
};

enum master_phase {
	MASTER_STARTING, /* until all have been ready once */
	MASTER_RUNNING,
	MASTER_DRAINING_SMTP,
	MASTER_DRAINING_REST,
};

struct master {
	struct event_base *base;
	struct settings *settings; /* borrowed; the caller's */
	struct listeners listeners;
	struct child *children; /* auth, relay, then every smtp */
	uint32_t child_count;
	uint32_t instances; /* smtp processes ever started */
	enum master_phase phase;
	int status;
	struct event *drain_timer;
	struct event *ticket_timer;
	struct secret ticket_current;
	struct secret ticket_previous;
	struct control *control;
	struct blocked *blocked;
	struct hook *hook;
	uint64_t started_ms;
};

/* Run until told to end.  The exit status. */
int master_run(struct settings *);

#endif
