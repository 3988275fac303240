#ifndef SUBMITD_QUOTA_H
#define SUBMITD_QUOTA_H

/*
 * quota - how much one user may send, and in how many sessions at a time.
 *
 * The configuration has a quota for everybody, a user's entry in the
 * directory may change single numbers of it, and the grant carries the
 * outcome to relay, which counts.  Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "pack.h"
#include "slice.h"

enum quota_measure {
	QUOTA_MESSAGES,
	QUOTA_RECIPIENTS,
	QUOTA_NEW_RECIPIENTS, /* never written to before by this user */
	QUOTA_OCTETS,         /* of content, once for each recipient */
	QUOTA_MEASURES
};

enum quota_window { QUOTA_MINUTE, QUOTA_HOUR, QUOTA_DAY, QUOTA_WINDOWS };

struct quota {
	uint64_t max[QUOTA_MEASURES]
		    [QUOTA_WINDOWS]; /* 0: as much as you like */
	uint64_t sessions; /* logged in at the same time; 0: the same */
};

/* Seconds of a window. */
uint32_t quota_window_s(enum quota_window);

/* The name of a limit, as in the configuration: "messages_per_day". */
const char *quota_name(enum quota_measure, enum quota_window);

/*
 * Take "NAME=NUMBER", as an entry in the directory has it; NAME is a
 * quota_name() or "sessions", NUMBER decimal, with K, M or G (powers of 1024)
 * behind it if it likes.  Case of NAME does not count.  -1: it is something
 * else, and nothing has changed.
 */
NODISCARD int quota_set(struct quota *, struct slice text);

/* The NUMBER of that alone. */
NODISCARD int quota_number(struct slice text, uint64_t *out);

void quota_pack(struct buf *, const struct quota *);
void quota_unpack(struct unpack *, struct quota *);

#endif
