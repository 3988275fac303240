#ifndef SUBMITD_TEXTCHECK_H
#define SUBMITD_TEXTCHECK_H

/*
 * textcheck - is content made of lines, as RFC 5321, 2.3.8 wants them?
 *
 * A CR or LF on its own, a NUL and a line over the limit are faults: servers
 * that take them for different things can be made to see different messages.
 * Knows nothing of dots (dot.h) or chunks (bdat.h); any split of the content
 * finds the same.
 */

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "slice.h"

enum text_fault {
	TEXT_CLEAN,
	TEXT_BARE_CR,
	TEXT_BARE_LF,
	TEXT_NUL,
	TEXT_LONG_LINE,
};

struct textcheck {
	enum text_fault fault; /* the first one */
	bool cr;               /* the last octet was one */
	size_t line_length;    /* octets of the present line */
	size_t line_max;
	unsigned long lines; /* whole lines so far; the fault is in the next */
};

/* line_max: octets without CRLF. */
void textcheck_begin(struct textcheck *, size_t line_max);

static inline void
textcheck_fault(struct textcheck *t, enum text_fault f)
{
	if (t->fault == TEXT_CLEAN)
		t->fault = f;
}

/* The next octet.  True if it ended a line.  Inline: it is for each octet. */
static inline bool
textcheck_octet(struct textcheck *t, char c)
{
	if (t->cr && c == '\n') {
		t->cr = false;
		t->line_length = 0;
		if (t->fault == TEXT_CLEAN)
			t->lines++;
		return true;
	}
	if (t->cr)
		textcheck_fault(t, TEXT_BARE_CR);
	t->cr = c == '\r';
	if (c == '\n')
		textcheck_fault(t, TEXT_BARE_LF);
	else if (c == '\0')
		textcheck_fault(t, TEXT_NUL);
	else if (c != '\r' && ++t->line_length > t->line_max)
		textcheck_fault(t, TEXT_LONG_LINE);
	return false;
}

/* The next octets. */
void textcheck_run(struct textcheck *, struct slice run);

/* No octet will follow: a CR at the end was a bare one. */
void textcheck_end(struct textcheck *);

#endif
