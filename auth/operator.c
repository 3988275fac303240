/*
 * operator - what the operator asks auth, and says of accounts.
 *
 * Words of submitctl come in, lines of text go out.
 */

#include "auth.h"

#include "auth_private.h"
#include "ipc.h"
#include "limits.h"
#include "role.h"
#include "words.h"

/* End the sessions of somebody, wherever they are. */
static void
expel(struct slice user)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct link *l;

	buf_add(&b, user.p, user.n);
	LIST_FOREACH (l, &auth_self.links, next)
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		ipc_send(l->ipc, MSG_AUTH_EXPEL, 0, &b, -1);
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

void
auth_control(uint64_t id, const struct msg_control_ask *m)
{
	struct slice first = words_at(m->words, m->word_count, 0);
	struct slice second = words_at(m->words, m->word_count, 1);

	if (slice_eq(first, slice_of("user")) &&
	    slice_eq(second, slice_of("show")))
		show_user(id, words_at(m->words, m->word_count, 2));
	else
		role_answer(id, CONTROL_REFUSED,
		    slice_of("unknown to the auth process"));
}
