#ifndef SUBMITD_SMTP_DIAL_H
#define SUBMITD_SMTP_DIAL_H

#include "config.h"

/*
 * `submitd -t --dial`, this role's part: does the certificate load, does the
 * key fit it, when does it end, does it name our host?  Prints a line each;
 * 0 if all is well, else 1.
 */
int dial_certificate(const struct smtp_config *);

#endif
