/*
 * config - what the operator decided, to octets and back.
 *
 * Reads no file and knows no default: submitd/master/configfile.c does.  One
 * table per struct; packing, unpacking and freeing walk it, so a field that
 * stands in the table is treated rightly in all three.
 */

#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "xalloc.h"

enum kind {
	KIND_U32,
	KIND_BOOL,
	KIND_QUOTA,
	KIND_STRING,
	KIND_STRINGS,
	KIND_SECRET,
	KIND_ROLE,
	KIND_PEM_FILES,
	KIND_LISTENS,
};

struct field {
	const char *name;
	size_t offset;
	enum kind kind;
};

struct table {
	const struct field *fields;
	size_t n;
	size_t size; /* of the struct */
};

/* clang-format off */
/* The compiler finds the kind, so the table cannot contradict the struct. */
#define KIND_OF(value)				\
	_Generic((value),			\
	    uint32_t: KIND_U32,			\
	    bool: KIND_BOOL,			\
	    struct quota: KIND_QUOTA,		\
	    char *: KIND_STRING,		\
	    struct strings: KIND_STRINGS,	\
	    struct secret: KIND_SECRET,		\
	    struct role_config: KIND_ROLE,	\
	    struct pem_files: KIND_PEM_FILES,	\
	    struct listen_configs: KIND_LISTENS)

#define FIELD(s, m) \
	{ #m, offsetof(struct s, m), KIND_OF(((struct s *)0)->m) }

#define TABLE(s, f) { (f), ARRAY_LEN(f), sizeof(struct s) }
/* clang-format on */

static const struct field role_fields[] = {
	FIELD(role_config, log_target),
	FIELD(role_config, log_level),
	FIELD(role_config, confine),
	FIELD(role_config, uid),
	FIELD(role_config, gid),
};

static const struct field pem_fields[] = {
	FIELD(pem_file, path),
	FIELD(pem_file, place),
	FIELD(pem_file, text),
};

static const struct field listen_fields[] = {
	FIELD(listen_config, address),
	FIELD(listen_config, port),
	FIELD(listen_config, tls),
	FIELD(listen_config, hostname),
	FIELD(listen_config, certificate),
	FIELD(listen_config, key),
	FIELD(listen_config, proxy),
	FIELD(listen_config, proxy_from),
};

static const struct field smtp_fields[] = {
	FIELD(smtp_config, role),
	FIELD(smtp_config, hostname),
	FIELD(smtp_config, certificate),
	FIELD(smtp_config, key),
	FIELD(smtp_config, client_ca),
	FIELD(smtp_config, listen),
	FIELD(smtp_config, help_url),
	FIELD(smtp_config, received_client),
	FIELD(smtp_config, null_sender),
	FIELD(smtp_config, header_from),
	FIELD(smtp_config, header_syntax),
	FIELD(smtp_config, complete_domain),
	FIELD(smtp_config, max_message_size),
	FIELD(smtp_config, max_recipients),
	FIELD(smtp_config, max_content_line),
	FIELD(smtp_config, future_release_s),
	FIELD(smtp_config, max_priority),
	FIELD(smtp_config, max_errors),
	FIELD(smtp_config, max_auth_failures),
	FIELD(smtp_config, max_connections),
	FIELD(smtp_config, max_connections_per_address),
	FIELD(smtp_config, preauth_timeout_ms),
	FIELD(smtp_config, command_timeout_ms),
	FIELD(smtp_config, data_timeout_ms),
	FIELD(smtp_config, data_rate),
	FIELD(smtp_config, auth_timeout_ms),
	FIELD(smtp_config, hand_over_timeout_ms),
	FIELD(smtp_config, shutdown_timeout_ms),
};

static const struct field auth_fields[] = {
	FIELD(auth_config, role),
	FIELD(auth_config, hostname),
	FIELD(auth_config, uri),
	FIELD(auth_config, base),
	FIELD(auth_config, filter),
	FIELD(auth_config, user_attribute),
	FIELD(auth_config, bind),
	FIELD(auth_config, bind_dn),
	FIELD(auth_config, bind_password),
	FIELD(auth_config, dn_template),
	FIELD(auth_config, scram_attribute),
	FIELD(auth_config, address_attributes),
	FIELD(auth_config, domain_attributes),
	FIELD(auth_config, group_base),
	FIELD(auth_config, group_filter),
	FIELD(auth_config, group_attributes),
	FIELD(auth_config, delegate_base),
	FIELD(auth_config, delegate_filter),
	FIELD(auth_config, delegate_attributes),
	FIELD(auth_config, suspended_filter),
	FIELD(auth_config, may_send_filter),
	FIELD(auth_config, limit_attribute),
	FIELD(auth_config, ca_file),
	FIELD(auth_config, starttls),
	FIELD(auth_config, allow_plaintext),
	FIELD(auth_config, prepare_password),
	FIELD(auth_config, mechanisms),
	FIELD(auth_config, certificate_filter),
	FIELD(auth_config, oauth_keys),
	FIELD(auth_config, oauth_issuer),
	FIELD(auth_config, oauth_audience),
	FIELD(auth_config, oauth_user_claim),
	FIELD(auth_config, oauth_scope),
	FIELD(auth_config, oauth_discovery_url),
	FIELD(auth_config, oauth_leeway_s),
	FIELD(auth_config, scram_iterations),
	FIELD(auth_config, scram_salt),
	FIELD(auth_config, scram_secret),
	FIELD(auth_config, scram_only),
	FIELD(auth_config, scram_transition),
	FIELD(auth_config, connect_timeout_ms),
	FIELD(auth_config, operation_timeout_ms),
	FIELD(auth_config, order),
	FIELD(auth_config, failures),
	FIELD(auth_config, retry_dead_ms),
	FIELD(auth_config, must_change),
	FIELD(auth_config, password_scheme),
	FIELD(auth_config, unwilling),
	FIELD(auth_config, threads),
	FIELD(auth_config, queue),
	FIELD(auth_config, login_cache_ms),
	FIELD(auth_config, login_cache_stale_ms),
	FIELD(auth_config, locked_ms),
	FIELD(auth_config, wrong_password_ms),
	FIELD(auth_config, failure_delay_ms),
	FIELD(auth_config, abuse_pair_failures),
	FIELD(auth_config, abuse_address_failures),
	FIELD(auth_config, abuse_user_failures),
	FIELD(auth_config, abuse_window_ms),
	FIELD(auth_config, abuse_ban_ms),
	FIELD(auth_config, abuse_max_delay_ms),
	FIELD(auth_config, abuse_ipv6_prefix),
	FIELD(auth_config, abuse_exempt),
	FIELD(auth_config, grant_lifetime_ms),
	FIELD(auth_config, quota),
	FIELD(auth_config, grant_key),
};

static const struct field relay_fields[] = {
	FIELD(relay_config, role),
	FIELD(relay_config, hostname),
	FIELD(relay_config, server),
	FIELD(relay_config, port),
	FIELD(relay_config, tls),
	FIELD(relay_config, ca_pem),
	FIELD(relay_config, connections),
	FIELD(relay_config, idle_ms),
	FIELD(relay_config, retry_dead_ms),
	FIELD(relay_config, connect_timeout_ms),
	FIELD(relay_config, hand_over),
	FIELD(relay_config, hand_over_timeout_ms),
	FIELD(relay_config, spool),
	FIELD(relay_config, max_message_size),
	FIELD(relay_config, max_recipients),
	FIELD(relay_config, retry_min_ms),
	FIELD(relay_config, retry_max_ms),
	FIELD(relay_config, lifetime_s),
	FIELD(relay_config, warn_after_s),
	FIELD(relay_config, held_messages),
	FIELD(relay_config, guard_action),
	FIELD(relay_config, guard_networks),
	FIELD(relay_config, guard_new_recipients),
	FIELD(relay_config, guard_refused),
	FIELD(relay_config, guard_refused_least),
	FIELD(relay_config, disk_threads),
	FIELD(relay_config, shutdown_timeout_ms),
	FIELD(relay_config, grant_key),
};

static const struct table role_table = TABLE(role_config, role_fields);
static const struct table pem_table = TABLE(pem_file, pem_fields);
static const struct table listen_table = TABLE(listen_config, listen_fields);
static const struct table smtp_table = TABLE(smtp_config, smtp_fields);
static const struct table auth_table = TABLE(auth_config, auth_fields);
static const struct table relay_table = TABLE(relay_config, relay_fields);

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
