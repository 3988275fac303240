#ifndef SUBMITD_MECHS_H
#define SUBMITD_MECHS_H

/*
 * mechs - libsasl2 set up for this process: which mechanisms there are.
 *
 * Only the plug-ins of the mechanisms we know are ever loaded, from the
 * system's own directory; no configuration file and no variable counts.
 */

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"
#include "slice.h"

enum mech_flags {
	MECH_PASSWORD = 1 << 0,    /* we see the password, and check it */
	MECH_TOKEN = 1 << 6,       /* a bearer token */
	MECH_CERTIFICATE = 1 << 7, /* of the TLS client */
	MECH_LAST = 1 << 1,        /* offered behind all others */
	MECH_STORED = 1 << 2,      /* SCRAM: we see what the directory stores */
	MECH_BINDING = 1 << 3,     /* needs a TLS channel to bind to */
};

struct mech {
	const char *name;    /* as clients say it, upper case */
	const char *library; /* as libsasl2 lists it */
	const char *plugin;  /* start of its file's name; NULL: it is ours */
	uint32_t flags;      /* of enum mech_flags */
};

/*
 * Once, before confinement and threads, and before the first call of libldap,
 * which links libsasl2 too and would load every plug-in it finds.  0, or -1
 * logged: no mechanism is left, or the library fails.
 */
NODISCARD int mechs_start(const struct strings *wanted);

/* Again after libldap's first call, which puts its own locks in. */
void mechs_set_locks(void);

/* Names, separated by a space, in the order wanted. */
const char *mechs_offered(void);

/* Static; NULL when it is not offered.  Any case. */
const struct mech *mechs_find(struct slice name);

/* The value is a stored key of a mechanism that is offered. */
bool mechs_use_key(struct slice value);

#endif
