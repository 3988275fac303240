#ifndef SUBMITD_BDAT_H
#define SUBMITD_BDAT_H

/*
 * bdat - chunks of content, each behind a command that tells its size
 * (RFC 3030, 2).
 *
 * Pure framing: which octets are the chunk's.  What they mean, and whether
 * they are welcome, is for others to say.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "slice.h"

struct bdat {
	uint64_t size; /* octets of the chunk */
	uint64_t left; /* of them, still to come */
	bool last;     /* no other chunk follows */
};

enum bdat_status {
	BDAT_OK,
	BDAT_BAD_MARK, /* the size is known; what stands behind is not LAST */
	BDAT_BAD_SIZE, /* where the next command begins cannot be known */
};

/* The argument of BDAT: chunk-size [ SP "LAST" ]. */
NODISCARD enum bdat_status bdat_parse(struct slice arg, struct bdat *);

/* Take what of *in belongs to the chunk; *in is what follows. */
struct slice bdat_take(struct bdat *, struct slice *in);

#endif
