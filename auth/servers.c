/*
 * servers - which directory servers there are and which of them are well.
 *
 * Knows nothing of LDAP: the threads say what they saw.  The list is fixed
 * at start; only health changes, always under the lock.
 */

#include "servers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "xalloc.h"

/* The first probe comes after this part of the longest time between two. */
#define FIRST_PROBE 16

/* Questions that balanced servers may differ by before a thread moves. */
#define SHARE_SLACK 8

struct health {
	bool down;
	uint64_t since_ms;  /* well or down */
	uint64_t probe_ms;  /* down: when the next one is due, */
	uint64_t pause_ms;  /* before it; 0: since a login went well */
	const char *reason; /* of the trouble it is in; NULL: none */
	uint32_t in_a_row;  /* failures */
	uint64_t failures;
	uint64_t asked;
	uint64_t share; /* of the questions, as balancing counts them */
};

struct servers {
	pthread_mutex_t lock;
	pthread_cond_t went_down;
	struct servers_params params;
	size_t n;
	struct endpoint endpoint[SERVERS_MAX];
	struct health health[SERVERS_MAX];
};

static void
init_locks(struct servers *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->went_down, &attr);
	pthread_condattr_destroy(&attr);
}

struct servers *
servers_new(const struct strings *uri, const struct servers_params *params)
{
	struct servers *s = xcalloc(1, sizeof(*s));
	const char *why;

	init_locks(s);
	s->params = *params;
	if (uri->n == 0 || uri->n > SERVERS_MAX) {
		log_event(LOG_LEVEL_ERROR, "ldap_config",
		    "%u directory servers, expected 1 to %d", uri->n,
		    SERVERS_MAX);
		goto fail;
	}
	for (; s->n < uri->n; s->n++) {
		s->health[s->n].since_ms = clock_ms();
		if (endpoint_parse(&s->endpoint[s->n], uri->v[s->n], &why) ==
		    -1) {
			log_event(LOG_LEVEL_ERROR, "ldap_config", "%s: %s",
			    uri->v[s->n], why);
			goto fail;
		}
	}
	return s;
fail:
	servers_free(&s);
	return NULL;
}

void
servers_free(struct servers **sp)
{
	struct servers *s = *sp;
	size_t i;

	*sp = NULL;
	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++)
		endpoint_clear(&s->endpoint[i]);
	pthread_cond_destroy(&s->went_down);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

size_t
servers_count(const struct servers *s)
{
	return s->n;
}

const struct endpoint *
servers_endpoint(const struct servers *s, size_t i)
{
	return &s->endpoint[i];
}

/* -- whom to ask ------------------------------------------------------------
 */

static bool
may_ask(const struct servers *s, size_t i, uint32_t tried)
{
	return !s->health[i].down && (tried & UINT32_C(1) << i) == 0;
}

/* The first of those that may be asked; balanced: the one least asked. */
static size_t
best(const struct servers *s, uint32_t tried)
{
	size_t found = SERVERS_NONE, i;

	for (i = 0; i < s->n; i++)
		if (may_ask(s, i, tried) &&
		    (found == SERVERS_NONE ||
			(s->params.balanced &&
			    s->health[i].share < s->health[found].share)))
			found = i;
	return found;
}

size_t
servers_choose(struct servers *s, uint32_t tried, size_t current)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	i = best(s, tried);
	if (s->params.balanced && current < s->n &&
	    may_ask(s, current, tried) &&
	    s->health[current].share < s->health[i].share + SHARE_SLACK)
		i = current;
	if (i != SERVERS_NONE) {
		s->health[i].asked++;
		s->health[i].share++;
	}
	pthread_mutex_unlock(&s->lock);
	return i;
}

bool
servers_all_down(struct servers *s)
{
	bool none;

	pthread_mutex_lock(&s->lock);
	none = best(s, 0) == SERVERS_NONE;
	pthread_mutex_unlock(&s->lock);
	return none;
}

/* -- how they are -----------------------------------------------------------
 */

/* Whoever comes back has not to make up for what it has missed. */
static void
catch_up(struct servers *s, size_t i)
{
	size_t least = best(s, UINT32_C(1) << i);

	if (least != SERVERS_NONE &&
	    s->health[i].share < s->health[least].share)
		s->health[i].share = s->health[least].share;
}

static void
mark_well(struct servers *s, size_t i, uint64_t now_ms, bool by_probe)
{
	struct health *h = &s->health[i];
	bool was_ill;

	pthread_mutex_lock(&s->lock);
	was_ill = h->reason != NULL;
	h->reason = NULL;
	h->in_a_row = 0;
	if (!by_probe)
		h->pause_ms = 0;
	if (h->down) {
		h->down = false;
		h->since_ms = now_ms;
		catch_up(s, i);
	}
	pthread_mutex_unlock(&s->lock);
	if (was_ill)
		log_event(LOG_LEVEL_WARN, "ldap_back", "%s answers again",
		    s->endpoint[i].uri);
}

void
servers_well(struct servers *s, size_t i, uint64_t now_ms)
{
	mark_well(s, i, now_ms, false);
}

void
servers_probed_well(struct servers *s, size_t i, uint64_t now_ms)
{
	mark_well(s, i, now_ms, true);
}

/* Up to a quarter of the pause early. */
static uint64_t
early(uint64_t pause_ms)
{
	uint32_t random;

	if (getentropy(&random, sizeof(random)) == -1)
		random = 0;
	return pause_ms - pause_ms / 4 * random / UINT32_MAX;
}

/* When the next probe is due: a while later than the last time. */
static void
plan_probe(const struct servers *s, struct health *h, uint64_t now_ms)
{
	h->pause_ms = h->pause_ms == 0 ? s->params.retry_ms / FIRST_PROBE
				       : 2 * h->pause_ms;
	if (h->pause_ms > s->params.retry_ms)
		h->pause_ms = s->params.retry_ms;
	h->probe_ms = now_ms + early(h->pause_ms);
}

/* True if it was well until now. */
static bool
put_down(struct servers *s, struct health *h, uint64_t now_ms)
{
	if (h->down)
		return false;
	h->down = true;
	h->since_ms = now_ms;
	plan_probe(s, h, now_ms);
	pthread_cond_broadcast(&s->went_down);
	return true;
}

void
servers_ill(
    struct servers *s, size_t i, uint64_t now_ms, const struct ailment *what)
{
	struct health *h = &s->health[i];
	struct log_line l;
	bool news, down;

	pthread_mutex_lock(&s->lock);
	news = h->reason == NULL || strcmp(h->reason, what->reason) != 0;
	h->reason = what->reason;
	h->failures++;
	if (what->counts)
		h->in_a_row++;
	if (what->lost || h->in_a_row >= s->params.failures)
		news |= put_down(s, h, now_ms);
	down = h->down;
	pthread_mutex_unlock(&s->lock);
	if (!news)
		return;
	log_begin(&l, what->alert ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, 0,
	    "ldap_trouble");
	log_str(&l, "server", s->endpoint[i].uri);
	log_str(&l, "reason", what->reason);
	log_str(&l, "down", down ? "yes" : "no");
	log_str(&l, "text", what->text);
	log_end(&l);
}

/* -- probes -----------------------------------------------------------------
 */

/* Claim one that is due, under the lock. */
static bool
take_probe(struct servers *s, struct health *h, uint64_t now_ms)
{
	if (!h->down || h->probe_ms > now_ms)
		return false;
	plan_probe(s, h, now_ms);
	return true;
}

bool
servers_take_probe(struct servers *s, size_t i, uint64_t now_ms)
{
	bool due;

	pthread_mutex_lock(&s->lock);
	due = take_probe(s, &s->health[i], now_ms);
	pthread_mutex_unlock(&s->lock);
	return due;
}

/* Wait for a server to go down, or ms at the longest. */
static void
wait_ms(struct servers *s, uint64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	pthread_cond_timedwait(&s->went_down, &s->lock, &t);
}

void
servers_await_probe(struct servers *s, size_t i)
{
	const struct health *h = &s->health[i];
	uint64_t now;

	pthread_mutex_lock(&s->lock);
	while (!take_probe(s, &s->health[i], now = clock_ms())) {
		if (h->down)
			wait_ms(s, h->probe_ms - now);
		else
			pthread_cond_wait(&s->went_down, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
}

void
servers_print(struct servers *s, uint64_t now_ms, struct buf *out)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->n; i++) {
		const struct health *h = &s->health[i];

		buf_printf(out,
		    "ldap_server=%s well=%s failures=%llu asked=%llu "
		    "since_s=%llu\n",
		    s->endpoint[i].uri, h->down ? "no" : "yes",
		    (unsigned long long)h->failures,
		    (unsigned long long)h->asked,
		    (unsigned long long)(now_ms - h->since_ms) / 1000);
	}
	pthread_mutex_unlock(&s->lock);
}
