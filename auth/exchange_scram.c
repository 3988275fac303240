/*
 * exchange_scram - keys for an exchange of SCRAM, and its channel binding.
 *
 * The proof is libsasl2's to judge.  That there is somebody to prove anything
 * is the directory's, and told to nobody whose proof is wrong.
 */

#include "exchange_private.h"

#include <stdatomic.h>
#include <stdio.h>

#include "clock.h"
#include "log.h"
#include "passwordcheck.h"
#include "scrammessage.h"
#include "storedkey.h"
#include "stranger.h"

/* A key that others can tell from a made-up one; said once. */
static void
warn_of_difference(const struct storedkey *key)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (stranger_resembles(key) || atomic_flag_test_and_set(&said))
		return;
	log_event(LOG_LEVEL_WARN, "scram_differs",
	    "a stored key has %u iterations and %zu octets of salt: set "
	    "auth.scram_iterations and scram_salt to what most have, or "
	    "clients can tell users from strangers",
	    (unsigned)key->iterations, key->salt_len);
}

/* There is such a user, and no key to prove anything with. */
static void
judge_without_key(struct exchange *e, enum storedkey_status status)
{
	struct log_line l;

	if (status == STOREDKEY_BAD) {
		log_begin(&l, LOG_LEVEL_WARN, 0, "stored_key");
		log_slice(&l, "user", slice_of(e->login.user));
		log_str(&l, "scheme", e->mech->library);
		log_str(&l, "reason", "unusable");
		log_end(&l);
	}
	login_judge(&e->login,
	    e->config->scram_transition ? AUTH_TRANSITION : AUTH_REFUSED,
	    "no_stored_key");
}

/*
 * Who has no key gets one nobody can know, after the same work: what a client
 * hears before its proof tells it nothing.
 */
int
exchange_stored_key(void *context, struct slice user, struct buf *out)
{
	struct exchange *e = context;
	struct claim claim = { .name = user };
	struct buf values = buf_new(LIMIT_STORED_KEYS);
	enum storedkey_status status;
	struct storedkey real, made_up;

	if (!(e->mech->flags & MECH_STORED))
		return SASL_NOUSER;
	/* At once: a made-up salt would differ from what a user had before. */
	if (passwordcheck_turns_away(user, clock_ms(), &e->login))
		return SASL_UNAVAIL;
	stranger_key(e->mech->library, user, &made_up);
	directory_identify(
	    e->directory, &claim, e->deadline_ms, &e->login, &values);
	status = storedkey_find(buf_slice(&values), e->mech->library, &real);
	buf_free(&values);
	if (e->login.verdict == AUTH_TROUBLE)
		return SASL_UNAVAIL;
	if (e->login.verdict != AUTH_REFUSED && status != STOREDKEY_GOOD)
		judge_without_key(e, status);
	if (e->login.verdict == AUTH_REFUSED || status != STOREDKEY_GOOD) {
		storedkey_print(&made_up, e->mech->library, out);
	} else {
		warn_of_difference(&real);
		storedkey_print(&real, e->mech->library, out);
	}
	explicit_bzero(&real, sizeof(real));
	return SASL_OK;
}

/* The -PLUS form of the mechanism is on offer, too. */
static bool
is_plus_offered(const struct exchange *e)
{
	char name[LIMIT_MECHANISM + 1];

	(void)snprintf(name, sizeof(name), "%s-PLUS", e->mech->library);
	return e->binding.len > 0 && mechs_find(slice_of(name)) != NULL;
}

bool
exchange_is_bound(struct exchange *e, struct slice message)
{
	struct scram_binding binding = {
		.plus = (e->mech->flags & MECH_BINDING) != 0,
		.plus_offered = is_plus_offered(e),
		.type = slice_of(e->binding_type),
		.data = { (const char *)e->binding_data, e->binding.len },
	};

	if (e->bound.n > 0)
		return scrammessage_final(message, buf_slice(&e->bound));
	return scrammessage_first(message, &binding, &e->bound);
}
