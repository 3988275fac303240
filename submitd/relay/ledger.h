#ifndef SUBMITD_LEDGER_H
#define SUBMITD_LEDGER_H

/*
 * ledger - what is known of each user who sends: how much, to whom, from
 * where, and whether somebody stopped them.
 *
 * Users are spread over LEDGER_PAGES pages by their names.  A page is what is
 * kept over a restart as one file (ledgerfile.h, ledgerstore.h), and is
 * bounded by itself: the users who have not sent for longest are forgotten
 * first, but for those who are stopped or have a message under way.
 *
 * Times are seconds since 1970.  Not a thread's business: the loop's only.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "compiler.h"
#include "known.h"
#include "limits.h"
#include "quota.h"
#include "slice.h"
#include "tally.h"

#define LEDGER_PAGES   32
#define LEDGER_KEY_LEN 16

/* Signs that an account is somebody else's now (guard.h). */
enum guard_sign {
	GUARD_NETWORKS,
	GUARD_NEW_RECIPIENTS,
	GUARD_REFUSED,
	GUARD_SIGNS
};

struct account_network {
	uint64_t prefix; /* the first half of an IPv6 address; IPv4: its own */
	uint64_t seen_s;
};

/* Why nothing of theirs goes out; reason NULL: it does. */
struct account_stop {
	char *reason; /* one token */
	uint64_t since_s;
};

struct ledger_page;

/* Owned by its page. */
struct account {
	char *user; /* first: the key */
	TAILQ_ENTRY(account) age;
	struct ledger_page *page;
	uint64_t used_s;
	struct quota quota; /* of the last grant seen; not kept */

	struct tally spent[QUOTA_MEASURES];
	uint64_t reserved[QUOTA_MEASURES]; /* by messages under way */
	struct known known;

	struct tally tried; /* recipients that a smarthost judged */
	struct tally refused;
	struct account_network networks[LIMIT_ACCOUNT_NETWORKS];
	uint32_t network_n;
	uint64_t alarmed_s[GUARD_SIGNS]; /* last */

	struct account_stop blocked; /* by the operator, or the guard */
	struct account_stop held;    /* by the guard, until released */
	uint64_t *waiting; /* messages of the queue, not tried meanwhile */
	size_t waiting_n;
};

TAILQ_HEAD(account_list, account);

struct ledger_page {
	unsigned number;
	unsigned char key[LEDGER_KEY_LEN]; /* of the hashes of recipients */
	void *accounts;                    /* tsearch(3), by user */
	struct account_list ages;          /* the same, who sent last: last */
	size_t n;
	size_t known_n; /* recipients of all of them */
	bool dirty;     /* differs from its file */
};

struct ledger {
	struct ledger_page page[LEDGER_PAGES];
	void (*changed)(void *arg, struct ledger_page *); /* it is dirty now */
	void *arg;
};

/* changed may be NULL. */
struct ledger *ledger_new(
    void (*changed)(void *arg, struct ledger_page *), void *arg);
void ledger_free(struct ledger **);

struct ledger_page *ledger_page_of(struct ledger *, const char *user);

/* Forget all of a page, and make a new key. */
void ledger_page_clear(struct ledger_page *);

/* NULL: nothing is known of them. */
struct account *ledger_find(struct ledger *, const char *user);

/*
 * The same, made if there is none, and used now: all its counts are up to
 * date.  Others may be forgotten, so keep no pointer to one.
 */
struct account *ledger_use(struct ledger *, const char *user, uint64_t now_s);

/* For ledgerfile.c: the same in one page, youngest last, used then. */
struct account *ledger_page_add(
    struct ledger_page *, const char *user, uint64_t used_s);

/* It was changed: it is to be written. */
void ledger_touch(struct ledger *, struct account *);

/* The hash of a mailbox: keyed, ASCII case aside. */
uint64_t ledger_hash(const struct account *, const char *mailbox);

/* Bring its counts up to date, without its being used. */
void account_advance(struct account *, uint64_t now_s);

/* They write to that one now. */
void account_know(struct account *, uint64_t hash);

/* NULL reason: no longer.  Does not touch. */
void account_set_stop(
    struct account_stop *, const char *reason, uint64_t now_s);

/* Nothing of theirs goes out. */
bool account_is_stopped(const struct account *);

void account_add_waiting(struct account *, uint64_t id);

#endif
