#ifndef SUBMITD_AUTH_H
#define SUBMITD_AUTH_H

/*
 * auth - serve the logins that smtp workers ask for.
 *
 * Runs in the event loop and never blocks: each step of an exchange is a job
 * for the pool.  Owns every link, every request and every exchange that no
 * thread has.
 */

#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "messages.h"
#include "servers.h"

struct event_base;

/* Before all others. */
void auth_init(void);

/* Start to serve.  Both pointers outlive it.  0, or -1 logged. */
NODISCARD int auth_start(
    struct event_base *, const struct auth_config *, struct servers *);

/* A link to an smtp worker; the descriptor is taken.  After auth_start(). */
void auth_add_link(uint32_t instance, int fd);

/* An account is blocked, or open again: its sessions are ended.  Any time. */
void auth_account(const struct msg_account *);

/* A question of the operator: answered with role_answer(). */
void auth_control(uint64_t id, const struct msg_control_ask *);

/* Begin nothing new; call role_exit() when what is open has ended. */
void auth_drain(void);

/* Append key=value lines. */
void auth_stats(struct buf *);

#endif
