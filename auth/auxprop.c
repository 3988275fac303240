/*
 * auxprop - where libsasl2's mechanisms get a user's stored key from: us.
 *
 * Asked for nothing but "*authPassword", since SCRAM would also make keys of
 * a "userPassword" in the clear, and there is none here.  The library asks a
 * second time, for the authorization identity: that is never a question of
 * keys, so one search serves an exchange.
 */

#include "auxprop.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "limits.h"
#include "log.h"

/* RFC 5803; "*": of the authentication identity. */
#define PROPERTY "*authPassword"

static bool
is_wanted(sasl_server_params_t *sp)
{
	const struct propval *v = sp->utils->prop_get(sp->propctx);

	for (; v != NULL && v->name != NULL; v++)
		if (strcmp(v->name, PROPERTY) == 0)
			return true;
	return false;
}

static int
lookup(void *glob_context, sasl_server_params_t *sp, unsigned flags,
    const char *user, unsigned user_len)
{
	sasl_callback_ft proc = NULL;
	auxprop_stored_key_fn *ask;
	void *context = NULL;
	struct buf key;
	int r;

	(void)glob_context;
	if ((flags & SASL_AUXPROP_AUTHZID) != 0 || !is_wanted(sp))
		return SASL_OK;
	r = sp->utils->getcallback(
	    sp->utils->conn, AUXPROP_CB_STORED_KEY, &proc, &context);
	if (r != SASL_OK || proc == NULL)
		return SASL_NOUSER;
	ask = (auxprop_stored_key_fn *)(void (*)(void))proc;
	key = buf_new(LIMIT_STORED_KEY);
	r = ask(context, (struct slice){ user, user_len }, &key);
	if (r == SASL_OK)
		r = sp->utils->prop_set(
		    sp->propctx, PROPERTY, key.p, (int)key.n);
	buf_free(&key);
	return r;
}

static int
init(const sasl_utils_t *utils, int max_version, int *version,
    sasl_auxprop_plug_t **plugin, const char *name)
{
	static char our_name[] = AUXPROP_NAME;
	static sasl_auxprop_plug_t us = {
		.name = our_name,
		.auxprop_lookup = lookup,
	};

	(void)utils;
	(void)name;
	if (max_version < SASL_AUXPROP_PLUG_VERSION)
		return SASL_BADVERS;
	*version = SASL_AUXPROP_PLUG_VERSION;
	*plugin = &us;
	return SASL_OK;
}

int
auxprop_start(void)
{
	int r = sasl_auxprop_add_plugin(AUXPROP_NAME, init);

	if (r == SASL_OK)
		return 0;
	log_event(
	    LOG_LEVEL_ERROR, "sasl_start", "%s", sasl_errstring(r, NULL, NULL));
	return -1;
}
