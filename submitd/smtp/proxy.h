#ifndef SUBMITD_SMTP_PROXY_H
#define SUBMITD_SMTP_PROXY_H

/*
 * proxy - the header by which a balancer tells whose connection this is
 * (HAProxy's proxy-protocol.txt, versions 1 and 2).
 *
 * Pure: octets in; value, or that more are needed, or that this is none.
 * Whoever asks decides from whom a header is taken at all.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "slice.h"

enum proxy_status {
	PROXY_DONE, /* *out is filled in */
	PROXY_MORE, /* right so far */
	PROXY_BAD,  /* whatever follows */
};

struct proxy_header {
	size_t n; /* its octets; what follows is the client's */
	/*
	 * False: no client behind it that has an address (a health check, an
	 * unknown family): the connection's own addresses stand.
	 */
	bool has_address;
	struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

/*
 * The header at the start of in, of at most LIMIT_PROXY_HEADER octets.  A
 * checksum (PP2_TYPE_CRC32C) must be right where there is one; nothing else
 * that version 2 may carry along is believed, or even looked at.
 */
NODISCARD enum proxy_status proxy_parse(
    struct slice in, struct proxy_header *out);

#endif
