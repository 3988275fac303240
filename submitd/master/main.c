/*
 * submitd - the master: what the operator starts.
 *
 *	submitd [-f FILE]		run, in the foreground
 *	submitd [-f FILE] -t		check the configuration
 *	submitd [-f FILE] -t --dial	and everything it points to
 *	submitd [-f FILE] --user -- ...	for submitctl: a user in the directory
 *
 * Exit status: 0 fine, 1 not fine (the reason was told), 2 wrong usage.
 */

#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "configcheck.h"
#include "configfile.h"
#include "dial.h"
#include "log.h"
#include "master.h"
#include "process.h"

#define VERSION      "0.1"
#define DEFAULT_FILE SYSCONFDIR "/submitd/submitd.conf"

struct options {
	const char *file;
	bool test;
	bool dial;
	bool user;
	char *words[PROCESS_WORDS_MAX + 1]; /* of user */
};

static int
usage(FILE *to, int status)
{
	fputs("usage: submitd [-f FILE] [-t [--dial]]\n"
	      "  -f FILE   configuration, else " DEFAULT_FILE "\n"
	      "  -t        check the configuration and exit\n"
	      "  --dial    with -t: also connect to LDAP and the smarthosts\n"
	      "  -V        version\n",
	    to);
	return status;
}

/* What a user's entry is to be tried or changed by. */
static bool
take_words(struct options *o, int n, char **words)
{
	static char first[] = "--user";
	int i;

	if (n < 1 || n >= PROCESS_WORDS_MAX)
		return false;
	o->words[0] = first;
	for (i = 0; i < n; i++)
		o->words[i + 1] = words[i];
	return true;
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "dial", no_argument, NULL, 'd' },
		{ "user", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:thV", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->file = optarg;
			break;
		case 't':
			o->test = true;
			break;
		case 'd':
			o->dial = true;
			break;
		case 'u':
			o->user = true;
			break;
		case 'V':
			puts("submitd " VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	if (o->user ? o->test || !take_words(o, argc - optind, argv + optind)
		    : optind != argc || (o->dial && !o->test))
		return usage(stderr, 2);
	return -1;
}

/* A socket that took the place of stderr would get the log. */
static void
fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static int
test(const struct options *o, const struct settings *s)
{
	configcheck_warn(s);
	if (dial_certificates(s) != 0)
		return EXIT_FAILURE;
	printf("%s: configuration is fine\n", o->file);
	return o->dial ? dial_servers(s) : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct options o = { .file = DEFAULT_FILE };
	struct settings s;
	int status = parse_options(argc, argv, &o);

	fill_standard_fds();
	if (status != -1)
		return status;
	umask(077);
	log_open("master", LOG_TO_STDERR, LOG_LEVEL_INFO);
	if (configfile_load(o.file, &s) == -1 || account_resolve(&s) == -1)
		status = EXIT_FAILURE;
	else
		status = o.user   ? dial_user(&s, o.words)
			 : o.test ? test(&o, &s)
				  : master_run(&s);
	configfile_free(&s);
	return status;
}
