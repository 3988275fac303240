#ifndef SUBMITD_WORKER_H
#define SUBMITD_WORKER_H

/*
 * worker - one smtp process: its listeners, its sessions, its two links.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"
#include "limits.h"
#include "listener.h"
#include "messages.h"
#include "proxyaccept.h"

struct addresses;
struct authclient;
struct event;
struct event_base;
struct relayclient;
struct session;
struct sessions;

/* Descriptors beside those of clients: links, listeners and the like. */
#define WORKER_DESCRIPTORS 256

struct worker {
	struct event_base *base;
	struct smtp_config config;
	struct authclient *auth;
	struct relayclient *relay;
	struct sessions *sessions;
	struct addresses *addresses;
	struct proxyaccepts proxies; /* connections without a session yet */
	struct certs *certs[LIMIT_LISTENERS]; /* none twice */
	unsigned certs_count;
	struct listener *listeners[2 * LIMIT_LISTENERS]; /* "*" makes two */
	unsigned listener_count;
	struct event *timer; /* accepting again; the end of a drain */
	bool draining;

	uint64_t accepted;
	uint64_t refused; /* connections over a limit, or without a header */
};

/* The parts that need a configuration and a loop. */
void worker_init(struct worker *, struct event_base *);
void worker_clear(struct worker *);

/*
 * Certificates and keys into contexts; the keys in the configuration are wiped.
 * -1: logged.
 */
NODISCARD int worker_load_tls(struct worker *);

/* A listening socket; takes fd.  -1: too many, or not in the configuration. */
NODISCARD int worker_add_listener(
    struct worker *, const struct msg_listen *, int fd);

/*
 * Take no more connections than the limit on descriptors allows, two for each
 * and some for ourselves: without one left a link could not be served.
 */
void worker_fit_descriptors(struct worker *);

/* Begin to accept.  -1: logged. */
NODISCARD int worker_start(struct worker *);

/* Accept no more, end what is idle; role_exit() when all sessions are gone. */
void worker_drain(struct worker *);

/* Begin a session, within the limit of one address.  Takes fd. */
void worker_admit(
    struct worker *, const struct listener *, int fd, const struct origin *);

/* From session.c: a session is being freed. */
void worker_session_gone(struct worker *, struct session *);

#endif
