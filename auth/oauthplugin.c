/*
 * oauthplugin - OAUTHBEARER and XOAUTH2 as libsasl2 mechanisms.
 *
 * One message of the client decides.  Where the token is refused, the client
 * gets a JSON text as a challenge, says anything, and has failed (RFC 7628,
 * 3.2.3).
 */

#include "oauthplugin.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <stdlib.h>

#include "limits.h"
#include "log.h"
#include "xalloc.h"

#define FAILURE_MAX 4096

struct mechanism {
	int (*parse)(struct slice, struct oauthmessage *);
	bool xoauth2;
};

/* One exchange. */
struct attempt {
	const struct mechanism *mechanism;
	struct buf failure; /* not empty: said, and the end is near */
};

static const struct oauthmessage_hint *hint;

static int
attempt_new(void *glob_context, sasl_server_params_t *sp, const char *challenge,
    unsigned challenge_len, void **out)
{
	struct attempt *a = xcalloc(1, sizeof(*a));

	(void)sp;
	(void)challenge;
	(void)challenge_len;
	a->mechanism = glob_context;
	a->failure = buf_new(FAILURE_MAX);
	*out = a;
	return SASL_OK;
}

static void
attempt_free(void *context, const sasl_utils_t *utils)
{
	struct attempt *a = context;

	(void)utils;
	if (a == NULL)
		return;
	buf_free(&a->failure);
	free(a);
}

/* Ask the exchange whose token it is. */
static int
ask(sasl_server_params_t *sp, struct oauthmessage *m, struct buf *user)
{
	sasl_callback_ft proc = NULL;
	void *context = NULL;
	int r;

	r = sp->utils->getcallback(
	    sp->utils->conn, OAUTHPLUGIN_CB_TOKEN, &proc, &context);
	if (r != SASL_OK || proc == NULL)
		return SASL_NOMECH;
	return ((oauthplugin_token_fn *)(void (*)(void))proc)(context, m, user);
}

/* Both names go through the exchange's own callbacks, as a password's do. */
static int
accept(sasl_server_params_t *sp, const struct oauthmessage *m,
    struct slice user, sasl_out_params_t *oparams)
{
	unsigned flags = SASL_CU_AUTHID | (m->has_user ? 0 : SASL_CU_AUTHZID);
	int r;

	r = sp->canon_user(
	    sp->utils->conn, user.p, (unsigned)user.n, flags, oparams);
	if (r == SASL_OK && m->has_user)
		r = sp->canon_user(sp->utils->conn, m->user.p,
		    (unsigned)m->user.n, SASL_CU_AUTHZID, oparams);
	if (r != SASL_OK)
		return r;
	oparams->doneflag = 1;
	oparams->mech_ssf = 0;
	oparams->maxoutbuf = 0;
	oparams->encode_context = oparams->decode_context = NULL;
	oparams->encode = NULL;
	oparams->decode = NULL;
	oparams->param_version = 0;
	return SASL_OK;
}

static int
judge(struct attempt *a, sasl_server_params_t *sp, struct slice said,
    sasl_out_params_t *oparams)
{
	struct buf user = buf_new(LIMIT_USER), wanted = buf_new(LIMIT_TOKEN);
	struct oauthmessage m;
	int r = SASL_BADPROT;

	if (a->mechanism->parse(said, &m) == -1)
		goto out;
	if (a->mechanism->xoauth2)
		buf_add(&wanted, m.user.p, m.user.n);
	else if (oauthmessage_add_user(&wanted, m.user) == -1)
		goto out;
	m.user = buf_slice(&wanted);
	r = ask(sp, &m, &user);
	if (r == SASL_OK)
		r = accept(sp, &m, buf_slice(&user), oparams);
	else if (r == SASL_BADAUTH)
		oauthmessage_add_failure(
		    &a->failure, a->mechanism->xoauth2, hint);
out:
	buf_free(&user);
	buf_free(&wanted);
	return r;
}

static int
step(void *context, sasl_server_params_t *sp, const char *in, unsigned in_len,
    const char **out, unsigned *out_len, sasl_out_params_t *oparams)
{
	struct attempt *a = context;
	int r;

	*out = NULL;
	*out_len = 0;
	if (a->failure.n > 0)
		return SASL_BADAUTH;
	r = judge(
	    a, sp, (struct slice){ in == NULL ? "" : in, in_len }, oparams);
	if (a->failure.n == 0)
		return r;
	*out = a->failure.p;
	*out_len = (unsigned)a->failure.n;
	return SASL_CONTINUE;
}

static int
init(const sasl_utils_t *utils, int max_version, int *version,
    sasl_server_plug_t **list, int *count)
{
	static struct mechanism bearer = { oauthmessage_parse_bearer, false };
	static struct mechanism xoauth2 = { oauthmessage_parse_xoauth2, true };
	static sasl_server_plug_t plugins[] = {
		{ .mech_name = "OAUTHBEARER", .glob_context = &bearer },
		{ .mech_name = "XOAUTH2", .glob_context = &xoauth2 },
	};
	size_t i;

	(void)utils;
	if (max_version < SASL_SERVER_PLUG_VERSION)
		return SASL_BADVERS;
	for (i = 0; i < ARRAY_LEN(plugins); i++) {
		plugins[i].security_flags =
		    SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS;
		plugins[i].features =
		    SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY;
		plugins[i].mech_new = attempt_new;
		plugins[i].mech_step = step;
		plugins[i].mech_dispose = attempt_free;
	}
	*version = SASL_SERVER_PLUG_VERSION;
	*list = plugins;
	*count = ARRAY_LEN(plugins);
	return SASL_OK;
}

int
oauthplugin_start(const struct oauthmessage_hint *the_hint)
{
	int r;

	hint = the_hint;
	r = sasl_server_add_plugin("submitd-oauth", init);
	if (r == SASL_OK)
		return 0;
	log_event(
	    LOG_LEVEL_ERROR, "sasl_start", "%s", sasl_errstring(r, NULL, NULL));
	return -1;
}
