/*
 * submitctl - the operator's side.
 *
 * Here are the commands; what each does is the daemon's, or, for those at the
 * directory, of a submitd that is run for it.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "ctlsocket.h"
#include "ctluser.h"
#include "limits.h"
#include "slice.h"
#include "words.h"

#define DEFAULT_SOCKET "/run/submitd/control"

enum where { DAEMON, DIRECTORY };

/* clang-format off */
static const struct command {
	const char *words;
	int	    least, most; /* arguments behind them */
	enum where  where;
	const char *arguments;
	const char *help;
} commands[] = {
	{ "status", 0, 0, DAEMON, "", "processes, and counts since each began" },
	{ "user show", 1, 1, DAEMON, "USER", "sessions, last logins, counters, blocks" },
	{ "user block", 1, 2, DAEMON, "USER [REASON]", "no login, no session, nothing of theirs goes out" },
	{ "user unblock", 1, 1, DAEMON, "USER", "the end of that" },
	{ "user release", 1, 1, DAEMON, "USER", "let go what the guard holds" },
	{ "user limits reset", 1, 1, DAEMON, "USER", "begin to count anew" },
	{ "bans", 0, 0, DAEMON, "", "who is kept from trying passwords" },
	{ "unban", 1, 1, DAEMON, "WHAT|all", "an address, a user, or a user@address" },
	{ "cache flush", 0, 1, DAEMON, "[USER]", "forget logins that were right" },
	{ "user test-login", 1, 1, DIRECTORY, "USER", "try a password, step by step" },
	{ "user add", 2, 3, DIRECTORY, "USER MAIL [NAME]", "a new entry in the directory" },
	{ "user passwd", 1, 1, DIRECTORY, "USER", "a new password there" },
	{ "user del", 1, 1, DIRECTORY, "USER", "delete the entry there" },
};
/* clang-format on */

static int
usage(FILE *to, int status)
{
	char line[64];
	size_t i;

	fputs("usage: submitctl [-s SOCKET] COMMAND\n"
	      "       submitctl [-f FILE] [-D DN [-y FILE]] [-Y] "
	      "COMMAND at the directory\n\n",
	    to);
	for (i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];

		(void)snprintf(
		    line, sizeof(line), "%s %s", c->words, c->arguments);
		fprintf(to, "  %-27s %s%s\n", line, c->help,
		    c->where == DIRECTORY ? " *" : "");
	}
	fputs("\n  *  at the directory, with submitd's configuration:\n"
	      "  -f FILE  the configuration\n"
	      "  -D DN    who makes the change, if not the service account\n"
	      "  -y FILE  their password, in its first line\n"
	      "  -Y       delete without a question\n",
	    to);
	return status;
}

/* The words of a command that these begin with; 0: they do not. */
static int
match(const struct command *c, int argc, char **argv)
{
	const char *p = c->words, *end;
	int n = 0;

	for (; *p != '\0'; p = *end == '\0' ? end : end + 1, n++) {
		end = strchrnul(p, ' ');
		if (n == argc || !slice_eq(slice_of(argv[n]),
				     (struct slice){ p, (size_t)(end - p) }))
			return 0;
	}
	return n;
}

/* The one that the words begin with; NULL: none we know. */
static const struct command *
find_command(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (match(&commands[i], argc, argv) > 0)
			return &commands[i];
	return NULL;
}

/* What is unknown here is for the daemon to refuse: it may be newer. */
static bool
is_well_formed(const struct command *c, int argc, char **argv)
{
	int n;

	if (c == NULL)
		return argc > 0;
	n = argc - match(c, argc, argv);
	return n >= c->least && n <= c->most;
}

/* "user show alice\n"; -1: the line cannot say that. */
static int
pack_words(struct buf *line, int argc, char **argv)
{
	bool empty = false;
	int i;

	for (i = 0; i < argc; i++) {
		words_add(line, slice_of(argv[i]));
		empty = empty || argv[i][0] == '\0';
	}
	buf_str(line, "\n");
	return empty || !buf_ok(line) ? -1 : 0;
}

static int
ask_daemon(const char *path, const struct buf *line)
{
	FILE *stream;
	int fd, status;

	signal(SIGPIPE, SIG_IGN); /* a daemon too busy hangs up on us */
	if ((fd = ctlsocket_dial(path)) == -1)
		return ctlsocket_unreachable(path);
	if ((stream = fdopen(fd, "r+")) == NULL)
		return ctlsocket_unreachable(path);
	if (write(fd, line->p, line->n) != (ssize_t)line->n)
		status = ctlsocket_unreachable(path);
	else
		status = ctlsocket_print(stream);
	fclose(stream);
	return status;
}

int
main(int argc, char **argv)
{
	const char *path = DEFAULT_SOCKET;
	struct ctluser user = { NULL, NULL, NULL, false };
	struct buf line = buf_new(LIMIT_CONTROL_LINE);
	const struct command *command;
	int c, status = CTL_USAGE;

	while ((c = getopt(argc, argv, "s:f:D:y:Yh")) != -1)
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'f':
			user.config = optarg;
			break;
		case 'D':
			user.bind_dn = optarg;
			break;
		case 'y':
			user.password_file = optarg;
			break;
		case 'Y':
			user.sure = true;
			break;
		case 'h':
			return usage(stdout, CTL_DONE);
		default:
			return usage(stderr, CTL_USAGE);
		}
	argc -= optind;
	argv += optind;
	command = find_command(argc, argv);
	if (!is_well_formed(command, argc, argv))
		return usage(stderr, CTL_USAGE);
	if (command != NULL && command->where == DIRECTORY)
		return ctluser_run(
		    &user, argc - 1, argv + 1); /* without "user" */
	if (pack_words(&line, argc, argv) == 0)
		status = ask_daemon(path, &line);
	else
		fputs("submitctl: no name is empty, or as long as that\n",
		    stderr);
	buf_free(&line);
	return status;
}
