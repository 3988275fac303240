/*
 * allowance - a user's counts against a user's limits.
 *
 * The limits are those that came with the message's grant: a change in the
 * directory holds from the next login on.
 */

#include "allowance.h"

#include <inttypes.h>
#include <time.h>

/* When something under way stands in the way: it may fail. */
#define SOON_S 60

static const struct {
	const char *verb;
	const char *things;
	const char *takes; /* a message; before its end its size is unknown */
} measures[QUOTA_MEASURES] = {
	[QUOTA_MESSAGES] = { "send", "messages", "takes" },
	[QUOTA_RECIPIENTS] = { "write to", "recipients", "takes" },
	[QUOTA_NEW_RECIPIENTS] = { "write to", "new recipients", "takes" },
	[QUOTA_OCTETS] = { "send", "octets", "takes at least" },
};

static const char *const windows[QUOTA_WINDOWS] = {
	[QUOTA_MINUTE] = "a minute",
	[QUOTA_HOUR] = "an hour",
	[QUOTA_DAY] = "a day",
};

/* -- the question ---------------------------------------------------------- */

/* When the window has room for that much. */
static uint64_t
again_s(const struct account *a, const struct allowance_refusal *why)
{
	const struct tally *t = &a->spent[why->measure];
	uint64_t room = why->max - why->wanted;
	uint64_t reserved = a->reserved[why->measure];
	uint64_t then;

	if (reserved > room)
		return t->at_s + SOON_S;
	then = tally_falls_s(t, why->window, room - reserved);
	return then <= t->at_s ? t->at_s + 1 : then;
}

/* One limit; false: it stands in the way. */
static bool
fits(const struct account *a, struct allowance_refusal *why)
{
	why->max = a->quota.max[why->measure][why->window];
	why->used = tally_sum(&a->spent[why->measure], why->window) +
		    a->reserved[why->measure];
	if (why->max == 0 || why->wanted == 0)
		return true;
	if (why->used <= why->max && why->wanted <= why->max - why->used)
		return true;
	why->again_s = why->wanted > why->max ? 0 : again_s(a, why);
	return false;
}

bool
allowance_has(const struct account *a, const struct allowance_want *want,
    struct allowance_refusal *why)
{
	bool fine = true;
	int m, w;

	*why = (struct allowance_refusal){ 0 };
	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++) {
			struct allowance_refusal r = {
				.measure = (enum quota_measure)m,
				.window = (enum quota_window)w,
				.wanted = want->n[m],
			};

			if (fits(a, &r))
				continue;
			if (fine ||
			    (why->again_s != 0 &&
				(r.again_s == 0 || r.again_s > why->again_s)))
				*why = r;
			fine = false;
		}
	return fine;
}

/* -- in words -------------------------------------------------------------- */

static void
add_wait(struct buf *b, uint64_t s)
{
	if (s < 120)
		buf_printf(b, "%" PRIu64 " seconds", s);
	else if (s < 7200)
		buf_printf(b, "%" PRIu64 " minutes", (s + 59) / 60);
	else
		buf_printf(b, "%" PRIu64 " hours", (s + 3599) / 3600);
}

void
allowance_text(struct buf *b, const struct allowance_refusal *r, uint64_t now_s)
{
	uint64_t wait = r->again_s > now_s ? r->again_s - now_s : 1;
	time_t then = (time_t)r->again_s;
	struct tm tm;

	buf_printf(b, "You may %s %" PRIu64 " %s %s", measures[r->measure].verb,
	    r->max, measures[r->measure].things, windows[r->window]);
	if (r->again_s == 0) {
		buf_printf(b,
		    ", and this message alone %s %" PRIu64
		    ": make it smaller, or ask your administrator",
		    measures[r->measure].takes, r->wanted);
		return;
	}
	gmtime_r(&then, &tm);
	buf_printf(b,
	    ": %" PRIu64 " are used, this message %s %" PRIu64
	    "; try again after %02d:%02d:%02d UTC, in ",
	    r->used, measures[r->measure].takes, r->wanted, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	add_wait(b, wait);
}

/* -- keeping count --------------------------------------------------------- */

void
allowance_reserve(struct account *a, const struct allowance_want *want)
{
	int m;

	for (m = 0; m < QUOTA_MEASURES; m++)
		a->reserved[m] += want->n[m];
}

void
allowance_release(struct account *a, const struct allowance_want *want)
{
	int m;

	for (m = 0; m < QUOTA_MEASURES; m++) {
		BUG_ON(a->reserved[m] < want->n[m]);
		a->reserved[m] -= want->n[m];
	}
}

void
allowance_spend(struct account *a, const struct allowance_want *want)
{
	int m;

	for (m = 0; m < QUOTA_MEASURES; m++)
		tally_add(&a->spent[m], want->n[m]);
}
