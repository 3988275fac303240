/*
 * wrongpasswords - the last passwords that the directory called wrong.
 *
 * An entry belongs to a user (as typed) and the network of a client, with its
 * last LIMIT_WRONG_PASSWORDS.
 */

#include "wrongpasswords.h"

#include <pthread.h>
#include <stdlib.h>

#include "clientkey.h"
#include "keyedhash.h"
#include "limits.h"
#include "lru.h"
#include "xalloc.h"

struct wrong {
	struct keyedhash_password password;
	uint64_t until_ms; /* 0: none here */
};

struct entry {
	struct lru_entry lru; /* first */
	char *canonical;
	struct wrong wrong[LIMIT_WRONG_PASSWORDS];
	unsigned next; /* the oldest one: the next to be overwritten */
};

struct wrongpasswords {
	pthread_mutex_t lock;
	struct keyedhash_key key;
	uint64_t keep_ms;
	unsigned ipv6_prefix;
	struct lru *entries;
	uint64_t hits;
};

static void
clear(void *arg)
{
	struct entry *e = arg;

	free(e->canonical);
	explicit_bzero(e->wrong, sizeof(e->wrong));
}

struct wrongpasswords *
wrongpasswords_new(uint64_t keep_ms, unsigned ipv6_prefix)
{
	struct wrongpasswords *w = xcalloc(1, sizeof(*w));

	pthread_mutex_init(&w->lock, NULL);
	keyedhash_make_key(&w->key);
	w->keep_ms = keep_ms;
	w->ipv6_prefix = ipv6_prefix;
	w->entries =
	    lru_new(LIMIT_WRONG_PASSWORD_PAIRS, sizeof(struct entry), clear);
	return w;
}

void
wrongpasswords_free(struct wrongpasswords **wp)
{
	struct wrongpasswords *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	lru_free(&w->entries);
	pthread_mutex_destroy(&w->lock);
	explicit_bzero(&w->key, sizeof(w->key));
	free(w);
}

/* The name of the entry, in text. */
static struct slice
name(const struct wrongpasswords *w, const struct wrongpasswords_key *k,
    struct clientkey *text)
{
	clientkey_set(text, k->client_address, w->ipv6_prefix);
	return clientkey_of_pair(text, k->user);
}

/* The place of this password among those that still count; or NULL. */
static struct wrong *
find(const struct wrongpasswords *w, struct entry *e,
    const struct wrongpasswords_key *k)
{
	struct wrong *p;

	for (p = e->wrong; p < e->wrong + LIMIT_WRONG_PASSWORDS; p++)
		if (p->until_ms > k->now_ms &&
		    keyedhash_is_password(
			&w->key, k->user, k->password, &p->password))
			return p;
	return NULL;
}

bool
wrongpasswords_know(
    struct wrongpasswords *w, const struct wrongpasswords_key *k)
{
	struct clientkey text;
	struct entry *e;
	bool known;

	pthread_mutex_lock(&w->lock);
	e = lru_find(w->entries, name(w, k, &text));
	known = e != NULL && find(w, e, k) != NULL;
	w->hits += known;
	pthread_mutex_unlock(&w->lock);
	return known;
}

void
wrongpasswords_keep(
    struct wrongpasswords *w, const struct wrongpasswords_key *k)
{
	struct clientkey text;
	struct wrong new = { .until_ms = k->now_ms + w->keep_ms };
	struct entry *e;

	if (w->keep_ms == 0 || keyedhash_set_password(&w->key, k->user,
				   k->password, &new.password) == -1)
		return;
	pthread_mutex_lock(&w->lock);
	e = lru_take(w->entries, name(w, k, &text));
	free(e->canonical);
	e->canonical = xstrndup(k->canonical);
	/* Two connections asked at once: it is there. */
	if (find(w, e, k) == NULL) {
		e->wrong[e->next] = new;
		e->next = (e->next + 1) % LIMIT_WRONG_PASSWORDS;
	}
	pthread_mutex_unlock(&w->lock);
	explicit_bzero(&new, sizeof(new));
}

void
wrongpasswords_forget(
    struct wrongpasswords *w, const struct wrongpasswords_key *k)
{
	struct clientkey text;
	struct entry *e;

	pthread_mutex_lock(&w->lock);
	if ((e = lru_find(w->entries, name(w, k, &text))) != NULL)
		lru_drop(w->entries, e);
	pthread_mutex_unlock(&w->lock);
}

void
wrongpasswords_flush(struct wrongpasswords *w, struct slice user)
{
	struct entry *e, *next;

	pthread_mutex_lock(&w->lock);
	for (e = lru_oldest(w->entries); e != NULL; e = next) {
		next = lru_younger(e);
		if (user.n == 0 ||
		    slice_ieq(clientkey_user(lru_key(&e->lru)), user) ||
		    slice_ieq(slice_of(e->canonical), user))
			lru_drop(w->entries, e);
	}
	pthread_mutex_unlock(&w->lock);
}

void
wrongpasswords_stats(struct wrongpasswords *w, struct buf *out)
{
	pthread_mutex_lock(&w->lock);
	buf_printf(out,
	    "wrong_password_entries=%zu\nwrong_password_hits=%llu\n",
	    lru_count(w->entries), (unsigned long long)w->hits);
	pthread_mutex_unlock(&w->lock);
}
