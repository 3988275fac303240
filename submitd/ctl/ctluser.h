#ifndef SUBMITD_CTLUSER_H
#define SUBMITD_CTLUSER_H

/*
 * ctluser - commands that the directory answers, not the daemon.
 *
 * submitd is run with the operator's rights and configuration; it starts the
 * one process that may know passwords, which asks for them itself.
 */

#include <stdbool.h>

struct ctluser {
	const char *config;        /* NULL: submitd's own */
	const char *bind_dn;       /* NULL: the service account */
	const char *password_file; /* of bind_dn; NULL: ask */
	bool sure;
};

/* Become submitd, with these words.  Returns only on failure, told. */
int ctluser_run(const struct ctluser *, int argc, char **argv);

#endif
