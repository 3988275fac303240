#ifndef SUBMITD_BACKOFF_H
#define SUBMITD_BACKOFF_H

/*
 * backoff - how long a dead role waits for its next life: almost not at all
 * the first time, twice as long each time after, and as new again once it has
 * lived well.  Pure; the timer is master's.
 */

#include <stdint.h>

#define BACKOFF_FIRST_MS  100
#define BACKOFF_MAX_MS    30000
#define BACKOFF_HEALTH_MS 60000 /* a life that long forgives all before it */

struct backoff {
	uint32_t last_ms; /* 0: never died, or forgiven */
};

/* It died after lived_ms of service (0: it never served).  The wait. */
uint32_t backoff_next(struct backoff *, uint64_t lived_ms);

#endif
