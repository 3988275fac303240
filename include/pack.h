#ifndef SUBMITD_PACK_H
#define SUBMITD_PACK_H

/*
 * pack - the one binary encoding: frames between roles, configuration, grants
 * and the envelope in a spool file.
 *
 * Integers are big-endian; byte strings carry a 32-bit length in front.
 * Reading is sticky like writing: after a short or oversized field every
 * further read yields zero or an empty slice, and unpack_end() says so.  A
 * reader therefore checks once, at the end, and gets trailing bytes refused
 * by the same call.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "slice.h"

struct unpack {
	struct slice rest;
	bool failed;
};

void pack_u8(struct buf *, uint8_t);
void pack_u16(struct buf *, uint16_t);
void pack_u32(struct buf *, uint32_t);
void pack_u64(struct buf *, uint64_t);
void pack_bytes(struct buf *, struct slice);

struct unpack unpack_begin(struct slice);
uint8_t unpack_u8(struct unpack *);
uint16_t unpack_u16(struct unpack *);
uint32_t unpack_u32(struct unpack *);
uint64_t unpack_u64(struct unpack *);

/* Borrowed from the slice given to unpack_begin(). */
struct slice unpack_bytes(struct unpack *);

/* True when every read succeeded and nothing is left over. */
NODISCARD bool unpack_end(const struct unpack *);

/* True when list is exactly count byte strings, one after the other. */
NODISCARD bool pack_is_list(struct slice list, uint32_t count);

#endif
