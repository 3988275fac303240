/*
 * dial - run every role once with --dial.
 *
 * Each gets its part of the configuration as it would in service, and ends by
 * itself; its exit status is the answer.
 */

#include "dial.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "ipc.h"
#include "log.h"
#include "process.h"

static void
on_closed(void *arg)
{
	event_base_loopexit(arg, NULL); /* it has ended, or is about to */
}

static const struct ipc_table table = { NULL, 0 };

static int
run_role(const struct settings *s, enum role_id role, char *const words[])
{
	struct event_base *base = event_base_new();
	struct ipc *link;
	int fd, config, status = 1;
	pid_t pid;

	if (base == NULL)
		fatal("cannot make an event loop");
	fflush(stdout);
	if ((pid = process_start(role, words, &fd)) == -1) {
		event_base_free(base);
		return 1;
	}
	link =
	    ipc_new(base, fd, process_role_name(role), &table, on_closed, base);
	if ((config = process_config_fd(role, &s->config)) != -1) {
		ipc_send(link, MSG_CONFIG, 0, NULL, config);
		ipc_send(link, MSG_GO, 0, NULL, -1);
		event_base_dispatch(base);
	}
	ipc_free(&link);
	event_base_free(base);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (config == -1) /* it had nothing to try, and may call that fine */
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int
dial_role(const struct settings *s, enum role_id role)
{
	static char dial[] = "--dial";
	static char *const words[] = { dial, NULL };

	return run_role(s, role, words) == 0 ? 0 : 1;
}

int
dial_certificates(const struct settings *s)
{
	return dial_role(s, ROLE_SMTP);
}

int
dial_servers(const struct settings *s)
{
	int bad = dial_role(s, ROLE_AUTH);

	return dial_role(s, ROLE_RELAY) | bad;
}

int
dial_user(const struct settings *s, char *const words[])
{
	/* who has changed the terminal ends first, and mends it */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	return run_role(s, ROLE_AUTH, words);
}
