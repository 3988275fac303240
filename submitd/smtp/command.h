#ifndef SUBMITD_COMMAND_H
#define SUBMITD_COMMAND_H

/*
 * command - what a command line asks for.
 *
 * Pure grammar (RFC 5321, 4.1.1): which verb, and the argument behind it.
 * Whether the verb is welcome now is for the session to say.
 */

#include <stdbool.h>

#include "compiler.h"
#include "slice.h"

enum verb {
	VERB_EHLO,
	VERB_HELO,
	VERB_STARTTLS,
	VERB_AUTH,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_RSET,
	VERB_NOOP,
	VERB_VRFY,
	VERB_EXPN,
	VERB_HELP,
	VERB_QUIT,
	VERB_BDAT,
	VERB_BURL,
	VERB_UNKNOWN,
	VERB_COUNT,
};

enum parse {
	PARSE_OK,
	PARSE_UNKNOWN_VERB, /* cmd->verb is VERB_UNKNOWN */
	PARSE_BAD_ARGUMENT, /* missing, unwanted, or without its keyword */
	PARSE_BAD_OCTET,    /* a control character somewhere in the line */
};

struct command {
	enum verb verb;
	struct slice
	    arg; /* behind the verb and FROM:/TO:, white space trimmed */
};

/* line: without CRLF.  cmd->arg borrows from it. */
NODISCARD enum parse command_parse(struct slice line, struct command *cmd);

/* True for an HTTP request line: whatever follows it is not for us. */
bool command_is_http(struct slice line);

/* "MAIL"; for logs.  Static. */
const char *command_name(enum verb);

#endif
