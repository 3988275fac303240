#ifndef SUBMITD_SMTP_NAMEINDEX_H
#define SUBMITD_SMTP_NAMEINDEX_H

/*
 * nameindex - which certificate is for a name (RFC 6066, 3; RFC 9525, 6.3).
 *
 * Built once, then asked at every handshake with octets that a stranger sent.
 * No case, no pattern but "*" as the whole first label, which stands for one
 * label.
 */

#include <stddef.h>

#include "compiler.h"
#include "slice.h"

struct nameindex;

struct nameindex *nameindex_new(void);
void nameindex_free(struct nameindex **);

/* Add a dNSName; a name that is in it already keeps its value. */
void nameindex_add(struct nameindex *, const char *name, unsigned value);

/* To be called once, after the last name and before the first question. */
void nameindex_seal(struct nameindex *);

/* The value of that name, else of the "*" that covers it, else -1. */
NODISCARD int nameindex_find(const struct nameindex *, struct slice name);

/*
 * The host name in a server_name extension (RFC 6066, 3), borrowed; empty when
 * there is none or the octets are no such extension.
 */
struct slice nameindex_sni(struct slice extension);

#endif
