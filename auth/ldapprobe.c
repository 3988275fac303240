/*
 * ldapprobe - find out in the background when a directory server is back.
 *
 * A probe is what a login does, up to the person's own bind: connect, TLS,
 * the service account's bind, and a search of one entry.  A server that hangs
 * keeps its own thread only, not the probes of the others.
 */

#include "ldapprobe.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "ldapconn.h"
#include "ldapresult.h"
#include "log.h"
#include "xalloc.h"

struct probe {
	const struct auth_config *config;
	struct servers *servers;
	size_t server;
};

/* The result code of the first step that failed, or LDAP_SUCCESS. */
static int
try_server(const struct probe *p, struct ldapconn *c)
{
	const struct auth_config *config = p->config;
	const uint64_t each = config->operation_timeout_ms;
	int code;

	code = ldapconn_open(c, servers_endpoint(p->servers, p->server), config,
	    clock_ms() + config->connect_timeout_ms);
	if (code != LDAP_SUCCESS)
		return code;
	code = ldapconn_bind_service(c, config, clock_ms() + each);
	if (code != LDAP_SUCCESS)
		return code;
	return ldapconn_touch(c, config->base, clock_ms() + each);
}

static void
probe(const struct probe *p)
{
	struct ldapconn c = LDAPCONN_CLOSED;
	int code = try_server(p, &c);
	struct ldap_result r = ldapresult_judge(code);
	struct ailment what = {
		.reason = r.reason,
		.text = c.text,
		.lost = code < 0,
		.counts = true,
	};

	/* It answers: whether the answer is the right one, logins will see. */
	if (r.meaning != MEANS_NEXT)
		servers_probed_well(p->servers, p->server, clock_ms());
	else
		servers_ill(p->servers, p->server, clock_ms(), &what);
	ldapconn_close(&c);
}

static void *
serve(void *arg)
{
	const struct probe *p = arg;

	for (;;) {
		servers_await_probe(p->servers, p->server);
		probe(p);
	}
	return NULL;
}

void
ldapprobe_start(const struct auth_config *config, struct servers *servers)
{
	sigset_t all, saved;
	pthread_t thread;
	size_t i;
	int e;

	sigfillset(&all); /* signals are the loop's */
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	for (i = 0; i < servers_count(servers); i++) {
		struct probe *p = xcalloc(1, sizeof(*p));

		*p = (struct probe){ config, servers, i };
		e = pthread_create(&thread, NULL, serve, p);
		if (e != 0)
			fatal("cannot start a thread: %s", strerror(e));
		pthread_detach(thread);
	}
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
}
