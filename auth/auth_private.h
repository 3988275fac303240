#ifndef SUBMITD_AUTH_PRIVATE_H
#define SUBMITD_AUTH_PRIVATE_H

/*
 * auth_private - shared by auth.c (links, frames, the role), request.c (the
 * life of one login) and operator.c (who is blocked), by nobody else.
 *
 * A request belongs to its link; request_finish() and request_cancel()
 * are the only ways it ends.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "abuse.h"
#include "auth.h"
#include "exchange.h"
#include "log.h"
#include "messages.h"
#include "presence.h"

struct event;
struct ipc;
struct jobs;

enum request_state {
	REQUEST_WORKING,
	REQUEST_CHALLENGED,
	REQUEST_HELD,
};

struct request {
	LIST_ENTRY(request) next;
	struct link *link; /* its owner */
	uint64_t id;       /* the worker's */
	enum request_state state;
	uint64_t session;
	uint64_t began_ms;
	uint64_t asked_ms; /* START or the last STEP arrived */
	char *client_address;
	const struct mech *mech;   /* NULL: none we offer */
	struct exchange *exchange; /* NULL while a thread has it */
	struct event *timer;
};

LIST_HEAD(request_list, request);

struct link {
	LIST_ENTRY(link) next;
	uint64_t serial; /* never reused */
	uint32_t instance;
	struct ipc *ipc;
	struct request_list requests;
	unsigned count;
};

LIST_HEAD(link_list, link);

/* The one auth role of the process; touched by the loop only. */
struct auth_role {
	struct event_base *base;
	const struct auth_config *config;
	struct servers *servers;
	struct abuse *abuse;
	struct jobs *jobs;
	struct link_list links;
	struct presence *presence;
	uint64_t links_made;
	uint64_t requests;
	uint64_t verdicts[AUTH_VERDICTS];
	uint64_t busy;
	bool draining;
};

extern struct auth_role auth_self;

/* The word for a verdict, in the log and in statistics. */
const char *request_verdict_name(enum auth_verdict);

/* What is known of somebody whose exchange did not get far. */
extern const struct login request_nobody;

/* One more of the link, in no state yet: to be stepped or finished. */
struct request *request_new(
    struct link *, uint64_t id, const struct msg_auth_start *);

/* NULL when it has ended. */
struct request *request_find(const struct link *, uint64_t id);

/* Seconds until anybody at its client's address may try; 0: now. */
uint32_t request_retry_s(const struct request *);

/* Give its exchange to a thread, with what the client said. */
void request_step(struct request *, bool has_data, struct slice data);

/* Answer, log and end. */
void request_finish(struct request *, const struct login *, enum auth_verdict,
    const char *reason);

/* Log and end, without an answer: nobody waits for one. */
void request_cancel(struct request **, const char *reason);

/* A new link: its worker may have sessions of who was blocked without us. */
void operator_on_link(struct link *);

#endif
