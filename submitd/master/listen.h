#ifndef SUBMITD_LISTEN_H
#define SUBMITD_LISTEN_H

/*
 * listen - the ports, opened once and kept by master.
 *
 * One socket per (listen line, address family, worker), all of one port in a
 * SO_REUSEPORT group, so that the kernel spreads connections over the workers.
 * Master keeps them open: while a worker is being restarted its connections
 * wait in the socket, and the next worker gets the same one.
 */

#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"

struct listener {
	int fd;
	uint32_t worker;
	uint32_t index; /* of the listen line */
	char name[80];  /* "address:port" */
};

struct listeners {
	struct listener *v;
	size_t n;
};

/* 0, or -1 after logging what to do.  *out is the caller's either way. */
NODISCARD int listen_open(const struct config *, struct listeners *out);

/* Close all; any number of times. */
void listen_close(struct listeners *);

#endif
