#ifndef SUBMITD_WORDS_H
#define SUBMITD_WORDS_H

/*
 * words - a request of submitctl as one line, and back.
 *
 * Words are separated by one space; an octet that is not printable ASCII, a
 * space or a per cent sign stands as %XX in one.  Pure.
 */

#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "slice.h"

/* Append a word, and a space before it unless it is the first. */
void words_add(struct buf *line, struct slice word);

/*
 * Append the words of a line to *packed, byte strings one after the other, and
 * count them.  -1: it is no such line, or has none or more than
 * LIMIT_CONTROL_WORDS words.
 */
NODISCARD int words_parse(
    struct slice line, struct buf *packed, uint32_t *count);

/* The word at an index; empty: there is none. */
struct slice words_at(struct slice packed, uint32_t count, uint32_t i);

#endif
