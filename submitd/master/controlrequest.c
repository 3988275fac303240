/*
 * controlrequest - what an operator may ask, and of whom.
 *
 * A table says which roles know the answer to which words; all of them are
 * asked, and the query is answered when all have spoken.  What a role answers
 * is data: its words are reduced to what a terminal may be shown.
 */

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "control_private.h"
#include "ipc.h"
#include "limits.h"
#include "master.h"
#include "process.h"
#include "words.h"

#define STATS_DEADLINE_MS 1000
#define ROLES_DEADLINE_MS 10000 /* a block is on disk before it is told */

/* A captured role shall not speak to the operator's terminal. */
static void
add_printable(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool fine = s.p[i] == '\n' || (s.p[i] >= ' ' && s.p[i] <= '~');

		buf_add(b, fine ? s.p + i : "?", 1);
	}
}

static struct query *
query_find(struct control *control, uint64_t id, enum query_state state)
{
	struct query *q;

	if (control == NULL)
		return NULL;
	LIST_FOREACH (q, &control->queries, next)
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		if (q->id == id && q->state == state)
			return q;
	return NULL;
}

/* -- status ---------------------------------------------------------------- */

static void
add_child(struct query *q, const struct child *c)
{
	buf_printf(&q->text,
	    "role=%s worker=%u pid=%d ready=%s uptime_s=%llu restarts=%u\n",
	    process_role_name(c->role), c->worker, (int)c->pid,
	    c->ready ? "yes" : "no",
	    c->pid == 0
		? 0ULL
		: (unsigned long long)(clock_ms() - c->started_ms) / 1000,
	    c->restarts);
}

static void
run_status(struct query *q)
{
	struct master *m = q->control->master;
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		add_child(q, c);
		if (!c->ready || c->link == NULL)
			continue;
		ipc_send(c->link, MSG_STATS_ASK, q->id, NULL, -1);
		q->waiting++;
	}
	query_wait(q, QUERY_STATS, STATS_DEADLINE_MS);
	if (q->waiting == 0)
		query_answer(q, "ok\n");
}

void
control_stats(struct control *control, const struct child *c, uint64_t id,
    struct slice text)
{
	struct query *q = query_find(control, id, QUERY_STATS);

	if (q == NULL)
		return;
	buf_printf(
	    &q->text, "[%s %u]\n", process_role_name(c->role), c->worker);
	add_printable(&q->text, text);
	if (--q->waiting == 0)
		query_answer(q, "ok\n");
}

/* -- questions to roles ---------------------------------------------------- */

/* All have spoken: a single no is a no, unless it is "not known here". */
static void
query_conclude(struct query *q)
{
	struct buf line = buf_new(LIMIT_CONTROL_LINE);

	if (q->answered && !q->refused) {
		query_answer(q, "ok\n");
	} else {
		add_printable(&line, buf_slice(&q->why));
		buf_add(&line, "", 1);
		query_refuse(q, buf_ok(&line) ? line.p : "refused");
	}
	buf_free(&line);
}

/* Ask one role; false: it is not there to be asked. */
static bool
ask_role(struct query *q, enum role_id role, const struct buf *ask)
{
	struct master *m = q->control->master;
	bool asked = false;
	uint32_t i;

	for (i = 0; i < m->child_count; i++) {
		struct child *c = &m->children[i];

		if (c->role != role || !c->ready || c->link == NULL)
			continue;
		ipc_send(c->link, MSG_CONTROL_ASK, q->id, ask, -1);
		q->waiting++;
		asked = true;
	}
	return asked;
}

/* The same words to each role of a set; all must be there. */
static void
ask_roles(struct query *q, unsigned roles, const struct msg_control_ask *m)
{
	struct buf ask = buf_new(LIMIT_FRAME);
	const char *missing = NULL;
	char why[64];
	int role;

	msg_control_ask_pack(&ask, m);
	for (role = 0; role < ROLE_COUNT && missing == NULL; role++)
		if ((roles & 1U << role) != 0 &&
		    !ask_role(q, (enum role_id)role, &ask))
			missing = process_role_name((enum role_id)role);
	buf_free(&ask);
	if (missing != NULL) {
		(void)snprintf(
		    why, sizeof(why), "the %s process is not running", missing);
		query_refuse(q, why);
		return;
	}
	q->roles = roles;
	query_wait(q, QUERY_ROLES, ROLES_DEADLINE_MS);
}

void
control_lost(struct control *control, enum role_id role)
{
	struct query *q, *next;

	if (control == NULL)
		return;
	for (q = LIST_FIRST(&control->queries); q != NULL; q = next) {
		next = LIST_NEXT(q, next);
		if (q->state == QUERY_ROLES && (q->roles & 1U << role) != 0)
			query_refuse(q, "a process ended before it answered");
	}
}

enum ipc_verdict
control_answer(struct control *control, const struct child *c, uint64_t id,
    struct slice payload)
{
	struct msg_control_answer m;
	struct query *q;

	if (msg_control_answer_unpack(payload, &m) == -1)
		return IPC_MALFORMED;
	if ((q = query_find(control, id, QUERY_ROLES)) == NULL)
		return IPC_FINE; /* too late */
	if ((q->roles & 1U << c->role) == 0)
		return IPC_MALFORMED;
	if (m.status == CONTROL_OK) {
		add_printable(&q->text, m.text);
		q->answered = true;
	} else if (m.status == CONTROL_REFUSED || q->why.n == 0) {
		buf_clear(&q->why);
		buf_add(&q->why, m.text.p, m.text.n);
		q->refused = q->refused || m.status == CONTROL_REFUSED;
	}
	if (!m.more && --q->waiting == 0)
		query_conclude(q);
	return IPC_FINE;
}

/* -- requests -------------------------------------------------------------- */

#define ASK(role) (1U << (role))

/* clang-format off */
static const struct request {
	const char *words; /* that it begins with */
	unsigned least, most; /* words behind them */
	unsigned roles; /* to be asked; 0: run() answers by itself */
	void (*run)(struct query *);
} requests[] = {
	{ "status",		0, 0, 0, run_status },
	{ "user show",		1, 1, ASK(ROLE_RELAY) | ASK(ROLE_AUTH), NULL },
	{ "user block",		1, 2, ASK(ROLE_RELAY), NULL },
	{ "user unblock",	1, 1, ASK(ROLE_RELAY), NULL },
	{ "user release",	1, 1, ASK(ROLE_RELAY), NULL },
	{ "user limits reset",	1, 1, ASK(ROLE_RELAY), NULL },
	{ "bans",		0, 0, ASK(ROLE_AUTH), NULL },
	{ "unban",		1, 1, ASK(ROLE_AUTH), NULL },
	{ "cache flush",	0, 1, ASK(ROLE_AUTH), NULL },
};
/* clang-format on */

/* Words that a request begins with, of those that came; 0: it is another. */
static uint32_t
match(const struct request *r, const struct msg_control_ask *m)
{
	const char *p = r->words, *end;
	uint32_t n = 0;

	for (; *p != '\0'; p = *end == '\0' ? end : end + 1, n++) {
		end = strchrnul(p, ' ');
		if (!slice_eq(words_at(m->words, m->word_count, n),
			(struct slice){ p, (size_t)(end - p) }))
			return 0;
	}
	return n;
}

void
query_run(struct query *q, const struct msg_control_ask *m)
{
	const struct request *r;
	uint32_t n;

	for (r = requests; r < requests + ARRAY_LEN(requests); r++) {
		if ((n = match(r, m)) == 0)
			continue;
		n = m->word_count - n;
		if (n < r->least || n > r->most)
			query_refuse(q,
			    n < r->least ? "too few words" : "too many words");
		else if (r->roles == 0)
			r->run(q);
		else
			ask_roles(q, r->roles, m);
		return;
	}
	query_refuse(q, "unknown request");
}
