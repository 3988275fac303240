#ifndef SUBMITD_GUARD_H
#define SUBMITD_GUARD_H

/*
 * guard - does an account look as if somebody else used it?
 *
 * Three signs: it sends from many networks within an hour; it writes to many
 * new recipients within ten minutes; smarthosts refuse many of its recipients
 * within an hour.  Each is told once an hour, not once a message.  Pure; what
 * follows from a sign is accounts.c's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "ledger.h"

/* A client at that address sends: an IPv4 /24 or an IPv6 /48 is a network. */
void guard_note_network(struct account *, const char *address, uint64_t now_s);

/* Those of more than an hour ago. */
void guard_forget_networks(struct account *, uint64_t now_s);

/* What smarthosts said to recipients of theirs. */
void guard_note_judged(struct account *, uint64_t taken, uint64_t refused);

/*
 * True: *sign is there, and was not told in the last hour; it counts as told
 * now.  The account's counts must be up to date.
 */
NODISCARD bool guard_sees(const struct relay_config *, struct account *,
    uint64_t now_s, enum guard_sign *sign);

/* One token. */
const char *guard_name(enum guard_sign);

/* Append key=value words: what was seen, and what is too much. */
void guard_detail(struct buf *, const struct relay_config *,
    const struct account *, enum guard_sign);

#endif
