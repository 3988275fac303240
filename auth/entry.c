/*
 * entry - read what an entry of the directory says into a login.
 *
 * Values are the directory's and so taken as they are: what is of no use is
 * left out by login.c.  Only a limit that nobody can read is told, since a
 * user without it may send what the default allows.
 */

#include "entry.h"

#include "compiler.h"
#include "ldapname.h"
#include "limits.h"
#include "log.h"
#include "mechs.h"
#include "pack.h"
#include "xalloc.h"

static const struct strings no_attributes;

typedef void value_fn(void *arg, struct slice value);

/* Give fn each value of an attribute, as the directory has them. */
static void
each_value(
    const struct entry *e, const char *attribute, value_fn *fn, void *arg)
{
	struct berval **values;
	size_t i;

	if (attribute == NULL)
		return;
	values = ldap_get_values_len(e->ld, e->message, attribute);
	for (i = 0; values != NULL && values[i] != NULL; i++)
		fn(arg, (struct slice){ values[i]->bv_val, values[i]->bv_len });
	ldap_value_free_len(values);
}

static void
each_value_of(const struct entry *e, const struct strings *attributes,
    value_fn *fn, void *arg)
{
	uint32_t i;

	for (i = 0; i < attributes->n; i++)
		each_value(e, attributes->v[i], fn, arg);
}

/* -- what is done with one value ------------------------------------------- */

struct stored_keys {
	struct login *login;
	struct buf *values; /* NULL: nobody wants them */
};

static void
take_stored_key(void *arg, struct slice value)
{
	struct stored_keys *keys = arg;

	if (mechs_use_key(value)) /* the attribute may hold other things */
		keys->login->has_stored_keys = true;
	if (keys->values != NULL)
		pack_bytes(keys->values, value);
}

/* The first value that is a name; a copy, since values are freed. */
struct name {
	char text[LIMIT_USER];
	size_t n;
};

static void
take_name(void *arg, struct slice value)
{
	struct name *name = arg;

	if (name->n > 0 || !ldapname_is_sane(value))
		return;
	memcpy(name->text, value.p, value.n);
	name->n = value.n;
}

static void
take_address(void *arg, struct slice value)
{
	(void)login_add_address(arg, value);
}

static void
take_domain(void *arg, struct slice value)
{
	(void)login_add_domain(arg, value);
}

struct delegate {
	struct login *login;
	struct name name;
};

static void
take_delegated(void *arg, struct slice value)
{
	struct delegate *d = arg;

	(void)login_add_delegated(
	    d->login, (struct slice){ d->name.text, d->name.n }, value);
}

struct limits {
	struct login *login;
	unsigned bad; /* values */
};

/* The first bad one is told. */
static void
take_limit(void *arg, struct slice value)
{
	struct limits *limits = arg;
	struct log_line l;

	if (quota_set(&limits->login->quota, value) == 0 || limits->bad++ > 0)
		return;
	log_begin(&l, LOG_LEVEL_WARN, 0, "ldap_entry");
	log_slice(&l, "user", slice_of(limits->login->user));
	log_str(&l, "reason", "bad_limit");
	log_slice(&l, "value", value);
	log_end(&l);
}

/*
 * No one name for them.  The entry's own is one, too; what was typed may be
 * any of several, and each would have limits of its own and escape a block.
 */
static void
take_dn(const struct entry *e, struct login *login)
{
	char *dn = ldap_get_dn(e->ld, e->message);
	struct log_line l;

	if (ldapname_is_sane(slice_of(dn)))
		login_set_user(login, slice_of(dn));
	ldap_memfree(dn);
	log_begin(&l, LOG_LEVEL_WARN, 0, "ldap_entry");
	log_slice(&l, "user", slice_of(login->user));
	log_str(&l, "reason", "no_user_attribute");
	log_end(&l);
}

/* -- entries ----------------------------------------------------------------
 */

void
entry_take(const struct entry *e, const struct auth_config *config,
    struct login *login, struct buf *stored_keys)
{
	struct stored_keys keys = { login, stored_keys };
	struct limits limits = { .login = login };
	struct name name = { .n = 0 };

	login_forget_rights(login, &config->quota);
	if (stored_keys != NULL)
		buf_clear(stored_keys);
	login->has_stored_keys = false;
	each_value(e, config->scram_attribute, take_stored_key, &keys);
	each_value(e, config->user_attribute, take_name, &name);
	if (name.n > 0)
		login_set_user(login, (struct slice){ name.text, name.n });
	else if (config->dn_template == NULL)
		take_dn(e, login);
	each_value_of(e, &config->address_attributes, take_address, login);
	each_value_of(e, &config->domain_attributes, take_domain, login);
	each_value(e, config->limit_attribute, take_limit, &limits);
}

void
entry_take_group(const struct entry *e, const struct auth_config *config,
    struct login *login)
{
	each_value_of(e, &config->group_attributes, take_address, login);
}

void
entry_take_delegate(const struct entry *e, const struct auth_config *config,
    struct login *login)
{
	struct delegate d = { .login = login };

	each_value(e, config->user_attribute, take_name, &d.name);
	each_value_of(e, &config->delegate_attributes, take_delegated, &d);
}

/* -- what to ask for --------------------------------------------------------
 */

/* All of one name and of two lists; each may be absent. */
static char **
attributes_of(const struct strings *a, const struct strings *b,
    char *const *single, size_t single_n)
{
	char **names = xcalloc(a->n + b->n + single_n + 2, sizeof(*names));
	size_t i, n = 0;

	for (i = 0; i < single_n; i++)
		if (single[i] != NULL)
			names[n++] = single[i];
	for (i = 0; i < a->n; i++)
		names[n++] = a->v[i];
	for (i = 0; i < b->n; i++)
		names[n++] = b->v[i];
	if (n == 0) /* an empty list would mean all of them */
		names[n] = LDAP_NO_ATTRS;
	return names;
}

char **
entry_attributes(const struct auth_config *c)
{
	char *const single[] = { c->user_attribute, c->scram_attribute,
		c->limit_attribute };

	return attributes_of(&c->address_attributes, &c->domain_attributes,
	    single, ARRAY_LEN(single));
}

char **
entry_group_attributes(const struct auth_config *c)
{
	return attributes_of(&c->group_attributes, &no_attributes, NULL, 0);
}

char **
entry_delegate_attributes(const struct auth_config *c)
{
	char *const single[] = { c->user_attribute };

	return attributes_of(
	    &c->delegate_attributes, &no_attributes, single, ARRAY_LEN(single));
}
