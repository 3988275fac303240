/*
 * lockouts - users whom the directory called locked a short time ago.
 */

#include "lockouts.h"

#include <pthread.h>
#include <stdlib.h>

#include "limits.h"
#include "lru.h"
#include "xalloc.h"

struct entry {
	struct lru_entry lru; /* first */
	char *canonical;
	uint64_t until_ms;
};

struct lockouts {
	pthread_mutex_t lock;
	uint64_t keep_ms;
	struct lru *entries;
};

static void
clear(void *arg)
{
	struct entry *e = arg;

	free(e->canonical);
}

struct lockouts *
lockouts_new(uint64_t keep_ms)
{
	struct lockouts *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	l->keep_ms = keep_ms;
	l->entries = lru_new(LIMIT_LOCKOUTS, sizeof(struct entry), clear);
	return l;
}

void
lockouts_free(struct lockouts **lp)
{
	struct lockouts *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	lru_free(&l->entries);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

bool
lockouts_know(struct lockouts *l, struct slice user, uint64_t now_ms)
{
	const struct entry *e;
	bool known;

	pthread_mutex_lock(&l->lock);
	e = lru_find(l->entries, user);
	known = e != NULL && e->until_ms > now_ms;
	pthread_mutex_unlock(&l->lock);
	return known;
}

void
lockouts_keep(struct lockouts *l, struct slice user, struct slice canonical,
    uint64_t now_ms)
{
	struct entry *e;

	if (l->keep_ms == 0)
		return;
	pthread_mutex_lock(&l->lock);
	e = lru_take(l->entries, user);
	free(e->canonical);
	e->canonical = xstrndup(canonical);
	e->until_ms = now_ms + l->keep_ms;
	pthread_mutex_unlock(&l->lock);
}

void
lockouts_flush(struct lockouts *l, struct slice user)
{
	struct entry *e, *next;

	pthread_mutex_lock(&l->lock);
	for (e = lru_oldest(l->entries); e != NULL; e = next) {
		next = lru_younger(e);
		if (user.n == 0 || slice_ieq(lru_key(&e->lru), user) ||
		    slice_ieq(slice_of(e->canonical), user))
			lru_drop(l->entries, e);
	}
	pthread_mutex_unlock(&l->lock);
}
