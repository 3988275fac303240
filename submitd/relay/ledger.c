/*
 * ledger - pages of accounts, each a search tree and a list by age.
 *
 * Decides nothing: allowance.c and guard.c do.  Writes nothing: ledgerstore.c
 * does.
 */

#include "ledger.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "log.h"
#include "xalloc.h"

/* -- one account ----------------------------------------------------------- */

/* As everywhere, the case of a user's name does not count. */
static int
compare(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

static void
account_free(struct account *a)
{
	free(a->user);
	free(a->blocked.reason);
	free(a->held.reason);
	free(a->waiting);
	known_free(&a->known);
	free(a);
}

bool
account_is_stopped(const struct account *a)
{
	return a->blocked.reason != NULL || a->held.reason != NULL;
}

void
account_set_stop(struct account_stop *stop, const char *reason, uint64_t now_s)
{
	char *copy = reason == NULL ? NULL : xstrdup(reason);

	free(stop->reason);
	stop->reason = copy;
	stop->since_s = reason == NULL ? 0 : now_s;
}

void
account_add_waiting(struct account *a, uint64_t id)
{
	/* room in powers of two */
	if ((a->waiting_n & (a->waiting_n - 1)) == 0)
		a->waiting = xreallocarray(a->waiting,
		    a->waiting_n == 0 ? 1 : 2 * a->waiting_n,
		    sizeof(*a->waiting));
	a->waiting[a->waiting_n++] = id;
}

void
account_advance(struct account *a, uint64_t now_s)
{
	int m;

	for (m = 0; m < QUOTA_MEASURES; m++)
		tally_advance(&a->spent[m], now_s);
	tally_advance(&a->tried, now_s);
	tally_advance(&a->refused, now_s);
}

void
account_know(struct account *a, uint64_t hash)
{
	a->page->known_n -= known_count(&a->known);
	known_add(&a->known, hash);
	a->page->known_n += known_count(&a->known);
}

/* -- one page -------------------------------------------------------------- */

static void
forget(struct account *a)
{
	struct ledger_page *p = a->page;

	tdelete(a, &p->accounts, compare);
	TAILQ_REMOVE(&p->ages, a, age);
	p->n--;
	p->known_n -= known_count(&a->known);
	account_free(a);
}

static bool
may_be_forgotten(const struct account *a)
{
	return !account_is_stopped(a) && a->waiting_n == 0 &&
	       a->reserved[QUOTA_MESSAGES] == 0;
}

/* Whoever has not sent for longest, but keep. */
static void
forget_some(struct ledger_page *p, const struct account *keep)
{
	struct account *a = TAILQ_FIRST(&p->ages), *next;

	for (; a != NULL &&
	       (p->n > LIMIT_PAGE_ACCOUNTS || p->known_n > LIMIT_PAGE_KNOWN);
	     a = next) {
		next = TAILQ_NEXT(a, age);
		if (a != keep && may_be_forgotten(a))
			forget(a);
	}
}

static struct account *
page_find(struct ledger_page *p, const char *user)
{
	struct account **a = tfind(&user, &p->accounts, compare);

	return a == NULL ? NULL : *a;
}

struct account *
ledger_page_add(struct ledger_page *p, const char *user, uint64_t used_s)
{
	struct account *a = page_find(p, user);

	if (a == NULL) {
		a = xcalloc(1, sizeof(*a));
		a->user = xstrdup(user);
		a->page = p;
		BUG_ON(tsearch(a, &p->accounts, compare) == NULL);
		p->n++;
	} else {
		TAILQ_REMOVE(&p->ages, a, age);
	}
	a->used_s = used_s;
	TAILQ_INSERT_TAIL(&p->ages, a, age);
	return a;
}

void
ledger_page_clear(struct ledger_page *p)
{
	struct account *a, *next;

	for (a = TAILQ_FIRST(&p->ages); a != NULL; a = next) {
		next = TAILQ_NEXT(a, age);
		forget(a);
	}
	if (getrandom(p->key, sizeof(p->key), 0) != (ssize_t)sizeof(p->key))
		fatal("no random numbers");
}

/* -- all of them ----------------------------------------------------------- */

struct ledger_page *
ledger_page_of(struct ledger *l, const char *user)
{
	uint32_t hash = 2166136261U; /* FNV-1a: must be the same for ever */
	const char *p;

	for (p = user; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)tolower((unsigned char)*p)) *
		       16777619U;
	return &l->page[hash % LEDGER_PAGES];
}

struct account *
ledger_find(struct ledger *l, const char *user)
{
	return page_find(ledger_page_of(l, user), user);
}

struct account *
ledger_use(struct ledger *l, const char *user, uint64_t now_s)
{
	struct ledger_page *p = ledger_page_of(l, user);
	struct account *a = ledger_page_add(p, user, now_s);

	account_advance(a, now_s);
	forget_some(p, a);
	return a;
}

void
ledger_touch(struct ledger *l, struct account *a)
{
	a->page->dirty = true;
	if (l->changed != NULL)
		l->changed(l->arg, a->page);
}

uint64_t
ledger_hash(const struct account *a, const char *mailbox)
{
	unsigned char text[LIMIT_PATH + 1], sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	uint64_t hash;
	size_t n;

	for (n = 0; n < sizeof(text) && mailbox[n] != '\0'; n++) {
		text[n] = (unsigned char)mailbox[n];
		if (text[n] >= 'A' && text[n] <= 'Z')
			text[n] |= 0x20;
	}
	if (HMAC(EVP_sha256(), a->page->key, LEDGER_KEY_LEN, text, n, sum,
		&len) == NULL)
		fatal("no SHA-256");
	memcpy(&hash, sum, sizeof(hash));
	return hash;
}

struct ledger *
ledger_new(void (*changed)(void *arg, struct ledger_page *), void *arg)
{
	struct ledger *l = xcalloc(1, sizeof(*l));
	unsigned i;

	l->changed = changed;
	l->arg = arg;
	for (i = 0; i < LEDGER_PAGES; i++) {
		l->page[i].number = i;
		TAILQ_INIT(&l->page[i].ages);
		ledger_page_clear(&l->page[i]);
	}
	return l;
}

void
ledger_free(struct ledger **lp)
{
	struct ledger *l = *lp;
	unsigned i;

	*lp = NULL;
	if (l == NULL)
		return;
	for (i = 0; i < LEDGER_PAGES; i++)
		ledger_page_clear(&l->page[i]);
	free(l);
}
