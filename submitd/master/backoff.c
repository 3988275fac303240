/*
 * backoff - the waits between the lives of a role.
 *
 * No jitter: there are a handful of roles, all on this host, and an operator
 * who reads the log should see the pattern.
 */

#include "backoff.h"

uint32_t
backoff_next(struct backoff *b, uint64_t lived_ms)
{
	if (lived_ms >= BACKOFF_HEALTH_MS || b->last_ms == 0)
		b->last_ms = BACKOFF_FIRST_MS;
	else if (b->last_ms > BACKOFF_MAX_MS / 2)
		b->last_ms = BACKOFF_MAX_MS;
	else
		b->last_ms *= 2;
	return b->last_ms;
}
