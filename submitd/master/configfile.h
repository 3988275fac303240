#ifndef SUBMITD_CONFIGFILE_H
#define SUBMITD_CONFIGFILE_H

/*
 * configfile - from the name of a file to settings that are fit to start with.
 *
 * Errors go to stderr as "FILE:LINE: key: what was expected", as many as can
 * be found in one run.  Reads the files that the configuration names, as the
 * user it is called as; asks no network, creates and changes nothing.
 */

#include "compiler.h"
#include "configkeys.h"

/*
 * Load and check.  path is borrowed by *out.  Returns 0, or -1 after the
 * errors were told.  *out is the caller's to free in either case.
 */
NODISCARD int configfile_load(const char *path, struct settings *out);

/* Free and wipe. */
void configfile_free(struct settings *);

#endif
