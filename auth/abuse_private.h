#ifndef SUBMITD_ABUSE_PRIVATE_H
#define SUBMITD_ABUSE_PRIVATE_H

/*
 * abuse_private - shared by abuse.c (who tries, and what it costs) and
 * abuse_operator.c (bans as the operator sees them), by nobody else.
 */

#include <pthread.h>
#include <stdbool.h>

#include "abuse.h"
#include "lru.h"
#include "network.h"

enum kind { KIND_PAIR, KIND_CLIENT, KIND_USER, KINDS };

struct record {
	struct lru_entry lru; /* first */
	uint64_t since_ms;    /* the window's begin */
	uint32_t failures;    /* in it */
	uint32_t users;       /* client: so many failed in the window */
	uint32_t good_users;  /* client: so many logged in */
	uint64_t good_ms;     /* pair, client: last login; 0: never */
	uint64_t until_ms;    /* of a ban, or a guard */
	char *canonical;      /* pair, user: for a lift */
};

struct abuse {
	pthread_mutex_t lock;
	uint32_t limit[KINDS]; /* failures; 0: no bans */
	uint32_t window_ms;
	uint32_t ban_ms;
	uint32_t first_delay_ms;
	uint32_t max_delay_ms;
	unsigned ipv6_prefix;
	struct network *exempt;
	size_t exempt_count;
	struct lru *table[KINDS];
	uint64_t bans[KINDS];
};

/* "pair", "address", "user" */
extern const char *const abuse_kind_names[KINDS];

static inline bool
abuse_is_banned(const struct record *r, uint64_t now_ms)
{
	return r != NULL && r->until_ms > now_ms;
}

/* Of a ban that is on. */
static inline uint32_t
abuse_seconds_left(const struct record *r, uint64_t now_ms)
{
	return (uint32_t)((r->until_ms - now_ms + 999) / 1000);
}

#endif
