/*
 * useredit - make, change and delete somebody's entry.
 *
 * For a directory that nothing else fills.  A password and its SCRAM keys are
 * always written by one operation: they never disagree.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "clock.h"
#include "ldapname.h"
#include "newpassword.h"
#include "prompt.h"
#include "saslprep.h"
#include "servers.h"
#include "usertool.h"

#define VALUE_MAX    1024 /* octets of one that is written */
#define DN_MAX       8192
#define FILTER_MAX   8192
#define PATIENCE_MS  10000
#define CLASS_PREFIX "submitd" /* of the attributes in our schema */

/* One attribute of an entry on its way, and room for its values. */
struct attribute {
	LDAPMod mod;
	struct berval *values[8];
	struct berval room[7];
	unsigned n;
};

/* Attributes of a request; text has what their values point to. */
struct request {
	struct attribute attributes[10];
	LDAPMod *mods[11];
	unsigned n;
	struct buf text[16];
	unsigned text_n;
};

/* One that is there, or a new one: no directory takes one twice. */
static struct attribute *
request_attribute(struct request *r, int op, const char *type)
{
	struct attribute *a;

	for (a = r->attributes; a < r->attributes + r->n; a++)
		if (strcasecmp(a->mod.mod_type, type) == 0)
			return a;
	BUG_ON(r->n == ARRAY_LEN(r->attributes));
	r->mods[r->n++] = &a->mod;
	a->mod.mod_op = op | LDAP_MOD_BVALUES;
	a->mod.mod_type = (char *)(uintptr_t)type;
	a->mod.mod_bvalues = a->values;
	return a;
}

static void
request_add(struct request *r, int op, const char *type, struct slice value)
{
	struct attribute *a = request_attribute(r, op, type);

	BUG_ON(a->n == ARRAY_LEN(a->room));
	a->room[a->n] = (struct berval){ value.n, (char *)(uintptr_t)value.p };
	a->values[a->n] = &a->room[a->n];
	a->n++;
}

/* A buffer that lives as long as the request. */
static struct buf *
request_text(struct request *r)
{
	BUG_ON(r->text_n == ARRAY_LEN(r->text));
	r->text[r->text_n] = buf_new(VALUE_MAX + LIMIT_PASSWORD);
	return &r->text[r->text_n++];
}

static void
request_clear(struct request *r)
{
	while (r->text_n > 0)
		buf_free(&r->text[--r->text_n]);
}

/* -- the directory ----------------------------------------------------------
 */

static int
fail(const struct ldapconn *c, const char *what, int code)
{
	char *detail = NULL;

	if (c->ld != NULL)
		ldap_get_option(c->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
	usertool_say(stderr, "%s: %s (%d)%s%s", what, ldap_err2string(code),
	    code, detail != NULL && *detail != '\0' ? ": " : "",
	    detail != NULL ? detail : "");
	ldap_memfree(detail);
	return -1;
}

static uint64_t
soon(void)
{
	return clock_ms() + PATIENCE_MS;
}

static int
bind_operator(struct ldapconn *c, const struct useredit *e)
{
	int code = e->bind_dn == NULL
		       ? ldapconn_bind_service(c, e->config, soon())
		       : ldapconn_bind_user(c, e->bind_dn,
			     secret_slice(&e->bind_password), soon());

	if (code == LDAP_SUCCESS)
		return 0;
	usertool_say(stderr, "%s", c->text);
	return -1;
}

/* The first server that answers. */
static int
open_directory(
    struct ldapconn *c, const struct useredit *e, const struct servers *servers)
{
	size_t i;

	for (i = 0; i < servers_count(servers); i++) {
		if (ldapconn_open(c, servers_endpoint(servers, i), e->config,
			soon()) == LDAP_SUCCESS)
			return bind_operator(c, e);
		usertool_say(stderr, "%s", c->text);
	}
	return -1;
}

/* Wait for the answer to a change. */
static int
await_change(struct ldapconn *c, const char *what, int code, int msgid)
{
	struct timeval tv = { PATIENCE_MS / 1000, 0 };
	LDAPMessage *res = NULL;
	char *detail = NULL;
	int r;

	if (code != LDAP_SUCCESS)
		return fail(c, what, code);
	r = ldap_result(c->ld, msgid, LDAP_MSG_ALL, &tv, &res);
	if (r <= 0)
		return fail(c, what, r == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN);
	if (ldap_parse_result(c->ld, res, &code, NULL, &detail, NULL, NULL,
		1) != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	if (code != LDAP_SUCCESS)
		usertool_say(stderr, "%s: %s (%d)%s%s", what,
		    ldap_err2string(code), code,
		    detail != NULL && *detail != '\0' ? ": " : "",
		    detail != NULL ? detail : "");
	ldap_memfree(detail);
	return code == LDAP_SUCCESS ? 0 : -1;
}

/* The DN of the one entry a login name stands for; to be ldap_memfree()d. */
static char *
find_dn(struct ldapconn *c, const struct useredit *e)
{
	static char none[] = LDAP_NO_ATTRS;
	static char *no_attributes[] = { none, NULL };
	struct buf filter = buf_new(FILTER_MAX);
	struct ldapconn_search s = { e->config->base, LDAP_SCOPE_SUBTREE, NULL,
		no_attributes };
	LDAPMessage *entry = NULL;
	char *dn = NULL;
	int code;

	ldapname_add_filter(&filter, e->config->filter, slice_of(e->user));
	buf_add(&filter, "", 1);
	if (!buf_ok(&filter))
		goto out;
	s.filter = filter.p;
	code = ldapconn_search(c, &s, soon(), &entry);
	if (code != LDAP_SUCCESS)
		usertool_say(stderr, "%s", c->text);
	else if (entry == NULL)
		usertool_say(stderr, "nobody found for %s", filter.p);
	else
		dn = ldap_get_dn(c->ld, entry);
	if (entry != NULL)
		ldap_msgfree(entry);
out:
	buf_free(&filter);
	return dn;
}

/* -- passwords --------------------------------------------------------------
 */

static bool
is_ours(const char *attribute)
{
	return attribute != NULL &&
	       strncasecmp(attribute, CLASS_PREFIX, strlen(CLASS_PREFIX)) == 0;
}

/* The password, prepared as logins will be, into a secret. */
static int
ask_password(const struct useredit *e, struct secret *out)
{
	char form[2 * LIMIT_PASSWORD + 1];
	struct secret typed = { NULL, 0 };
	size_t n;

	if (prompt_new_secret("New password", &typed) == -1)
		return -1;
	n = saslprep(secret_slice(&typed), form, sizeof(form));
	if (n == 0)
		fputs("This password has characters that none may have.\n",
		    stderr);
	else if (e->config->prepare_password)
		secret_set(out, (struct slice){ form, n });
	else
		secret_set(out, secret_slice(&typed));
	explicit_bzero(form, sizeof(form));
	secret_wipe(&typed);
	return n == 0 ? -1 : 0;
}

/* Of the form that clients reckon with (RFC 5802, 2.2), whichever is kept. */
static int
add_keys(struct request *r, const struct auth_config *c, int op,
    struct slice password)
{
	static const char *const schemes[] = { "SCRAM-SHA-256", "SCRAM-SHA-1" };
	char form[2 * LIMIT_PASSWORD + 1];
	struct slice prepared = { form,
		saslprep(password, form, sizeof(form)) };
	int status = prepared.n == 0 ? -1 : 0;
	struct buf *value;
	size_t i;

	for (i = 0; i < ARRAY_LEN(schemes) && status == 0; i++) {
		value = request_text(r);
		status = newpassword_stored(c, schemes[i], prepared, value);
		request_add(r, op, c->scram_attribute, buf_slice(value));
	}
	explicit_bzero(form, sizeof(form));
	return status;
}

/* Both forms of it, to one request. */
static int
add_password(struct request *r, const struct auth_config *c, int op,
    struct slice password)
{
	struct buf *value = request_text(r);

	if (newpassword_hash((enum password_scheme)c->password_scheme, password,
		value) == -1)
		goto fail;
	request_add(r, op, "userPassword", buf_slice(value));
	if (c->scram_attribute == NULL)
		return 0;
	if (strcasecmp(c->scram_attribute, "userPassword") == 0) {
		fputs("scram_attribute is userPassword: keys cannot be written "
		      "there without becoming passwords\n",
		    stderr);
		return -1;
	}
	if (add_keys(r, c, op, password) == 0)
		return 0;
fail:
	fputs("cannot compute what to store; crypt takes at most 511 octets\n",
	    stderr);
	return -1;
}

/* -- the changes ------------------------------------------------------------
 */

typedef int change_fn(struct ldapconn *, const struct useredit *);

static int
run(const struct useredit *e, change_fn *change)
{
	const struct servers_params params = { .failures = 1, .retry_ms = 1 };
	struct servers *servers = servers_new(&e->config->uri, &params);
	struct ldapconn conn = LDAPCONN_CLOSED;
	int r = -1;

	if (e->config->base == NULL)
		fputs("ldap.base is not set: nothing can be found\n", stderr);
	else if (servers != NULL && open_directory(&conn, e, servers) == 0)
		r = change(&conn, e);
	if (conn.ld != NULL)
		ldapconn_close(&conn);
	servers_free(&servers);
	return r == 0 ? 0 : 1;
}

static void
add_entry(struct request *r, const struct useredit *e)
{
	const char *name = e->name != NULL ? e->name : e->user;
	const char *last = strrchr(name, ' ');
	const char *user_attribute = e->config->user_attribute != NULL
					 ? e->config->user_attribute
					 : "uid";

	request_add(r, LDAP_MOD_ADD, "objectClass", slice_of("inetOrgPerson"));
	if (is_ours(e->config->scram_attribute))
		request_add(
		    r, LDAP_MOD_ADD, "objectClass", slice_of("submitdUser"));
	request_add(r, LDAP_MOD_ADD, user_attribute, slice_of(e->user));
	if (strcasecmp(user_attribute, "cn") != 0)
		request_add(r, LDAP_MOD_ADD, "cn", slice_of(name));
	request_add(r, LDAP_MOD_ADD, "sn",
	    slice_of(last != NULL && last[1] != '\0' ? last + 1 : name));
	if (strcasecmp(user_attribute, "mail") != 0 ||
	    strcasecmp(e->user, e->mail) != 0)
		request_add(r, LDAP_MOD_ADD, "mail", slice_of(e->mail));
}

/* Below base, named by user_attribute. */
static int
new_dn(const struct auth_config *c, const char *user, struct buf *dn)
{
	struct buf template = buf_new(DN_MAX);

	if (c->dn_template != NULL)
		buf_str(&template, c->dn_template);
	else
		buf_printf(&template, "%s=%%u,%s",
		    c->user_attribute != NULL ? c->user_attribute : "uid",
		    c->base);
	buf_add(&template, "", 1);
	if (buf_ok(&template) && ldapname_template_is_good(template.p)) {
		ldapname_add_dn(dn, template.p, slice_of(user));
		buf_add(dn, "", 1);
	}
	buf_free(&template);
	return dn->n > 0 && buf_ok(dn) ? 0 : -1;
}

static int
add(struct ldapconn *c, const struct useredit *e)
{
	struct secret password = { NULL, 0 };
	struct request r = { .n = 0 };
	struct buf dn = buf_new(DN_MAX);
	int msgid = 0, code, status = -1;

	if (!ldapname_is_mailbox(slice_of(e->mail))) {
		usertool_say(stderr, "%s: expected an address", e->mail);
		goto out;
	}
	if (new_dn(e->config, e->user, &dn) == -1 ||
	    ask_password(e, &password) == -1)
		goto out;
	add_entry(&r, e);
	if (add_password(
		&r, e->config, LDAP_MOD_ADD, secret_slice(&password)) == -1)
		goto out;
	code = ldap_add_ext(c->ld, dn.p, r.mods, NULL, NULL, &msgid);
	status = await_change(c, dn.p, code, msgid);
	if (status == 0)
		usertool_say(stdout, "added %s", dn.p);
out:
	request_clear(&r);
	secret_wipe(&password);
	buf_free(&dn);
	return status;
}

static int
passwd(struct ldapconn *c, const struct useredit *e)
{
	struct secret password = { NULL, 0 };
	struct request r = { .n = 0 };
	int msgid = 0, code, status = -1;
	char *dn = find_dn(c, e);

	if (dn == NULL || ask_password(e, &password) == -1)
		goto out;
	if (add_password(
		&r, e->config, LDAP_MOD_REPLACE, secret_slice(&password)) == -1)
		goto out;
	code = ldap_modify_ext(c->ld, dn, r.mods, NULL, NULL, &msgid);
	status = await_change(c, dn, code, msgid);
	if (status == 0)
		usertool_say(stdout, "changed %s", dn);
out:
	request_clear(&r);
	secret_wipe(&password);
	ldap_memfree(dn);
	return status;
}

static int
del(struct ldapconn *c, const struct useredit *e)
{
	char question[512], *dn = find_dn(c, e);
	int msgid = 0, code, status = -1;

	if (dn == NULL)
		return -1;
	(void)snprintf(question, sizeof(question), "Delete %.400s?", dn);
	if (e->sure || prompt_yes(usertool_printable(question))) {
		code = ldap_delete_ext(c->ld, dn, NULL, NULL, &msgid);
		status = await_change(c, dn, code, msgid);
	} else {
		fputs("nothing was deleted\n", stderr);
	}
	if (status == 0)
		usertool_say(stdout, "deleted %s", dn);
	ldap_memfree(dn);
	return status;
}

int
useredit_add(const struct useredit *e)
{
	return run(e, add);
}

int
useredit_passwd(const struct useredit *e)
{
	return run(e, passwd);
}

int
useredit_del(const struct useredit *e)
{
	return run(e, del);
}
