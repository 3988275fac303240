#ifndef SUBMITD_LDAPPROBE_H
#define SUBMITD_LDAPPROBE_H

/*
 * ldapprobe - find out in the background when a directory server is back.
 */

#include "config.h"
#include "servers.h"

/*
 * Start a thread for each server, which sleeps while it is well.  They last
 * as long as the process does, as must both pointers.
 */
void ldapprobe_start(const struct auth_config *, struct servers *);

#endif
