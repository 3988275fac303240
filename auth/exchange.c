/*
 * exchange - one SASL exchange: what a client says, what we answer.
 *
 * libsasl2 speaks the mechanism and calls back for the password check, which
 * is the directory's.  The verdict is what the directory said, never only
 * what the library returns: a mechanism that succeeds without having asked
 * lets nobody in, and a library that fails is no reason to doubt a password.
 */

#include "exchange.h"

#include <sasl/sasl.h>
#include <stdlib.h>

#include "ldapname.h"
#include "limits.h"
#include "saslprep.h"
#include "xalloc.h"

#define SERVICE "smtp" /* RFC 4954, 4 */

/* The smtp role asks only from inside TLS, with at least this strength. */
#define TLS_STRENGTH 128

struct exchange {
	sasl_conn_t *conn; /* NULL before the first step */
	const struct mech *mech;
	sasl_callback_t callbacks[3];
	struct directory *directory; /* during a step */
	uint64_t deadline_ms;        /* of the step */
	struct login login;
};

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

/* SASL_CB_SERVER_USERDB_CHECKPASS */
static int
on_checkpass(sasl_conn_t *conn, void *context, const char *user,
    const char *password, unsigned password_len, struct propctx *properties)
{
	/* What the library is told, so that it ends the exchange rightly. */
	static const int codes[] = {
		[AUTH_ACCEPTED] = SASL_OK,
		[AUTH_REFUSED] = SASL_BADAUTH,
		[AUTH_TROUBLE] = SASL_UNAVAIL,
	};
	struct exchange *e = context;

	(void)conn;
	(void)properties;
	directory_check(e->directory, slice_of(user),
	    (struct slice){ password, password_len }, e->deadline_ms,
	    &e->login);
	return codes[e->login.verdict];
}

struct exchange *
exchange_new(const struct mech *mech, const struct msg_auth_start *start)
{
	struct exchange *e = xcalloc(1, sizeof(*e));

	(void)start;
	e->mech = mech;
	e->callbacks[0] = (sasl_callback_t){ SASL_CB_SERVER_USERDB_CHECKPASS,
		(int (*)(void))(void (*)(void))on_checkpass, e };
	e->callbacks[1] = (sasl_callback_t){ SASL_CB_CANON_USER,
		(int (*)(void))(void (*)(void))on_canon_user, e };
	e->callbacks[2] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
	e->login = login_new();
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
	if (r != SASL_OK)
		return r;
	return sasl_setprop(e->conn, SASL_SEC_PROPS, &security);
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
		/* The password was right, the other name was not theirs. */
		if (l->verdict == AUTH_ACCEPTED && r != SASL_OK)
			login_judge(l, AUTH_REFUSED, "authzid");
		return;
	}
	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == r) {
			login_judge(l, rows[i].verdict, rows[i].reason);
			return;
		}
	login_judge(l, AUTH_TROUBLE, "sasl");
}

enum exchange_state
exchange_step(struct exchange *e, struct directory *directory, bool has_data,
    struct slice data, uint64_t deadline_ms, struct buf *challenge)
{
	const char *out = NULL;
	unsigned out_len = 0;
	bool first = e->conn == NULL;
	int r;

	e->directory = directory;
	e->deadline_ms = deadline_ms;
	if (first && open_conn(e) != SASL_OK) {
		login_judge(&e->login, AUTH_TROUBLE, "sasl_new");
		return EXCHANGE_OVER;
	}
	/* LOGIN has no delimiter; its plug-in would cut a name at the NUL. */
	if (strcmp(e->mech->name, "LOGIN") == 0 && data.n > 0 &&
	    memchr(data.p, '\0', data.n) != NULL) {
		login_judge(&e->login, AUTH_REFUSED, "nul");
		return EXCHANGE_OVER;
	}
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
