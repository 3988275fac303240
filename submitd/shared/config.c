/*
 * config - what the operator decided, to octets and back.
 *
 * Reads no file and knows no default: submitd/master/configfile.c does.  One
 * table per struct (configfields.c); packing, unpacking and freeing walk it, so
 * a field that stands in the table is treated rightly in all three.
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "pack.h"
#include "xalloc.h"

/* Of the structs that a field holds one or many of; NULL: of none. */
static const struct table *
table_inside(enum kind kind)
{
	switch (kind) {
	case KIND_ROLE:
		return &role_table;
	case KIND_PEM_FILES:
		return &pem_table;
	case KIND_LISTENS:
		return &listen_table;
	case KIND_U32:
	case KIND_BOOL:
	case KIND_QUOTA:
	case KIND_STRING:
	case KIND_STRINGS:
	case KIND_SECRET:
		break;
	}
	return NULL;
}

/*
 * A number that changes with the table (FNV-1a).  After an upgrade a new
 * binary may be started by an old master that still runs: their tables must
 * be the same, or the bytes mean something else.
 */
static uint32_t
fingerprint(const struct table *t)
{
	uint32_t hash = 2166136261U;
	const struct table *inside;
	const char *p;
	size_t i;

	for (i = 0; i < t->n; i++) {
		for (p = t->fields[i].name; *p != '\0'; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619U;
		hash = (hash ^ (uint32_t)t->fields[i].kind) * 16777619U;
		if ((inside = table_inside(t->fields[i].kind)) != NULL)
			hash ^= fingerprint(inside);
	}
	return hash;
}

/* -- pack ------------------------------------------------------------------ */

static void
pack_string(struct buf *b, const char *s)
{
	pack_u8(b, s != NULL);
	pack_bytes(b, slice_of(s));
}

static void
pack_strings(struct buf *b, const struct strings *s)
{
	uint32_t i;

	pack_u32(b, s->n);
	for (i = 0; i < s->n; i++)
		pack_bytes(b, slice_of(s->v[i]));
}

static void pack_table(struct buf *, const struct table *, const void *from);

/* n structs, one after the other. */
static void
pack_structs(struct buf *b, const struct table *t, const void *from, uint32_t n)
{
	uint32_t i;

	pack_u32(b, n);
	for (i = 0; i < n; i++)
		pack_table(b, t, (const char *)from + i * t->size);
}

static void
pack_table(struct buf *b, const struct table *t, const void *from)
{
	const struct field *f;

	for (f = t->fields; f < t->fields + t->n; f++) {
		const void *at = (const char *)from + f->offset;
		const struct pem_files *pems = at;
		const struct listen_configs *listens = at;

		switch (f->kind) {
		case KIND_U32:
			pack_u32(b, *(const uint32_t *)at);
			break;
		case KIND_BOOL:
			pack_u8(b, *(const bool *)at);
			break;
		case KIND_QUOTA:
			quota_pack(b, at);
			break;
		case KIND_STRING:
			pack_string(b, *(char *const *)at);
			break;
		case KIND_STRINGS:
			pack_strings(b, at);
			break;
		case KIND_SECRET:
			pack_bytes(b, secret_slice(at));
			break;
		case KIND_ROLE:
			pack_table(b, &role_table, at);
			break;
		case KIND_PEM_FILES:
			pack_structs(b, &pem_table, pems->v, pems->n);
			break;
		case KIND_LISTENS:
			pack_structs(b, &listen_table, listens->v, listens->n);
			break;
		}
	}
}

/* -- unpack ---------------------------------------------------------------- */

static bool
unpack_bool(struct unpack *u)
{
	uint8_t v = unpack_u8(u);

	if (v > 1)
		u->failed = true;
	return v == 1;
}

static char *
unpack_string(struct unpack *u)
{
	struct slice s = unpack_bytes(u);

	if (s.n > 0 && memchr(s.p, '\0', s.n) != NULL)
		u->failed = true;
	return xstrndup(s);
}

static char *
unpack_maybe(struct unpack *u)
{
	bool is_set = unpack_bool(u);
	char *s = unpack_string(u);

	if (is_set)
		return s;
	if (s[0] != '\0')
		u->failed = true;
	free(s);
	return NULL;
}

static void
unpack_strings(struct unpack *u, struct strings *s)
{
	uint32_t n = unpack_u32(u);

	if (n > u->rest.n / 4) { /* more than can be there */
		u->failed = true;
		return;
	}
	s->v = xcalloc(n, sizeof(*s->v));
	for (s->n = 0; s->n < n; s->n++)
		s->v[s->n] = unpack_string(u);
}

static void unpack_table(struct unpack *, const struct table *, void *to);

static void *
unpack_structs(struct unpack *u, const struct table *t, uint32_t *count)
{
	uint32_t n = unpack_u32(u);
	char *v;

	if (n > u->rest.n / t->n) { /* more than can be there */
		u->failed = true;
		return NULL;
	}
	v = xcalloc(n, t->size);
	for (*count = 0; *count < n; ++*count)
		unpack_table(u, t, v + *count * t->size);
	return v;
}

static void
unpack_table(struct unpack *u, const struct table *t, void *to)
{
	const struct field *f;

	for (f = t->fields; f < t->fields + t->n; f++) {
		void *at = (char *)to + f->offset;
		struct pem_files *pems = at;
		struct listen_configs *listens = at;

		switch (f->kind) {
		case KIND_U32:
			*(uint32_t *)at = unpack_u32(u);
			break;
		case KIND_BOOL:
			*(bool *)at = unpack_bool(u);
			break;
		case KIND_QUOTA:
			quota_unpack(u, at);
			break;
		case KIND_STRING:
			*(char **)at = unpack_maybe(u);
			break;
		case KIND_STRINGS:
			unpack_strings(u, at);
			break;
		case KIND_SECRET:
			secret_set(at, unpack_bytes(u));
			break;
		case KIND_ROLE:
			unpack_table(u, &role_table, at);
			break;
		case KIND_PEM_FILES:
			pems->v = unpack_structs(u, &pem_table, &pems->n);
			break;
		case KIND_LISTENS:
			listens->v =
			    unpack_structs(u, &listen_table, &listens->n);
			break;
		}
	}
}

/* -- free ------------------------------------------------------------------ */

static void
free_strings(struct strings *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
}

static void free_table(const struct table *, void *p);

static void
free_structs(const struct table *t, void *v, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		free_table(t, (char *)v + i * t->size);
	free(v);
}

static void
free_table(const struct table *t, void *p)
{
	const struct field *f;

	for (f = t->fields; f < t->fields + t->n; f++) {
		void *at = (char *)p + f->offset;
		struct pem_files *pems = at;
		struct listen_configs *listens = at;

		switch (f->kind) {
		case KIND_STRING:
			free(*(char **)at);
			break;
		case KIND_STRINGS:
			free_strings(at);
			break;
		case KIND_SECRET:
			secret_wipe(at);
			break;
		case KIND_PEM_FILES:
			free_structs(&pem_table, pems->v, pems->n);
			break;
		case KIND_LISTENS:
			free_structs(&listen_table, listens->v, listens->n);
			break;
		case KIND_U32:
		case KIND_BOOL:
		case KIND_QUOTA:
		case KIND_ROLE: /* holds nothing that is owned */
			break;
		}
	}
	memset(p, 0, t->size);
}

/* -- the three parts, and the whole ---------------------------------------- */

static void
pack_part(struct buf *b, const struct table *t, const void *from)
{
	pack_u32(b, fingerprint(t));
	pack_table(b, t, from);
}

static int
unpack_part(struct slice s, const struct table *t, void *to)
{
	struct unpack u = unpack_begin(s);

	memset(to, 0, t->size);
	if (unpack_u32(&u) != fingerprint(t))
		return -1;
	unpack_table(&u, t, to);
	if (unpack_end(&u))
		return 0;
	free_table(t, to);
	return -1;
}

void
smtp_config_pack(struct buf *b, const struct smtp_config *c)
{
	pack_part(b, &smtp_table, c);
}

int
smtp_config_unpack(struct slice s, struct smtp_config *out)
{
	return unpack_part(s, &smtp_table, out);
}

void
smtp_config_free(struct smtp_config *c)
{
	free_table(&smtp_table, c);
}

void
auth_config_pack(struct buf *b, const struct auth_config *c)
{
	pack_part(b, &auth_table, c);
}

int
auth_config_unpack(struct slice s, struct auth_config *out)
{
	return unpack_part(s, &auth_table, out);
}

void
auth_config_free(struct auth_config *c)
{
	free_table(&auth_table, c);
}

void
relay_config_pack(struct buf *b, const struct relay_config *c)
{
	pack_part(b, &relay_table, c);
}

int
relay_config_unpack(struct slice s, struct relay_config *out)
{
	return unpack_part(s, &relay_table, out);
}

void
relay_config_free(struct relay_config *c)
{
	free_table(&relay_table, c);
}

void
config_free(struct config *c)
{
	free(c->control);
	smtp_config_free(&c->smtp);
	auth_config_free(&c->auth);
	relay_config_free(&c->relay);
	*c = (struct config){ 0 };
}
