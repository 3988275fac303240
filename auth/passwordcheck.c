/*
 * passwordcheck - is this password this person's?
 *
 * Invariant: the directory's last word on a password counts.  Whatever it
 * refuses is accepted no longer from memory, and whatever it accepts takes
 * the place of what it accepted before.
 */

#include "passwordcheck.h"

#include "ldapresult.h"
#include "lockouts.h"
#include "logincache.h"
#include "wrongpasswords.h"

static struct {
	struct servers *servers;
	struct abuse *abuse;
	struct logincache *right;
	struct wrongpasswords *wrong;
	struct lockouts *locked;
} self;

void
passwordcheck_open(const struct auth_config *config, struct servers *servers,
    struct abuse *abuse)
{
	self.servers = servers;
	self.abuse = abuse;
	self.right = logincache_new(
	    config->login_cache_ms, config->login_cache_stale_ms);
	self.wrong = wrongpasswords_new(
	    config->wrong_password_ms, config->abuse_ipv6_prefix);
	self.locked = lockouts_new(config->locked_ms);
}

void
passwordcheck_close(void)
{
	logincache_free(&self.right);
	wrongpasswords_free(&self.wrong);
	lockouts_free(&self.locked);
}

bool
passwordcheck_turns_away(
    struct slice user, uint64_t now_ms, struct login *login)
{
	const struct abuse_who who = { login->client_address, user,
		slice_of(NULL) };

	if (login->typed == NULL) /* else it may be known who that is */
		login_set_user(login, user);
	login->retry_s = abuse_retry_s(self.abuse, &who, now_ms);
	if (login->retry_s == 0)
		return false;
	login_judge(login, AUTH_LIMITED, "banned");
	return true;
}

/* Remember what the directory said. */
static void
learn(const struct logincache_key *right,
    const struct wrongpasswords_key *wrong, const struct login *login)
{
	if (login->verdict == AUTH_TROUBLE)
		return;
	if (login->verdict == AUTH_ACCEPTED) {
		logincache_keep(self.right, right, login);
		wrongpasswords_forget(self.wrong, wrong);
		return;
	}
	logincache_refute(self.right, right, wrong->canonical);
	/* Of a locked account the password may be right: not for long. */
	if (strcmp(login->reason, LDAPRESULT_LOCKED) == 0)
		lockouts_keep(
		    self.locked, wrong->user, wrong->canonical, wrong->now_ms);
	else if (login->guess)
		wrongpasswords_keep(self.wrong, wrong);
}

static void
accept_from_memory(
    struct login *login, const struct login *kept, const char *reason)
{
	login_copy_answer(login, kept);
	login->server = NULL; /* none was asked */
	login_judge(login, AUTH_ACCEPTED, reason);
}

void
passwordcheck(struct directory *d, const struct attempt *a, struct login *login)
{
	const struct logincache_key right = { a->user, a->password, a->now_ms };
	struct wrongpasswords_key wrong = {
		.user = a->user,
		.client_address = login->client_address,
		.password = a->password,
		.now_ms = a->now_ms,
	};
	struct login kept = login_new();
	enum logincache_age age;

	if (passwordcheck_turns_away(a->user, a->now_ms, login))
		goto out;
	age = logincache_ask(self.right, &right, &kept);
	if (age == LOGINCACHE_FRESH) {
		accept_from_memory(login, &kept, "cached");
		goto out;
	}
	if (age == LOGINCACHE_NONE && wrongpasswords_know(self.wrong, &wrong)) {
		login_judge(login, AUTH_REFUSED, "same_wrong_password");
		goto out;
	}
	if (lockouts_know(self.locked, a->user, a->now_ms)) {
		login_judge(login, AUTH_REFUSED, "still_locked");
		goto out;
	}
	directory_check(d, a->user, a->password, a->deadline_ms, login);
	wrong.canonical = slice_of(login->user);
	learn(&right, &wrong, login);
	if (age == LOGINCACHE_STALE && login->verdict == AUTH_TROUBLE &&
	    servers_all_down(self.servers))
		accept_from_memory(login, &kept, "cache_stale");
out:
	login_free(&kept);
}

size_t
passwordcheck_flush(struct slice user)
{
	wrongpasswords_flush(self.wrong, user);
	lockouts_flush(self.locked, user);
	return logincache_flush(self.right, user);
}

void
passwordcheck_stats(struct buf *out)
{
	logincache_stats(self.right, out);
	wrongpasswords_stats(self.wrong, out);
}
