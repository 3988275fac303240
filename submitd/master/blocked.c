/*
 * blocked - the accounts that may not log in, as relay told.
 *
 * A list, searched from its start: it is short, and looked at when an operator
 * or the guard has acted.
 */

#include "blocked.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "limits.h"
#include "log.h"
#include "xalloc.h"

struct entry {
	LIST_ENTRY(entry) next;
	char *user;
	char *reason;
};

LIST_HEAD(entry_list, entry);

struct blocked {
	struct entry_list entries;
	unsigned count;
};

struct blocked *
blocked_new(void)
{
	struct blocked *b = xcalloc(1, sizeof(*b));

	LIST_INIT(&b->entries);
	return b;
}

static void
forget(struct blocked *b, struct entry *e)
{
	LIST_REMOVE(e, next);
	b->count--;
	free(e->user);
	free(e->reason);
	free(e);
}

void
blocked_free(struct blocked **bp)
{
	struct blocked *b = *bp;
	struct entry *e, *next;

	*bp = NULL;
	for (e = LIST_FIRST(&b->entries); e != NULL; e = next) {
		next = LIST_NEXT(e, next);
		forget(b, e);
	}
	free(b);
}

static struct entry *
find(const struct blocked *b, struct slice user)
{
	struct entry *e;

	LIST_FOREACH (e, &b->entries, next)
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		if (slice_ieq(slice_of(e->user), user))
			return e;
	return NULL;
}

bool
blocked_take(struct blocked *b, const struct msg_account *m)
{
	struct entry *e = find(b, m->user);

	if ((m->state == ACCOUNT_BLOCKED) == (e != NULL))
		return false;
	if (e != NULL) {
		forget(b, e);
		return true;
	}
	if (b->count == LIMIT_BLOCKED) {
		log_event(LOG_LEVEL_ERROR, "blocked_full",
		    "%u accounts are blocked, logins of one more are not",
		    b->count);
		return false;
	}
	e = xcalloc(1, sizeof(*e));
	e->user = xstrndup(m->user);
	e->reason = xstrndup(m->reason);
	LIST_INSERT_HEAD(&b->entries, e, next);
	b->count++;
	return true;
}

void
blocked_each(const struct blocked *b,
    void (*fn)(const struct msg_account *, void *arg), void *arg)
{
	const struct entry *e;

	LIST_FOREACH (e, &b->entries, next) {
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		struct msg_account m = { .user = slice_of(e->user),
			.state = ACCOUNT_BLOCKED,
			.reason = slice_of(e->reason) };

		fn(&m, arg);
	}
}
