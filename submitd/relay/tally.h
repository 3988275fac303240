#ifndef SUBMITD_TALLY_H
#define SUBMITD_TALLY_H

/*
 * tally - how much of something there was in the last minute, hour and day.
 *
 * Each window is a ring of parts, one more than fill it: what is summed is
 * the window and at most one part before it (10 s, 5 minutes, an hour).  So
 * in no stretch of time as long as the window is there more than the sum
 * said, wherever the stretch begins; what has been leaves the sum late, by a
 * part at the most.  Pure.  Times are seconds since 1970: counts outlive the
 * process.
 */

#include <stdint.h>

#include "quota.h"

#define TALLY_SLOTS (7 + 13 + 25)

struct tally {
	uint64_t at_s; /* up to when the rings are cleared */
	uint64_t slot[TALLY_SLOTS];
};

/* Before every other call with a later time. */
void tally_advance(struct tally *, uint64_t now_s);

void tally_add(struct tally *, uint64_t n);

uint64_t tally_sum(const struct tally *, enum quota_window);

/* The sum of the last parts of a window only, the present one among them. */
uint64_t tally_recent(const struct tally *, enum quota_window, unsigned parts);

/*
 * When the sum will be no more than at_most, if nothing is added.  The time
 * of tally_advance(), if it is that now.
 */
uint64_t tally_falls_s(
    const struct tally *, enum quota_window, uint64_t at_most);

#endif
