/*
 * oauth - the operator's rules for bearer tokens, and the keys behind them.
 */

#include "oauth.h"

#include <time.h>

#include "jwks.h"
#include "jwt.h"
#include "log.h"

static struct {
	struct jwks *keys; /* NULL: off */
	struct jwt_policy policy;
	struct oauthmessage_hint hint;
} self;

/* An empty value of the configuration is one that is not set. */
static const char *
or_null(const char *text)
{
	return text == NULL || *text == '\0' ? NULL : text;
}

int
oauth_start(const struct auth_config *c)
{
	const char *why;
	unsigned skipped;

	if (c->oauth_keys.n == 0)
		return 0;
	self.keys = jwks_new(secret_slice(&c->oauth_keys), &skipped, &why);
	if (self.keys == NULL) {
		log_event(
		    LOG_LEVEL_ERROR, "oauth_keys", "oauth.jwks_file: %s", why);
		return -1;
	}
	log_event(LOG_LEVEL_INFO, "oauth_keys", "%u usable, %u passed over",
	    jwks_count(self.keys), skipped);
	self.policy = (struct jwt_policy){
		.issuer = c->oauth_issuer,
		.audience = c->oauth_audience,
		.user_claim = c->oauth_user_claim,
		.scope = or_null(c->oauth_scope),
		.leeway_s = c->oauth_leeway_s,
	};
	self.hint = (struct oauthmessage_hint){
		.scope = or_null(c->oauth_scope),
		.discovery_url = or_null(c->oauth_discovery_url),
	};
	return 0;
}

bool
oauth_is_on(void)
{
	return self.keys != NULL;
}

const char *
oauth_judge(const struct oauthmessage *m, struct buf *user)
{
	if (self.keys == NULL)
		return "token_no_keys";
	return jwt_judge(
	    self.keys, &self.policy, m->token, (int64_t)time(NULL), user);
}

const struct oauthmessage_hint *
oauth_hint(void)
{
	return &self.hint;
}
