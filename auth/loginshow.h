#ifndef SUBMITD_LOGINSHOW_H
#define SUBMITD_LOGINSHOW_H

/*
 * loginshow - what a login earned, in lines for an operator.  Pure.
 */

#include "buf.h"
#include "login.h"

/* Append key=value lines: addresses, those of others, limits, warnings. */
void loginshow_rights(const struct login *, struct buf *);

#endif
