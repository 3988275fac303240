#ifndef SUBMITD_PATH_H
#define SUBMITD_PATH_H

/*
 * path - reverse-path and forward-path (RFC 5321, 4.1.2).
 *
 * What is accepted is kept byte for byte: the mailbox goes to the smarthost
 * as the client wrote it.  A source route is understood and dropped, as
 * RFC 5321, 4.1.1.3 asks.  ASCII only.
 */

#include "compiler.h"
#include "slice.h"

enum path_status {
	PATH_OK,
	PATH_NULL,       /* "<>" */
	PATH_LOCAL,      /* no domain, e.g. <postmaster>: mailbox is set */
	PATH_BAD,        /* not the grammar */
	PATH_BAD_DOMAIN, /* grammar, but a name that is not fully qualified */
	PATH_TOO_LONG,
	PATH_NOT_ASCII,
};

struct path {
	struct slice mailbox; /* without <>; borrows from the input */
	struct slice domain;  /* behind the last @; empty for PATH_LOCAL */
};

/*
 * Parse a path at the start of in; *rest is what follows it (parameters, with
 * the space before them).  The angle brackets are required.
 */
NODISCARD enum path_status path_parse(
    struct slice in, struct path *, struct slice *rest);

/* A mailbox alone, as in AUTH=: local-part "@" domain. */
NODISCARD enum path_status path_parse_mailbox(struct slice in, struct path *);

#endif
