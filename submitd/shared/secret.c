/*
 * secret - bytes that must not be seen.
 *
 * Invariant: memory that held a secret is wiped before it is freed.
 */

#include "secret.h"

#include <stdlib.h>

#include "xalloc.h"

void
secret_set(struct secret *to, struct slice s)
{
	/* Copied first: s may be a part of the old value. */
	struct secret fresh = { xstrndup(s), s.n };

	secret_wipe(to);
	*to = fresh;
}

void
secret_wipe(struct secret *s)
{
	if (s->p != NULL)
		explicit_bzero(s->p, s->n);
	free(s->p);
	*s = (struct secret){ NULL, 0 };
}
