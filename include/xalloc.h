#ifndef SUBMITD_XALLOC_H
#define SUBMITD_XALLOC_H

/*
 * xalloc - allocation of small objects, which succeeds or ends the process;
 * the master restarts it.  Never for sizes that a peer chooses: see buf.h.
 */

#include <stddef.h>

#include "slice.h"

void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);

/* A NUL-terminated copy; the caller frees it. */
char *xstrndup(struct slice s);

#endif
