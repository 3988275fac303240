#ifndef SUBMITD_REFUSAL_H
#define SUBMITD_REFUSAL_H

/*
 * refusal - when a refusal may be told.
 *
 * Pure.  How long the directory took tells whether it knows the user, so a
 * refusal waits for the next whole multiple of a fixed time, and a little
 * more by chance.
 */

#include <stdint.h>

/*
 * The clock_ms() at which to answer a question of asked_ms whose refusal is
 * known at now_ms.  delay_ms 0: at once.  random: any number.
 */
uint64_t refusal_due(
    uint64_t asked_ms, uint64_t now_ms, uint32_t delay_ms, uint32_t random);

#endif
