#ifndef SUBMITD_SERVERS_H
#define SUBMITD_SERVERS_H

/*
 * servers - which directory servers there are, which of them are well, and
 * which one is asked next.
 *
 * Shared by all threads, under one lock.  A server that failed is down: no
 * login asks it, until a probe in the background (ldapprobe.h) has found it
 * well.  Probes of a server come sooner at first, then every retry_ms, each a
 * little early so that those of many gateways do not fall together.  A change
 * of state is logged once.  Times are clock_ms().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "endpoint.h"
#include "slice.h"

#define SERVERS_MAX  16
#define SERVERS_NONE SIZE_MAX

struct servers;

struct servers_params {
	bool balanced;     /* else the first that is well, as listed */
	uint32_t failures; /* in a row: down */
	uint64_t retry_ms;
};

/* What was wrong with a server. */
struct ailment {
	const char *reason; /* a static token */
	const char *text;
	bool lost;   /* it did not answer: down at once */
	bool counts; /* towards being down */
	bool alert;  /* it will not mend itself */
};

/* NULL when a URI cannot be understood or there are too many: logged. */
struct servers *servers_new(
    const struct strings *uri, const struct servers_params *);
void servers_free(struct servers **);

size_t servers_count(const struct servers *);
const struct endpoint *servers_endpoint(const struct servers *, size_t i);

/*
 * The server to ask now, of those not in tried (a bit for each); SERVERS_NONE
 * when all others are down.  current: the one the caller has a connection to,
 * or SERVERS_NONE; balanced load is shared out no finer than needed, so that
 * connections last.
 */
size_t servers_choose(struct servers *, uint32_t tried, size_t current);

/* No login is asked of any of them just now. */
bool servers_all_down(struct servers *);

/*
 * It answered a login, or a probe.  One that does well only in probes is
 * probed no sooner the next time.
 */
void servers_well(struct servers *, size_t i, uint64_t now_ms);
void servers_probed_well(struct servers *, size_t i, uint64_t now_ms);

/* It failed. */
void servers_ill(
    struct servers *, size_t i, uint64_t now_ms, const struct ailment *);

/*
 * True if a probe of it is due, which the caller then makes.  The other one
 * blocks until then: for a thread of its own.
 */
bool servers_take_probe(struct servers *, size_t i, uint64_t now_ms);
void servers_await_probe(struct servers *, size_t i);

/* A line of key=value pairs for each. */
void servers_print(struct servers *, uint64_t now_ms, struct buf *);

#endif
