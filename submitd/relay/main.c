/*
 * submitd-relay - the role that hands mail to smarthosts, and keeps what they
 * cannot take.
 *
 * Holds the spool; knows nothing of clients, TLS keys of ours, or LDAP.
 */

#include <event2/dns.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "accounts.h"
#include "clock.h"
#include "envelope.h"
#include "jobs.h"
#include "ledgerstore.h"
#include "limits.h"
#include "log.h"
#include "mailserver.h"
#include "message.h"
#include "relay.h"
#include "relaydial.h"
#include "role.h"
#include "schedule.h"
#include "smarthost.h"
#include "spool.h"
#include "usercontrol.h"

/* In a spool file beside the content: head and end record; or a report. */
#define FILE_SLACK (ENVELOPE_MAX + LIMIT_REPORT)

#define DISK_QUEUE        LIMIT_MESSAGES_OPEN
#define DESCRIPTORS_FIXED 256

static struct relay relay;
static struct evdns_base *dns;
static struct event *drain_timer;

static struct {
	uint32_t instance;
	int fd;
} early[LIMIT_WORKERS];
static unsigned early_count;

static int
configure(struct slice packed, struct role_config *common)
{
	if (relay_config_unpack(packed, &relay.config) == -1)
		return -1;
	*common = relay.config.role;
	return 0;
}

static int
peer(const struct msg_peer *m, int fd)
{
	if (m->role != ROLE_SMTP ||
	    (relay.schedule == NULL && early_count == LIMIT_WORKERS)) {
		close(fd);
		return -1;
	}
	if (relay.schedule != NULL) {
		mailserver_add_link(&relay, m->instance, fd);
		return 0;
	}
	early[early_count].instance = m->instance;
	early[early_count++].fd = fd;
	return 0;
}

static int
prepare(struct event_base *base, struct sandbox *box)
{
	const struct relay_config *c = &relay.config;

	relay.base = base;
	if ((dns = resolver_new(base)) == NULL)
		return -1;
	relay.hosts = smarthosts_new(base, dns, c);
	relay.spool = spool_open(c->spool, (uid_t)c->role.uid,
	    (gid_t)c->role.gid, c->max_message_size, &spool_sys_real);
	if (relay.hosts == NULL || relay.spool == NULL)
		return -1;
	box->chroot_wanted = true;
	box->root_fd = spool_root_fd(relay.spool);
	box->paths[box->path_count++] = (struct sandbox_path){ c->spool, true };
	box->max_file_size = (uint64_t)c->max_message_size + FILE_SLACK;
	if (box->max_file_size < LIMIT_PAGE_FILE)
		box->max_file_size = LIMIT_PAGE_FILE;
	/* a message: its content, and the same in a disk request */
	box->max_files = DESCRIPTORS_FIXED + 3 * LIMIT_MESSAGES_OPEN +
			 c->connections * c->server.n;
	box->network = true;
	box->threads = true;
	return 0;
}

/* What was promised before the last stop or crash. */
static int
recover(void)
{
	uint64_t *ids;
	size_t i, n;

	if (spool_scan(relay.spool, &ids, &n) != SPOOL_OK)
		return -1;
	for (i = 0; i < n; i++)
		schedule_add(relay.schedule, ids[i], 0, NULL);
	if (n > 0)
		log_event(LOG_LEVEL_INFO, "recovered", "%zu queued", n);
	free(ids);
	return 0;
}

static int
start(void)
{
	struct jobs_params disk = {
		.threads = relay.config.disk_threads,
		.queue = DISK_QUEUE,
	};
	unsigned i;

	if ((relay.disk = jobs_new(relay.base, &disk)) == NULL ||
	    (relay.store = ledgerstore_new(&relay)) == NULL)
		return -1;
	relay.ledger = ledgerstore_ledger(relay.store);
	accounts_tell_all(&relay);
	relay.schedule = schedule_new(&relay, message_retry);
	smarthosts_on_back(relay.hosts, schedule_wake, relay.schedule);
	smarthosts_on_offers(relay.hosts, mailserver_tell_offers, &relay);
	smarthosts_probe(relay.hosts);
	if (recover() == -1)
		return -1;
	for (i = 0; i < early_count; i++)
		mailserver_add_link(&relay, early[i].instance, early[i].fd);
	return 0;
}

/* Whatever is left is safe where it is: in the queue, or not promised. */
static void
on_drain_overdue(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	log_event(LOG_LEVEL_WARN, "drain_overdue", "%" PRIu32 " messages cut",
	    messages_count());
	role_exit();
}

/* No message is left; what is known of users is still to be kept. */
static void
on_none(void)
{
	ledgerstore_drain(relay.store, role_exit);
}

static void
drain(void)
{
	uint32_t ms = relay.config.shutdown_timeout_ms;
	struct timeval tv = clock_span(ms);

	relay.draining = true;
	schedule_stop(relay.schedule);
	messages_on_none(on_none);
	drain_timer = evtimer_new(relay.base, on_drain_overdue, NULL);
	if (drain_timer == NULL || evtimer_add(drain_timer, &tv) == -1)
		role_exit();
	else if (messages_count() == 0)
		on_none();
}

static void
stats(struct buf *b)
{
	buf_printf(b,
	    "messages_open=%" PRIu32 "\nqueue_waiting=%zu\nqueue_running=%zu\n"
	    "recipients_delivered=%" PRIu64 "\nrecipients_refused=%" PRIu64
	    "\nmessages_queued=%" PRIu64 "\nmessages_held=%" PRIu64
	    "\nreports=%" PRIu64 "\ngrants_refused=%" PRIu64
	    "\nlimited=%" PRIu64 "\n",
	    messages_count(), schedule_waiting(relay.schedule),
	    schedule_running(relay.schedule), relay.delivered, relay.refused,
	    relay.queued, relay.held, relay.reports, relay.grants_refused,
	    relay.limited);
	smarthosts_stats(relay.hosts, b);
}

static void
control(uint64_t id, const struct msg_control_ask *ask)
{
	usercontrol_ask(&relay, id, ask);
}

static int
dial(void)
{
	return relaydial(&relay.config);
}

static const struct role_ops ops = {
	.name = "relay",
	.configure = configure,
	.peer = peer,
	.prepare = prepare,
	.start = start,
	.drain = drain,
	.stats = stats,
	.control = control,
	.dial = dial,
};

int
main(int argc, char **argv)
{
	return role_main(&ops, argc, argv);
}
