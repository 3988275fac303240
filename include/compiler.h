#ifndef SUBMITD_COMPILER_H
#define SUBMITD_COMPILER_H

/*
 * compiler - the few words we add to the language.
 *
 * BUG_ON() is for broken invariants of our own, never for data from outside;
 * it is always compiled in.
 */

#include <stdio.h>
#include <stdlib.h>

#define NODISCARD      __attribute__((warn_unused_result))
#define PRINTF(f, a)   __attribute__((format(printf, f, a)))
#define NORETURN       __attribute__((noreturn))
#define ARRAY_LEN(arr) (sizeof(arr) / sizeof((arr)[0]))

#define BUG_ON(cond)                                                           \
	do {                                                                   \
		if (cond)                                                      \
			bug(__FILE__, __LINE__, #cond);                        \
	} while (0)

/* Say which invariant broke, and abort. */
NORETURN static inline void
bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "<2>BUG %s:%d: %s\n", file, line, what);
	abort();
}

#endif
