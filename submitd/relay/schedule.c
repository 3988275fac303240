/*
 * schedule - back-off, and how many tries run at once.
 */

#include "schedule.h"

#include <event2/event.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "relay.h"
#include "smarthost.h"
#include "xalloc.h"

/* After a start, or when a smarthost is back, the backlog is spread over this.
 */
#define FIRST_SPREAD_MS 2000

#define LONGEST_SLEEP_MS 3600000

struct entry {
	STAILQ_ENTRY(entry) next;  /* while due */
	TAILQ_ENTRY(entry) asleep; /* until then */
	struct schedule *schedule;
	uint64_t id;
	unsigned tries;
	uint64_t not_before_s;
	uint64_t latest_s;
	uint64_t ready_ms; /* its back-off ends */
	struct event *timer;
};

STAILQ_HEAD(entry_list, entry);
TAILQ_HEAD(sleeper_list, entry);

struct schedule {
	struct relay *relay;
	schedule_try *begin;
	struct sleeper_list sleepers;
	struct entry_list due; /* their time has come, no room yet */
	size_t waiting;
	size_t running;
	size_t max_running;
	uint64_t woken_ms; /* last */
	bool stopped;
};

uint32_t
schedule_delay_ms(
    uint32_t min_ms, uint32_t max_ms, unsigned tries, uint32_t random)
{
	uint64_t ms = min_ms;

	while (tries-- > 1 && ms < max_ms)
		ms *= 2;
	if (ms > max_ms)
		ms = max_ms;
	/* 80 % to 120 % */
	return (uint32_t)(ms * 4 / 5 + ms * 2 / 5 * (random >> 16) / 65536);
}

static void
run_due(struct schedule *s)
{
	struct entry *e;
	uint64_t id;
	unsigned tries;

	while (!s->stopped && s->running < s->max_running &&
	       (e = STAILQ_FIRST(&s->due)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->due, next);
		id = e->id;
		tries = e->tries;
		event_free(e->timer);
		free(e);
		s->waiting--;
		s->running++;
		s->begin(s->relay, id, tries);
	}
}

static uint64_t
now_s(void)
{
	return (uint64_t)time(NULL);
}

static bool
is_early(const struct entry *e)
{
	return now_s() < e->not_before_s;
}

static bool
is_late(const struct entry *e)
{
	return e->latest_s != 0 && now_s() >= e->latest_s;
}

/* Milliseconds until then, and no more than LONGEST_SLEEP_MS. */
static uint32_t
until(uint64_t s)
{
	uint64_t now = now_s();

	if (s <= now)
		return 0;
	return s - now > LONGEST_SLEEP_MS / 1000 ? LONGEST_SLEEP_MS
						 : (uint32_t)(s - now) * 1000;
}

/* Until it is ready, or a time of its own comes first. */
static void
sleep_on(struct entry *e)
{
	uint64_t now = clock_ms();
	uint64_t ms = e->ready_ms > now ? e->ready_ms - now : 0;
	struct timeval tv;

	if (is_early(e))
		ms = until(e->not_before_s);
	else if (e->latest_s != 0 && until(e->latest_s) < ms)
		ms = until(e->latest_s);
	tv = clock_span(ms);

	if (evtimer_add(e->timer, &tv) == -1)
		fatal("out of memory");
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct entry *e = arg;

	(void)fd;
	(void)what;
	if (is_early(e) || (clock_ms() < e->ready_ms && !is_late(e))) {
		sleep_on(e);
		return;
	}
	if (!smarthosts_any_well(e->schedule->relay->hosts) && !is_late(e)) {
		/* no try, so it does not count as one */
		e->ready_ms =
		    clock_ms() + e->schedule->relay->config.retry_min_ms;
		sleep_on(e);
		return;
	}
	TAILQ_REMOVE(&e->schedule->sleepers, e, asleep);
	STAILQ_INSERT_TAIL(&e->schedule->due, e, next);
	run_due(e->schedule);
}

static uint32_t
back_off_ms(
    const struct schedule *s, unsigned tries, const struct schedule_when *when)
{
	const struct relay_config *config = &s->relay->config;
	bool woken = when->begun_ms != 0 && s->woken_ms >= when->begun_ms;
	uint32_t random;

	if (when->at_once)
		return 0;
	evutil_secure_rng_get_bytes(&random, sizeof(random));
	if (tries == 0 || woken)
		return random % FIRST_SPREAD_MS;
	return schedule_delay_ms(
	    config->retry_min_ms, config->retry_max_ms, tries, random);
}

void
schedule_add(struct schedule *s, uint64_t id, unsigned tries,
    const struct schedule_when *when)
{
	static const struct schedule_when no_wish;
	struct entry *e = xcalloc(1, sizeof(*e));

	if (when == NULL)
		when = &no_wish;
	e->schedule = s;
	e->id = id;
	e->tries = tries;
	e->not_before_s = when->not_before_s;
	e->latest_s = when->latest_s;
	if ((e->timer = evtimer_new(s->relay->base, on_timer, e)) == NULL)
		fatal("out of memory");
	TAILQ_INSERT_TAIL(&s->sleepers, e, asleep);
	e->ready_ms = clock_ms() + back_off_ms(s, tries, when);
	sleep_on(e);
	s->waiting++;
}

void
schedule_wake(void *schedule)
{
	struct schedule *s = schedule;
	struct entry *e;
	uint32_t random;

	s->woken_ms = clock_ms();
	TAILQ_FOREACH (e, &s->sleepers, asleep) {
		evutil_secure_rng_get_bytes(&random, sizeof(random));
		e->ready_ms = clock_ms() + random % FIRST_SPREAD_MS;
		/* cppcheck-suppress uninitvar ; it does not know the macro */
		sleep_on(e);
	}
}

void
schedule_tried(struct schedule *s)
{
	BUG_ON(s->running == 0);
	s->running--;
	run_due(s);
}

void
schedule_stop(struct schedule *s)
{
	s->stopped = true;
}

size_t
schedule_waiting(const struct schedule *s)
{
	return s->waiting;
}

size_t
schedule_running(const struct schedule *s)
{
	return s->running;
}

struct schedule *
schedule_new(struct relay *relay, schedule_try *begin)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->relay = relay;
	s->begin = begin;
	s->max_running =
	    relay->config.connections * smarthosts_count(relay->hosts);
	TAILQ_INIT(&s->sleepers);
	STAILQ_INIT(&s->due);
	return s;
}
