/*
 * submitd-auth - who is this, and what may they send as?
 *
 * The one process with libsasl2's server side and libldap in it.  It takes
 * no connection from outside: smtp workers ask over their links (auth.c), and
 * it asks the directory (directory.c).  Here is only how it comes up: all that
 * must be read from disk is read before the process is confined.
 */

#include <event2/event.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth.h"
#include "config.h"
#include "ldapdial.h"
#include "ldaplib.h"
#include "ldapname.h"
#include "ldapprobe.h"
#include "limits.h"
#include "log.h"
#include "mechs.h"
#include "oauth.h"
#include "role.h"
#include "servers.h"
#include "stranger.h"
#include "usertool.h"

#define DESCRIPTORS_EACH 4 /* per thread: two connections, some for DNS */
#define DESCRIPTORS_PROBE                                                      \
	((uint64_t)3)       /* per server: a connection, some for DNS */
#define DESCRIPTORS_MORE 64 /* links, event loop, log */

static struct {
	struct event_base *base;
	struct auth_config config;
	struct servers *servers;
	bool started;
	struct { /* links that came before we serve */
		struct msg_peer peer;
		int fd;
	} early[LIMIT_WORKERS];
	size_t early_count;
} self;

static int
on_configure(struct slice packed, struct role_config *common)
{
	if (auth_config_unpack(packed, &self.config) == -1)
		return -1;
	*common = self.config.role;
	auth_init();
	return 0;
}

static int
on_peer(const struct msg_peer *peer, int fd)
{
	if (peer->role != ROLE_SMTP)
		goto refuse;
	if (self.started) {
		auth_add_link(peer->instance, fd);
		return 0;
	}
	if (self.early_count == ARRAY_LEN(self.early))
		goto refuse;
	self.early[self.early_count].peer = *peer;
	self.early[self.early_count++].fd = fd;
	return 0;
refuse:
	close(fd);
	return -1;
}

/* What a wrong configuration would else do to every login. */
static const char *
config_fault(const struct auth_config *c)
{
	if (c->dn_template != NULL)
		return ldapname_template_is_good(c->dn_template)
			   ? NULL
			   : "dn_template must hold %u";
	if (c->base == NULL)
		return "neither base nor dn_template";
	if (c->filter == NULL || !ldapname_template_is_good(c->filter))
		return "filter must hold %u";
	if (c->bind == LDAP_BIND_SIMPLE && c->bind_dn != NULL &&
	    c->bind_password.n == 0)
		return "bind_dn needs a password";
	return NULL;
}

/* Whatever the resolver and the libraries load at their first use. */
static void
warm_up(void)
{
	struct addrinfo *list = NULL;

	if (getaddrinfo("localhost", "389", NULL, &list) == 0)
		freeaddrinfo(list);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static void
allow(struct sandbox *s, const char *path, bool write)
{
	BUG_ON(s->path_count == SANDBOX_PATHS);
	s->paths[s->path_count++] = (struct sandbox_path){ path, write };
}

/* No chroot: the resolver wants files that may change under way. */
static void
confine(struct sandbox *s)
{
	static const char *const readable[] = {
		"/etc",
		"/usr",
		"/lib",
		"/lib64",
		"/run/systemd/resolve",
		"/run/resolvconf",
		"/run/NetworkManager",
		"/dev/urandom",
		"/dev/null",
	};
	size_t i;

	s->chroot_wanted = false;
	s->network = true;
	s->threads = true;
	s->max_files = (uint64_t)self.config.threads * DESCRIPTORS_EACH +
		       SERVERS_MAX * DESCRIPTORS_PROBE + LIMIT_WORKERS +
		       DESCRIPTORS_MORE;
	for (i = 0; i < ARRAY_LEN(readable); i++)
		allow(s, readable[i], false);
	if (self.config.ca_file != NULL)
		allow(s, self.config.ca_file, false);
	for (i = 0; i < servers_count(self.servers); i++) {
		const struct endpoint *e = servers_endpoint(self.servers, i);

		if (e->scheme == SCHEME_LDAPI && s->path_count < SANDBOX_PATHS)
			allow(s, e->host, true);
	}
}

static int
on_prepare(struct event_base *base, struct sandbox *s)
{
	const char *fault = config_fault(&self.config);
	const struct servers_params params = {
		.balanced = self.config.order == LDAP_ORDER_BALANCED,
		.failures = self.config.failures,
		.retry_ms = self.config.retry_dead_ms,
	};

	if (fault != NULL) {
		log_event(LOG_LEVEL_ERROR, "ldap_config", "%s", fault);
		return -1;
	}
	self.base = base;
	self.servers = servers_new(&self.config.uri, &params);
	if (self.servers == NULL)
		return -1;
	/* No variable changes what a library does from here on. */
	clearenv();
	/* The resolver's own patience is longer than that of a login. */
	if (setenv("RES_OPTIONS", "timeout:1 attempts:2", 1) == -1)
		return -1;
	if (oauth_start(&self.config) == -1 ||
	    mechs_start(&self.config.mechanisms) == -1 ||
	    ldaplib_init(&self.config) == -1)
		return -1;
	mechs_set_locks();
	stranger_start(&self.config);
	warm_up();
	confine(s);
	return 0;
}

static int
on_start(void)
{
	size_t i;

	if (auth_start(self.base, &self.config, self.servers) == -1)
		return -1;
	ldapprobe_start(&self.config, self.servers);
	self.started = true;
	for (i = 0; i < self.early_count; i++)
		auth_add_link(self.early[i].peer.instance, self.early[i].fd);
	return 0;
}

static int
on_dial(void)
{
	const char *fault = config_fault(&self.config);

	if (fault != NULL) {
		printf("ldap: %s\n", fault);
		return 1;
	}
	clearenv();
	if (oauth_start(&self.config) == -1) {
		printf("oauth: no key to judge tokens by; see the log\n");
		return 1;
	}
	if (mechs_start(&self.config.mechanisms) == -1) {
		printf("sasl: nothing to offer; see the log\n");
		return 1;
	}
	printf("sasl offers %s\n", mechs_offered());
	return ldapdial_servers(&self.config);
}

static int
on_tool(int argc, char **argv)
{
	const char *fault = config_fault(&self.config);

	if (fault != NULL) {
		fprintf(stderr, "ldap: %s\n", fault);
		return 1;
	}
	clearenv();
	if (ldaplib_init(&self.config) == -1)
		return 1;
	return usertool_run(&self.config, argc, argv);
}

int
main(int argc, char **argv)
{
	static const struct role_ops ops = {
		.name = "auth",
		.configure = on_configure,
		.peer = on_peer,
		.prepare = on_prepare,
		.start = on_start,
		.drain = auth_drain,
		.stats = auth_stats,
		.control = auth_control,
		.account = auth_account,
		.dial = on_dial,
		.tool = on_tool,
	};
	int status = role_main(&ops, argc, argv);

	/*
	 * A thread may still wait in libldap, for a server that is silent:
	 * exit() would have the library free what that thread uses.
	 */
	if (self.started)
		_exit(status);
	return status;
}
