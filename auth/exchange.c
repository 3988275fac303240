/*
 * exchange - one SASL exchange: what a client says, what we answer.
 *
 * libsasl2 speaks the mechanism and calls back for the password check, which
 * is the directory's.  The verdict is what the directory said, never only
 * what the library returns: a mechanism that succeeds without having asked
 * lets nobody in, and a library that fails is no reason to doubt a password.
 */

#include "exchange.h"

#include <stdlib.h>

#include "auxprop.h"
#include "clock.h"
#include "exchange_private.h"
#include "ldapname.h"
#include "limits.h"
#include "oauthplugin.h"
#include "passwordcheck.h"
#include "saslprep.h"
#include "xalloc.h"

#define SERVICE "smtp" /* RFC 4954, 4 */

/* The smtp role asks only from inside TLS, with at least this strength. */
#define TLS_STRENGTH 128

#define STACK_SCRUBBED 32768 /* deeper than a step goes */

static struct slice
without_blanks_around(struct slice s)
{
	for (; s.n > 0 && s.p[0] == ' '; s.p++, s.n--)
		continue;
	for (; s.n > 0 && s.p[s.n - 1] == ' '; s.n--)
		continue;
	return s;
}

/*
 * SASL_CB_CANON_USER: both names of an exchange come through here and leave
 * in one spelling (RFC 4616, 2).  Blanks around a name go here, since the
 * library, which would drop them after us, takes " x" for empty.
 */
static int
on_canon_user(sasl_conn_t *conn, void *context, const char *in, unsigned len,
    unsigned flags, const char *realm, char *out, unsigned out_max,
    unsigned *out_len)
{
	struct exchange *e = context;
	char prepared[LIMIT_USER_TYPED + 1];
	struct slice name = { in, len };

	(void)conn;
	(void)flags;
	(void)realm;
	name.n = saslprep(name, prepared, sizeof(prepared));
	name.p = prepared;
	name = without_blanks_around(name);
	if (!ldapname_is_sane(name) || name.n >= out_max) {
		login_judge(&e->login, AUTH_REFUSED, "bad_name");
		return SASL_BADAUTH;
	}
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	*out_len = (unsigned)name.n;
	return SASL_OK;
}

/* What the library is told, so that it ends the exchange rightly. */
int
exchange_library_code(enum auth_verdict verdict)
{
	switch (verdict) {
	case AUTH_ACCEPTED:
		return SASL_OK;
	case AUTH_TROUBLE:
		return SASL_UNAVAIL;
	default:
		return SASL_BADAUTH;
	}
}

/* SASL_CB_SERVER_USERDB_CHECKPASS */
static int
on_checkpass(sasl_conn_t *conn, void *context, const char *user,
    const char *password, unsigned password_len, struct propctx *properties)
{
	struct exchange *e = context;
	struct login *l = &e->login;
	const struct attempt attempt = {
		.user = slice_of(user),
		.password = { password, password_len },
		.now_ms = clock_ms(),
		.deadline_ms = e->deadline_ms,
	};

	(void)conn;
	(void)properties;
	passwordcheck(e->directory, &attempt, l);
	/* Not before: to others it would tell that there is such a user. */
	if (l->verdict == AUTH_ACCEPTED && e->config->scram_only &&
	    l->has_stored_keys)
		login_judge(l, AUTH_TOO_WEAK, "scram_only");
	return exchange_library_code(l->verdict);
}

/*
 * SASL_CB_PROXY_POLICY: who somebody is has been shown; may they act as
 * another?  Both names are in one spelling.
 */
static int
on_proxy_policy(sasl_conn_t *conn, void *context, const char *wanted,
    unsigned wanted_len, const char *user, unsigned user_len, const char *realm,
    unsigned realm_len, struct propctx *properties)
{
	struct slice authzid = { wanted, wanted_len };
	struct exchange *e = context;

	(void)conn;
	(void)realm;
	(void)realm_len;
	(void)properties;
	if (slice_eq(authzid, (struct slice){ user, user_len }) ||
	    login_act_as(&e->login, authzid))
		return SASL_OK;
	if (e->login.verdict == AUTH_ACCEPTED)
		login_judge(&e->login, AUTH_REFUSED, "authzid");
	return SASL_NOAUTHZ;
}

/* -- life -------------------------------------------------------------------
 */

static void
take_binding(struct exchange *e, const struct msg_auth_start *start)
{
	struct slice type = start->binding_type, data = start->binding;

	if (type.n == 0 || type.n >= sizeof(e->binding_type) || data.n == 0 ||
	    data.n > sizeof(e->binding_data))
		return;
	memcpy(e->binding_type, type.p, type.n);
	memcpy(e->binding_data, data.p, data.n);
	e->binding = (sasl_channel_binding_t){
		.name = e->binding_type,
		.data = e->binding_data,
		.len = data.n,
	};
}

static void
take_certificate(struct exchange *e, const struct msg_auth_start *start)
{
	e->subject = buf_new(LIMIT_FRAME);
	e->mailboxes = buf_new(LIMIT_FRAME);
	buf_add(&e->subject, start->certificate_subject.p,
	    start->certificate_subject.n);
	buf_add(&e->mailboxes, start->certificate_mailboxes.p,
	    start->certificate_mailboxes.n);
	e->mailbox_count = start->certificate_mailbox_count;
}

struct exchange *
exchange_new(const struct mech *mech, const struct msg_auth_start *start,
    const struct auth_config *config)
{
	struct exchange *e = xcalloc(1, sizeof(*e));

	e->mech = mech;
	e->config = config;
	e->callbacks[CB_CHECKPASS] =
	    (sasl_callback_t){ SASL_CB_SERVER_USERDB_CHECKPASS,
		    (int (*)(void))(void (*)(void))on_checkpass, e };
	e->callbacks[CB_CANON_USER] = (sasl_callback_t){ SASL_CB_CANON_USER,
		(int (*)(void))(void (*)(void))on_canon_user, e };
	e->callbacks[CB_PROXY_POLICY] = (sasl_callback_t){ SASL_CB_PROXY_POLICY,
		(int (*)(void))(void (*)(void))on_proxy_policy, e };
	e->callbacks[CB_STORED_KEY] = (sasl_callback_t){ AUXPROP_CB_STORED_KEY,
		(int (*)(void))(void (*)(void))exchange_stored_key, e };
	e->callbacks[CB_TOKEN] = (sasl_callback_t){ OAUTHPLUGIN_CB_TOKEN,
		(int (*)(void))(void (*)(void))exchange_token, e };
	e->callbacks[CB_END] =
	    (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
	take_binding(e, start);
	take_certificate(e, start);
	e->bound = buf_new(LIMIT_AUTH_LINE);
	e->login = login_new();
	e->login.client_address = xstrndup(start->client_address);
	return e;
}

void
exchange_free(struct exchange **ep)
{
	struct exchange *e = *ep;

	*ep = NULL;
	if (e == NULL)
		return;
	if (e->conn != NULL)
		sasl_dispose(&e->conn); /* wipes what it kept */
	login_free(&e->login);
	buf_free(&e->bound);
	buf_free(&e->subject);
	buf_free(&e->mailboxes);
	free(e);
}

static int
open_conn(struct exchange *e)
{
	static const sasl_security_properties_t security = {
		.max_ssf = 0, /* no layers of SASL's own: TLS is there */
		.security_flags = SASL_SEC_NOANONYMOUS,
	};
	static const sasl_ssf_t strength = TLS_STRENGTH;
	int r;

	/* A realm would be appended to names: none. */
	r = sasl_server_new(SERVICE, NULL, NULL, NULL, NULL, e->callbacks,
	    SASL_SUCCESS_DATA, &e->conn);
	if (r != SASL_OK)
		return r;
	r = sasl_setprop(e->conn, SASL_SSF_EXTERNAL, &strength);
	if (r == SASL_OK && (e->mech->flags & MECH_BINDING))
		r = sasl_setprop(e->conn, SASL_CHANNEL_BINDING, &e->binding);
	if (r != SASL_OK)
		return r;
	return sasl_setprop(e->conn, SASL_SEC_PROPS, &security);
}

/*
 * A proof that the library did not take: whatever is wrong with it, no more is
 * said than that it is, and it counts as a guess, of strangers' keys too.
 */
static void
conclude_unproven(struct login *l)
{
	/* Of who is banned nobody has seen a proof. */
	if (l->verdict == AUTH_TROUBLE || l->verdict == AUTH_TRANSITION ||
	    l->verdict == AUTH_LIMITED)
		return;
	login_judge(
	    l, AUTH_REFUSED, l->verdict == AUTH_REFUSED ? l->reason : "proof");
	l->guess = true;
}

/* The directory has judged the user, and the library ended with r. */
static void
conclude_judged(struct exchange *e, int r)
{
	struct login *l = &e->login;

	if (r == SASL_OK)
		return;
	/* on_proxy_policy() has spoken, behind a proof that was right. */
	if (r == SASL_NOAUTHZ && l->verdict != AUTH_ACCEPTED)
		return;
	if (e->mech->flags & MECH_STORED)
		conclude_unproven(l);
	/* The password was right, the other name was not theirs. */
	else if (l->verdict == AUTH_ACCEPTED && r == SASL_NOMEM)
		login_judge(l, AUTH_TROUBLE, "memory");
	else if (l->verdict == AUTH_ACCEPTED)
		login_judge(l, AUTH_REFUSED, "authzid");
}

/* The library ended the exchange with r: record why, if nobody has yet. */
static void
conclude(struct exchange *e, int r)
{
	static const struct {
		int code;
		enum auth_verdict verdict;
		const char *reason;
	} rows[] = {
		{ SASL_BADPROT, AUTH_BROKEN, "protocol" },
		{ SASL_BADPARAM, AUTH_BROKEN, "protocol" },
		{ SASL_BUFOVER, AUTH_BROKEN, "too_long" },
		{ SASL_NOAUTHZ, AUTH_REFUSED, "authzid" },
		{ SASL_BADAUTH, AUTH_REFUSED, "authzid" },
		{ SASL_NOMECH, AUTH_NO_MECHANISM, "mechanism" },
		{ SASL_NOMEM, AUTH_TROUBLE, "memory" },
	};
	struct login *l = &e->login;
	size_t i;

	if (l->judged) {
		conclude_judged(e, r);
		return;
	}
	login_judge(l, AUTH_TROUBLE, "sasl");
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == r)
			login_judge(l, rows[i].verdict, rows[i].reason);
	if (l->verdict == AUTH_BROKEN && e->mech->flags & MECH_STORED)
		login_judge(l, AUTH_REFUSED, l->reason);
}

/*
 * What a client may not say, whatever the library would make of it.  SCRAM's
 * faults are all the refusal that a wrong proof is.
 */
static bool
is_admissible(struct exchange *e, bool has_data, struct slice data)
{
	const char *reason = NULL;

	if (e->mech->flags & MECH_STORED) {
		if (has_data && !exchange_is_bound(e, data))
			reason = "binding";
	} else if (strcmp(e->mech->name, "LOGIN") == 0 && data.n > 0 &&
		   memchr(data.p, '\0', data.n) != NULL) {
		reason = "nul"; /* where its plug-in would cut a name */
	}
	if (reason != NULL)
		login_judge(&e->login, AUTH_REFUSED, reason);
	return reason == NULL;
}

/*
 * Who has been banned since the exchange began: a proof that is still judged
 * would be a guess more, for each exchange that was begun in time.
 */
static bool
is_banned_since(struct exchange *e)
{
	struct login *l = &e->login;

	return (e->mech->flags & MECH_STORED) && l->typed != NULL &&
	       passwordcheck_turns_away(slice_of(l->typed), clock_ms(), l);
}

/* The library is content with what it has heard. */
static enum exchange_state
succeed(struct exchange *e, struct slice last, struct buf *challenge)
{
	/* No reply of SMTP has room for it but a challenge (RFC 4422, 3.6). */
	if (last.n > 0) {
		buf_add(challenge, last.p, last.n);
		e->last_said = true;
		return EXCHANGE_CHALLENGE;
	}
	conclude(e, SASL_OK);
	return EXCHANGE_OVER;
}

/* The answer to our last word: there is nothing to say. */
static enum exchange_state
finish(struct exchange *e, struct slice data)
{
	conclude(e, data.n == 0 ? SASL_OK : SASL_BADPROT);
	return EXCHANGE_OVER;
}

/* The library leaves keys and proofs where its functions had them. */
__attribute__((noinline)) static void
scrub_stack(void)
{
	char room[STACK_SCRUBBED];

	explicit_bzero(room, sizeof(room));
}

enum exchange_state
exchange_step(struct exchange *e, struct directory *directory, bool has_data,
    struct slice data, uint64_t deadline_ms, struct buf *challenge)
{
	const char *out = NULL;
	unsigned out_len = 0;
	bool first = e->conn == NULL;
	int r;

	if (e->last_said)
		return finish(e, data);
	if ((e->mech->flags & MECH_BINDING) && e->binding.len == 0) {
		login_judge(&e->login, AUTH_NO_MECHANISM, "no_binding");
		return EXCHANGE_OVER;
	}
	if (first && open_conn(e) != SASL_OK) {
		login_judge(&e->login, AUTH_TROUBLE, "sasl_new");
		return EXCHANGE_OVER;
	}
	if (!is_admissible(e, has_data, data) || is_banned_since(e))
		return EXCHANGE_OVER;
	e->directory = directory;
	e->deadline_ms = deadline_ms;
	if (first && (e->mech->flags & MECH_CERTIFICATE) &&
	    !exchange_certificate(e))
		return EXCHANGE_OVER;
	if ((e->mech->flags & MECH_CERTIFICATE) && exchange_is_self(e, data))
		data.n = 0;
	/* "" and nothing differ: the one is a response (RFC 4954, 4: "="). */
	if (data.n == 0)
		data.p = "";
	if (first)
		r = sasl_server_start(e->conn, e->mech->name,
		    has_data ? data.p : NULL, (unsigned)data.n, &out, &out_len);
	else
		r = sasl_server_step(
		    e->conn, data.p, (unsigned)data.n, &out, &out_len);
	e->directory = NULL;
	scrub_stack();
	if (r == SASL_OK)
		return succeed(e, (struct slice){ out, out_len }, challenge);
	if (r == SASL_CONTINUE) {
		buf_add(challenge, out, out_len);
		return EXCHANGE_CHALLENGE;
	}
	conclude(e, r);
	return EXCHANGE_OVER;
}

struct login *
exchange_login(struct exchange *e)
{
	return &e->login;
}
