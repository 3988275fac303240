/*
 * login - one person's claim, and what became of it.
 *
 * A login starts as trouble of ours: who forgets to judge it lets nobody in
 * and turns nobody away for good.
 */

#include "login.h"

#include <stdlib.h>

#include "ldapname.h"
#include "limits.h"
#include "pack.h"
#include "xalloc.h"

#define GRANT_OTHER_FIELDS 1024 /* of LIMIT_GRANT, all but the addresses */

struct login
login_new(void)
{
	return (struct login){
		.verdict = AUTH_TROUBLE,
		.reason = "internal",
		.addresses = buf_new(LIMIT_GRANT - GRANT_OTHER_FIELDS),
		.delegated = buf_new(LIMIT_GRANT - GRANT_OTHER_FIELDS),
	};
}

static void
free_answer(struct login *l)
{
	free(l->user);
	l->user = NULL;
	buf_free(&l->addresses);
	buf_free(&l->delegated);
	l->address_count = l->delegated_count = 0;
}

static struct buf
copy(const struct buf *from)
{
	struct buf b = buf_new(from->limit);

	buf_add(&b, from->p, from->n);
	return b;
}

void
login_free(struct login *l)
{
	free(l->client_address);
	free(l->typed);
	l->client_address = l->typed = NULL;
	free_answer(l);
}

void
login_copy_answer(struct login *to, const struct login *from)
{
	char *client_address = to->client_address, *typed = to->typed;

	free_answer(to);
	*to = *from;
	to->client_address = client_address;
	to->typed = typed;
	to->user = from->user == NULL ? NULL : xstrdup(from->user);
	to->addresses = copy(&from->addresses);
	to->delegated = copy(&from->delegated);
}

void
login_judge(struct login *l, enum auth_verdict verdict, const char *reason)
{
	l->judged = true;
	l->verdict = verdict;
	l->reason = reason;
	l->guess = false;
}

void
login_set_user(struct login *l, struct slice user)
{
	free(l->user);
	l->user = xstrndup(user);
	if (l->typed == NULL)
		l->typed = xstrndup(user);
}

void
login_forget_addresses(struct login *l)
{
	buf_clear(&l->addresses);
	buf_clear(&l->delegated);
	l->address_count = l->delegated_count = 0;
}

bool
login_add_address(struct login *l, struct slice address)
{
	struct unpack u = unpack_begin(buf_slice(&l->addresses));
	uint32_t i;

	if (!ldapname_is_mailbox(address) ||
	    l->address_count == LIMIT_GRANT_ADDRESSES)
		return false;
	for (i = 0; i < l->address_count; i++)
		if (slice_ieq(unpack_bytes(&u), address))
			return false;
	/* A buf that failed once takes nothing more: never let it fail. */
	if (l->addresses.n + sizeof(uint32_t) + address.n > l->addresses.limit)
		return false;
	pack_bytes(&l->addresses, address);
	l->address_count++;
	return true;
}
