#ifndef SUBMITD_CONFIGTEXT_H
#define SUBMITD_CONFIGTEXT_H

/*
 * configtext - the text of a configuration file, before libConfuse gets it.
 *
 * Pure.  libConfuse 3.3 counts a line with a comment two or three times, so
 * that every error below it names the wrong line, and refuses comments inside
 * a value: it gets to see spaces instead.
 */

#include <stddef.h>

#include "compiler.h"

/*
 * Put spaces where comments are: from # or // to the end of the line, and
 * from a slash and a star to their mirror image.  Line ends stay; so does
 * whatever is quoted.  Returns 0, or the line of a comment that never ends.
 */
NODISCARD unsigned configtext_blank_comments(char *text, size_t n);

/*
 * The line of a brace that is never closed, or 0; comments are gone. libConfuse
 * takes the end of a file for the end of every section.
 */
NODISCARD unsigned configtext_open_brace(const char *text, size_t n);

#endif
