/*
 * servers - which directory servers there are and which of them are well.
 *
 * Knows nothing of LDAP: the threads say what they saw.  The list is fixed
 * at start; only health changes, always under the lock.
 */

#include "servers.h"

#include <pthread.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "xalloc.h"

struct health {
	uint64_t avoid_until_ms; /* 0: not avoided */
	const char *reason;      /* of the trouble it is in; NULL: well */
};

struct servers {
	pthread_mutex_t lock;
	uint64_t retry_dead_ms;
	size_t n;
	struct endpoint endpoint[SERVERS_MAX];
	struct health health[SERVERS_MAX];
};

struct servers *
servers_new(const struct strings *uri, uint64_t retry_dead_ms)
{
	struct servers *s = xcalloc(1, sizeof(*s));
	const char *why;

	pthread_mutex_init(&s->lock, NULL);
	s->retry_dead_ms = retry_dead_ms;
	if (uri->n == 0 || uri->n > SERVERS_MAX) {
		log_event(LOG_LEVEL_ERROR, "ldap_config",
		    "%u directory servers, expected 1 to %d", uri->n,
		    SERVERS_MAX);
		goto fail;
	}
	for (; s->n < uri->n; s->n++)
		if (endpoint_parse(&s->endpoint[s->n], uri->v[s->n], &why) ==
		    -1) {
			log_event(LOG_LEVEL_ERROR, "ldap_config", "%s: %s",
			    uri->v[s->n], why);
			goto fail;
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

void
servers_order(struct servers *s, uint64_t now_ms, size_t *order)
{
	size_t last[SERVERS_MAX], i, n = 0, avoided = 0;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->n; i++) {
		struct health *h = &s->health[i];

		if (h->avoid_until_ms > now_ms) {
			last[avoided++] = i;
			continue;
		}
		/* One login finds out how it is; the others do not wait. */
		if (h->avoid_until_ms != 0)
			h->avoid_until_ms = now_ms + s->retry_dead_ms;
		order[n++] = i;
	}
	for (i = 0; i < avoided; i++)
		order[n++] = last[i];
	pthread_mutex_unlock(&s->lock);
	BUG_ON(n != s->n);
}

void
servers_well(struct servers *s, size_t i)
{
	bool was_ill;

	pthread_mutex_lock(&s->lock);
	was_ill = s->health[i].reason != NULL;
	s->health[i] = (struct health){ 0 };
	pthread_mutex_unlock(&s->lock);
	if (was_ill)
		log_event(LOG_LEVEL_WARN, "ldap_back", "%s answers again",
		    s->endpoint[i].uri);
}

void
servers_ill(struct servers *s, size_t i, const char *reason, const char *text,
    bool avoid, bool alert)
{
	struct log_line l;
	bool news;

	pthread_mutex_lock(&s->lock);
	news = s->health[i].reason == NULL ||
	       strcmp(s->health[i].reason, reason) != 0;
	s->health[i].reason = reason;
	s->health[i].avoid_until_ms = avoid ? clock_ms() + s->retry_dead_ms : 0;
	pthread_mutex_unlock(&s->lock);
	if (!news)
		return;
	log_begin(
	    &l, alert ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, 0, "ldap_trouble");
	log_str(&l, "server", s->endpoint[i].uri);
	log_str(&l, "reason", reason);
	log_str(&l, "text", text);
	log_end(&l);
}
