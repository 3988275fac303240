/*
 * login - one person's claim, and what became of it.
 *
 * A login starts as trouble of ours: who forgets to judge it lets nobody in
 * and turns nobody away for good.
 */

#include "login.h"

#include <stdlib.h>
#include <string.h>

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
		.acting = buf_new(LIMIT_GRANT),
	};
}

static void
free_answer(struct login *l)
{
	free(l->user);
	l->user = NULL;
	buf_free(&l->addresses);
	buf_free(&l->delegated);
	buf_free(&l->acting);
	free(l->acts_as);
	l->acts_as = NULL;
	l->address_count = l->delegated_count = l->acting_count = 0;
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
	to->acting = copy(&from->acting);
	to->acts_as = from->acts_as == NULL ? NULL : xstrdup(from->acts_as);
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

static void
forget_addresses(struct login *l)
{
	buf_clear(&l->addresses);
	buf_clear(&l->delegated);
	l->address_count = l->delegated_count = 0;
}

void
login_forget_rights(struct login *l, const struct quota *defaults)
{
	forget_addresses(l);
	buf_clear(&l->acting);
	l->acting_count = 0;
	l->truncated = false;
	l->quota = *defaults;
}

static bool
is_there(const struct buf *list, uint32_t count, struct slice entry)
{
	struct unpack u = unpack_begin(buf_slice(list));

	for (; count > 0; count--)
		if (slice_ieq(unpack_bytes(&u), entry))
			return true;
	return false;
}

/* A grant must hold both lists.  A buf that failed once takes nothing more. */
static bool
add_entry(
    struct login *l, struct buf *list, uint32_t *count, struct slice entry)
{
	size_t n = l->addresses.n + l->delegated.n + sizeof(uint32_t) + entry.n;

	if (is_there(list, *count, entry))
		return false;
	if (*count == LIMIT_GRANT_ADDRESSES || n > list->limit) {
		l->truncated = true;
		return false;
	}
	pack_bytes(list, entry);
	++*count;
	return true;
}

bool
login_add_address(struct login *l, struct slice value)
{
	struct slice mailbox = ldapname_mailbox(value);

	return mailbox.n > 0 &&
	       add_entry(l, &l->addresses, &l->address_count, mailbox);
}

bool
login_add_domain(struct login *l, struct slice value)
{
	struct slice domain = ldapname_domain(value);
	char entry[LIMIT_DOMAIN + 1] = "@";

	if (domain.n == 0)
		return false;
	memcpy(entry + 1, domain.p, domain.n);
	return add_entry(l, &l->addresses, &l->address_count,
	    (struct slice){ entry, domain.n + 1 });
}

bool
login_add_delegated(struct login *l, struct slice name, struct slice value)
{
	struct slice mailbox = ldapname_mailbox(value);
	size_t n = l->acting.n + 2 * sizeof(uint32_t) + name.n + mailbox.n;
	bool added;

	if (mailbox.n == 0)
		return false;
	added = add_entry(l, &l->delegated, &l->delegated_count, mailbox);
	/* Two may share it: it is of both. */
	if (name.n == 0 ||
	    (!added && !is_there(&l->delegated, l->delegated_count, mailbox)))
		return added;
	if (n > l->acting.limit) {
		l->truncated = true;
		return added;
	}
	pack_bytes(&l->acting, name);
	pack_bytes(&l->acting, mailbox);
	l->acting_count++;
	return added;
}

bool
login_act_as(struct login *l, struct slice authzid)
{
	struct unpack u = unpack_begin(buf_slice(&l->acting));
	uint32_t i;

	if (l->acts_as != NULL)
		return slice_ieq(slice_of(l->acts_as), authzid);
	if (slice_ieq(slice_of(l->user), authzid))
		return true;
	for (i = 0; i < l->acting_count; i++) {
		struct slice name = unpack_bytes(&u);
		struct slice address = unpack_bytes(&u);

		if (!slice_ieq(name, authzid))
			continue;
		if (l->acts_as == NULL) {
			l->acts_as = xstrndup(name);
			forget_addresses(l);
		}
		(void)login_add_address(l, address);
	}
	return l->acts_as != NULL;
}
