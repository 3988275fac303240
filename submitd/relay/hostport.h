#ifndef SUBMITD_HOSTPORT_H
#define SUBMITD_HOSTPORT_H

/* hostport - "host", "host:port", "address", "[v6]", "[v6]:port". */

#include <stdint.h>

#include "compiler.h"

/* 0: *host is the caller's to free, without brackets.  -1: not one. */
NODISCARD int hostport_parse(
    const char *text, uint16_t fallback, char **host, uint16_t *port);

#endif
