#ifndef SUBMITD_SECRETFILE_H
#define SUBMITD_SECRETFILE_H

/*
 * secretfile - files with certificates, keys and passwords.
 *
 * A secret that others may read, or that others than its owner may change, is
 * refused: whoever could do that should not learn it from a working gateway.
 */

#include <stddef.h>

#include "compiler.h"
#include "secret.h"

enum secretfile_kind {
	SECRETFILE_CERTIFICATE, /* PEM, may be public */
	SECRETFILE_KEY,         /* PEM, unencrypted */
	SECRETFILE_PASSWORD,    /* one line */
	SECRETFILE_JSON,        /* an object, may be public */
};

/*
 * Read the file into *out.  Returns 0, or -1 with the reason, fit to stand
 * behind the file's name, in why.
 */
NODISCARD int secretfile_read(const char *path, enum secretfile_kind,
    struct secret *out, char *why, size_t why_n);

#endif
