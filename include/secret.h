#ifndef SUBMITD_SECRET_H
#define SUBMITD_SECRET_H

/*
 * secret - bytes that must not be seen: passwords, keys, tokens.
 *
 * A type of its own so that no log call takes it, and so that freeing wipes.
 * What keeps the memory from being read while it lives is the process: no core
 * dumps, not traceable (sandbox.h).
 */

#include <stddef.h>

#include "slice.h"

struct secret {
	char *p; /* owned; NUL-terminated beyond n for C libraries; or NULL */
	size_t n;
};

/* Replace the value by a copy of s. */
void secret_set(struct secret *, struct slice s);

/* Wipe, free and empty.  Any number of times. */
void secret_wipe(struct secret *);

/* The bytes, for the one call that needs them. */
static inline struct slice
secret_slice(const struct secret *s)
{
	return (struct slice){ s->p, s->n };
}

#endif
