#ifndef SUBMITD_HEADERLEX_H
#define SUBMITD_HEADERLEX_H

/*
 * headerlex - the lexical tokens of structured header fields (RFC 5322, 3.2;
 * RFC 6532, 3.2).
 *
 * Works on a field's body with its folds.  UTF-8 must be valid (RFC 3629);
 * control characters, which RFC 5322 only calls obsolete, are faults.  The
 * first fault stays, with its place.
 */

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "slice.h"

#define HEADERLEX_END (-1)

struct headerlex {
	struct slice in;
	size_t at;
	size_t skipped;    /* octets of white space and comments so far */
	bool odd_comment;  /* a comment held < > or @: some would see an address
			    */
	const char *fault; /* static words; NULL: none */
	size_t fault_at;
};

struct headerlex headerlex_begin(struct slice body);

/* Record a fault at the present place.  Always false. */
bool headerlex_fault(struct headerlex *, const char *what);

/* The next octet as unsigned char, or HEADERLEX_END. */
int headerlex_peek(const struct headerlex *);

/* Skip white space, folds and comments.  False: fault. */
NODISCARD bool headerlex_skip_cfws(struct headerlex *);

/*
 * Take an atom, which may be empty; *atom borrows.  False: fault (UTF-8).
 */
NODISCARD bool headerlex_atom(struct headerlex *, struct slice *atom);

/*
 * At a quote: take the string; *inside is what stands between the quotes,
 * pairs and folds included.  False: fault.
 */
NODISCARD bool headerlex_quoted(struct headerlex *, struct slice *inside);

/* At a bracket: take a domain literal, brackets included.  False: fault. */
NODISCARD bool headerlex_literal(struct headerlex *, struct slice *literal);

/* RFC 5322, 3.2.3; beyond ASCII too (RFC 6532, 3.2). */
bool headerlex_is_atext(int c);

#endif
