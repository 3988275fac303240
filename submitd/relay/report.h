#ifndef SUBMITD_REPORT_H
#define SUBMITD_REPORT_H

/*
 * report - one delivery status notification (RFC 3461, 3464, 6522, 6533): a
 * message to the sender of another that says what became of it.
 *
 * A report is a value: it owns copies of all it needs, and knows only of the
 * recipients that were added, so it cannot speak of others.  Pure: nothing
 * here does I/O or logs, and any thread may call it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "envelope.h"
#include "smtpreply.h"

enum report_action { REPORT_FAILED, REPORT_DELAYED, REPORT_RELAYED };

/* Whether a recipient's NOTIFY asks to be told of it (RFC 3461, 5.2). */
NODISCARD bool report_wanted(uint32_t notify, enum report_action);

/* What there is to say of one recipient.  All borrowed. */
struct report_item {
	const struct recipient *recipient;
	enum report_action action;
	const struct smtpreply *reply; /* the last word; NULL: none */
	const char *server;            /* who said it; NULL: we did */
	const char *status;            /* NULL: what the reply has */
};

struct report;

/* RFC 5322, 3.3, in UTC. */
void report_date(struct buf *, uint64_t s);

/*
 * About a message, from hostname, at time now_s; retry_until_s is for those
 * that are delayed.  id names the report itself.
 */
struct report *report_new(uint64_t id, const struct envelope *about,
    const char *hostname, uint64_t now_s);
void report_retry_until(struct report *, uint64_t retry_until_s);
void report_add(struct report *, const struct report_item *);
void report_free(struct report **);

/* How many were added. */
uint32_t report_count(const struct report *);
uint64_t report_id(const struct report *);

/* Octets from the front of the content, size in all, that it may return. */
NODISCARD uint64_t report_wants(const struct report *, uint64_t size);

/*
 * Write it; content: what report_wants().  *env is its envelope, the
 * caller's.  -1: out, which must be empty and LIMIT_REPORT wide, overflowed;
 * *env is NULL.
 */
NODISCARD int report_write(const struct report *, struct slice content,
    uint64_t size, struct buf *out, struct envelope **env);

#endif
