/*
 * operator - what the operator asks auth, and says of accounts.
 *
 * Words of submitctl come in, lines of text go out.
 */

#include "auth.h"

#include "auth_private.h"
#include "clock.h"
#include "ipc.h"
#include "limits.h"
#include "passwordcheck.h"
#include "role.h"
#include "words.h"

/* End the sessions of somebody, wherever they are. */
static void
expel(struct slice user)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct link *l;

	buf_add(&b, user.p, user.n);
	LIST_FOREACH (l, &auth_self.links, next) {
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		ipc_send(l->ipc, MSG_AUTH_EXPEL, 0, &b, -1);
	}
	buf_free(&b);
}

void
auth_account(const struct msg_account *m)
{
	if (m->state != ACCOUNT_BLOCKED)
		(void)presence_unblock(auth_self.presence, m->user);
	else if (presence_block(auth_self.presence, m->user, m->reason))
		expel(m->user);
}

static void
show_user(uint64_t id, struct slice user)
{
	struct buf text = buf_new(LIMIT_FRAME);

	if (presence_show(auth_self.presence, user, &text))
		role_answer(id, CONTROL_OK, buf_slice(&text));
	else
		role_answer(id, CONTROL_NOT_FOUND,
		    slice_of("nobody of this name has logged in since the "
			     "start, nor sent mail"));
	buf_free(&text);
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
