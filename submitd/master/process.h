#ifndef SUBMITD_PROCESS_H
#define SUBMITD_PROCESS_H

/*
 * process - start a role's executable, and give it its configuration.
 *
 * The child gets /dev/null as stdin, our stdout and stderr, its end of the
 * link as ROLE_FD, a short fixed environment, and nothing else.
 */

#include <sys/types.h>

#include "buf.h"
#include "compiler.h"
#include "config.h"
#include "messages.h"

#define PROCESS_WORDS_MAX 12 /* arguments of a role */

/* "smtp"; static. */
const char *process_role_name(enum role_id);

/*
 * Start submitd-ROLE, found beside our own executable or in LIBEXECDIR.
 * words: its arguments, NULL at the end, or NULL: to serve; with arguments it
 * keeps our standard input.  Its pid, *link our end; or -1, logged.
 */
NODISCARD pid_t process_start(enum role_id, char *const words[], int *link);

/* In a child, before exec: as if nobody had ever set a signal. */
void process_reset_signals(void);

/*
 * A role's part of the configuration as a sealed memory file, to be sent with
 * MSG_CONFIG.  -1: logged.
 */
NODISCARD int process_config_fd(enum role_id, const struct config *);

#endif
