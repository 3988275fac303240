#ifndef SUBMITD_TESTS_REPORTPAIR_H
#define SUBMITD_TESTS_REPORTPAIR_H

/*
 * reportpair - relaypair, and messages in its queue as an earlier life left
 * them.
 */

#include "relaypair.h"

#include <fcntl.h>
#include <time.h>

#include "xalloc.h"

#define O OUTCOME_OK
#define T OUTCOME_TEMPORARY
#define P OUTCOME_PERMANENT

#define DAY_S 86400

static inline uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

static inline size_t
spooled(void)
{
	return count_files("queue") + count_files("held");
}

static inline void
assert_told(const char *text)
{
	if (strstr(report.text, text) == NULL)
		fail_msg("no '%s' in:\n%s", text, report.text);
}

/* -- a message of the queue, as an earlier life left it -------------------- */

struct left {
	uint64_t age_s;
	const char *sender;
	enum recipient_status status[RECIPIENTS];
	uint32_t notify;
	struct mail_options options;
};

static inline uint64_t
leave(const struct left *l)
{
	struct buf head = buf_new(ENVELOPE_MAX), plain = buf_new(ENVELOPE_MAX);
	struct envelope *env = xcalloc(1, sizeof(*env));
	struct spool_head h;
	uint64_t id = queueid_new() - (l->age_s * 1000000 << 12);
	size_t i;
	int fd = open(root, O_TMPFILE | O_RDWR, 0600);

	assert_int_equal(
	    write(fd, content, sizeof(content) - 1), sizeof(content) - 1);
	env->id = id;
	env->session = SESSION;
	env->user = xstrdup("alice");
	env->client_address = xstrdup("192.0.2.1");
	env->sender = xstrdup(l->sender);
	envelope_set_options(env, &l->options);
	env->recipients = xcalloc(RECIPIENTS, sizeof(*env->recipients));
	for (i = 0; i < RECIPIENTS; i++) {
		envelope_add_recipient(env,
		    &(struct mail_recipient){
			slice_of(
			    i == 0 ? "bob@example.net" : "carol@example.net"),
			l->notify, { "", 0 } });
		env->recipients[i].status = l->status[i];
	}
	envelope_pack(&head, env, false);
	envelope_pack(&plain, env, true);
	h = (struct spool_head){ buf_slice(&head), buf_slice(&plain) };
	assert_int_equal(spool_commit(t.relay.spool, id, &h, fd,
			     sizeof(content) - 1, SPOOL_QUEUE),
	    SPOOL_OK);
	close(fd);
	envelope_free(&env);
	buf_free(&head);
	buf_free(&plain);
	return id;
}

/* What a start does with what it finds. */
static inline uint64_t
find(const struct left *l)
{
	static const struct schedule_when now = { .at_once = true };
	uint64_t id = leave(l);

	schedule_add(t.relay.schedule, id, 0, &now);
	return id;
}

static inline struct left
left_open(void)
{
	return (struct left){
		.sender = "alice@example.org",
		.status = { RECIPIENT_OPEN, RECIPIENT_OPEN },
		.options = { .envid = { "", 0 }, .hold_request = { "", 0 } },
	};
}

static inline enum recipient_status
status_of(uint64_t id, size_t i)
{
	enum recipient_status status;
	struct spool_message m;

	assert_int_equal(spool_load(t.relay.spool, id, &m), SPOOL_OK);
	status = m.envelope->recipients[i].status;
	envelope_free(&m.envelope);
	close(m.fd);
	return status;
}

#endif
