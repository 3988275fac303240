/*
 * abuse - who tries passwords, and what it costs them.
 *
 * Three tables of the same records.  Names count without the case of ASCII
 * letters here, or "Alice" and "aLice" would be two users to guess at.
 *
 * A ban begins with the failure that fills its number: tries that are in a
 * thread already then may still reach the directory, as many as there are
 * threads.
 */

#include "abuse_private.h"

#include <stdlib.h>

#include "clientkey.h"
#include "limits.h"
#include "log.h"
#include "xalloc.h"

/* A client is banned when as many users failed there ... */
#define CLIENT_USERS 3
/* ... or beyond so many times the number. */
#define CLIENT_ALONE 4
/* So many users who are in raise its number, each by once the number. */
#define CLIENT_GOOD_MAX 9

#define DAY_MS (UINT64_C(24) * 60 * 60 * 1000)
/* Where a user logged in, they are no stranger for so long. */
#define KNOWN_MS (30 * DAY_MS)
/* A client's users count as good for so long after the last login there. */
#define GOOD_MS DAY_MS

/* So many failures of others double a delay as one of one's own does. */
#define CLIENT_FAILURES_EACH 5
#define USER_FAILURES_EACH   25

const char *const abuse_kind_names[KINDS] = {
	[KIND_PAIR] = "pair",
	[KIND_CLIENT] = "address",
	[KIND_USER] = "user",
};

/* The records of one try; those of a kind may be missing. */
struct records {
	struct clientkey key;
	struct slice name[KINDS];
	struct record *of[KINDS];
};

static void
clear(void *arg)
{
	struct record *r = arg;

	free(r->canonical);
}

struct abuse *
abuse_new(const struct auth_config *c)
{
	struct abuse *a = xcalloc(1, sizeof(*a));
	uint32_t i;

	pthread_mutex_init(&a->lock, NULL);
	a->limit[KIND_PAIR] = c->abuse_pair_failures;
	a->limit[KIND_CLIENT] = c->abuse_address_failures;
	a->limit[KIND_USER] = c->abuse_user_failures;
	a->window_ms = c->abuse_window_ms;
	a->ban_ms = c->abuse_ban_ms;
	a->first_delay_ms = c->failure_delay_ms;
	a->max_delay_ms = c->abuse_max_delay_ms;
	a->ipv6_prefix = c->abuse_ipv6_prefix;
	a->exempt = xcalloc(c->abuse_exempt.n + 1, sizeof(*a->exempt));
	for (i = 0; i < c->abuse_exempt.n; i++)
		if (network_parse(
			c->abuse_exempt.v[i], &a->exempt[a->exempt_count]) == 0)
			a->exempt_count++;
	for (i = 0; i < KINDS; i++)
		a->table[i] =
		    lru_new(LIMIT_ABUSE_RECORDS, sizeof(struct record), clear);
	return a;
}

void
abuse_free(struct abuse **ap)
{
	struct abuse *a = *ap;
	size_t i;

	*ap = NULL;
	if (a == NULL)
		return;
	for (i = 0; i < KINDS; i++)
		lru_free(&a->table[i]);
	pthread_mutex_destroy(&a->lock);
	free(a->exempt);
	free(a);
}

/* -- names ----------------------------------------------------------------- */

static bool
is_exempt(const struct abuse *a, const char *address)
{
	struct network n;
	size_t i;

	if (address == NULL || network_around(address, 128, &n) == -1)
		return false;
	for (i = 0; i < a->exempt_count; i++)
		if (network_holds(&a->exempt[i], &n.address))
			return true;
	return false;
}

/* Names of the three records; case folded. */
static void
name_records(
    const struct abuse *a, const struct abuse_who *who, struct records *r)
{
	struct slice pair;
	size_t i;

	clientkey_set(&r->key, who->client_address, a->ipv6_prefix);
	pair = clientkey_of_pair(&r->key, who->user);
	for (i = r->key.client_n; i < pair.n; i++)
		if (r->key.text[i] >= 'A' && r->key.text[i] <= 'Z')
			r->key.text[i] |= 0x20;
	r->name[KIND_PAIR] = pair;
	r->name[KIND_CLIENT] = clientkey_client(&r->key);
	r->name[KIND_USER] = clientkey_user(pair);
}

static void
find_records(struct abuse *a, const struct abuse_who *who, struct records *r)
{
	size_t i;

	name_records(a, who, r);
	for (i = 0; i < KINDS; i++)
		r->of[i] = i != KIND_CLIENT && who->user.n == 0
			       ? NULL
			       : lru_find(a->table[i], r->name[i]);
}

/* -- what a record says ---------------------------------------------------- */

/* A client from which this user has not logged in. */
static bool
is_stranger(const struct record *pair, uint64_t now_ms)
{
	return pair == NULL || pair->good_ms == 0 ||
	       now_ms - pair->good_ms > KNOWN_MS;
}

/* The window moves on when it is over, or a ban in it is. */
static void
turn_window(const struct abuse *a, struct record *r, uint64_t now_ms)
{
	bool ban_over = r->until_ms > r->since_ms && r->until_ms <= now_ms;

	if (r->failures > 0 && !ban_over && now_ms - r->since_ms < a->window_ms)
		return;
	r->since_ms = now_ms;
	r->failures = r->users = 0;
}

static uint32_t
limit_of_client(const struct abuse *a, const struct record *r, uint64_t now_ms)
{
	uint32_t good = 0, times = r->users < CLIENT_USERS ? CLIENT_ALONE : 1;

	if (r->good_ms != 0 && now_ms - r->good_ms <= GOOD_MS)
		good = r->good_users < CLIENT_GOOD_MAX ? r->good_users
						       : CLIENT_GOOD_MAX;
	return a->limit[KIND_CLIENT] * (times + good);
}

/* How many failures the record may have, now. */
static uint32_t
limit_of(const struct abuse *a, enum kind kind, const struct records *r,
    uint64_t now_ms)
{
	if (kind == KIND_CLIENT)
		return limit_of_client(a, r->of[kind], now_ms);
	if (kind == KIND_PAIR && a->limit[KIND_PAIR] > 1 &&
	    abuse_is_banned(r->of[KIND_USER], now_ms) &&
	    is_stranger(r->of[KIND_PAIR], now_ms))
		return 1;
	return a->limit[kind];
}

/* -- tries ------------------------------------------------------------------
 */

uint32_t
abuse_retry_s(struct abuse *a, const struct abuse_who *who, uint64_t now_ms)
{
	struct records r;
	uint32_t s = 0, i;

	if (is_exempt(a, who->client_address))
		return 0;
	pthread_mutex_lock(&a->lock);
	find_records(a, who, &r);
	for (i = 0; i < KINDS; i++)
		if (i != KIND_USER && abuse_is_banned(r.of[i], now_ms) &&
		    abuse_seconds_left(r.of[i], now_ms) > s)
			s = abuse_seconds_left(r.of[i], now_ms);
	pthread_mutex_unlock(&a->lock);
	return s;
}

static uint32_t
delay_ms(const struct abuse *a, const struct records *r)
{
	uint32_t doublings =
	    r->of[KIND_PAIR]->failures - 1 +
	    r->of[KIND_CLIENT]->failures / CLIENT_FAILURES_EACH +
	    r->of[KIND_USER]->failures / USER_FAILURES_EACH;
	uint64_t ms = a->first_delay_ms;

	for (; doublings > 0 && ms < a->max_delay_ms; doublings--)
		ms *= 2;
	return (uint32_t)(ms < a->max_delay_ms ? ms : a->max_delay_ms);
}

static void
count(struct abuse *a, struct records *r, uint64_t now_ms)
{
	bool stranger = is_stranger(r->of[KIND_PAIR], now_ms);
	size_t i;

	for (i = 0; i < KINDS; i++)
		turn_window(a, r->of[i], now_ms);
	if (r->of[KIND_PAIR]->failures == 0)
		r->of[KIND_CLIENT]->users++;
	r->of[KIND_PAIR]->failures++;
	r->of[KIND_CLIENT]->failures++;
	/* One's own old phone is no attack on one. */
	r->of[KIND_USER]->failures += stranger;
}

/* Ban where the number is full.  True: that is news. */
static bool
ban(struct abuse *a, enum kind kind, struct records *r, uint64_t now_ms)
{
	struct record *record = r->of[kind];
	bool news = !abuse_is_banned(record, now_ms);

	if (a->limit[kind] == 0 ||
	    record->failures < limit_of(a, kind, r, now_ms))
		return false;
	record->until_ms = now_ms + a->ban_ms;
	a->bans[kind] += news;
	return news;
}

static void
log_ban(const struct abuse *a, enum kind kind, const struct records *r,
    uint32_t failures)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARN, 0, "ban");
	log_str(&l, "kind", abuse_kind_names[kind]);
	if (kind != KIND_USER)
		log_slice(&l, "address", r->name[KIND_CLIENT]);
	if (kind != KIND_CLIENT)
		log_slice(&l, "user", r->name[KIND_USER]);
	log_u64(&l, "failures", failures);
	log_u64(&l, "seconds", a->ban_ms / 1000);
	log_end(&l);
}

uint32_t
abuse_failed(struct abuse *a, const struct abuse_who *who, uint64_t now_ms,
    bool *guarded)
{
	struct records r;
	uint32_t failures[KINDS], ms;
	bool news[KINDS];
	size_t i;

	*guarded = false;
	if (is_exempt(a, who->client_address) || who->user.n == 0)
		return 0;
	pthread_mutex_lock(&a->lock);
	name_records(a, who, &r);
	for (i = 0; i < KINDS; i++) {
		r.of[i] = lru_take(a->table[i], r.name[i]);
		if (i == KIND_CLIENT || who->canonical.n == 0)
			continue;
		free(r.of[i]->canonical);
		r.of[i]->canonical = xstrndup(who->canonical);
	}
	count(a, &r, now_ms);
	ms = delay_ms(a, &r);
	for (i = 0; i < KINDS; i++) {
		failures[i] = r.of[i]->failures;
		news[i] = ban(a, (enum kind)i, &r, now_ms);
	}
	pthread_mutex_unlock(&a->lock);
	*guarded = news[KIND_USER];
	for (i = 0; i < KINDS; i++)
		if (news[i])
			log_ban(a, (enum kind)i, &r, failures[i]);
	return ms;
}

void
abuse_succeeded(struct abuse *a, const struct abuse_who *who, uint64_t now_ms)
{
	struct record *pair, *client;
	struct records r;

	if (is_exempt(a, who->client_address) || who->user.n == 0)
		return;
	pthread_mutex_lock(&a->lock);
	name_records(a, who, &r);
	pair = lru_take(a->table[KIND_PAIR], r.name[KIND_PAIR]);
	client = lru_take(a->table[KIND_CLIENT], r.name[KIND_CLIENT]);
	if (client->good_ms == 0 || now_ms - client->good_ms > GOOD_MS)
		client->good_users = 0;
	if (pair->good_ms == 0 || now_ms - pair->good_ms > GOOD_MS ||
	    client->good_users == 0)
		client->good_users++;
	/* Only the pair's: who has an account must not buy tries with it. */
	pair->failures = 0;
	pair->good_ms = client->good_ms = now_ms;
	pthread_mutex_unlock(&a->lock);
}
