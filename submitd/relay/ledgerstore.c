/*
 * ledgerstore - when which page of the ledger is written.
 *
 * One write for a page at a time.  Whoever waits for a write waits for one
 * that was begun after they asked.
 */

#include "ledgerstore.h"

#include <event2/event.h>
#include <stdlib.h>

#include "clock.h"
#include "jobs.h"
#include "ledgerfile.h"
#include "log.h"
#include "messages.h"
#include "relay.h"
#include "role.h"
#include "spool.h"
#include "xalloc.h"

/* From a change to its being written, and from a failure to the next try. */
#define SAVE_MS 5000

struct waiter {
	STAILQ_ENTRY(waiter) next;
	ledgerstore_done *done;
	void *arg;
};

STAILQ_HEAD(waiter_list, waiter);

struct keeper {
	struct ledgerstore *store;
	struct ledger_page *page;
	struct event *timer;
	bool saving;
	struct waiter_list asked;  /* for the next write */
	struct waiter_list served; /* by the one under way */
};

struct ledgerstore {
	struct relay *relay;
	struct ledger *ledger;
	struct keeper keeper[LEDGER_PAGES];
	void (*drained)(void); /* NULL: nobody waits for that */
};

struct save_job {
	struct job job; /* first */
	const struct spool *spool;
	struct keeper *keeper;
	struct buf data;
	enum spool_status status;
};

/* -- writing --------------------------------------------------------------- */

static void
tell(struct waiter_list *list, bool fine)
{
	struct waiter *w;

	while ((w = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		w->done(w->arg, fine);
		free(w);
	}
}

static void
save_later(struct keeper *k, uint32_t ms)
{
	struct timeval tv = clock_span(ms);

	if (evtimer_add(k->timer, &tv) == -1)
		fatal("out of memory");
}

static bool
is_idle(const struct ledgerstore *s)
{
	unsigned i;

	for (i = 0; i < LEDGER_PAGES; i++)
		if (s->keeper[i].saving || s->keeper[i].page->dirty)
			return false;
	return true;
}

static void
look_drained(struct ledgerstore *s)
{
	void (*drained)(void) = s->drained;

	if (drained == NULL || !is_idle(s))
		return;
	s->drained = NULL;
	drained();
}

/* In a thread. */
static void
run(struct job *job)
{
	struct save_job *j = (struct save_job *)job;

	ledgerfile_seal(&j->data);
	j->status = SPOOL_IO;
	if (buf_ok(&j->data))
		j->status = spool_note_write(
		    j->spool, j->keeper->page->number, buf_slice(&j->data));
}

static void
done(struct job *job)
{
	struct save_job *j = (struct save_job *)job;
	struct keeper *k = j->keeper;
	bool fine = j->status == SPOOL_OK;

	buf_free(&j->data);
	free(j);
	k->saving = false;
	k->page->dirty |= !fine;
	tell(&k->served, fine);
	if (!STAILQ_EMPTY(&k->asked))
		save_later(k, 0);
	else if (k->page->dirty)
		save_later(k, fine && k->store->drained != NULL ? 0 : SAVE_MS);
	look_drained(k->store);
}

static void
save(struct keeper *k)
{
	struct save_job *j = xcalloc(1, sizeof(*j));

	j->job = (struct job){ .run = run, .done = done };
	j->spool = k->store->relay->spool;
	j->keeper = k;
	j->data = buf_new(LIMIT_PAGE_FILE);
	ledgerfile_pack(&j->data, k->page);
	if (!buf_ok(&j->data) ||
	    jobs_submit(k->store->relay->disk, &j->job) == -1) {
		log_event(LOG_LEVEL_ERROR, "accounts_not_saved",
		    buf_ok(&j->data) ? "the disk threads are overrun"
				     : "the page is too large");
		buf_free(&j->data);
		free(j);
		tell(&k->asked, false);
		save_later(k, SAVE_MS);
		return;
	}
	k->saving = true;
	k->page->dirty = false;
	STAILQ_CONCAT(&k->served, &k->asked);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *k = arg;

	(void)fd;
	(void)what;
	if (!k->saving)
		save(k);
}

static void
on_changed(void *arg, struct ledger_page *page)
{
	struct ledgerstore *s = arg;
	struct keeper *k = &s->keeper[page->number];

	if (!k->saving && !evtimer_pending(k->timer, NULL))
		save_later(k, SAVE_MS);
}

void
ledgerstore_save(struct ledgerstore *s, const struct ledger_page *page,
    ledgerstore_done *then, void *arg)
{
	struct keeper *k = &s->keeper[page->number];
	struct waiter *w = xcalloc(1, sizeof(*w));

	w->done = then;
	w->arg = arg;
	STAILQ_INSERT_TAIL(&k->asked, w, next);
	k->page->dirty = true;
	if (!k->saving)
		save_later(k, 0);
}

void
ledgerstore_drain(struct ledgerstore *s, void (*drained)(void))
{
	unsigned i;

	s->drained = drained;
	for (i = 0; i < LEDGER_PAGES; i++)
		if (s->keeper[i].page->dirty && !s->keeper[i].saving)
			save_later(&s->keeper[i], 0);
	look_drained(s);
}

/* -- opening --------------------------------------------------------------- */

/* Blocks may be lost with it: that is more than a line in a log. */
static void
set_aside(const struct ledgerstore *s, const struct ledger_page *page)
{
	struct buf detail = buf_new(LIMIT_CONTROL_LINE);
	struct msg_alarm m = { .event = slice_of("users_lost"),
		.user = slice_of("") };

	spool_note_set_aside(s->relay->spool, page->number);
	buf_printf(&detail, "file=accounts/%02x", page->number);
	m.detail = buf_slice(&detail);
	role_alarm(&m);
	buf_free(&detail);
}

static int
load_page(struct ledgerstore *s, struct ledger_page *page)
{
	const struct spool *spool = s->relay->spool;
	struct buf data = buf_new(LIMIT_PAGE_FILE);
	enum spool_status status = spool_note_read(spool, page->number, &data);
	enum ledgerfile_status file = LEDGERFILE_BAD;
	int r = 0;

	if (status == SPOOL_OK && buf_ok(&data))
		file = ledgerfile_read(buf_slice(&data), page);
	if (status == SPOOL_IO || status == SPOOL_FULL) {
		r = -1;
	} else if (status == SPOOL_OK && file == LEDGERFILE_NEWER) {
		log_event(LOG_LEVEL_ERROR, "accounts_newer",
		    "accounts/%02x is of a later version of submitd",
		    page->number);
		r = -1;
	} else if (status == SPOOL_OK && file == LEDGERFILE_BAD) {
		set_aside(s, page);
	}
	buf_free(&data);
	return r;
}

struct ledgerstore *
ledgerstore_new(struct relay *relay)
{
	struct ledgerstore *s = xcalloc(1, sizeof(*s));
	struct keeper *k;
	unsigned i;
	int r = 0;

	s->relay = relay;
	s->ledger = ledger_new(on_changed, s);
	for (i = 0; i < LEDGER_PAGES; i++) {
		k = &s->keeper[i];
		k->store = s;
		k->page = &s->ledger->page[i];
		STAILQ_INIT(&k->asked);
		STAILQ_INIT(&k->served);
		if ((k->timer = evtimer_new(relay->base, on_timer, k)) == NULL)
			fatal("out of memory");
		r |= load_page(s, k->page);
	}
	if (r == -1)
		ledgerstore_free(&s);
	return s;
}

void
ledgerstore_free(struct ledgerstore **sp)
{
	struct ledgerstore *s = *sp;
	unsigned i;

	*sp = NULL;
	for (i = 0; s != NULL && i < LEDGER_PAGES; i++) {
		tell(&s->keeper[i].asked, false);
		event_free(s->keeper[i].timer);
	}
	if (s != NULL)
		ledger_free(&s->ledger);
	free(s);
}

struct ledger *
ledgerstore_ledger(struct ledgerstore *s)
{
	return s->ledger;
}
