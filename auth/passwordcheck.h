#ifndef SUBMITD_PASSWORDCHECK_H
#define SUBMITD_PASSWORDCHECK_H

/*
 * passwordcheck - is this password this person's?  From memory if it can be
 * known from there, else from the directory.
 *
 * In this order:
 *
 *	abuse		who is banned hears so, whatever the password is
 *	logincache	accepted a short time ago: accepted
 *	wrongpasswords	wrong a short time ago, and never right: refused
 *	lockouts	locked a short time ago: refused
 *	directory	everybody else; what it says is remembered
 *	logincache	accepted some time ago, while every server is down
 *
 * The memories belong to the process, and are shared by its threads.
 */

#include <stdbool.h>
#include <stdint.h>

#include "abuse.h"
#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "directory.h"
#include "login.h"
#include "servers.h"
#include "slice.h"

/* Before the first check; all three outlive it. */
void passwordcheck_open(
    const struct auth_config *, struct servers *, struct abuse *);
void passwordcheck_close(void);

struct attempt {
	struct slice user; /* prepared */
	struct slice password;
	uint64_t now_ms;
	uint64_t deadline_ms;
};

/*
 * Blocks and judges as directory_check() does, and for one verdict more:
 * AUTH_LIMITED.  Where they are is login->client_address.
 */
void passwordcheck(struct directory *, const struct attempt *, struct login *);

/*
 * For who proves themselves otherwise: true, and the verdict is there, when
 * they may not try now.
 */
NODISCARD bool passwordcheck_turns_away(
    struct slice user, uint64_t now_ms, struct login *);

/* Forget what is known of a user; of all: an empty name.  From any thread. */
size_t passwordcheck_flush(struct slice user);

/* Append key=value lines. */
void passwordcheck_stats(struct buf *);

#endif
