/*
 * refusal - when a refusal may be told.
 *
 * Not a sleep: auth.c arms a timer, so nobody else waits.
 */

#include "refusal.h"

#define JITTER_PART 8 /* of the delay: at most 1/8 more */

uint64_t
refusal_due(
    uint64_t asked_ms, uint64_t now_ms, uint32_t delay_ms, uint32_t random)
{
	uint64_t took = now_ms > asked_ms ? now_ms - asked_ms : 0;

	if (delay_ms == 0)
		return now_ms;
	return asked_ms + (took / delay_ms + 1) * delay_ms +
	       random % (delay_ms / JITTER_PART + 1);
}
