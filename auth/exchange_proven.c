/*
 * exchange_proven - those who bring a token or a certificate, and no password.
 *
 * What they bring is judged here or in the smtp role; the directory then says
 * whether there is such a person, and exactly one.
 */

#include "exchange_private.h"

#include "ldapname.h"
#include "ldapresult.h"
#include "log.h"
#include "oauth.h"
#include "pack.h"
#include "saslprep.h"

#define FILTER_MAX 8192 /* octets, expanded */

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

/* Ask the directory for the owner of one mailbox, or of the subject. */
static void
identify(struct exchange *e, struct slice mailbox, struct login *login)
{
	const struct certificate_names names = { mailbox,
		buf_slice(&e->subject) };
	struct buf filter = buf_new(FILTER_MAX);
	struct claim claim = { .name = mailbox };

	if (mailbox.n == 0)
		claim.name = names.subject;
	ldapname_add_certificate(
	    &filter, e->config->certificate_filter, &names);
	buf_add(&filter, "", 1);
	if (buf_ok(&filter)) {
		claim.filter = filter.p;
		directory_identify(
		    e->directory, &claim, e->deadline_ms, login, NULL);
	} else {
		login_judge(login, AUTH_REFUSED, "certificate_names");
	}
	buf_free(&filter);
}

/* An answer that no other can make good. */
static bool
is_final(const struct login *l)
{
	return l->verdict == AUTH_TROUBLE ||
	       strcmp(l->reason, LDAPRESULT_AMBIGUOUS) == 0;
}

/*
 * Two answers about one certificate.  The one that is none gives way; two
 * that are people's must be of one person, whatever that person may do.
 * False: no further answer counts.
 */
static bool
join(struct login *first, struct login *next)
{
	if (is_final(next)) {
		login_judge(first, next->verdict, next->reason);
		return false;
	}
	if (next->verdict == AUTH_REFUSED)
		return true;
	if (first->verdict == AUTH_REFUSED) {
		login_copy_answer(first, next);
		return true;
	}
	if (strcmp(first->user, next->user) == 0)
		return true;
	login_judge(first, AUTH_REFUSED, "certificate_ambiguous");
	return false;
}

/* Of each mailbox in it: all that are known must be one person's. */
static void
identify_mailboxes(struct exchange *e)
{
	struct unpack u = unpack_begin(buf_slice(&e->mailboxes));
	bool more = true;
	uint32_t i;

	login_judge(&e->login, AUTH_REFUSED, "certificate_no_mailbox");
	for (i = 0; i < e->mailbox_count && more; i++) {
		struct login one = login_new();

		identify(e, unpack_bytes(&u), &one);
		if (i == 0)
			login_copy_answer(&e->login, &one);
		more = i == 0 ? !is_final(&one) : join(&e->login, &one);
		login_free(&one);
	}
}

bool
exchange_certificate(struct exchange *e)
{
	if (e->subject.n == 0) {
		login_judge(&e->login, AUTH_NO_MECHANISM, "no_certificate");
		return false;
	}
	if (strstr(e->config->certificate_filter, "%m") != NULL)
		identify_mailboxes(e);
	else
		identify(e, slice_of(""), &e->login);
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
