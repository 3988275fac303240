/*
 * command - split a command line into verb and argument.
 *
 * One table knows every verb's shape; verbs are case-blind (RFC 5321, 2.4).
 * Reads nothing and changes nothing but its result.
 */

#include "command.h"

enum arg { ARG_NONE, ARG_OPTIONAL, ARG_REQUIRED };

/* clang-format off */
static const struct {
	const char	*name;
	const char	*lead;	/* must open the argument, then is dropped */
	enum arg	 arg;
} verbs[] = {
	[VERB_EHLO]	= { "EHLO",	"",	 ARG_REQUIRED },
	[VERB_HELO]	= { "HELO",	"",	 ARG_REQUIRED },
	[VERB_STARTTLS]	= { "STARTTLS",	"",	 ARG_NONE },
	[VERB_AUTH]	= { "AUTH",	"",	 ARG_REQUIRED },
	[VERB_MAIL]	= { "MAIL",	"FROM:", ARG_REQUIRED },
	[VERB_RCPT]	= { "RCPT",	"TO:",	 ARG_REQUIRED },
	[VERB_DATA]	= { "DATA",	"",	 ARG_NONE },
	[VERB_RSET]	= { "RSET",	"",	 ARG_NONE },
	[VERB_NOOP]	= { "NOOP",	"",	 ARG_OPTIONAL },
	[VERB_VRFY]	= { "VRFY",	"",	 ARG_REQUIRED },
	[VERB_EXPN]	= { "EXPN",	"",	 ARG_REQUIRED },
	[VERB_HELP]	= { "HELP",	"",	 ARG_OPTIONAL },
	[VERB_QUIT]	= { "QUIT",	"",	 ARG_NONE },
	[VERB_BDAT]	= { "BDAT",	"",	 ARG_REQUIRED },
	[VERB_BURL]	= { "BURL",	"",	 ARG_OPTIONAL },
	[VERB_UNKNOWN]	= { "unknown",	"",	 ARG_OPTIONAL },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(verbs) == VERB_COUNT, "a row for every verb");

const char *
command_name(enum verb v)
{
	return verbs[v].name;
}

/*
 * RFC 5321, 4.1.1.1 and 4.1.1: no control characters in commands; TAB is
 * none of the separators there either, but let pass at the end and behind
 * the colon of MAIL and RCPT.
 */
static bool
has_control(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* RFC 5321, 4.1.1: white space before the CRLF is let pass. */
static struct slice
without_white_end(struct slice s)
{
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static struct slice
without_start(struct slice s, const char *blanks)
{
	while (s.n > 0 && s.p[0] != '\0' && strchr(blanks, s.p[0]) != NULL)
		s = (struct slice){ s.p + 1, s.n - 1 };
	return s;
}

bool
command_is_http(struct slice line)
{
	static const char mark[] = " HTTP/";

	return line.n > 0 &&
	       memmem(line.p, line.n, mark, sizeof(mark) - 1) != NULL;
}

enum parse
command_parse(struct slice line, struct command *cmd)
{
	struct slice word, arg = { "", 0 };
	const char *space;
	size_t lead;
	unsigned v;

	line = word = without_white_end(line);
	space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
	if (space != NULL) {
		word.n = (size_t)(space - line.p);
		arg = without_start(slice_from(line, word.n + 1), " ");
	}
	for (v = 0; v < VERB_UNKNOWN; v++)
		if (slice_ieq(word, slice_of(verbs[v].name)))
			break;
	*cmd = (struct command){ .verb = (enum verb)v, .arg = arg };
	if (v == VERB_UNKNOWN)
		return PARSE_UNKNOWN_VERB;

	lead = strlen(verbs[v].lead);
	if (arg.n < lead || strncasecmp(arg.p, verbs[v].lead, lead) != 0)
		return has_control(arg) ? PARSE_BAD_OCTET : PARSE_BAD_ARGUMENT;
	/* "FROM: <a@b>" is common, if wrong: white space is let pass there. */
	cmd->arg = slice_from(arg, lead);
	if (lead > 0)
		cmd->arg = without_start(cmd->arg, " \t");
	if (has_control(cmd->arg))
		return PARSE_BAD_OCTET;

	if ((verbs[v].arg == ARG_NONE && cmd->arg.n > 0) ||
	    (verbs[v].arg == ARG_REQUIRED && cmd->arg.n == 0))
		return PARSE_BAD_ARGUMENT;
	return PARSE_OK;
}
