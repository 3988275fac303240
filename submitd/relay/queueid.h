#ifndef SUBMITD_QUEUEID_H
#define SUBMITD_QUEUEID_H

/*
 * queueid - the name of a message: in the Received field, the client's 250,
 * the log, and the spool.
 *
 * 64 bits: microseconds since 1970, then 12 random bits; as text 13 digits of
 * base 32, so that names sort by age.  Strictly increasing in a process; the
 * clock set back cannot make an id twice in one.
 */

#include <stdint.h>

#include "compiler.h"
#include "slice.h"

#define QUEUEID_LEN 13

struct queueid_text {
	char s[QUEUEID_LEN + 1];
};

uint64_t queueid_new(void);
struct queueid_text queueid_format(uint64_t id);

/* -1: not one. */
NODISCARD int queueid_parse(struct slice text, uint64_t *id);

/* When it was made: seconds since 1970. */
uint64_t queueid_time_s(uint64_t id);

#endif
