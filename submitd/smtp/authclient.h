#ifndef SUBMITD_AUTHCLIENT_H
#define SUBMITD_AUTHCLIENT_H

/*
 * authclient - our end of the link to auth.
 *
 * Answers arrive as calls of session_auth_*(), found by request id.  While
 * there is no link (auth is being restarted) every request fails at once, and
 * those open when it broke are told so: all of it is temporary.
 */

#include <stdint.h>

#include "compiler.h"
#include "messages.h"

struct authclient;
struct worker;

struct authclient *authclient_new(struct worker *);
void authclient_free(struct authclient **);

/* A new link, in place of any older one.  Takes fd. */
void authclient_attach(struct authclient *, int fd);

/* Space-separated names to offer; borrowed until the next event. */
const char *authclient_mechanisms(const struct authclient *);

/* 0, or -1: cannot be asked now. */
NODISCARD int authclient_start(
    struct authclient *, uint64_t request, const struct msg_auth_start *);
void authclient_step(
    struct authclient *, uint64_t request, struct slice response);
void authclient_cancel(struct authclient *, uint64_t request);

/* A session that was logged in is over: auth counts it no longer. */
void authclient_ended(struct authclient *, uint64_t session);

#endif
