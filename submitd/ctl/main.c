/*
 * submitctl - the operator's side of the control socket.
 *
 * Here are the commands; what each does is the daemon's.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "ctlsocket.h"
#include "limits.h"
#include "slice.h"
#include "words.h"

#define DEFAULT_SOCKET "/run/submitd/control"
#define COLUMN         28 /* where the help of a command begins */

/* clang-format off */
static const struct command {
	const char *words;
	int	    least, most; /* arguments behind them */
	const char *arguments;
	const char *help;
} commands[] = {
	{ "status", 0, 0, "", "processes, and counts since each began" },
	{ "user show", 1, 1, "USER", "limits, counters, last logins, flags" },
	{ "user block", 1, 2, "USER [REASON]",
	    "no login, no session, nothing of theirs goes out" },
	{ "user unblock", 1, 1, "USER", "the end of that" },
	{ "user release", 1, 1, "USER", "let go what the guard holds" },
	{ "user limits reset", 1, 1, "USER", "begin to count anew" },
	{ "bans", 0, 0, "", "who is kept from trying passwords" },
	{ "unban", 1, 1, "WHAT|all", "an address, a user, or a user@address" },
	{ "cache flush", 0, 1, "[USER]", "forget logins that were right" },
};
/* clang-format on */

static int
usage(FILE *to, int status)
{
	size_t i;

	fputs("usage: submitctl [-s SOCKET] COMMAND\n\n", to);
	for (i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];

		int width = COLUMN - (int)strlen(c->words);

		fprintf(to, "  %s %-*s %s\n", c->words, width, c->arguments,
		    c->help);
	}
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

/* What is unknown here is for the daemon to refuse: it may be newer. */
static bool
is_well_formed(int argc, char **argv)
{
	size_t i;
	int n;

	for (i = 0; i < ARRAY_LEN(commands); i++) {
		n = match(&commands[i], argc, argv);
		if (n > 0)
			return argc - n >= commands[i].least &&
			       argc - n <= commands[i].most;
	}
	return true;
}

/* "user show alice\n" */
static int
ask(int fd, int argc, char **argv)
{
	struct buf line = buf_new(LIMIT_CONTROL_LINE);
	int i, r = -1;

	for (i = 0; i < argc; i++)
		words_add(&line, slice_of(argv[i]));
	buf_str(&line, "\n");
	if (buf_ok(&line))
		r = write(fd, line.p, line.n) == (ssize_t)line.n ? 0 : -1;
	buf_free(&line);
	return r;
}

int
main(int argc, char **argv)
{
	const char *path = DEFAULT_SOCKET;
	FILE *stream;
	int c, fd, status;

	while ((c = getopt(argc, argv, "+s:h")) != -1) {
		if (c == 'h')
			return usage(stdout, CTL_DONE);
		if (c != 's')
			return usage(stderr, CTL_USAGE);
		path = optarg;
	}
	argc -= optind;
	argv += optind;
	if (argc == 0 || !is_well_formed(argc, argv))
		return usage(stderr, CTL_USAGE);
	signal(SIGPIPE, SIG_IGN); /* a daemon too busy hangs up on us */
	if ((fd = ctlsocket_dial(path)) == -1)
		return ctlsocket_unreachable(path);
	if ((stream = fdopen(fd, "r+")) == NULL)
		return ctlsocket_unreachable(path);
	if (ask(fd, argc, argv) == -1)
		status = ctlsocket_unreachable(path);
	else
		status = ctlsocket_print(stream);
	fclose(stream);
	return status;
}
