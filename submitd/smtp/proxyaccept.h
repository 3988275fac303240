#ifndef SUBMITD_SMTP_PROXYACCEPT_H
#define SUBMITD_SMTP_PROXYACCEPT_H

/*
 * proxyaccept - connections of which a proxy has yet to say whose they are.
 *
 * Nothing is sent on them, and nothing is taken off them but the header: what
 * follows it may be TLS or SMTP, and is the session's.  Each ends in
 * worker_admit(), or closed with one line in the log.  They count against
 * limits { connections }, as sessions do.
 */

#include <stdint.h>

#include "listener.h"
#include "origin.h"

struct proxyaccept;

/* The worker's list of them. */
struct proxyaccepts {
	struct proxyaccept *first;
	uint32_t count;
};

/*
 * Wait for the header on fd, which the proxy at the other end is trusted to
 * send.  Takes fd.
 */
void proxyaccept_start(
    struct worker *, const struct listener *, int fd, const struct origin *);

/* Close all of them, without a word. */
void proxyaccept_end_all(struct worker *);

/* Log that a connection was closed because of, or for want of, its header. */
void proxyaccept_log_refusal(
    const struct listener *, const struct origin *, const char *why);

#endif
