#ifndef SUBMITD_SCHEDULE_H
#define SUBMITD_SCHEDULE_H

/*
 * schedule - when each queued message is tried again.
 *
 * Keeps an id, a number of tries and a timer for each; the message itself
 * stays on disk.  Waits double from retry_min to retry_max, each a fifth
 * shorter or longer by chance, so that a smarthost that comes back is not met
 * by all at once.  At most as many tries run as there may be connections.
 * Times of day are looked at again each hour: somebody may set the clock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relay;
struct schedule;

/* try: begin one; schedule_tried() must follow, once. */
typedef void schedule_try(struct relay *, uint64_t id, unsigned tries);

struct schedule *schedule_new(struct relay *, schedule_try *);

/* Wishes beyond the back-off: seconds since 1970; 0: none. */
struct schedule_when {
	uint64_t not_before_s; /* then at once, whatever else is said */
	/* then, if not sooner; even if no server is well: something is over */
	uint64_t latest_s;
	bool at_once;
	/* clock_ms() of the last try: if a smarthost has come back since, as
	 * if it were woken now; 0: no matter */
	uint64_t begun_ms;
};

/* A message of the queue that was tried this often. 0: soon.  NULL: none. */
void schedule_add(struct schedule *, uint64_t id, unsigned tries,
    const struct schedule_when *);

/*
 * A smarthost is back: what waits is tried soon, spread over a few seconds,
 * instead of when its back-off ends.
 */
void schedule_wake(void *schedule);

/* One that was begun has ended; it is added again if it is to go on. */
void schedule_tried(struct schedule *);

/* Begin no more. */
void schedule_stop(struct schedule *);

/* Messages waiting, and tries running. */
size_t schedule_waiting(const struct schedule *);
size_t schedule_running(const struct schedule *);

/* The wait before try number tries (from 1); random: any 32 bits.  Pure. */
uint32_t schedule_delay_ms(
    uint32_t min_ms, uint32_t max_ms, unsigned tries, uint32_t random);

#endif
