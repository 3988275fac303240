/*
 * tally - rings of sums, one for each window.
 *
 * A part of time has a fixed place in its ring, so nothing moves as time goes
 * by: what is too old is cleared when its place is needed.
 */

#include "tally.h"

#include <string.h>

/* A clock that was set back farther was wrong before, or is now. */
#define SET_BACK_S 86400

/* ... and by no more than this is only corrected. */
#define CORRECTED_S 10

#define SLOT_MAX (UINT64_MAX / TALLY_SLOTS) /* sums of them do not overflow */

static const struct ring {
	unsigned first; /* slot */
	unsigned n;     /* parts */
	uint32_t part_s;
} rings[QUOTA_WINDOWS] = {
	[QUOTA_MINUTE] = { 0, 7, 10 },
	[QUOTA_HOUR] = { 7, 13, 300 },
	[QUOTA_DAY] = { 20, 25, 3600 },
};

/* The slot of the part that many before the present one. */
static unsigned
slot_before(const struct tally *t, const struct ring *r, uint64_t parts)
{
	uint64_t part = t->at_s / r->part_s - parts;

	return r->first + (unsigned)(part % r->n);
}

static void
advance_ring(struct tally *t, const struct ring *r, uint64_t now_s)
{
	uint64_t from = t->at_s / r->part_s, to = now_s / r->part_s;
	uint64_t part;

	if (to - from > r->n)
		from = to - r->n;
	for (part = from + 1; part <= to; part++)
		t->slot[r->first + part % r->n] = 0;
}

/*
 * As if all of each window were of now.  To stand still until it is that late
 * again would keep a minute's sum for hours.
 */
static void
set_back(struct tally *t, uint64_t now_s)
{
	uint64_t sum[QUOTA_WINDOWS];
	int w;

	for (w = 0; w < QUOTA_WINDOWS; w++)
		sum[w] = tally_sum(t, (enum quota_window)w);
	*t = (struct tally){ .at_s = now_s };
	for (w = 0; w < QUOTA_WINDOWS; w++)
		t->slot[slot_before(t, &rings[w], 0)] =
		    sum[w] > SLOT_MAX ? SLOT_MAX : sum[w];
}

void
tally_advance(struct tally *t, uint64_t now_s)
{
	int w;

	if (now_s + SET_BACK_S < t->at_s)
		*t = (struct tally){ 0 };
	else if (now_s + CORRECTED_S < t->at_s)
		set_back(t, now_s);
	if (now_s <= t->at_s)
		return;
	for (w = 0; w < QUOTA_WINDOWS; w++)
		advance_ring(t, &rings[w], now_s);
	t->at_s = now_s;
}

void
tally_add(struct tally *t, uint64_t n)
{
	uint64_t *slot;
	int w;

	for (w = 0; w < QUOTA_WINDOWS; w++) {
		slot = &t->slot[slot_before(t, &rings[w], 0)];
		*slot = n > SLOT_MAX - *slot ? SLOT_MAX : *slot + n;
	}
}

uint64_t
tally_recent(const struct tally *t, enum quota_window w, unsigned parts)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < parts && i < rings[w].n; i++)
		sum += t->slot[slot_before(t, &rings[w], i)];
	return sum;
}

uint64_t
tally_sum(const struct tally *t, enum quota_window w)
{
	return tally_recent(t, w, rings[w].n);
}

uint64_t
tally_falls_s(const struct tally *t, enum quota_window w, uint64_t at_most)
{
	const struct ring *r = &rings[w];
	uint64_t sum = tally_sum(t, w), present = t->at_s / r->part_s;
	uint64_t falls = t->at_s;
	unsigned i;

	/* the oldest part leaves when the next one begins */
	for (i = r->n; i > 0 && sum > at_most; i--) {
		sum -= t->slot[slot_before(t, r, i - 1)];
		falls = (present + r->n - (i - 1)) * r->part_s;
	}
	return falls;
}
