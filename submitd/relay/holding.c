/*
 * holding - two tables: messages by id, and users with a count.
 */

#include "holding.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler.h"
#include "xalloc.h"

struct holder {
	char *user; /* first: the key */
	uint32_t n; /* never 0 */
};

struct held {
	uint64_t id; /* first: the key */
	struct holder *holder;
};

static void *holders; /* tsearch(3) of struct holder */
static void *helds;   /* the same of struct held */

/* As everywhere, the case of a user's name does not count. */
static int
compare_users(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

static int
compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct holder *
find_holder(const char *user)
{
	struct holder **h = tfind(&user, &holders, compare_users);

	return h == NULL ? NULL : *h;
}

static struct holder *
new_holder(const char *user)
{
	struct holder *h = xcalloc(1, sizeof(*h));

	h->user = xstrdup(user);
	BUG_ON(tsearch(h, &holders, compare_users) == NULL);
	return h;
}

void
holding_begin(uint64_t id, const char *user)
{
	struct held *m;

	if (tfind(&id, &helds, compare_ids) != NULL)
		return;
	m = xcalloc(1, sizeof(*m));
	m->id = id;
	m->holder = find_holder(user);
	if (m->holder == NULL)
		m->holder = new_holder(user);
	m->holder->n++;
	BUG_ON(tsearch(m, &helds, compare_ids) == NULL);
}

void
holding_end(uint64_t id)
{
	struct held **found = tfind(&id, &helds, compare_ids);
	struct holder *h;
	struct held *m;

	if (found == NULL)
		return;
	m = *found;
	h = m->holder;
	tdelete(m, &helds, compare_ids);
	free(m);
	if (--h->n > 0)
		return;
	tdelete(h, &holders, compare_users);
	free(h->user);
	free(h);
}

uint32_t
holding_count(const char *user)
{
	const struct holder *h = find_holder(user);

	return h == NULL ? 0 : h->n;
}
