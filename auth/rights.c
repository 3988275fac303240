/*
 * rights - what a user may do, beyond what the own entry says.
 *
 * The directory itself judges filters on an account.  A search that fails is
 * never taken for one that found nothing: somebody would lack addresses, or
 * send with an account that is suspended.
 *
 * Before a proof (SCRAM) the number of searches is the same for everybody,
 * strangers too, or time would tell who there is and who is suspended.
 */

#include "rights.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "entry.h"
#include "ldapname.h"
#include "limits.h"
#include "log.h"
#include "xalloc.h"

#define FILTER_MAX 8192 /* octets, expanded */
#define NOBODY     "submitd-no-such-user"

struct rights {
	const struct auth_config *config;
	char **group_attributes; /* owned arrays of borrowed names */
	char **delegate_attributes;
};

/* A question on its way through the functions below. */
struct asking {
	const struct rights *rights;
	struct ldapconn *conn;
	const struct rights_question *question;
	struct buf filter; /* of the search at hand */
};

static uint64_t
operation_deadline(const struct asking *a)
{
	uint64_t own = clock_ms() + a->rights->config->operation_timeout_ms;

	return own < a->question->deadline_ms ? own : a->question->deadline_ms;
}

/* Put the user into a filter. */
static int
make_filter(struct asking *a, const char *template)
{
	buf_clear(&a->filter);
	ldapname_add_entry_filter(&a->filter, template,
	    slice_of(a->question->login->user), slice_of(a->question->dn));
	buf_add(&a->filter, "", 1);
	if (buf_ok(&a->filter))
		return LDAP_SUCCESS;
	(void)snprintf(a->conn->text, sizeof(a->conn->text),
	    "search: the filter is too long with this user in it");
	return LDAP_FILTER_ERROR;
}

/* Say in the connection's text whose fault it is: a key of ours. */
static int
blame(struct asking *a, const char *key, int code)
{
	char text[LDAPCONN_TEXT];

	if (code == LDAP_SUCCESS)
		return code;
	memcpy(text, a->conn->text, sizeof(text));
	(void)snprintf(a->conn->text, sizeof(a->conn->text), "%s: %.*s", key,
	    (int)(sizeof(text) - sizeof("delegate_filter: ")), text);
	return code;
}

/* -- flags ------------------------------------------------------------------
 */

/* Is the user's entry one of these? */
static int
matches(struct asking *a, const char *template, bool *yes)
{
	static char none[] = LDAP_NO_ATTRS;
	static char *no_attributes[] = { none, NULL };
	struct ldapconn_search search = { a->question->dn, LDAP_SCOPE_BASE,
		NULL, no_attributes };
	LDAPMessage *entry = NULL;
	int code = make_filter(a, template);

	if (code != LDAP_SUCCESS)
		return code;
	search.filter = a->filter.p;
	code = ldapconn_search(a->conn, &search, operation_deadline(a), &entry);
	*yes = entry != NULL;
	if (entry != NULL)
		ldap_msgfree(entry);
	return code;
}

static int
ask_flags(struct asking *a, const char **refusal)
{
	const struct auth_config *config = a->rights->config;
	bool suspended = false, may_send = true;
	int code = LDAP_SUCCESS;

	if (config->suspended_filter != NULL)
		code = blame(a, "suspended_filter",
		    matches(a, config->suspended_filter, &suspended));
	if (code == LDAP_SUCCESS && config->may_send_filter != NULL)
		code = blame(a, "may_send_filter",
		    matches(a, config->may_send_filter, &may_send));
	*refusal = suspended ? "suspended" : !may_send ? "may_not_send" : NULL;
	return code;
}

/* -- addresses --------------------------------------------------------------
 */

static void
take_group(void *arg, LDAP *ld, LDAPMessage *message)
{
	const struct asking *a = arg;

	entry_take_group(&(struct entry){ ld, message }, a->rights->config,
	    a->question->login);
}

static void
take_delegate(void *arg, LDAP *ld, LDAPMessage *message)
{
	const struct asking *a = arg;

	entry_take_delegate(&(struct entry){ ld, message }, a->rights->config,
	    a->question->login);
}

/* A search for other entries. */
struct others {
	const char *key;
	const char *filter; /* NULL: there is no such search */
	const char *base;
	char **attributes;
	void (*take)(void *, LDAP *, LDAPMessage *);
};

/* What there is beyond a limit is lost to the user, and so told. */
static int
search(struct asking *a, const struct others *o)
{
	const struct ldapconn_taker taker = { o->take, a,
		LIMIT_GRANT_ADDRESSES };
	struct ldapconn_search s = { o->base, LDAP_SCOPE_SUBTREE, NULL,
		o->attributes };
	int code;

	if (o->filter == NULL)
		return LDAP_SUCCESS;
	code = make_filter(a, o->filter);
	s.filter = a->filter.p;
	if (code == LDAP_SUCCESS)
		code = ldapconn_search_all(
		    a->conn, &s, &taker, operation_deadline(a));
	if (code != LDAP_SIZELIMIT_EXCEEDED)
		return blame(a, o->key, code);
	a->question->login->truncated = true;
	return LDAP_SUCCESS;
}

static int
ask_addresses(struct asking *a)
{
	const struct rights *r = a->rights;
	const struct auth_config *config = r->config;
	const struct others searches[] = {
		{ "group_filter", config->group_filter, config->group_base,
		    r->group_attributes, take_group },
		{ "delegate_filter", config->delegate_filter,
		    config->delegate_base, r->delegate_attributes,
		    take_delegate },
	};
	int code = LDAP_SUCCESS;
	size_t i;

	for (i = 0; i < ARRAY_LEN(searches) && code == LDAP_SUCCESS; i++)
		code = search(a, &searches[i]);
	return code;
}

static void
warn_of_truncation(const struct login *login)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARN, 0, "ldap_entry");
	log_slice(&l, "user", slice_of(login->user));
	log_str(&l, "reason", "too_many_addresses");
	log_u64(&l, "addresses", login->address_count);
	log_u64(&l, "delegated", login->delegated_count);
	log_end(&l);
}

/* -- the whole --------------------------------------------------------------
 */

int
rights_ask(const struct rights *r, struct ldapconn *c,
    const struct rights_question *q, const char **refusal)
{
	struct asking a = { r, c, q, buf_new(FILTER_MAX) };
	int code = ask_flags(&a, refusal);

	if (code == LDAP_SUCCESS && (*refusal == NULL || q->unproven))
		code = ask_addresses(&a);
	if (code == LDAP_SUCCESS && q->login->truncated)
		warn_of_truncation(q->login);
	buf_free(&a.filter);
	return code;
}

int
rights_ask_for_nobody(const struct rights *r, struct ldapconn *c,
    const char *dn, uint64_t deadline_ms)
{
	struct login nobody = login_new();
	const struct rights_question q = { dn, deadline_ms, &nobody, true };
	const char *refusal;
	int code;

	login_set_user(&nobody, slice_of(NOBODY));
	code = rights_ask(r, c, &q, &refusal);
	login_free(&nobody);
	return code;
}

struct rights *
rights_new(const struct auth_config *config)
{
	struct rights *r = xcalloc(1, sizeof(*r));

	r->config = config;
	r->group_attributes = entry_group_attributes(config);
	r->delegate_attributes = entry_delegate_attributes(config);
	return r;
}

void
rights_free(struct rights **rp)
{
	struct rights *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	free(r->group_attributes);
	free(r->delegate_attributes);
	free(r);
}
