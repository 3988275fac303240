/*
 * textcheck - lines of content.  Pure.
 */

#include "textcheck.h"

void
textcheck_begin(struct textcheck *t, size_t line_max)
{
	*t = (struct textcheck){ .line_max = line_max };
}

void
textcheck_run(struct textcheck *t, struct slice run)
{
	size_t i;

	for (i = 0; i < run.n; i++)
		(void)textcheck_octet(t, run.p[i]);
}

void
textcheck_end(struct textcheck *t)
{
	if (t->cr)
		textcheck_fault(t, TEXT_BARE_CR);
}
