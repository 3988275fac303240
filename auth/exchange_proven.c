/*
 * exchange_proven - those who bring a token or a certificate, and no password.
 *
 * What they bring is judged here or in the smtp role; the directory then says
 * whether there is such a person, and exactly one.
 */

#include "exchange_private.h"

#include "ldapname.h"
#include "log.h"
#include "oauth.h"
#include "pack.h"
#include "saslprep.h"

#define FILTER_MAX 32768 /* octets, expanded, for many mailboxes */

/* The name they say they are is theirs, in one of its spellings. */
static bool
is_own_name(const struct login *l, struct slice claimed, struct slice name)
{
	struct unpack u = unpack_begin(buf_slice(&l->addresses));
	uint32_t i;

	if (slice_ieq(name, claimed) || slice_ieq(name, slice_of(l->user)))
		return true;
	for (i = 0; i < l->address_count; i++)
		if (slice_ieq(name, unpack_bytes(&u)))
			return true;
	return false;
}

/* -- tokens -----------------------------------------------------------------
 */

int
exchange_token(void *context, struct oauthmessage *m, struct buf *user)
{
	struct exchange *e = context;
	struct buf name = buf_new(LIMIT_USER);
	char prepared[LIMIT_USER_TYPED + 1];
	struct claim claim = { 0 };
	const char *why;

	why = oauth_judge(m, &name);
	if (why != NULL) {
		login_judge(&e->login, AUTH_REFUSED, why);
		goto out;
	}
	claim.name.n = saslprep(buf_slice(&name), prepared, sizeof(prepared));
	claim.name.p = prepared;
	directory_identify(
	    e->directory, &claim, e->deadline_ms, &e->login, NULL);
	if (e->login.verdict != AUTH_ACCEPTED)
		goto out;
	buf_str(user, e->login.user);
	if (m->has_user && is_own_name(&e->login, claim.name, m->user))
		m->has_user = false; /* nobody else, after all */
out:
	buf_free(&name);
	return exchange_library_code(e->login.verdict);
}

/* -- certificates -----------------------------------------------------------
 */

/*
 * One search for all that it names: whoever finds one entry by it has tried
 * each mailbox, and those that are known are that entry's.  False: it has not
 * what the filter asks for.
 */
static bool
add_filter(const struct exchange *e, struct buf *filter)
{
	const char *template = e->config->certificate_filter;
	struct certificate_names names = { .subject = buf_slice(&e->subject) };
	struct unpack u = unpack_begin(buf_slice(&e->mailboxes));
	bool by_mailbox = strstr(template, "%m") != NULL;
	uint32_t i, n = by_mailbox ? e->mailbox_count : 1;

	if (n == 0 || (strstr(template, "%s") != NULL && e->subject.n == 0))
		return false;
	buf_str(filter, "(|");
	for (i = 0; i < n; i++) {
		if (by_mailbox)
			names.mailbox = unpack_bytes(&u);
		ldapname_add_certificate(filter, template, &names);
	}
	buf_str(filter, ")");
	buf_add(filter, "", 1);
	return buf_ok(filter);
}

/* For the log: its first mailbox, or else the subject. */
static struct slice
name_of_certificate(const struct exchange *e)
{
	struct unpack u = unpack_begin(buf_slice(&e->mailboxes));

	return e->mailbox_count > 0 ? unpack_bytes(&u) : buf_slice(&e->subject);
}

/*
 * A certificate holds no login name: who they are is what the directory calls
 * them.  Nothing else would be the same person by another certificate.
 */
static void
identify(struct exchange *e)
{
	struct login *l = &e->login;
	struct buf filter = buf_new(FILTER_MAX);
	struct claim claim = { .name = name_of_certificate(e) };

	if (add_filter(e, &filter)) {
		claim.filter = filter.p;
		directory_identify(
		    e->directory, &claim, e->deadline_ms, l, NULL);
		if (l->verdict == AUTH_ACCEPTED && l->user == NULL)
			login_judge(l, AUTH_REFUSED, "no_user_name");
	} else {
		login_judge(l, AUTH_REFUSED, "certificate_names");
	}
	if (l->user == NULL && ldapname_is_sane(claim.name))
		login_set_user(l, claim.name);
	l->guess = false; /* whoever comes this far has the key */
	buf_free(&filter);
}

bool
exchange_certificate(struct exchange *e)
{
	if (name_of_certificate(e).n == 0) {
		login_judge(&e->login, AUTH_NO_MECHANISM, "no_certificate");
		return false;
	}
	identify(e);
	if (e->login.verdict != AUTH_ACCEPTED)
		return false;
	if (sasl_setprop(e->conn, SASL_AUTH_EXTERNAL, e->login.user) == SASL_OK)
		return true;
	login_judge(&e->login, AUTH_TROUBLE, "sasl_new");
	return false;
}

bool
exchange_is_self(const struct exchange *e, struct slice name)
{
	return e->login.verdict == AUTH_ACCEPTED && name.n > 0 &&
	       is_own_name(&e->login, slice_of(""), name);
}
