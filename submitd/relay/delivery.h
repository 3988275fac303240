#ifndef SUBMITD_DELIVERY_H
#define SUBMITD_DELIVERY_H

/*
 * delivery - one attempt to hand a message to a smarthost, whichever takes it.
 *
 * Tries servers in order, those that can take the message first, until each
 * recipient is accepted or refused for good, or there is none left to try.
 * What no server that is configured can take is refused for good.  Knows no
 * queue.
 */

#include <stdbool.h>
#include <stddef.h>

#include "smarthost.h"
#include "smtpclient.h"

struct delivery;

/* Of one recipient. */
struct delivery_word {
	struct smtpreply *reply; /* what was last said of it; NULL: nothing */
	const char *server;      /* by whom */
	bool dsn;                /* whoever took it answers for its NOTIFY */
	bool by;                 /* and for the message's BY */
};

struct delivery_result {
	const enum outcome *outcomes;      /* one for each recipient given */
	const struct delivery_word *words; /* the same */
	const struct smtpreply *reply;     /* the one that decided */
	const char *server; /* that gave it; NULL: none answered */
	bool unknown;       /* a server may have taken it, we were not told */
};

/* Called once, later, from the loop; the delivery is gone when it returns. */
typedef void delivery_done(void *arg, const struct delivery_result *);

/*
 * mail and what it points to are borrowed until done.
 */
struct delivery *delivery_start(struct event_base *, struct smarthosts *,
    const struct smtpclient_mail *mail, delivery_done *, void *arg);

/*
 * It takes longer than anybody should wait: others are to avoid that server
 * for a while.  The attempt goes on.
 */
void delivery_overdue(struct delivery *);

/*
 * We would rather not have it sent now.  If its end has not left us, done comes
 * soon with nothing delivered; else the server's answer decides.
 */
void delivery_withdraw(struct delivery *);

#endif
