#ifndef SUBMITD_SMARTHOST_H
#define SUBMITD_SMARTHOST_H

/*
 * smarthost - the servers we hand mail to, and our connections to each.
 *
 * A connection is asked for by a waiter and lent to it for one message; then it
 * is kept warm for the next.  A server that could not be reached is avoided
 * for a while, so that nobody waits for it.  What each offers (EHLO) is
 * remembered beyond its connections.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "compiler.h"
#include "config.h"
#include "smtpclient.h"

struct event_base;
struct evdns_base;
struct smarthost;
struct smarthosts;

/* Owned by who waits; on a server's list from acquire to the callback. */
struct smarthost_waiter {
	TAILQ_ENTRY(smarthost_waiter) next;
	struct smarthost *server; /* NULL: not waiting */
	/* later, from the loop: it is yours for one message */
	void (*granted)(struct smarthost_waiter *, struct smtpclient *);
	/* later: none can be had */
	void (*failed)(struct smarthost_waiter *, const struct smtpreply *why);
	/* the message it was granted for has its result */
	void (*sent)(
	    struct smarthost_waiter *, const struct smtpclient_result *);
	/* optional: one recipient was refused */
	void (*refused)(struct smarthost_waiter *, size_t recipient,
	    const struct smtpreply *);
};

/*
 * Names resolved through dns, TLS contexts loaded: before the chroot.
 * NULL: logged.  config is borrowed.
 */
struct smarthosts *smarthosts_new(
    struct event_base *, struct evdns_base *, const struct relay_config *);
void smarthosts_free(struct smarthosts **);

/* True if there is a server that may be asked now. */
bool smarthosts_any_well(const struct smarthosts *);

/* back is called when one that was down is up again. */
void smarthosts_on_back(
    struct smarthosts *, void (*back)(void *arg), void *arg);

/*
 * Ask each for its offers now, and again when what is known grows old or when
 * it may have been restarted.  Call once.
 */
void smarthosts_probe(struct smarthosts *);

/*
 * What all of them take that are known so far, down ones too.  Before any is:
 * the least.
 */
void smarthosts_offers(const struct smarthosts *, struct msg_mail_offers *);

/* changed is called when that is another than before. */
void smarthosts_on_offers(
    struct smarthosts *, void (*changed)(void *arg), void *arg);

/* How long to stand in line at one server when there are others. */
uint32_t smarthosts_turn_ms(const struct smarthosts *);

size_t smarthosts_count(const struct smarthosts *);
struct smarthost *smarthosts_get(struct smarthosts *, size_t i);

/* "host:port" as configured. */
const char *smarthost_name(const struct smarthost *);

/* True if it may be asked now: not known to be down. */
bool smarthost_is_well(const struct smarthost *);

/* True if by its last offers, as far as we know them, it cannot take it. */
bool smarthost_lacks(const struct smarthost *, const struct smtpclient_mail *);

/* What became of asking it: keeps health, logs a change of it once. */
void smarthost_note(struct smarthost *, bool well, const char *why);

/* Ask for a connection: granted or failed follows, later. */
void smarthost_acquire(struct smarthost *, struct smarthost_waiter *);

/* Stop waiting, or let the result of a granted one go to nobody. */
void smarthost_forget(struct smarthost_waiter *);

/* key=value lines for the operator. */
void smarthosts_stats(struct smarthosts *, struct buf *);

#endif
