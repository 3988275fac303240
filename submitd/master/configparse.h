#ifndef SUBMITD_CONFIGPARSE_H
#define SUBMITD_CONFIGPARSE_H

/*
 * configparse - the words of a configuration file, each with its line.
 *
 * libConfuse knows the syntax; this module knows which keys exist, and that
 * none may stand twice.  What a value means is not asked here.
 */

#include <stddef.h>

#include "compiler.h"

struct raw_value {
	size_t row;      /* in config_keys */
	unsigned listen; /* which listen section, from 0 */
	unsigned line;
	char *text;
};

struct raw_config {
	struct raw_value *v; /* lists: one for each word, in order */
	size_t n;
	unsigned listen_n; /* listen sections in the file */
};

/*
 * Returns 0, or -1 after telling stderr FILE:LINE and what is wrong.  *out is
 * the caller's to free in either case.
 */
NODISCARD int configparse_file(const char *path, struct raw_config *out);
void configparse_free(struct raw_config *);

/* Tell the operator: "FILE:LINE: text", without the line when it is 0. */
void configparse_complain(const char *file, unsigned line, const char *fmt, ...)
    PRINTF(3, 4);

#endif
