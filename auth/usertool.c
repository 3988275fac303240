/*
 * usertool - what "submitctl user" does at the directory.
 *
 * Here are the words; usertry.c tries a login, useredit.c changes entries.
 */

#include "usertool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ldapname.h"
#include "limits.h"
#include "prompt.h"

static int
usage(void)
{
	fputs("submitd-auth: wrong words; see submitctl -h\n", stderr);
	return 2;
}

static int
run_login(const struct useredit *e)
{
	return usertry_login(e->config, e->user);
}

static const struct {
	const char *word;
	int least, most; /* words behind it */
	bool changes;
	int (*run)(const struct useredit *);
} verbs[] = {
	{ "test-login", 1, 1, false, run_login },
	{ "add", 2, 3, true, useredit_add },
	{ "passwd", 1, 1, true, useredit_passwd },
	{ "del", 1, 1, true, useredit_del },
};

char *
usertool_printable(char *text)
{
	char *p;

	for (p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return text;
}

void
usertool_say(FILE *to, const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) != -1) {
		fputs(usertool_printable(text), to);
		fputc('\n', to);
		free(text);
	}
	va_end(ap);
}

/* The first line of a file. */
static int
read_password(const char *path, struct secret *out)
{
	char line[LIMIT_PASSWORD + 2];
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f != NULL) {
		setvbuf(f, NULL, _IONBF, 0); /* no copy left behind */
		if (fgets(line, sizeof(line), f) != NULL)
			n = strcspn(line, "\r\n");
		fclose(f);
	}
	if (n > 0 && n <= LIMIT_PASSWORD)
		secret_set(out, (struct slice){ line, n });
	else
		fprintf(stderr, "%s: no password in its first line\n", path);
	explicit_bzero(line, sizeof(line));
	return out->n > 0 ? 0 : -1;
}

/* Who makes the change. */
static int
read_operator(struct useredit *e, const char *file)
{
	char question[256];

	if (e->bind_dn == NULL)
		return 0;
	if (file != NULL)
		return read_password(file, &e->bind_password);
	(void)snprintf(
	    question, sizeof(question), "Password of %.200s", e->bind_dn);
	return prompt_secret(question, &e->bind_password);
}

static int
run_verb(size_t i, struct useredit *e, const char *file)
{
	int status = 1;

	if (!ldapname_is_sane(slice_of(e->user))) {
		fputs("This can be nobody's login name.\n", stderr);
		return 1;
	}
	if (!verbs[i].changes || read_operator(e, file) == 0)
		status = verbs[i].run(e);
	secret_wipe(&e->bind_password);
	fflush(stdout);
	return status;
}

int
usertool_run(const struct auth_config *config, int argc, char *const argv[])
{
	struct useredit e = { .config = config };
	const char *file = NULL;
	size_t i;
	int c, n;

	while ((c = getopt(argc, argv, "+D:y:Y")) != -1)
		switch (c) {
		case 'D':
			e.bind_dn = optarg;
			break;
		case 'y':
			file = optarg;
			break;
		case 'Y':
			e.sure = true;
			break;
		default:
			return usage();
		}
	n = argc - optind - 1;
	argv += optind;
	if (n < 1 || (e.bind_dn != NULL && *e.bind_dn == '\0'))
		return usage();
	e.user = argv[1];
	e.mail = n > 1 ? argv[2] : NULL;
	e.name = n > 2 ? argv[3] : NULL;
	for (i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(argv[0], verbs[i].word) == 0 &&
		    n >= verbs[i].least && n <= verbs[i].most)
			return run_verb(i, &e, file);
	return usage();
}
