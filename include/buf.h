#ifndef SUBMITD_BUF_H
#define SUBMITD_BUF_H

/*
 * buf - bytes that grow, up to a limit set at birth.
 *
 * Failure is sticky: once something did not fit, nothing more is added and
 * buf_ok() is false, so a writer checks once, at the end.  Memory that held
 * data is wiped before it is given back, since any buf may have held a secret.
 */

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "slice.h"

struct buf {
	char *p; /* owned; NULL while cap is 0 */
	size_t n;
	size_t cap;
	size_t limit;
	bool failed;
};

/* An empty buffer that refuses to hold more than limit octets. */
struct buf buf_new(size_t limit);

/* Append; a no-op after a failure. */
void buf_add(struct buf *, const void *p, size_t n);
void buf_str(struct buf *, const char *s);
void buf_printf(struct buf *, const char *fmt, ...) PRINTF(2, 3);

/* Forget the first n octets (at most all). */
void buf_drop(struct buf *, size_t n);

/* Forget everything, keep the memory; clears a failure. */
void buf_clear(struct buf *);

/* Wipe and free; the buffer is empty and usable afterwards. */
void buf_free(struct buf *);

static inline bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

/* Borrowed: valid until the next call that changes the buffer. */
static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){ b->p, b->n };
}

#endif
