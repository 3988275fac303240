#ifndef SUBMITD_EXCHANGE_H
#define SUBMITD_EXCHANGE_H

/*
 * exchange - one SASL exchange: what a client says, what we answer.
 *
 * Belongs to one thread at a time.  A step may ask the directory, so steps
 * run in the pool.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "directory.h"
#include "login.h"
#include "mechs.h"
#include "messages.h"
#include "slice.h"

struct exchange;

enum exchange_state {
	EXCHANGE_CHALLENGE, /* the client must say more */
	EXCHANGE_OVER,      /* exchange_login() has the verdict */
};

/*
 * Copies what it needs of the message, whose initial response is not looked
 * at: it comes with the first step.  The configuration outlives it.
 */
struct exchange *exchange_new(const struct mech *,
    const struct msg_auth_start *, const struct auth_config *);
void exchange_free(struct exchange **);

/*
 * One step.  data: what the client said; has_data is false for a start
 * without initial response.  Blocks as directory_check() does.  On
 * EXCHANGE_CHALLENGE the challenge (which may be empty) is appended.
 */
NODISCARD enum exchange_state exchange_step(struct exchange *,
    struct directory *, bool has_data, struct slice data, uint64_t deadline_ms,
    struct buf *challenge);

/* Borrowed; an answer once the exchange is over. */
struct login *exchange_login(struct exchange *);

#endif
