/*
 * prompt - ask the operator at the terminal, or read what a program pipes in.
 */

#include "prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "compiler.h"
#include "limits.h"
#include "slice.h"

/*
 * Read a line; its length, or -1: none, or it does not fit.  Signals that mask
 * lets in end it, whenever they come; NULL: those that are let in anyway.
 */
static int
read_line(char *line, size_t size, const sigset_t *mask)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t n = 0;
	ssize_t r;

	while (n < size) {
		if (ppoll(&in, 1, NULL, mask) == -1)
			return -1; /* the operator gives up */
		r = read(STDIN_FILENO, line + n, 1);
		if (r == -1)
			return -1;
		if (r == 0 && n == 0)
			return -1;
		if (r == 0 || line[n] == '\n') {
			if (n > 0 && line[n - 1] == '\r')
				n--;
			return (int)n;
		}
		n++;
	}
	return -1;
}

static void
on_interrupt(int sig)
{
	(void)sig; /* ppoll() fails, and the terminal is mended */
}

/*
 * The same from a terminal, without echo.  Asked only then: what is typed
 * ahead would be seen, and is thrown away.
 */
static int
read_hidden(const char *question, char *line, size_t size)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	const struct sigaction interrupt = { .sa_handler = on_interrupt };
	struct sigaction before[ARRAY_LEN(signals)];
	struct termios shown, hidden;
	sigset_t blocked, mask;
	size_t i;
	int n;

	if (tcgetattr(STDIN_FILENO, &shown) == -1)
		return -1;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_LEN(signals); i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &interrupt, &before[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &mask);
	n = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	if (n == 0) {
		fprintf(stderr, "%s: ", question);
		n = read_line(line, size, &mask);
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &shown);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	fputc('\n', stderr);
	return n;
}

static int
ask(const char *question, char *line, size_t size)
{
	if (isatty(STDIN_FILENO) == 0)
		return read_line(line, size, NULL);
	return read_hidden(question, line, size);
}

int
prompt_secret(const char *question, struct secret *out)
{
	char line[LIMIT_PASSWORD + 2];
	int n = ask(question, line, sizeof(line));

	if (n > LIMIT_PASSWORD)
		n = -1;
	if (n > 0)
		secret_set(out, (struct slice){ line, (size_t)n });
	else
		fprintf(stderr, "%s: expected a line of at most %d octets\n",
		    question, LIMIT_PASSWORD);
	explicit_bzero(line, sizeof(line));
	return n > 0 ? 0 : -1;
}

int
prompt_new_secret(const char *question, struct secret *out)
{
	struct secret again = { NULL, 0 };
	int r = prompt_secret(question, out);

	if (r == -1 || isatty(STDIN_FILENO) == 0)
		return r;
	r = prompt_secret("Once more", &again);
	if (r == 0 && !slice_eq(secret_slice(out), secret_slice(&again))) {
		fputs("These are two different passwords.\n", stderr);
		r = -1;
	}
	secret_wipe(&again);
	if (r == -1)
		secret_wipe(out);
	return r;
}

bool
prompt_yes(const char *question)
{
	char line[8];
	int n;

	if (isatty(STDIN_FILENO) != 0)
		fprintf(stderr, "%s (yes or no): ", question);
	n = read_line(line, sizeof(line), NULL);
	return n == 3 && memcmp(line, "yes", 3) == 0;
}
