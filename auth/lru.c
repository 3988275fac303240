/*
 * lru - a table that never grows beyond its size.
 *
 * Chained buckets and one list in the order of use.  All but the entries is
 * allocated at the start.
 */

#include "lru.h"

#include <stdlib.h>

#include "keyedhash.h"
#include "xalloc.h"

TAILQ_HEAD(order, lru_entry);
LIST_HEAD(bucket, lru_entry);

struct lru {
	struct keyedhash_key hash_key;
	size_t max;
	size_t entry_size;
	void (*clear)(void *);
	size_t count;
	struct order order;
	struct bucket *buckets; /* max of them */
};

static struct bucket *
bucket_of(struct lru *t, struct slice key)
{
	unsigned char hash[KEYEDHASH_LEN];
	size_t n;

	/* Failing, it is slow, not wrong. */
	if (keyedhash(&t->hash_key, key, hash) == -1)
		return &t->buckets[0];
	memcpy(&n, hash, sizeof(n));
	return &t->buckets[n % t->max];
}

struct lru *
lru_new(size_t max, size_t entry_size, void (*clear)(void *))
{
	struct lru *t = xcalloc(1, sizeof(*t));
	size_t i;

	keyedhash_make_key(&t->hash_key);
	t->max = max;
	t->entry_size = entry_size;
	t->clear = clear;
	TAILQ_INIT(&t->order);
	t->buckets = xcalloc(max, sizeof(*t->buckets));
	for (i = 0; i < max; i++)
		LIST_INIT(&t->buckets[i]);
	return t;
}

static void
entry_free(const struct lru *t, struct lru_entry *e)
{
	if (t->clear != NULL)
		t->clear(e);
	free(e->key);
	free(e);
}

void
lru_free(struct lru **tp)
{
	struct lru *t = *tp;
	struct lru_entry *e, *next;

	*tp = NULL;
	if (t == NULL)
		return;
	for (e = TAILQ_FIRST(&t->order); e != NULL; e = next) {
		next = TAILQ_NEXT(e, order);
		entry_free(t, e);
	}
	free(t->buckets);
	free(t);
}

size_t
lru_count(const struct lru *t)
{
	return t->count;
}

static struct lru_entry *
find_in(struct lru *t, const struct bucket *b, struct slice key)
{
	struct lru_entry *e;

	LIST_FOREACH (e, b, bucket)
		if (slice_eq(lru_key(e), key)) {
			TAILQ_REMOVE(&t->order, e, order);
			TAILQ_INSERT_HEAD(&t->order, e, order);
			return e;
		}
	return NULL;
}

void *
lru_find(struct lru *t, struct slice key)
{
	return find_in(t, bucket_of(t, key), key);
}

void *
lru_take(struct lru *t, struct slice key)
{
	struct bucket *b = bucket_of(t, key);
	struct lru_entry *e = find_in(t, b, key);

	if (e != NULL)
		return e;
	if (t->count == t->max)
		lru_drop(t, lru_oldest(t));
	e = xcalloc(1, t->entry_size);
	e->key = xstrndup(key);
	e->key_n = key.n;
	TAILQ_INSERT_HEAD(&t->order, e, order);
	LIST_INSERT_HEAD(b, e, bucket);
	t->count++;
	return e;
}

void
lru_drop(struct lru *t, void *entry)
{
	struct lru_entry *e = entry;

	TAILQ_REMOVE(&t->order, e, order);
	LIST_REMOVE(e, bucket);
	t->count--;
	entry_free(t, e);
}

void *
lru_oldest(const struct lru *t)
{
	return TAILQ_LAST(&t->order, order);
}

void *
lru_younger(const void *entry)
{
	const struct lru_entry *e = entry;

	return TAILQ_PREV(e, order, order);
}
