/*
 * logincache - logins that the directory accepted, for a while.
 *
 * One entry for each name as typed, case and all: whether "Alice" is "alice"
 * is the directory's to say.  Beside them the last password of each person,
 * under the one name: an entry made with another has nothing more to say.
 */

#include "logincache.h"

#include <pthread.h>
#include <stdlib.h>

#include "keyedhash.h"
#include "limits.h"
#include "lru.h"
#include "xalloc.h"

struct entry {
	struct lru_entry lru; /* first */
	struct logincache *cache;
	struct keyedhash_password password;
	uint64_t accepted_ms;
	size_t octets; /* of the answer, counted in the cache */
	struct login answer;
};

struct person {
	struct lru_entry lru; /* first */
	struct keyedhash_password password;
};

struct logincache {
	pthread_mutex_t lock;
	struct keyedhash_key key;
	uint64_t fresh_ms;
	uint64_t stale_ms;
	struct lru *entries;
	struct lru *people;
	size_t octets;
	uint64_t hits;
};

static void
clear(void *arg)
{
	struct entry *e = arg;

	if (e->cache != NULL)
		e->cache->octets -= e->octets;
	explicit_bzero(&e->password, sizeof(e->password));
	login_free(&e->answer);
}

static void
clear_person(void *arg)
{
	struct person *p = arg;

	explicit_bzero(&p->password, sizeof(p->password));
}

struct logincache *
logincache_new(uint64_t fresh_ms, uint64_t stale_ms)
{
	struct logincache *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	keyedhash_make_key(&c->key);
	c->fresh_ms = fresh_ms;
	c->stale_ms = stale_ms;
	c->entries = lru_new(LIMIT_LOGIN_CACHE, sizeof(struct entry), clear);
	c->people =
	    lru_new(LIMIT_LOGIN_CACHE, sizeof(struct person), clear_person);
	return c;
}

void
logincache_free(struct logincache **cp)
{
	struct logincache *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	lru_free(&c->entries);
	lru_free(&c->people);
	pthread_mutex_destroy(&c->lock);
	explicit_bzero(&c->key, sizeof(c->key));
	free(c);
}

/* The person whose last password this is; or NULL. */
static struct person *
find_person(struct logincache *c, struct slice canonical, struct slice password)
{
	struct person *p = lru_find(c->people, canonical);

	if (p == NULL ||
	    !keyedhash_is_password(&c->key, canonical, password, &p->password))
		return NULL;
	return p;
}

/* The entry that speaks for this password; or NULL. */
static struct entry *
find(struct logincache *c, const struct logincache_key *k)
{
	struct entry *e = lru_find(c->entries, k->user);

	if (e == NULL ||
	    !keyedhash_is_password(
		&c->key, k->user, k->password, &e->password) ||
	    find_person(c, slice_of(e->answer.user), k->password) == NULL)
		return NULL;
	return e;
}

static enum logincache_age
age(const struct logincache *c, const struct entry *e, uint64_t now_ms)
{
	uint64_t ms = now_ms > e->accepted_ms ? now_ms - e->accepted_ms : 0;

	if (ms < c->fresh_ms)
		return LOGINCACHE_FRESH;
	return ms < c->stale_ms ? LOGINCACHE_STALE : LOGINCACHE_OLD;
}

enum logincache_age
logincache_ask(
    struct logincache *c, const struct logincache_key *k, struct login *out)
{
	enum logincache_age a = LOGINCACHE_NONE;
	struct entry *e;

	pthread_mutex_lock(&c->lock);
	if ((e = find(c, k)) != NULL) {
		a = age(c, e, k->now_ms);
		c->hits += a == LOGINCACHE_FRESH;
		if (a != LOGINCACHE_OLD)
			login_copy_answer(out, &e->answer);
	}
	pthread_mutex_unlock(&c->lock);
	return a;
}

void
logincache_keep(struct logincache *c, const struct logincache_key *k,
    const struct login *answer)
{
	struct slice canonical = slice_of(answer->user);
	struct keyedhash_password password, of_person;
	struct person *person;
	struct entry *e;

	if (c->fresh_ms == 0 && c->stale_ms == 0)
		return;
	if (keyedhash_set_password(&c->key, k->user, k->password, &password) ==
		-1 ||
	    keyedhash_set_password(
		&c->key, canonical, k->password, &of_person) == -1)
		return;
	pthread_mutex_lock(&c->lock);
	e = lru_take(c->entries, k->user);
	clear(e);
	e->cache = c;
	e->password = password;
	e->accepted_ms = k->now_ms;
	e->answer = login_new();
	login_copy_answer(&e->answer, answer);
	e->octets = e->answer.addresses.cap + e->answer.delegated.cap +
		    e->answer.acting.cap;
	c->octets += e->octets;
	while (
	    c->octets > LIMIT_LOGIN_CACHE_OCTETS && lru_oldest(c->entries) != e)
		lru_drop(c->entries, lru_oldest(c->entries));
	person = lru_take(c->people, canonical);
	person->password = of_person;
	pthread_mutex_unlock(&c->lock);
	explicit_bzero(&password, sizeof(password));
	explicit_bzero(&of_person, sizeof(of_person));
}

void
logincache_refute(struct logincache *c, const struct logincache_key *k,
    struct slice canonical)
{
	struct person *person;
	struct entry *e;

	pthread_mutex_lock(&c->lock);
	if ((e = find(c, k)) != NULL)
		lru_drop(c->entries, e);
	if ((person = find_person(c, canonical, k->password)) != NULL)
		lru_drop(c->people, person);
	pthread_mutex_unlock(&c->lock);
}

size_t
logincache_flush(struct logincache *c, struct slice user)
{
	struct person *p, *next_person;
	struct entry *e, *next;
	size_t n = 0;

	pthread_mutex_lock(&c->lock);
	for (e = lru_oldest(c->entries); e != NULL; e = next) {
		next = lru_younger(e);
		if (user.n > 0 && !slice_ieq(lru_key(&e->lru), user) &&
		    !slice_ieq(slice_of(e->answer.user), user))
			continue;
		lru_drop(c->entries, e);
		n++;
	}
	for (p = lru_oldest(c->people); p != NULL; p = next_person) {
		next_person = lru_younger(p);
		if (user.n == 0 || slice_ieq(lru_key(&p->lru), user))
			lru_drop(c->people, p);
	}
	pthread_mutex_unlock(&c->lock);
	return n;
}

void
logincache_stats(struct logincache *c, struct buf *out)
{
	pthread_mutex_lock(&c->lock);
	buf_printf(out,
	    "cache_entries=%zu\ncache_octets=%zu\ncache_hits=%llu\n",
	    lru_count(c->entries), c->octets, (unsigned long long)c->hits);
	pthread_mutex_unlock(&c->lock);
}
