#ifndef SUBMITD_SASLPREP_H
#define SUBMITD_SASLPREP_H

/*
 * saslprep - one spelling for names and passwords (RFC 4013).
 *
 * What looks the same but is other octets, since another keyboard or system
 * wrote it, becomes the same.  Pure but for memory that the library takes and
 * gives back; safe in any thread.
 */

#include <stddef.h>

#include "compiler.h"
#include "slice.h"

/*
 * Prepare in as a query (code points younger than Unicode 3.2 are let pass)
 * into out, with a NUL behind.  The length, or 0: nothing is left, it is not
 * UTF-8, holds what is prohibited, or does not fit; out is wiped then.
 */
NODISCARD size_t saslprep(struct slice in, char *out, size_t size);

/* The same, upper case become lower too, for comparing names. */
NODISCARD size_t saslprep_fold(struct slice in, char *out, size_t size);

#endif
