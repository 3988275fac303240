/*
 * known - two hash tables, the younger of which takes the place of the older
 * when it is full.
 *
 * The hashes are keyed elsewhere, so nobody can choose where they fall.
 */

#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "xalloc.h"

#define ROOM_MIN 16
#define PART_MAX (LIMIT_KNOWN_RECIPIENTS / 2)

/* The slot that holds it, or is free for it. */
static uint64_t *
find_slot(const struct known_part *p, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (p->room - 1);

	while (p->slots[i] != 0 && p->slots[i] != hash)
		i = (i + 1) & (p->room - 1);
	return &p->slots[i];
}

static bool
part_has(const struct known_part *p, uint64_t hash)
{
	return p->room > 0 && *find_slot(p, hash) == hash;
}

/* Half of the slots stay free. */
static void
make_room(struct known_part *p)
{
	struct known_part larger = { .room = p->room * 2, .n = p->n };
	uint32_t i;

	if (p->n < p->room / 2)
		return;
	if (larger.room == 0)
		larger.room = ROOM_MIN;
	larger.slots = xcalloc(larger.room, sizeof(*larger.slots));
	for (i = 0; i < p->room; i++)
		if (p->slots[i] != 0)
			*find_slot(&larger, p->slots[i]) = p->slots[i];
	free(p->slots);
	*p = larger;
}

static void
part_add(struct known_part *p, uint64_t hash)
{
	uint64_t *slot;

	make_room(p);
	slot = find_slot(p, hash);
	if (*slot == 0)
		p->n++;
	*slot = hash;
}

/* No hash is the mark of a free slot. */
static uint64_t
usable(uint64_t hash)
{
	return hash == 0 ? 1 : hash;
}

bool
known_has(const struct known *k, uint64_t hash)
{
	hash = usable(hash);
	return part_has(&k->now, hash) || part_has(&k->before, hash);
}

void
known_add(struct known *k, uint64_t hash)
{
	hash = usable(hash);
	if (part_has(&k->now, hash))
		return;
	if (k->now.n == PART_MAX) {
		free(k->before.slots);
		k->before = k->now;
		k->now = (struct known_part){ 0 };
	}
	part_add(&k->now, hash);
}

void
known_add_before(struct known *k, uint64_t hash)
{
	if (k->before.n < PART_MAX)
		part_add(&k->before, usable(hash));
}

uint32_t
known_count(const struct known *k)
{
	return k->now.n + k->before.n;
}

void
known_free(struct known *k)
{
	free(k->now.slots);
	free(k->before.slots);
	*k = (struct known){ 0 };
}
