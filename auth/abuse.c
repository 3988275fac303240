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

#include "abuse.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>

#include "clientkey.h"
#include "limits.h"
#include "log.h"
#include "lru.h"
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

enum kind { KIND_PAIR, KIND_CLIENT, KIND_USER, KINDS };

static const char *const kind_names[] = {
	[KIND_PAIR] = "pair",
	[KIND_CLIENT] = "address",
	[KIND_USER] = "user",
};

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

static bool
is_banned(const struct record *r, uint64_t now_ms)
{
	return r != NULL && r->until_ms > now_ms;
}

static uint32_t
seconds_left(const struct record *r, uint64_t now_ms)
{
	return (uint32_t)((r->until_ms - now_ms + 999) / 1000);
}

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
	    is_banned(r->of[KIND_USER], now_ms) &&
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
		if (i != KIND_USER && is_banned(r.of[i], now_ms) &&
		    seconds_left(r.of[i], now_ms) > s)
			s = seconds_left(r.of[i], now_ms);
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
	bool news = !is_banned(record, now_ms);

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
	log_str(&l, "kind", kind_names[kind]);
	if (kind != KIND_USER)
		log_slice(&l, "address", r->name[KIND_CLIENT]);
	if (kind != KIND_CLIENT)
		log_slice(&l, "user", r->name[KIND_USER]);
	log_u64(&l, "failures", failures);
	log_u64(&l, "seconds", a->ban_ms / 1000);
	log_end(&l);
}

uint32_t
abuse_failed(struct abuse *a, const struct abuse_who *who, uint64_t now_ms)
{
	struct records r;
	uint32_t failures[KINDS], ms;
	bool news[KINDS];
	size_t i;

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

/* -- the operator ---------------------------------------------------------- */

static void
list_record(
    enum kind kind, const struct record *r, uint64_t now_ms, struct buf *out)
{
	struct slice name = lru_key(&r->lru);

	buf_printf(out, "kind=%s", kind_names[kind]);
	if (kind == KIND_PAIR || kind == KIND_CLIENT) {
		struct slice client = clientkey_of(name);

		buf_printf(out, " address=%.*s", (int)client.n, client.p);
	}
	buf_printf(out, " failures=%u left_s=%u", r->failures,
	    seconds_left(r, now_ms));
	/* Last: a user's name may have blanks in it. */
	if (kind != KIND_CLIENT) {
		struct slice user =
		    kind == KIND_PAIR ? clientkey_user(name) : name;

		buf_printf(out, " user=%.*s", (int)user.n, user.p);
	}
	buf_str(out, "\n");
}

void
abuse_list(struct abuse *a, uint64_t now_ms, struct buf *out)
{
	const struct record *r;
	size_t i;

	pthread_mutex_lock(&a->lock);
	for (i = 0; i < KINDS; i++)
		for (r = lru_oldest(a->table[i]); r != NULL; r = lru_younger(r))
			if (is_banned(r, now_ms))
				list_record((enum kind)i, r, now_ms, out);
	pthread_mutex_unlock(&a->lock);
}

/* What the operator names. */
struct named {
	bool all;
	bool is_pair;        /* a user at a client; else one or the other */
	struct slice user;   /* also a client's name: a user's may look so */
	struct slice client; /* empty: it is none */
	struct clientkey key;
};

/* The client a name stands for, "2001:db8::/64" as "2001:db8::1"; else "". */
static struct slice
client_named(const struct abuse *a, struct slice name, struct clientkey *key)
{
	char address[NETWORK_TEXT];
	struct network n;
	const char *slash = memchr(name.p, '/', name.n);
	size_t len = slash == NULL ? name.n : (size_t)(slash - name.p);

	if (len >= sizeof(address))
		return slice_of("");
	memcpy(address, name.p, len);
	address[len] = '\0';
	if (network_around(address, a->ipv6_prefix, &n) == -1)
		return slice_of("");
	clientkey_set(key, address, a->ipv6_prefix);
	return clientkey_client(key);
}

static void
read_name(const struct abuse *a, struct slice name, struct named *out)
{
	const char *at = memrchr(name.p, '@', name.n);

	*out = (struct named){ .all = slice_eq(name, slice_of("all")),
		.user = name };
	if (at != NULL) {
		size_t n = (size_t)(at - name.p);

		out->client =
		    client_named(a, slice_from(name, n + 1), &out->key);
		out->is_pair = out->client.n > 0;
		if (out->is_pair)
			out->user.n = n;
	} else {
		out->client = client_named(a, name, &out->key);
	}
}

static bool
is_about(const struct record *r, enum kind kind, const struct named *what)
{
	struct slice name = lru_key(&r->lru);
	bool client = kind != KIND_USER && what->client.n > 0 &&
		      slice_eq(clientkey_of(name), what->client);
	bool user =
	    kind != KIND_CLIENT &&
	    (slice_ieq(slice_of(r->canonical), what->user) ||
		slice_ieq(kind == KIND_PAIR ? clientkey_user(name) : name,
		    what->user));

	return what->all || (what->is_pair ? client && user : client || user);
}

size_t
abuse_lift(struct abuse *a, struct slice name, uint64_t now_ms)
{
	struct record *r;
	struct named what;
	size_t i, n = 0;

	read_name(a, name, &what);
	pthread_mutex_lock(&a->lock);
	for (i = 0; i < KINDS; i++)
		for (r = lru_oldest(a->table[i]); r != NULL;
		     r = lru_younger(r)) {
			if (!is_about(r, (enum kind)i, &what))
				continue;
			n += is_banned(r, now_ms);
			r->until_ms = 0;
			r->failures = r->users = 0;
		}
	pthread_mutex_unlock(&a->lock);
	return n;
}

void
abuse_stats(struct abuse *a, struct buf *out)
{
	size_t i;

	pthread_mutex_lock(&a->lock);
	for (i = 0; i < KINDS; i++)
		buf_printf(out, "bans_%s=%llu\n", kind_names[i],
		    (unsigned long long)a->bans[i]);
	pthread_mutex_unlock(&a->lock);
}
