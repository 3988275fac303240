#ifndef SUBMITD_LRU_H
#define SUBMITD_LRU_H

/*
 * lru - a table that never grows beyond its size: what has not been used for
 * the longest time makes room.
 *
 * An entry is a struct of the user's with a struct lru_entry as first member;
 * the table owns it.  Keys are any bytes; their hash has a key of its own, so
 * nobody who may choose names can choose buckets.  Not locked.
 */

#include <stddef.h>
#include <sys/queue.h>

#include "slice.h"

struct lru;

struct lru_entry {
	TAILQ_ENTRY(lru_entry) order; /* youngest first */
	LIST_ENTRY(lru_entry) bucket;
	char *key; /* NUL-terminated beyond n */
	size_t key_n;
};

/* clear: gives back what an entry holds, not the entry; or NULL. */
struct lru *lru_new(size_t max, size_t entry_size, void (*clear)(void *));
void lru_free(struct lru **);

size_t lru_count(const struct lru *);

/* The entry, which is the youngest now; or NULL. */
void *lru_find(struct lru *, struct slice key);

/* The same; if there is none, a new one, all zero, in place of the oldest. */
void *lru_take(struct lru *, struct slice key);

void lru_drop(struct lru *, void *entry);

/* From the oldest to the youngest; NULL behind the last. */
void *lru_oldest(const struct lru *);
void *lru_younger(const void *entry);

static inline struct slice
lru_key(const struct lru_entry *e)
{
	return (struct slice){ e->key, e->key_n };
}

#endif
