#ifndef SUBMITD_MAILSERVER_H
#define SUBMITD_MAILSERVER_H

/*
 * mailserver - serve the smtp workers: check what they bring, answer them.
 *
 * A worker is not trusted: each message needs a grant that auth sealed for
 * this very process and session, and each field is checked again.
 */

#include <stdint.h>

#include "message.h"
#include "messages.h"

struct relay;

/* A link to an smtp worker.  Takes fd. */
void mailserver_add_link(struct relay *, uint32_t instance, int fd);

/* Tell each worker what the smarthosts take now; a struct relay. */
void mailserver_tell_offers(void *relay);

/* The answer to a message; for nobody if its link has gone. */
void mailserver_tell(struct message_client, const struct msg_mail_done *);

#endif
