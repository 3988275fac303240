#ifndef SUBMITD_HEADERBLOCK_H
#define SUBMITD_HEADERBLOCK_H

/*
 * headerblock - the header section of a message, collected as content arrives
 * in runs of any size (RFC 5322, 2.1 and 2.2).
 *
 * It ends at the empty line, at the first line that is no header field, or
 * with the content.  Obsolete white space before the colon is taken (RFC 5322,
 * 4.5).  Lines end with CRLF only, also where the body may be binary: servers
 * that disagree about line ends would disagree about who wrote a message.
 */

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "compiler.h"
#include "headerfield.h"
#include "slice.h"

enum headerblock_status {
	HEADERBLOCK_MORE,
	HEADERBLOCK_END,       /* fields and rest are known */
	HEADERBLOCK_BAD_OCTET, /* NUL, bare CR or bare LF in a field */
	HEADERBLOCK_TOO_BIG,   /* beyond LIMIT_HEADER */
	HEADERBLOCK_NO_MEMORY,
};

enum headerblock_state {
	HEADERBLOCK_AT_LINE,
	HEADERBLOCK_EMPTY_CR, /* behind a CR that began a line */
	HEADERBLOCK_NAME,
	HEADERBLOCK_BEHIND_NAME, /* white space, then a colon */
	HEADERBLOCK_VALUE,
	HEADERBLOCK_VALUE_CR,
};

struct headerblock {
	enum headerblock_status status;
	enum headerblock_state state;
	size_t line;   /* where the present line begins; at END: the rest */
	size_t name_n; /* octets of a field name so far */
	bool is_open;  /* at END: no empty line ended it, yet a body follows */
	struct buf raw;
};

/* One field.  Borrows from the block, as long as that is unchanged. */
struct headerblock_field {
	enum header_field id;
	struct slice raw;  /* all its lines, the last CRLF included */
	struct slice name; /* without white space */
	struct slice body; /* behind the colon; folded lines as they stand */
};

void headerblock_begin(struct headerblock *);
void headerblock_free(struct headerblock *);

/*
 * Take the next run of content.  On END *run is what the block did not take:
 * content that follows headerblock_rest().
 */
NODISCARD enum headerblock_status headerblock_take(
    struct headerblock *, struct slice *run);

/* The content has ended without END: never MORE. */
NODISCARD enum headerblock_status headerblock_finish(struct headerblock *);

/*
 * What was taken and is no field: the empty line, or the beginning of a body
 * without one (is_open).  After END.
 */
struct slice headerblock_rest(const struct headerblock *);

/* The field at *at, which begins at 0; false: there are no more. */
bool headerblock_next(
    const struct headerblock *, size_t *at, struct headerblock_field *);

#endif
