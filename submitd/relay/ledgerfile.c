/*
 * ledgerfile - write a page of the ledger down, and read it as if a stranger
 * had written it.
 */

#include "ledgerfile.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "pack.h"
#include "xalloc.h"

#define MAGIC   "submitd-users\n"
#define VERSION 1
#define SHA_LEN 32

static const struct slice magic = { MAGIC, sizeof(MAGIC) - 1 };

static bool
sum(struct slice s, unsigned char out[SHA_LEN])
{
	return EVP_Digest(s.p, s.n, out, NULL, EVP_sha256(), NULL) == 1;
}

bool
ledgerfile_is_token(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' ||
		    s.p[i] == '=')
			return false;
	return s.n > 0 && s.n <= LIMIT_STOP_REASON;
}

/* -- out ------------------------------------------------------------------- */

/* Most of its slots are empty. */
static void
pack_tally(struct buf *b, const struct tally *t)
{
	uint8_t n = 0;
	unsigned i;

	for (i = 0; i < TALLY_SLOTS; i++)
		if (t->slot[i] != 0)
			n++;
	pack_u64(b, t->at_s);
	pack_u8(b, n);
	for (i = 0; i < TALLY_SLOTS; i++) {
		if (t->slot[i] == 0)
			continue;
		pack_u8(b, (uint8_t)i);
		pack_u64(b, t->slot[i]);
	}
}

static void
pack_known(struct buf *b, const struct known_part *p)
{
	uint32_t i;

	pack_u32(b, p->n);
	for (i = 0; i < p->room; i++)
		if (p->slots[i] != 0)
			pack_u64(b, p->slots[i]);
}

static void
pack_stop(struct buf *b, const struct account_stop *s)
{
	pack_u64(b, s->since_s);
	pack_bytes(b, slice_of(s->reason));
}

static void
pack_account(struct buf *b, const struct account *a)
{
	uint32_t i;

	pack_bytes(b, slice_of(a->user));
	pack_u64(b, a->used_s);
	pack_stop(b, &a->blocked);
	pack_stop(b, &a->held);
	for (i = 0; i < QUOTA_MEASURES; i++)
		pack_tally(b, &a->spent[i]);
	pack_tally(b, &a->tried);
	pack_tally(b, &a->refused);
	for (i = 0; i < GUARD_SIGNS; i++)
		pack_u64(b, a->alarmed_s[i]);
	pack_u32(b, a->network_n);
	for (i = 0; i < a->network_n; i++) {
		pack_u64(b, a->networks[i].prefix);
		pack_u64(b, a->networks[i].seen_s);
	}
	pack_known(b, &a->known.before);
	pack_known(b, &a->known.now);
}

void
ledgerfile_pack(struct buf *b, const struct ledger_page *p)
{
	const struct account *a;

	buf_add(b, magic.p, magic.n);
	pack_u16(b, VERSION);
	pack_u8(b, (uint8_t)p->number);
	buf_add(b, p->key, sizeof(p->key));
	pack_u32(b, (uint32_t)p->n);
	TAILQ_FOREACH (a, &p->ages, age) {
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		pack_account(b, a);
	}
}

void
ledgerfile_seal(struct buf *b)
{
	unsigned char digest[SHA_LEN];

	if (buf_ok(b) && sum(buf_slice(b), digest))
		buf_add(b, digest, sizeof(digest));
	else
		b->failed = true;
}

/* -- in -------------------------------------------------------------------- */

/* One that a date can tell. */
static uint64_t
unpack_time(struct unpack *u)
{
	uint64_t s = unpack_u64(u);

	if (s > LIMIT_TIME_S)
		u->failed = true;
	return u->failed ? 0 : s;
}

static void
unpack_tally(struct unpack *u, struct tally *t)
{
	uint8_t n, slot;

	t->at_s = unpack_time(u);
	for (n = unpack_u8(u); n > 0 && !u->failed; n--) {
		slot = unpack_u8(u);
		if (slot >= TALLY_SLOTS) {
			u->failed = true;
			return;
		}
		t->slot[slot] = unpack_u64(u);
		if (t->slot[slot] > UINT64_MAX / TALLY_SLOTS)
			u->failed = true; /* sums overflow */
	}
}

static void
unpack_known(
    struct unpack *u, struct known *k, void (*add)(struct known *, uint64_t))
{
	uint32_t n = unpack_u32(u);

	if (n > LIMIT_KNOWN_RECIPIENTS / 2)
		u->failed = true;
	for (; n > 0 && !u->failed; n--)
		add(k, unpack_u64(u));
}

static void
unpack_stop(struct unpack *u, struct account_stop *s)
{
	uint64_t since_s = unpack_time(u);
	struct slice reason = unpack_bytes(u);
	char *text;

	if (reason.n == 0)
		return;
	if (!ledgerfile_is_token(reason)) {
		u->failed = true;
		return;
	}
	text = xstrndup(reason);
	account_set_stop(s, text, since_s);
	free(text);
}

static void
unpack_account(struct unpack *u, struct account *a)
{
	uint32_t i;

	unpack_stop(u, &a->blocked);
	unpack_stop(u, &a->held);
	for (i = 0; i < QUOTA_MEASURES; i++)
		unpack_tally(u, &a->spent[i]);
	unpack_tally(u, &a->tried);
	unpack_tally(u, &a->refused);
	for (i = 0; i < GUARD_SIGNS; i++)
		a->alarmed_s[i] = unpack_time(u);
	a->network_n = unpack_u32(u);
	if (a->network_n > LIMIT_ACCOUNT_NETWORKS) {
		a->network_n = 0;
		u->failed = true;
	}
	for (i = 0; i < a->network_n; i++) {
		a->networks[i].prefix = unpack_u64(u);
		a->networks[i].seen_s = unpack_time(u);
	}
	unpack_known(u, &a->known, known_add_before);
	unpack_known(u, &a->known, known_add);
	a->page->known_n += known_count(&a->known);
}

/* One that is not there yet; NULL: spoiled. */
static struct account *
unpack_user(struct unpack *u, struct ledger_page *p)
{
	struct slice user = unpack_bytes(u);
	uint64_t used_s = unpack_time(u);
	struct account *a;
	size_t n = p->n;
	char *text;

	if (user.n == 0 || user.n > LIMIT_USER ||
	    memchr(user.p, '\0', user.n) != NULL)
		u->failed = true;
	if (u->failed)
		return NULL;
	text = xstrndup(user);
	a = ledger_page_add(p, text, used_s);
	free(text);
	u->failed = p->n == n; /* twice */
	return u->failed ? NULL : a;
}

static void
unpack_page(struct unpack *u, struct ledger_page *p)
{
	struct account *a;
	uint32_t n;

	if (unpack_u8(u) != p->number || u->rest.n < sizeof(p->key)) {
		u->failed = true;
		return;
	}
	memcpy(p->key, u->rest.p, sizeof(p->key));
	u->rest = slice_from(u->rest, sizeof(p->key));
	for (n = unpack_u32(u); n > 0 && !u->failed; n--) {
		a = unpack_user(u, p);
		if (a != NULL)
			unpack_account(u, a);
	}
}

enum ledgerfile_status
ledgerfile_read(struct slice file, struct ledger_page *p)
{
	unsigned char digest[SHA_LEN];
	struct unpack u;

	if (file.n < magic.n + SHA_LEN || memcmp(file.p, magic.p, magic.n) != 0)
		return LEDGERFILE_BAD;
	file.n -= SHA_LEN;
	if (!sum(file, digest) || memcmp(digest, file.p + file.n, SHA_LEN) != 0)
		return LEDGERFILE_BAD;
	u = unpack_begin(slice_from(file, magic.n));
	if (unpack_u16(&u) != VERSION)
		return LEDGERFILE_NEWER;
	unpack_page(&u, p);
	if (unpack_end(&u))
		return LEDGERFILE_OK;
	ledger_page_clear(p);
	return LEDGERFILE_BAD;
}
