#ifndef SUBMITD_PATH_H
#define SUBMITD_PATH_H

/*
 * path - reverse-path and forward-path (RFC 5321, 4.1.2).
 *
 * Case is kept, quotes that say nothing are not (path_plain()).  A source
 * route is understood and dropped, as RFC 5321, 4.1.1.3 asks.
 *
 * UTF-8 is taken wherever RFC 6531, 3.3 has it, since SMTPUTF8 is said behind
 * the path it is about: whoever has read both decides.  What is no UTF-8 is no
 * path.
 */

#include "buf.h"
#include "compiler.h"
#include "slice.h"

enum path_status {
	PATH_OK,
	PATH_NULL,       /* "<>" */
	PATH_LOCAL,      /* no domain, e.g. <postmaster>: mailbox is set */
	PATH_BAD,        /* not the grammar */
	PATH_BAD_DOMAIN, /* grammar, but a name that is not fully qualified */
	PATH_TOO_LONG,
};

struct path {
	struct slice mailbox; /* without <>; borrows from the input */
	struct slice domain;  /* behind the last @; empty for PATH_LOCAL */
	bool utf8;            /* the mailbox is not ASCII: RFC 6531 */
	bool literal;         /* the domain is an address in brackets */
};

/*
 * Parse a path at the start of in; *rest is what follows it (parameters, with
 * the space before them).  The angle brackets are required.
 */
NODISCARD enum path_status path_parse(
    struct slice in, struct path *, struct slice *rest);

/* A mailbox alone, as in AUTH=: local-part "@" domain. */
NODISCARD enum path_status path_parse_mailbox(struct slice in, struct path *);

/*
 * Append a mailbox that was parsed, with the least quoting (RFC 5321, 4.1.2):
 * "user"@example.org is user@example.org.  Never longer than it was.
 */
void path_plain(struct slice mailbox, struct buf *);

#endif
