#ifndef SUBMITD_TIMES_H
#define SUBMITD_TIMES_H

/*
 * times - the values of BY (RFC 2852, 4), HOLDFOR and HOLDUNTIL (RFC 4865,
 * 4.1).
 *
 * Each function is true for text that is such a value and nothing else.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "compiler.h"
#include "mailoptions.h"
#include "slice.h"

struct times_by {
	enum mail_by mode;
	bool trace;
	int64_t seconds; /* from now; may be past */
};

/* "60;R", "-5;NT" */
NODISCARD bool times_parse_by(struct slice, struct times_by *);

/* 1 to 999999999 */
NODISCARD bool times_parse_seconds(struct slice, uint32_t *);

/* "2026-11-25T03:45:00Z": a date of RFC 3339, 5.6, in UTC. */
NODISCARD bool times_parse_date(struct slice, time_t *);

#endif
