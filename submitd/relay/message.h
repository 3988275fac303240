#ifndef SUBMITD_MESSAGE_H
#define SUBMITD_MESSAGE_H

/*
 * message - the life of one message in this process.
 *
 *	OPEN	an smtp worker writes its content
 *	MOVING	it is being handed over, or written to the spool, or both
 *	ended	a smarthost has it, or the spool, or nobody and the client knows
 *
 * The rules are the table of docs/architecture.md, section 3.  Owned by the
 * table in message.c and named by id everywhere else.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "envelope.h"
#include "messages.h"

struct message;
struct quota;
struct relay;

/* Who waits for the answer; mailserver.c finds them again, or not. */
struct message_client {
	uint64_t link; /* 0: nobody */
	uint64_t request;
};

/* What a user may send from now on, as their grant has it. */
void message_quota(struct relay *, const char *user, const struct quota *);

/*
 * Begin.  Takes the envelope, whose id names the message.  On FATE_DELIVERED
 * (nothing is decided yet) *worker_fd is the caller's to pass on; otherwise
 * *done says why not, and nothing of the message remains.
 */
NODISCARD bool message_open(struct relay *, struct envelope **,
    struct message_client, int *worker_fd, struct msg_mail_done *done);

/*
 * The content is complete: hand it over, or queue it.  The client is told by
 * mailserver_tell(), later.  False: no such message is open.
 */
NODISCARD bool message_commit(struct relay *, uint64_t id,
    struct message_client, const struct msg_mail_commit *);

/*
 * The client thought better of it, or was told no in our place.  A message
 * that can still be stopped is.
 */
void message_abort(uint64_t id, struct message_client);

/* A link broke: its open messages end, the others go on unheard. */
void messages_forget_link(uint64_t link);

/* For schedule.c: try one of the queue. */
void message_retry(struct relay *, uint64_t id, unsigned tries);

/* How many there are; drained() is called whenever none is left. */
uint32_t messages_count(void);
void messages_on_none(void (*drained)(void));

#endif
