#ifndef SUBMITD_KNOWN_H
#define SUBMITD_KNOWN_H

/*
 * known - to whom a user has written before, as far as it is remembered.
 *
 * A set of 64-bit hashes that keeps at most LIMIT_KNOWN_RECIPIENTS of them,
 * and at least the half of those that were used last.  Whoever is forgotten
 * counts as new once more.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

/* Those of one time; owned by the struct. */
struct known_part {
	uint64_t *slots; /* 0: free */
	uint32_t room;   /* a power of two, or 0 */
	uint32_t n;
};

struct known {
	struct known_part now;    /* used since it began to be filled */
	struct known_part before; /* used in the time before that */
};

void known_free(struct known *);

NODISCARD bool known_has(const struct known *, uint64_t hash);

/* It is used now. */
void known_add(struct known *, uint64_t hash);

/* As known_add(), but it was used in the time before. */
void known_add_before(struct known *, uint64_t hash);

uint32_t known_count(const struct known *);

#endif
