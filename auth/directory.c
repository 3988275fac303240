/*
 * directory - ask LDAP who this is, and whether this password is theirs.
 *
 * Two connections to one server at a time: one bound as the service account,
 * for searches, and one bound as whoever logs in.  A person's bind never
 * happens on the first, so that no search runs with a stranger's rights.
 * A person who does not exist costs the same questions as one who does.
 */

#include "directory.h"

#include <stdlib.h>

#include "clock.h"
#include "entry.h"
#include "ldapconn.h"
#include "ldapname.h"
#include "ldapresult.h"
#include "limits.h"
#include "log.h"
#include "rights.h"
#include "saslprep.h"
#include "xalloc.h"

#define FILTER_MAX 32768 /* octets, expanded */
#define DN_MAX     8192

/* SASLprep may lengthen a password; one that does not fit is refused. */
#define PASSWORD_FORM_MAX (2 * LIMIT_PASSWORD + 1)

/* Nobody has this name; a bind as it costs what a real one costs. */
#define NOBODY_RDN "cn=submitd-no-such-entry"

struct directory {
	const struct auth_config *config;
	struct servers *servers;
	char **attributes; /* owned array of borrowed names, NULL at the end */
	struct rights *rights;
	size_t server; /* that the connections lead to */
	struct ldapconn lookup;
	struct ldapconn user;
};

/* One question on its way through the functions below. */
struct question {
	struct slice user;
	struct slice password;
	bool proven;        /* otherwise, or yet to be: no password */
	const char *filter; /* NULL: the configuration's */
	struct buf *stored_keys;
	uint64_t deadline_ms;
	struct login *login;
	const char *refusal; /* of the account, when the person is right */
	const char *text;    /* of the trouble, when there was some */
	bool lost;           /* the connection died under it */
	bool silent;         /* the same, or no answer in time */
};

static uint64_t
operation_deadline(const struct directory *d, const struct question *q)
{
	uint64_t own = clock_ms() + d->config->operation_timeout_ms;

	return own < q->deadline_ms ? own : q->deadline_ms;
}

/* -- connections ------------------------------------------------------------
 */

static void
close_all(struct directory *d)
{
	ldapconn_close(&d->lookup);
	ldapconn_close(&d->user);
}

/* Lead to server i; connections that died in peace are forgotten. */
static void
lead_to(struct directory *d, size_t i)
{
	if (d->server != i)
		close_all(d);
	d->server = i;
	if (d->lookup.ld != NULL && ldapconn_is_stale(&d->lookup))
		ldapconn_close(&d->lookup);
	if (d->user.ld != NULL && ldapconn_is_stale(&d->user))
		ldapconn_close(&d->user);
}

static int
need_connection(
    struct directory *d, struct ldapconn *c, const struct question *q)
{
	if (c->ld != NULL)
		return LDAP_SUCCESS;
	return ldapconn_open(c, servers_endpoint(d->servers, d->server),
	    d->config, q->deadline_ms);
}

/* Note a step on a connection; a broken connection is dropped. */
static void
note(struct question *q, struct ldapconn *c, int code)
{
	if (code < 0)
		ldapconn_close(c);
	q->silent = code < 0;
	q->lost = code < 0 && code != LDAP_TIMEOUT;
	q->text = c->text;
}

/* What a step that is not the user's own bind came to. */
static struct ldap_result
judge(struct question *q, struct ldapconn *c, int code)
{
	note(q, c, code);
	return ldapresult_judge(code);
}

/* The search connection, bound as the service account. */
static struct ldap_result
need_lookup(struct directory *d, struct question *q)
{
	struct ldap_result r;
	int code;

	if (d->lookup.ld != NULL)
		return ldapresult_judge(LDAP_SUCCESS);
	code = need_connection(d, &d->lookup, q);
	r = judge(q, &d->lookup, code);
	if (r.meaning != MEANS_OK)
		return r;
	code = ldapconn_bind_service(
	    &d->lookup, d->config, operation_deadline(d, q));
	r = judge(q, &d->lookup, code);
	if (r.meaning == MEANS_ALERT || r.meaning == MEANS_TROUBLE)
		r.reason = "service_bind";
	if (r.meaning != MEANS_OK) /* nobody in particular */
		ldapconn_close(&d->lookup);
	return r;
}

/* -- steps ------------------------------------------------------------------
 */

/* Bind as somebody, on the connection for that. */
static struct ldap_result
bind_user(struct directory *d, struct question *q, const char *dn)
{
	int code = need_connection(d, &d->user, q);
	struct ldap_result r;

	if (code != LDAP_SUCCESS)
		return judge(q, &d->user, code);
	code = ldapconn_bind_user(
	    &d->user, dn, q->password, operation_deadline(d, q));
	note(q, &d->user, code);
	r = ldapresult_judge_user(d->config, code, &d->user.policy);
	if (r.meaning == MEANS_OK)
		q->login->warning = d->user.policy.warning;
	return r;
}

static void
take_entry(struct directory *d, struct ldapconn *c, LDAPMessage *message,
    struct question *q)
{
	entry_take(&(struct entry){ c->ld, message }, d->config, q->login,
	    q->stored_keys);
}

/* What the account may do, now that *yes says that it is the person's. */
static void
ask_rights(struct directory *d, struct question *q, const char *dn,
    struct ldap_result *yes)
{
	const struct rights_question rights = { dn, q->deadline_ms, q->login,
		q->proven };
	struct ldapconn *c =
	    d->config->dn_template != NULL ? &d->user : &d->lookup;
	struct ldap_result r =
	    judge(q, c, rights_ask(d->rights, c, &rights, &q->refusal));

	if (r.meaning != MEANS_OK)
		*yes = r;
}

/* As long as ask_rights(), and never a yes: the no there was before. */
static struct ldap_result
ask_rights_for_nobody(
    struct directory *d, struct question *q, struct ldap_result no)
{
	int code = rights_ask_for_nobody(
	    d->rights, &d->lookup, d->config->base, q->deadline_ms);
	struct ldap_result r = judge(q, &d->lookup, code);

	return r.meaning == MEANS_OK ? no : r;
}

static const struct ldap_result too_long = { MEANS_ALERT, "too_long", false };

/* Close a string; false when the operator's template was too long for it. */
static bool
finish(struct buf *b)
{
	buf_add(b, "", 1);
	return buf_ok(b);
}

/* As long as bind_user(), and never a yes: the no there was before. */
static struct ldap_result
bind_nobody(struct directory *d, struct question *q, struct ldap_result no)
{
	struct buf dn = buf_new(DN_MAX);
	struct ldap_result r;

	buf_str(&dn, NOBODY_RDN);
	if (*d->config->base != '\0')
		buf_printf(&dn, ",%s", d->config->base);
	r = finish(&dn) ? bind_user(d, q, dn.p) : too_long;
	buf_free(&dn);
	if (r.meaning == MEANS_OK || r.meaning == MEANS_NO)
		r = no;
	return r;
}

/* Not one person: the directory's keeper should know of it. */
static void
warn_of_entry(const struct question *q, const char *reason)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_WARN, 0, "ldap_entry");
	log_slice(&l, "user", q->user);
	log_str(&l, "reason", reason);
	log_end(&l);
}

/*
 * Find the one entry the name stands for.  MEANS_OK with its DN (to be freed
 * with ldap_memfree()) and the login's user and addresses filled in.
 */
static struct ldap_result
find_entry(struct directory *d, struct question *q, char **dn)
{
	struct buf filter = buf_new(FILTER_MAX);
	struct ldapconn_search search = {
		.base = d->config->base,
		.scope = LDAP_SCOPE_SUBTREE,
		.attributes = d->attributes,
	};
	LDAPMessage *entry = NULL;
	struct ldap_result r;
	int code;

	*dn = NULL;
	if (q->filter != NULL)
		buf_str(&filter, q->filter);
	else
		ldapname_add_filter(&filter, d->config->filter, q->user);
	if (!finish(&filter)) {
		r = too_long;
		goto out;
	}
	search.filter = filter.p;
	r = need_lookup(d, q);
	if (r.meaning != MEANS_OK)
		goto out;
	code = ldapconn_search(
	    &d->lookup, &search, operation_deadline(d, q), &entry);
	note(q, &d->lookup, code);
	r = ldapresult_judge_search(code);
	if (r.meaning == MEANS_NO) /* more than one */
		warn_of_entry(q, r.reason);
	if (r.meaning != MEANS_OK)
		goto out;
	if (entry == NULL) {
		r = (struct ldap_result){ MEANS_NO, "unknown_user", true };
		goto out;
	}
	*dn = ldap_get_dn(d->lookup.ld, entry);
	if (*dn != NULL && **dn != '\0') {
		take_entry(d, &d->lookup, entry, q);
	} else { /* RFC 4513, 5.1.3: a bind as "" is anybody's */
		ldap_memfree(*dn);
		*dn = NULL;
		r = (struct ldap_result){ MEANS_NO, "empty_dn", false };
		warn_of_entry(q, r.reason);
	}
	ldap_msgfree(entry);
out:
	buf_free(&filter);
	return r;
}

static struct ldap_result
search_and_bind(struct directory *d, struct question *q)
{
	struct ldap_result r;
	char *dn;

	r = find_entry(d, q, &dn);
	if (r.meaning == MEANS_OK && !q->proven)
		r = bind_user(d, q, dn);
	else if (r.meaning == MEANS_NO)
		r = q->proven ? ask_rights_for_nobody(d, q, r)
			      : bind_nobody(d, q, r);
	if (r.meaning == MEANS_OK)
		ask_rights(d, q, dn, &r);
	ldap_memfree(dn);
	return r;
}

/* No search: the name makes the DN, and the person reads the own entry. */
static struct ldap_result
bind_by_template(struct directory *d, struct question *q)
{
	struct buf dn = buf_new(DN_MAX);
	struct ldapconn_search search = {
		.scope = LDAP_SCOPE_BASE,
		.filter = "(objectClass=*)",
		.attributes = d->attributes,
	};
	LDAPMessage *entry = NULL;
	struct ldap_result r;
	int code;

	ldapname_add_dn(&dn, d->config->dn_template, q->user);
	r = finish(&dn) ? bind_user(d, q, dn.p) : too_long;
	search.base = dn.p;
	if (r.meaning != MEANS_OK)
		goto out;
	code = ldapconn_search(
	    &d->user, &search, operation_deadline(d, q), &entry);
	if (code == LDAP_SUCCESS && entry == NULL)
		code = LDAP_NO_SUCH_OBJECT; /* it was there to bind as */
	if (code == LDAP_SUCCESS)
		take_entry(d, &d->user, entry, q);
	/* The password was right: no failure to read may be a no. */
	r = judge(q, &d->user, code);
	if (r.meaning == MEANS_OK)
		ask_rights(d, q, dn.p, &r);
out:
	if (entry != NULL)
		ldap_msgfree(entry);
	buf_free(&dn);
	return r;
}

/* -- the question -----------------------------------------------------------
 */

static struct ldap_result
ask_once(struct directory *d, struct question *q)
{
	return d->config->dn_template != NULL ? bind_by_template(d, q)
					      : search_and_bind(d, q);
}

static void
report_ill(struct directory *d, const struct question *q, size_t i,
    struct ldap_result r)
{
	const struct ailment what = {
		.reason = r.reason,
		.text = q->text,
		.lost = r.meaning == MEANS_NEXT && q->silent,
		.counts = r.meaning == MEANS_NEXT,
		.alert = r.meaning == MEANS_ALERT,
	};

	servers_ill(d->servers, i, clock_ms(), &what);
}

/*
 * Ask one server.  A connection kept from an earlier login may have died
 * without a word: that says nothing about the server, so ask again on a new
 * one, once.
 */
static struct ldap_result
ask_server(struct directory *d, struct question *q, size_t i)
{
	struct ldap_result r;
	bool used;

	lead_to(d, i);
	used = d->lookup.ld != NULL || d->user.ld != NULL;
	r = ask_once(d, q);
	if (used && q->lost && endpoint_left(q->deadline_ms) > 0) {
		close_all(d);
		r = ask_once(d, q);
	}
	if (r.meaning == MEANS_OK || r.meaning == MEANS_NO)
		servers_well(d->servers, i, clock_ms());
	else if (r.meaning != MEANS_TROUBLE)
		report_ill(d, q, i, r);
	q->login->server = servers_endpoint(d->servers, i)->uri;
	return r;
}

/* The server that connections lead to. */
static size_t
current_server(const struct directory *d)
{
	return d->lookup.ld != NULL || d->user.ld != NULL ? d->server
							  : SERVERS_NONE;
}

/* Ask one server after the other, until one knows. */
static void
ask(struct directory *d, struct question *q)
{
	struct ldap_result r = { MEANS_TROUBLE, "all_down", false };
	uint32_t tried = 0;
	size_t i;

	while (endpoint_left(q->deadline_ms) > 0) {
		i = servers_choose(d->servers, tried, current_server(d));
		if (i == SERVERS_NONE)
			break;
		r = ask_server(d, q, i);
		if (r.meaning != MEANS_NEXT)
			break;
		tried |= UINT32_C(1) << i;
	}
	if (r.meaning == MEANS_OK && q->refusal != NULL)
		login_judge(q->login, AUTH_SUSPENDED, q->refusal);
	else
		login_judge(q->login,
		    r.meaning == MEANS_OK   ? AUTH_ACCEPTED
		    : r.meaning == MEANS_NO ? AUTH_REFUSED
					    : AUTH_TROUBLE,
		    r.reason);
	q->login->guess = r.guess;
}

/*
 * The password as a server gets it (RFC 4511, 4.2), in form; empty when it is
 * one that no server gets.  RFC 4513, 5.1.2: an empty one, which many answer
 * with success, never reaches a server; nor does one of spaces, which some
 * might take for empty.
 */
static struct slice
password_form(const struct directory *d, struct slice typed, char *form)
{
	size_t n = typed.n, i;

	if (n > LIMIT_PASSWORD || memchr(typed.p, '\0', n) != NULL)
		return slice_of("");
	if (d->config->prepare_password)
		n = saslprep(typed, form, PASSWORD_FORM_MAX);
	else
		memcpy(form, typed.p, n);
	for (i = 0; i < n; i++)
		if (form[i] != ' ')
			return (struct slice){ form, n };
	return slice_of("");
}

void
directory_check(struct directory *d, struct slice user, struct slice password,
    uint64_t deadline_ms, struct login *login)
{
	struct question q = {
		.user = user,
		.deadline_ms = deadline_ms,
		.login = login,
		.text = "",
	};
	char form[PASSWORD_FORM_MAX];

	if (!ldapname_is_sane(user)) {
		login_judge(login, AUTH_REFUSED, "bad_name");
		return;
	}
	login_set_user(login, user);
	q.password = password_form(d, password, form);
	if (q.password.n == 0)
		login_judge(login, AUTH_REFUSED, "bad_password");
	else
		ask(d, &q);
	explicit_bzero(form, sizeof(form));
}

void
directory_identify(struct directory *d, const struct claim *claim,
    uint64_t deadline_ms, struct login *login, struct buf *stored_keys)
{
	struct question q = {
		.user = claim->name,
		.proven = true,
		.filter = claim->filter,
		.stored_keys = stored_keys,
		.deadline_ms = deadline_ms,
		.login = login,
		.text = "",
	};

	if (claim->filter == NULL && !ldapname_is_sane(claim->name)) {
		login_judge(login, AUTH_REFUSED, "bad_name");
		return;
	}
	if (claim->filter == NULL)
		login_set_user(login, claim->name);
	ask(d, &q);
}

struct directory *
directory_new(const struct auth_config *config, struct servers *servers)
{
	struct directory *d = xcalloc(1, sizeof(*d));

	d->config = config;
	d->servers = servers;
	d->lookup = LDAPCONN_CLOSED;
	d->user = LDAPCONN_CLOSED;
	d->attributes = entry_attributes(config);
	d->rights = rights_new(config);
	return d;
}

void
directory_free(struct directory **dp)
{
	struct directory *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	close_all(d);
	free(d->attributes);
	rights_free(&d->rights);
	free(d);
}
