/*
 * xalloc - allocation of small objects, which succeeds or ends the process.
 *
 * Not for sizes that a peer chooses: those go through a buf, which has a limit
 * and can fail without taking anybody else along.
 */

#include "xalloc.h"

#include <stdlib.h>

#include "log.h"

void *
xcalloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		fatal("out of memory");
	return p;
}

void *
xreallocarray(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count, size);

	if (q == NULL)
		fatal("out of memory");
	return q;
}

char *
xstrdup(const char *s)
{
	return xstrndup(slice_of(s));
}

char *
xstrndup(struct slice s)
{
	char *copy = xcalloc(s.n + 1, 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	return copy;
}
