/*
 * submitd-smtp - the role that talks to mail clients.
 *
 * Holds neither LDAP nor spool nor smarthost: it asks auth and relay.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authclient.h"
#include "dial.h"
#include "log.h"
#include "relayclient.h"
#include "role.h"
#include "sessions.h"
#include "tls.h"
#include "worker.h"

/* Room in a spool file beside the content: envelope and our own field. */
#define FILE_SLACK 1048576

static struct worker worker;

/* Links that came before the loop was there. */
static int early_peer[ROLE_COUNT] = { -1, -1, -1 };

static int
configure(struct slice packed, struct role_config *common)
{
	if (smtp_config_unpack(packed, &worker.config) == -1)
		return -1;
	*common = worker.config.role;
	return 0;
}

static int
add_listener(const struct msg_listen *m, int fd)
{
	return worker_add_listener(&worker, m, fd);
}

static void
attach(uint32_t role, int fd)
{
	if (role == ROLE_AUTH)
		authclient_attach(worker.auth, fd);
	else
		relayclient_attach(worker.relay, fd);
}

static int
peer(const struct msg_peer *m, int fd)
{
	if (m->role != ROLE_AUTH && m->role != ROLE_RELAY) {
		close(fd);
		return -1;
	}
	if (worker.base != NULL) {
		attach(m->role, fd);
		return 0;
	}
	if (early_peer[m->role] != -1)
		close(early_peer[m->role]);
	early_peer[m->role] = fd;
	return 0;
}

static int
ticket_keys(const struct msg_ticket_keys *m)
{
	return tls_ticket_keys_set(m);
}

static int
prepare(struct event_base *base, struct sandbox *box)
{
	worker_init(&worker, base);
	if (worker_load_tls(&worker) == -1)
		return -1;
	box->chroot_wanted = true;
	box->root_fd = -1;
	box->max_file_size =
	    (uint64_t)worker.config.max_message_size + FILE_SLACK;
	/* a client's socket and its content */
	box->max_files =
	    (uint64_t)worker.config.max_connections * 2 + WORKER_DESCRIPTORS;
	return 0;
}

static int
start(void)
{
	worker_fit_descriptors(&worker);
	if (early_peer[ROLE_AUTH] != -1)
		attach(ROLE_AUTH, early_peer[ROLE_AUTH]);
	if (early_peer[ROLE_RELAY] != -1)
		attach(ROLE_RELAY, early_peer[ROLE_RELAY]);
	return worker_start(&worker);
}

static void
drain(void)
{
	worker_drain(&worker);
}

static void
stats(struct buf *b)
{
	buf_printf(b,
	    "sessions=%" PRIu32 "\naccepted=%" PRIu64 "\nrefused=%" PRIu64 "\n",
	    sessions_count(worker.sessions), worker.accepted, worker.refused);
}

static int
dial(void)
{
	return dial_certificates(&worker.config);
}

static const struct role_ops ops = {
	.name = "smtp",
	.configure = configure,
	.listen = add_listener,
	.peer = peer,
	.ticket_keys = ticket_keys,
	.prepare = prepare,
	.start = start,
	.drain = drain,
	.stats = stats,
	.dial = dial,
};

int
main(int argc, char **argv)
{
	return role_main(&ops, argc, argv);
}
