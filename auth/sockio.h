#ifndef SUBMITD_SOCKIO_H
#define SUBMITD_SOCKIO_H

/*
 * sockio - libldap's octets through a socket of ours, until our deadline.
 *
 * libldap's own input and output cannot be bounded: with GnuTLS its handshake
 * spins on a socket that does not block, and waits for ever on one that does.
 * Under this layer every read and write ends by the deadline, TLS or not,
 * and however slowly a server dribbles.
 */

#include <lber.h>
#include <stdint.h>

#include "compiler.h"

struct sockio {
	int fd;               /* non-blocking; -1: none */
	uint64_t deadline_ms; /* of the operation under way */
};

/* Put it under sb, which closes fd in the end.  *io stays where it is. */
NODISCARD int sockio_attach(struct sockio *io, Sockbuf *sb);

#endif
