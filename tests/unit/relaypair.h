#ifndef SUBMITD_TESTS_RELAYPAIR_H
#define SUBMITD_TESTS_RELAYPAIR_H

/*
 * relaypair - the inside of a relay, and an smtp worker on the other end of
 * its link, in one loop.
 *
 * The smarthost is a faked delivery.c; the disk a table of system calls that
 * can be made to fail, and to wait.
 */

#include "cases.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <ftw.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "compiler.h"
#include "delivery.h"
#include "grant.h"
#include "ipc.h"
#include "jobs.h"
#include "ledgerstore.h"
#include "limits.h"
#include "mailoptions.h"
#include "mailserver.h"
#include "message.h"
#include "pack.h"
#include "queueid.h"
#include "relay.h"
#include "schedule.h"
#include "spool.h"

#define INSTANCE   7
#define SESSION    0x1234
#define RECIPIENTS 2
#define HOUR_MS    3600000

static const struct slice key = { "0123456789abcdef0123456789abcdef", 32 };
static const char content[] = "Subject: x\r\n\r\nOne line.\r\n";

/* -- the smarthost: takes the place of delivery.c -------------------------- */

struct delivery {
	delivery_done *done;
	void *arg;
	size_t n;
	bool withdrawn;
};

static struct delivery *delivery; /* the one under way */
static unsigned deliveries;

/* Reports are taken by themselves, at once; the last one is kept. */
static struct {
	unsigned n;
	char to[LIMIT_PATH];
	uint32_t notify;
	uint32_t body;
	bool require_tls;
	char text[16384];
} report;

static inline void
take_report(evutil_socket_t fd, short what, void *arg)
{
	static const struct delivery_word words[1];
	static const enum outcome outcomes[1] = { OUTCOME_OK };
	struct smtpreply reply = { .code = 250 };
	struct delivery_result r = { outcomes, words, &reply, "smart.example",
		.unknown = false };
	struct delivery *d = arg;

	(void)fd;
	(void)what;
	report.n++;
	d->done(d->arg, &r);
	free(d);
}

static inline struct delivery *
start_report(struct event_base *base, const struct smtpclient_mail *mail,
    delivery_done *done, void *arg)
{
	static const struct timeval now = { 0, 0 };
	struct delivery *d = calloc(1, sizeof(*d));

	*d = (struct delivery){ done, arg, 1, 0 };
	assert_int_equal(mail->recipient_count, 1);
	assert_true(mail->size < sizeof(report.text));
	assert_int_equal(
	    pread(mail->fd, report.text, mail->size, (off_t)mail->content_at),
	    mail->size);
	report.text[mail->size] = '\0';
	(void)snprintf(
	    report.to, sizeof(report.to), "%s", mail->recipients[0].mailbox);
	report.notify = mail->recipients[0].notify;
	report.body = mail->options->body;
	report.require_tls = mail->options->require_tls;
	event_base_once(base, -1, EV_TIMEOUT, take_report, d, &now);
	return d;
}

struct delivery *
delivery_start(struct event_base *base, struct smarthosts *hosts,
    const struct smtpclient_mail *mail, delivery_done *done, void *arg)
{
	(void)hosts;
	if (mail->sender[0] == '\0' &&
	    mail->recipients[0].notify == NOTIFY_NEVER)
		return start_report(base, mail, done, arg);
	assert_null(delivery);
	delivery = calloc(1, sizeof(*delivery));
	*delivery = (struct delivery){ done, arg, mail->recipient_count, 0 };
	deliveries++;
	return delivery;
}

void
delivery_overdue(struct delivery *d)
{
	(void)d; /* only other messages heed it */
}

void
delivery_withdraw(struct delivery *d)
{
	d->withdrawn = true;
}

/* Whoever takes it answers for NOTIFY; for BY. */
static bool has_dsn, has_by;

/* It ends; code: of the reply that decided. */
static inline void
deliver(enum outcome first, enum outcome second, unsigned code)
{
	struct delivery_word words[RECIPIENTS];
	enum outcome outcomes[RECIPIENTS] = { first, second };
	struct delivery *d = delivery;
	struct smtpreply reply;
	struct delivery_result r = { outcomes, words, &reply, "smart.example",
		.unknown = false };

	assert_non_null(d);
	smtpreply_set(&reply, code, code >= 500 ? "5.1.1" : "4.2.0", "word");
	words[0] = words[1] =
	    (struct delivery_word){ &reply, "smart.example", has_dsn, has_by };
	delivery = NULL;
	d->done(d->arg, &r);
	free(d);
}

/* -- the disk -------------------------------------------------------------- */

static struct {
	atomic_int error; /* of every fdatasync() */
	atomic_int fsync; /* the same of this, and of the next two */
	atomic_int rename;
	atomic_int unlink;
	atomic_uint refused; /* calls that failed so */
	bool gated;          /* fdatasync() waits for disk_go() */
	int gate[2];         /* a pipe */
} disk;

static inline bool
disk_refuses(atomic_int *error)
{
	errno = *error;
	if (errno == 0)
		return false;
	disk.refused++;
	return true;
}

static inline int
sys_fdatasync(int fd)
{
	char c;

	if (disk.gated)
		assert_int_equal(read(disk.gate[0], &c, 1), 1);
	return disk_refuses(&disk.error) ? -1 : fdatasync(fd);
}

static inline int
sys_fsync(int fd)
{
	return disk_refuses(&disk.fsync) ? -1 : fsync(fd);
}

static inline int
sys_renameat(int from, const char *a, int to, const char *b)
{
	return disk_refuses(&disk.rename) ? -1 : renameat(from, a, to, b);
}

static inline int
sys_unlinkat(int dir, const char *name, int flags)
{
	return disk_refuses(&disk.unlink) ? -1 : unlinkat(dir, name, flags);
}

static inline void
disk_go(void)
{
	assert_int_equal(write(disk.gate[1], "", 1), 1);
}

/* -- the worker ------------------------------------------------------------ */

static char root[] = "/tmp/submitd-test-message-XXXXXX";
static char server[] = "127.0.0.1:1";
static char hostname[] = "submit.example";
static char *servers[] = { server };
static struct spool_sys sys;

static struct {
	struct relay relay;
	struct ipc *worker;
	uint64_t request;
	bool closed;
	struct msg_mail_offers offers;
	unsigned told; /* how often */
	bool ready;
	char name[QUEUEID_LEN + 1]; /* queue id */
	int fd;                     /* for content */
	unsigned done;
	size_t queued; /* files in the queue then */
	uint32_t fate;
	uint32_t code;
	char enhanced[16];
	char text[200];
} t = { .fd = -1 };

static inline size_t
count_files(const char *dir)
{
	char path[128];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/%s", root, dir);
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static inline enum ipc_verdict
on_ready(void *arg, struct ipc_frame *f)
{
	(void)arg;
	assert_true(f->id == t.request);
	assert_int_equal(f->payload.n, QUEUEID_LEN);
	memcpy(t.name, f->payload.p, QUEUEID_LEN);
	t.fd = f->fd;
	f->fd = -1;
	t.ready = true;
	return IPC_FINE;
}

static inline void
keep(char *to, size_t room, struct slice s)
{
	assert_true(s.n < room);
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

static inline enum ipc_verdict
on_done(void *arg, struct ipc_frame *f)
{
	struct msg_mail_done m;

	(void)arg;
	assert_true(f->id == t.request);
	assert_int_equal(msg_mail_done_unpack(f->payload, &m), 0);
	t.done++;
	t.queued = count_files("queue");
	t.fate = m.fate;
	t.code = m.code;
	keep(t.enhanced, sizeof(t.enhanced), m.enhanced);
	keep(t.text, sizeof(t.text), m.text);
	return IPC_FINE;
}

static inline enum ipc_verdict
on_offers(void *arg, struct ipc_frame *f)
{
	(void)arg;
	assert_true(f->id == 0);
	assert_int_equal(msg_mail_offers_unpack(f->payload, &t.offers), 0);
	t.told++;
	return IPC_FINE;
}

static const struct ipc_row rows[] = {
	{ MSG_MAIL_OFFERS, on_offers, 64, false, 0 },
	{ MSG_MAIL_READY, on_ready, 64, true, 0 },
	{ MSG_MAIL_DONE, on_done, LIMIT_FRAME, false, 0 },
};
static const struct ipc_table table = { rows, ARRAY_LEN(rows) };

static inline void
on_closed(void *arg)
{
	(void)arg;
	t.closed = true;
}

static inline void
connect_worker(void)
{
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
	mailserver_add_link(&t.relay, INSTANCE, fd[0]);
	t.worker =
	    ipc_new(t.relay.base, fd[1], "relay", &table, on_closed, NULL);
}

static inline void
too_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("nothing happened");
}

/* Run the loop until the expression is true. */
#define RUN_UNTIL(expression)                                                  \
	do {                                                                   \
		static const struct timeval deadline = { 20, 0 };              \
		struct event *alarm =                                          \
		    evtimer_new(t.relay.base, too_late, NULL);                 \
		evtimer_add(alarm, &deadline);                                 \
		while (!(expression))                                          \
			assert_int_not_equal(                                  \
			    event_base_loop(t.relay.base, EVLOOP_ONCE), -1);   \
		event_free(alarm);                                             \
	} while (0)

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_DP ? 0 : remove(path);
}

static inline int
remove_all(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
group_setup(void **state)
{
	struct jobs_params threads = { .threads = 2, .queue = 16 };

	(void)state;
	if (mkdtemp(root) == NULL || pipe(disk.gate) == -1)
		return -1;
	sys = spool_sys_real;
	sys.fdatasync = sys_fdatasync;
	sys.fsync = sys_fsync;
	sys.renameat = sys_renameat;
	sys.unlinkat = sys_unlinkat;
	t.relay.base = event_base_new();
	t.relay.config = (struct relay_config){
		.server = { servers, 1 },
		.hostname = hostname,
		.connections = 1,
		.hand_over_timeout_ms = HOUR_MS,
		.max_recipients = RECIPIENTS,
		.max_message_size = 100,
		.lifetime_s = 86400,
		.held_messages = 2,
	};
	secret_set(&t.relay.config.grant_key, key);
	t.relay.hosts = smarthosts_new(t.relay.base, NULL, &t.relay.config);
	t.relay.spool = spool_open(root, getuid(), getgid(), 0, &sys);
	t.relay.disk = jobs_new(t.relay.base, &threads);
	t.relay.schedule = schedule_new(&t.relay, message_retry);
	t.relay.store = ledgerstore_new(&t.relay);
	t.relay.ledger = ledgerstore_ledger(t.relay.store);
	return t.relay.spool == NULL ? -1 : 0;
}

static inline int
group_teardown(void **state)
{
	(void)state;
	jobs_free(&t.relay.disk);
	ledgerstore_free(&t.relay.store);
	spool_close(&t.relay.spool);
	return nftw(root, remove_all, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int
setup(void **state)
{
	(void)state;
	disk.error = disk.fsync = disk.rename = disk.unlink = 0;
	disk.refused = 0;
	disk.gated = false;
	deliveries = 0;
	report.n = 0;
	has_dsn = has_by = false;
	t.relay.config.hand_over = HAND_OVER_LIVE;
	t.relay.config.hand_over_timeout_ms = HOUR_MS;
	t.relay.config.retry_min_ms = t.relay.config.retry_max_ms = HOUR_MS;
	t.relay.config.lifetime_s = 86400;
	t.relay.config.warn_after_s = 0;
	t.relay.grants_refused = 0;
	t.closed = t.ready = false;
	t.done = t.told = 0;
	t.request++;
	connect_worker();
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	if (t.fd != -1)
		close(t.fd);
	t.fd = -1;
	ipc_free(&t.worker);
	if (delivery != NULL)
		deliver(OUTCOME_OK, OUTCOME_OK, 250);
	RUN_UNTIL(messages_count() == 0);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

/* -- what a worker says ---------------------------------------------------- */

/* All of BEGIN that a test may want otherwise. */
struct begin {
	struct slice key;
	struct grant grant;
	struct slice sealed; /* not empty: instead of the grant */
	const char *sender;
	const char *recipients[RECIPIENTS + 2]; /* NULL: end */
	uint32_t notify[RECIPIENTS + 2];
	struct mail_options options;
};

static inline struct begin
good_begin(void)
{
	return (struct begin){
		.key = key,
		.grant = {
			.session = SESSION,
			.instance = INSTANCE,
			.expires_ms = clock_ms() + HOUR_MS,
			.user = slice_of("alice"),
			.client_address = slice_of("192.0.2.1"),
		},
		.sender = "alice@example.org",
		.recipients = { "bob@example.net", "carol@example.net" },
	};
}

static inline void
send_begin(struct begin *begin)
{
	struct buf addresses = buf_new(1000), recipients = buf_new(1000);
	struct buf sealed = buf_new(LIMIT_GRANT), b = buf_new(LIMIT_FRAME);
	struct msg_mail_begin m = { .session = SESSION,
		.sender = slice_of(begin->sender),
		.options = begin->options };
	uint32_t n;

	pack_bytes(&addresses, slice_of("alice@example.org"));
	pack_bytes(&addresses, slice_of("odd one@example.org"));
	begin->grant.address_count = 2;
	begin->grant.addresses = buf_slice(&addresses);
	assert_int_equal(grant_seal(begin->key, &begin->grant, &sealed), 0);
	m.grant = begin->sealed.p != NULL ? begin->sealed : buf_slice(&sealed);
	for (n = 0; begin->recipients[n] != NULL && n <= RECIPIENTS; n++)
		mail_recipient_pack(&recipients,
		    &(struct mail_recipient){ slice_of(begin->recipients[n]),
			begin->notify[n], { "", 0 } });
	m.recipient_count = n;
	m.recipients = buf_slice(&recipients);
	msg_mail_begin_pack(&b, &m);
	ipc_send(t.worker, MSG_MAIL_BEGIN, t.request, &b, -1);
	buf_free(&b);
	buf_free(&sealed);
	buf_free(&recipients);
	buf_free(&addresses);
}

static inline void
send_commit(uint64_t size)
{
	struct msg_mail_commit m = { .size = size };
	struct buf b = buf_new(LIMIT_FRAME);

	msg_mail_commit_pack(&b, &m);
	ipc_send(t.worker, MSG_MAIL_COMMIT, t.request, &b, -1);
	buf_free(&b);
}

/* A message up to its COMMIT. */
static inline void
submit_as(struct begin *begin)
{
	size_t n = sizeof(content) - 1;

	send_begin(begin);
	RUN_UNTIL(t.ready);
	assert_int_equal(write(t.fd, content, n), n);
	send_commit(n);
}

static inline void
submit(void)
{
	struct begin begin = good_begin();

	submit_as(&begin);
}

static inline void
assert_answer(enum mail_fate fate, unsigned code, const char *enhanced)
{
	assert_int_equal(t.done, 1);
	assert_int_equal(t.fate, fate);
	assert_int_equal(t.code, code);
	assert_string_equal(t.enhanced, enhanced);
}

#endif
