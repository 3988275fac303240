#ifndef SUBMITD_RELAYDIAL_H
#define SUBMITD_RELAYDIAL_H

#include "config.h"

struct event_base;
struct evdns_base;

/*
 * `submitd -t --dial`, this role's part: connect to each smarthost as for a
 * message and print each step; 0 if all are well, else 1.
 */
int relaydial(const struct relay_config *);

/*
 * The resolver of this process: resolv.conf and hosts are read now, before a
 * chroot.  NULL: logged.
 */
struct evdns_base *resolver_new(struct event_base *);

#endif
