#ifndef SUBMITD_CONFIGCHECK_H
#define SUBMITD_CONFIGCHECK_H

/*
 * configcheck - what must be true of several keys together, and the values
 * that follow from others.  Keys were each right on their own before.
 */

#include <stdint.h>

#include "compiler.h"
#include "configkeys.h"

/* In listen_config.tls before the check: decided by the port. */
#define CONFIGCHECK_UNSET UINT32_MAX

/* Returns the number of errors told on stderr; completes *s when 0. */
NODISCARD unsigned configcheck(struct settings *s);

/*
 * The same of one listen section, while s->line has its lines: before the
 * sections are looked at together.
 */
NODISCARD unsigned configcheck_listen(
    const struct settings *s, const struct listen_config *);

/* Log what is allowed but nobody should do without knowing it. */
void configcheck_warn(const struct settings *s);

#endif
