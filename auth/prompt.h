#ifndef SUBMITD_PROMPT_H
#define SUBMITD_PROMPT_H

/*
 * prompt - ask the operator at the terminal, or read what a program pipes in.
 *
 * From standard input, octet by octet, so that nothing stays in a buffer of
 * the C library.  A terminal shows a question (on stderr) and no echo of a
 * secret; of anything else, each answer is a line.  Blocks.
 */

#include <stdbool.h>

#include "compiler.h"
#include "secret.h"

/* One line of at most LIMIT_PASSWORD octets, without its end.  -1: there is
 * none, it is empty or too long; told on stderr. */
NODISCARD int prompt_secret(const char *question, struct secret *out);

/* A new one: at a terminal it is typed twice. */
NODISCARD int prompt_new_secret(const char *question, struct secret *out);

/* True if the answer is "yes". */
NODISCARD bool prompt_yes(const char *question);

#endif
