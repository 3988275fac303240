#ifndef SUBMITD_MECHLIST_H
#define SUBMITD_MECHLIST_H

/*
 * mechlist - which of auth's mechanisms one session can use.
 *
 * Pure.  auth offers the same list to all; what a session lacks for some of
 * them, a TLS channel to bind to or a client certificate, it is not told of.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "slice.h"

enum mech_fact {
	MECH_HAS_BINDING = 1 << 0,     /* binding.h has a value for its TLS */
	MECH_HAS_CERTIFICATE = 1 << 1, /* clientcert.h: a good one */
};

/* facts: set of enum mech_fact.  Any case. */
bool mechlist_fits(struct slice mechanism, uint32_t facts);

/* Append those of list (separated by a space) that fit, the same way. */
void mechlist_add(struct buf *, const char *list, uint32_t facts);

#endif
