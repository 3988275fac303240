#ifndef SUBMITD_SERVERS_H
#define SUBMITD_SERVERS_H

/*
 * servers - which directory servers there are and which of them are well.
 *
 * Shared by all threads, under one lock.  A server that failed is avoided for
 * a while, so that not every login waits for it; when all are avoided, all
 * are tried, in the configured order.  A change of state is logged once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"
#include "endpoint.h"
#include "slice.h"

#define SERVERS_MAX 16

struct servers;

/* NULL when a URI cannot be understood or there are too many: logged. */
struct servers *servers_new(const struct strings *uri, uint64_t retry_dead_ms);
void servers_free(struct servers **);

size_t servers_count(const struct servers *);
const struct endpoint *servers_endpoint(const struct servers *, size_t i);

/* The order in which to ask, now; order has room for SERVERS_MAX. */
void servers_order(struct servers *, uint64_t now_ms, size_t *order);

/* It answered. */
void servers_well(struct servers *, size_t i);

/*
 * It failed: reason is a static token, text says why.  avoid: leave it alone
 * for a while.  alert: it will not mend itself.
 */
void servers_ill(struct servers *, size_t i, const char *reason,
    const char *text, bool avoid, bool alert);

#endif
