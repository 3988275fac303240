#ifndef SUBMITD_CLOCK_H
#define SUBMITD_CLOCK_H

/*
 * clock - time for deadlines and grants: milliseconds since boot, which no
 * operator and no NTP can set back, and which all roles of a host share.
 */

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

static inline uint64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A time span for libevent. */
static inline struct timeval
clock_span(uint64_t ms)
{
	return (struct timeval){ (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000) * 1000 };
}

#endif
