#ifndef SUBMITD_SPLIT_H
#define SUBMITD_SPLIT_H

/*
 * split - which of the recipients go into one transaction, where a server has
 * limits (RFC 9422, 4).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpclient.h"

/* What is left of it; 0: there is no limit. */
struct split_room {
	uint64_t recipients;
	uint64_t domains;
};

/*
 * Set pick[i] for those of the n that fit, the first among them, and clear it
 * for the others.  Returns how many: at least 1, if n is.
 */
size_t split_pick(const struct smtpclient_recipient *, size_t n,
    struct split_room, bool *pick);

/* How many different domains the n recipients have. */
size_t split_domains(const struct smtpclient_recipient *, size_t n);

#endif
