/*
 * operator - what the operator asks auth, and says of accounts.
 *
 * Words of submitctl come in, lines of text go out.
 */

#include "auth.h"

#include <stdlib.h>

#include "auth_private.h"
#include "clock.h"
#include "directory.h"
#include "ipc.h"
#include "jobs.h"
#include "limits.h"
#include "loginshow.h"
#include "passwordcheck.h"
#include "role.h"
#include "words.h"
#include "xalloc.h"

#define LOOKUP_MS 5000 /* master waits longer */

/* End the sessions of somebody at one worker. */
static void
expel_from(struct slice user, void *arg)
{
	const struct link *l = arg;
	struct buf b = buf_new(LIMIT_FRAME);

	buf_add(&b, user.p, user.n);
	/* cppcheck-suppress uninitvar ; it does not know LIST_FOREACH() */
	ipc_send(l->ipc, MSG_AUTH_EXPEL, 0, &b, -1);
	buf_free(&b);
}

static void
expel(struct slice user)
{
	struct link *l;

	LIST_FOREACH (l, &auth_self.links, next) {
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		expel_from(user, l);
	}
}

void
operator_on_link(struct link *l)
{
	presence_each_blocked(auth_self.presence, expel_from, l);
}

void
auth_account(const struct msg_account *m)
{
	if (m->state != ACCOUNT_BLOCKED)
		(void)presence_unblock(auth_self.presence, m->user);
	else if (presence_block(auth_self.presence, m->user, m->reason))
		expel(m->user);
}

/* What the directory says of somebody, on its way through the pool. */
struct lookup {
	struct job job; /* first */
	uint64_t id;    /* of the question */
	char *user;
	struct login login;
};

static void
lookup_free(struct lookup *l)
{
	free(l->user);
	login_free(&l->login);
	free(l);
}

/* In a thread. */
static void
lookup_run(struct job *job)
{
	struct lookup *l = (struct lookup *)job;
	struct claim claim = { .name = slice_of(l->user) };

	directory_identify(
	    job->thread, &claim, clock_ms() + LOOKUP_MS, &l->login, NULL);
}

/* All that is known here; the loop again. */
static void
lookup_answer(struct lookup *l, const char *directory)
{
	const struct login *login = &l->login;
	bool known = login->judged && login->verdict != AUTH_REFUSED;
	struct slice user = slice_of(known ? login->user : l->user);
	struct buf text = buf_new((size_t)2 * LIMIT_FRAME);

	if (presence_show(auth_self.presence, user, &text) || known) {
		buf_printf(&text, "directory=%s reason=%s\n", directory,
		    login->judged ? login->reason : "none");
		if (known)
			loginshow_rights(login, &text);
		role_answer(l->id, CONTROL_OK, buf_slice(&text));
	} else {
		buf_printf(&text, "nobody of this name: directory=%s reason=%s",
		    directory, login->judged ? login->reason : "none");
		role_answer(l->id, CONTROL_NOT_FOUND, buf_slice(&text));
	}
	buf_free(&text);
	lookup_free(l);
}

static void
lookup_done(struct job *job)
{
	struct lookup *l = (struct lookup *)job;

	lookup_answer(l, request_verdict_name(l->login.verdict));
}

/* With a DN template, nobody is found without their password. */
static void
show_user(uint64_t id, struct slice user)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->job.run = lookup_run;
	l->job.done = lookup_done;
	l->id = id;
	l->user = xstrndup(user);
	l->login = login_new();
	if (auth_self.config->base == NULL ||
	    jobs_submit(auth_self.jobs, &l->job) == -1)
		lookup_answer(l, "not_asked");
}

static void
flush_cache(uint64_t id, struct slice user)
{
	struct buf text = buf_new(LIMIT_FRAME);

	buf_printf(&text, "flushed=%zu\n", passwordcheck_flush(user));
	role_answer(id, CONTROL_OK, buf_slice(&text));
	buf_free(&text);
}

static void
list_bans(uint64_t id, struct slice none)
{
	struct buf text = buf_new(LIMIT_BANS_TOLD);

	(void)none;
	abuse_list(auth_self.abuse, clock_ms(), &text);
	role_answer(id, CONTROL_OK, buf_slice(&text));
	buf_free(&text);
}

static void
lift_bans(uint64_t id, struct slice name)
{
	size_t n = abuse_lift(auth_self.abuse, name, clock_ms());
	struct buf text = buf_new(LIMIT_FRAME);

	buf_printf(&text, "lifted=%zu\n", n);
	if (n > 0 || slice_eq(name, slice_of("all")))
		role_answer(id, CONTROL_OK, buf_slice(&text));
	else
		role_answer(id, CONTROL_NOT_FOUND,
		    slice_of("nobody of this name is banned"));
	buf_free(&text);
}

static const struct {
	const char *first, *second; /* second NULL: the word is the argument */
	void (*run)(uint64_t id, struct slice argument);
} requests[] = {
	{ "user", "show", show_user },
	{ "cache", "flush", flush_cache },
	{ "bans", NULL, list_bans },
	{ "unban", NULL, lift_bans },
};

void
auth_control(uint64_t id, const struct msg_control_ask *m)
{
	struct slice first = words_at(m->words, m->word_count, 0);
	struct slice second = words_at(m->words, m->word_count, 1);

	size_t i;

	for (i = 0; i < ARRAY_LEN(requests); i++) {
		bool alone = requests[i].second == NULL;

		if (!slice_eq(first, slice_of(requests[i].first)) ||
		    (!alone && !slice_eq(second, slice_of(requests[i].second))))
			continue;
		requests[i].run(
		    id, words_at(m->words, m->word_count, alone ? 1 : 2));
		return;
	}
	role_answer(
	    id, CONTROL_REFUSED, slice_of("unknown to the auth process"));
}
