/*
 * abuse_operator - bans as the operator sees them, and ends them.
 */

#include "abuse_private.h"

#include <string.h>

#include "clientkey.h"
#include "limits.h"

#define BAN_LINE_MAX (NETWORK_TEXT + LIMIT_USER_TYPED + 128)

/* One line, whole or not at all. */
static void
list_record(
    enum kind kind, const struct record *r, uint64_t now_ms, struct buf *out)
{
	struct buf line = buf_new(BAN_LINE_MAX);
	struct slice name = lru_key(&r->lru);

	buf_printf(&line, "kind=%s", abuse_kind_names[kind]);
	if (kind != KIND_USER) {
		struct slice client = clientkey_of(name);

		buf_printf(&line, " address=%.*s", (int)client.n, client.p);
	}
	buf_printf(&line, " failures=%u left_s=%u", r->failures,
	    abuse_seconds_left(r, now_ms));
	/* Last: a user's name may have blanks in it. */
	if (kind != KIND_CLIENT) {
		struct slice user =
		    kind == KIND_PAIR ? clientkey_user(name) : name;

		buf_printf(&line, " user=%.*s", (int)user.n, user.p);
	}
	buf_str(&line, "\n");
	buf_add(out, line.p, line.n);
	buf_free(&line);
}

void
abuse_list(struct abuse *a, uint64_t now_ms, struct buf *out)
{
	const struct record *r;
	size_t i;

	pthread_mutex_lock(&a->lock);
	for (i = 0; i < KINDS; i++)
		for (r = lru_oldest(a->table[i]); r != NULL; r = lru_younger(r))
			if (abuse_is_banned(r, now_ms))
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
			n += abuse_is_banned(r, now_ms);
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
		buf_printf(out, "bans_%s=%llu\n", abuse_kind_names[i],
		    (unsigned long long)a->bans[i]);
	pthread_mutex_unlock(&a->lock);
}
