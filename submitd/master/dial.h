#ifndef SUBMITD_MASTER_DIAL_H
#define SUBMITD_MASTER_DIAL_H

#include "configkeys.h"

/*
 * `submitd -t`: the smtp role looks at the certificates, which master cannot
 * read, and prints what each listener shows.  0 if all can be used, else 1.
 * Starts no service, asks no network; blocks until the role has ended.
 */
int dial_certificates(const struct settings *);

/*
 * `submitd -t --dial`: the other roles in turn try what they will need of the
 * outside world and print step by step what they met.  0 if all is well, else
 * 1.  Starts no service; blocks until all have ended.
 */
int dial_servers(const struct settings *);

/*
 * `submitd --user`: the auth role does one thing at the directory for the
 * operator (auth/usertool.h has the words), at their terminal.  words: from
 * "--user" on, NULL at the end.  Its exit status; blocks until it has ended.
 */
int dial_user(const struct settings *, char *const words[]);

#endif
