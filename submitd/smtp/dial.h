#ifndef SUBMITD_SMTP_DIAL_H
#define SUBMITD_SMTP_DIAL_H

#include "config.h"

/*
 * `submitd -t`, this role's part: for each listener, what certificates it
 * shows, with names and lifetime; whether they load and their keys fit; a
 * warning for those that end soon and for a host name that none of them has.
 * 0 if every client can be shown one, else 1.
 */
int dial_certificates(const struct smtp_config *);

#endif
