#ifndef SUBMITD_MASTER_DIAL_H
#define SUBMITD_MASTER_DIAL_H

#include "configkeys.h"

/*
 * `submitd -t --dial`: each role in turn tries what it will need of the
 * outside world and prints step by step what it met.  0 if all is well, else
 * 1.  Starts no service; blocks until all have ended.
 */
int dial_all(const struct settings *);

#endif
