#ifndef SUBMITD_HOLDING_H
#define SUBMITD_HOLDING_H

/*
 * holding - who has how many messages waiting for the release they asked for
 * (RFC 4865), so that nobody has too many.
 *
 * Counted by message, so that counting twice does no harm.  After a start a
 * message is counted when it has been read.
 */

#include <stdint.h>

/* The message waits.  Nothing, if that is known. */
void holding_begin(uint64_t id, const char *user);

/* It waits no longer.  Nothing, if it did not. */
void holding_end(uint64_t id);

uint32_t holding_count(const char *user);

#endif
