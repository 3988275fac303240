#ifndef SUBMITD_RELAYCLIENT_H
#define SUBMITD_RELAYCLIENT_H

/*
 * relayclient - our end of the link to relay.
 *
 * Answers arrive as calls of session_mail_*(), found by request id.  While
 * there is no link every request fails at once, and messages open when it
 * broke are refused with a 4xx.
 */

#include <stdint.h>

#include "compiler.h"
#include "messages.h"

struct relayclient;
struct worker;

struct relayclient *relayclient_new(struct worker *);
void relayclient_free(struct relayclient **);

/* A new link, in place of any older one.  Takes fd. */
void relayclient_attach(struct relayclient *, int fd);

/*
 * What relay's smarthosts will take, as it said last; before it has said it,
 * what no server of today lacks: 8BITMIME.  Borrowed.
 */
const struct msg_mail_offers *relayclient_offers(const struct relayclient *);

/* 0, or -1: cannot be asked now. */
NODISCARD int relayclient_begin(
    struct relayclient *, uint64_t request, const struct msg_mail_begin *);
void relayclient_commit(
    struct relayclient *, uint64_t request, const struct msg_mail_commit *);
void relayclient_abort(struct relayclient *, uint64_t request);

#endif
