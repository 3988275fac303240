#ifndef SUBMITD_HEADERCHECK_H
#define SUBMITD_HEADERCHECK_H

/*
 * headercheck - may this header go out, and what does it lack?
 *
 * Counts what may stand once, and holds the addresses to their grammar and
 * the author fields (From, Sender, and their Resent- kind) to the addresses
 * of the user.  Changes nothing; fixup.h does.
 */

#include <stdbool.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "grant.h"
#include "headerblock.h"
#include "limits.h"
#include "reply.h"
#include "slice.h"

struct headercheck_rules {
	const struct grant *grant;
	enum header_from from;
	enum header_syntax syntax;
	struct slice complete_domain; /* empty: none */
	struct slice own;             /* identity_address(); empty: none */
};

/* What one author field holds. */
struct headercheck_authors {
	unsigned mailboxes;
	unsigned foreign;   /* not the user's, or not clearly; an empty group */
	unsigned delegated; /* of somebody the user may write for */
	struct slice name;  /* display name of the first; borrows */
};

struct headercheck {
	unsigned count[FIELD_COUNT];
	bool is_resent;          /* RFC 5322, 3.6.6 */
	bool has_date;           /* with something in it */
	bool is_incomplete;      /* complete_domain has work */
	bool is_foreign;         /* some author field is, in part */
	bool resent_delegated;   /* some Resent-From is, in part */
	struct slice message_id; /* the first valid one; borrows */
	struct headercheck_authors from;
	struct headercheck_authors sender;
};

/* What is told of it: to the client, when refused, and to the log. */
struct headernotes {
	enum reply refusal;
	struct buf detail; /* its argument */
	/* let through by the rules; "": none.  The first of each. */
	char foreign[LIMIT_HEADER_ADDRESS + 64];
	char fault[LIMIT_HEADER_ADDRESS + 64];
};

void headernotes_begin(struct headernotes *);
void headernotes_free(struct headernotes *);

/* After END.  False: refused, see notes. */
NODISCARD bool headercheck(const struct headercheck_rules *,
    const struct headerblock *, struct headernotes *, struct headercheck *out);

/*
 * The authors of a field that headercheck() has passed; for the modes that
 * let foreign ones pass.
 */
struct headercheck_authors headercheck_authors(
    const struct headercheck_rules *, const struct headerblock_field *);

#endif
