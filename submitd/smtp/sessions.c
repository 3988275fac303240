/*
 * sessions - find a session by the id of what it waits for.
 *
 * Slots are reused last-in first-out; ids are not reused at all.
 */

#include "sessions.h"

#include <stdlib.h>
#include <sys/random.h>

#include "compiler.h"
#include "session.h"
#include "xalloc.h"

#define SLOT_BITS 20
#define SLOT_MASK (((uint64_t)1 << SLOT_BITS) - 1)

struct sessions {
	struct session **slot;
	uint32_t *vacant; /* stack of free slot numbers */
	uint32_t max;
	uint32_t count;
	uint64_t counter;
};

struct sessions *
sessions_new(uint32_t max)
{
	struct sessions *t = xcalloc(1, sizeof(*t));
	uint32_t i;

	BUG_ON(max > SLOT_MASK);
	t->max = max;
	t->slot = xcalloc(max, sizeof(struct session *));
	t->vacant = xcalloc(max, sizeof(*t->vacant));
	for (i = 0; i < max; i++)
		t->vacant[i] = max - 1 - i;
	/*
	 * Ids of different workers and of earlier lives must differ in a log;
	 * without randomness this early nothing else here would work either.
	 */
	BUG_ON(getrandom(&t->counter, sizeof(t->counter), 0) !=
	       sizeof(t->counter));
	t->counter &= ((uint64_t)1 << 43) - 1;
	return t;
}

void
sessions_free(struct sessions **tp)
{
	struct sessions *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	free(t->slot);
	free(t->vacant);
	free(t);
}

uint64_t
sessions_request(struct sessions *t, uint64_t id)
{
	return ++t->counter << SLOT_BITS | (id & SLOT_MASK);
}

uint64_t
sessions_add(struct sessions *t, struct session *s)
{
	uint32_t slot;

	if (t->count == t->max)
		return 0;
	slot = t->vacant[t->max - ++t->count];
	t->slot[slot] = s;
	return sessions_request(t, slot);
}

void
sessions_remove(struct sessions *t, uint64_t id)
{
	uint32_t slot = (uint32_t)(id & SLOT_MASK);

	BUG_ON(slot >= t->max || t->slot[slot] == NULL);
	t->slot[slot] = NULL;
	t->vacant[t->max - t->count--] = slot;
}

struct session *
sessions_waiting(const struct sessions *t, uint64_t request)
{
	uint64_t slot = request & SLOT_MASK;
	struct session *s;

	if (request == 0 || slot >= t->max)
		return NULL;
	s = t->slot[slot];
	return s != NULL && s->request == request ? s : NULL;
}

uint32_t
sessions_count(const struct sessions *t)
{
	return t->count;
}

void
sessions_each(struct sessions *t, void (*fn)(struct session *))
{
	uint32_t i;

	for (i = 0; i < t->max; i++)
		if (t->slot[i] != NULL)
			fn(t->slot[i]);
}

void
sessions_each_of(
    struct sessions *t, struct slice user, void (*fn)(struct session *))
{
	uint32_t i;

	for (i = 0; i < t->max; i++)
		if (t->slot[i] != NULL && t->slot[i]->authenticated &&
		    slice_ieq(slice_of(t->slot[i]->user), user))
			fn(t->slot[i]);
}
