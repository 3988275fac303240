/*
 * smarthosts - all the servers of the configuration, and what they have in
 * common.
 *
 * A message is accepted by what all servers known so far can take, since it
 * may come to any of them.  One that never answered yet narrows nothing: mail
 * for it would have to wait in any case.
 */

#include "smarthost_private.h"

#include <event2/event.h>
#include <stdlib.h>

#include "limits.h"
#include "tls.h"
#include "xalloc.h"

/* -- offers ---------------------------------------------------------------- */

void
smarthosts_offers(const struct smarthosts *all, struct msg_mail_offers *out)
{
	*out = all->offers;
}

void
smarthosts_on_offers(
    struct smarthosts *all, void (*changed)(void *arg), void *arg)
{
	all->changed = changed;
	all->changed_arg = arg;
}

void
smarthosts_review_offers(struct smarthosts *all)
{
	const struct smtp_offers *known[LIMIT_SMARTHOSTS];
	struct msg_mail_offers was = all->offers;
	size_t i, n = 0;

	for (i = 0; i < all->n && n < ARRAY_LEN(known); i++)
		if (all->v[i].is_known)
			known[n++] = &all->v[i].offers;
	smtp_offers_common(known, n, &all->offers);
	if (was.extensions == all->offers.extensions &&
	    was.size == all->offers.size &&
	    was.by_min_s == all->offers.by_min_s)
		return;
	if (all->changed != NULL)
		all->changed(all->changed_arg);
}

void
smarthosts_probe(struct smarthosts *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		smarthost_probe(&all->v[i], 0);
}

/* -- life ------------------------------------------------------------------ */

bool
smarthosts_any_well(const struct smarthosts *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (smarthost_is_well(&all->v[i]))
			return true;
	return false;
}

void
smarthosts_on_back(struct smarthosts *all, void (*back)(void *arg), void *arg)
{
	all->back = back;
	all->back_arg = arg;
}

uint32_t
smarthosts_turn_ms(const struct smarthosts *all)
{
	return 2 * all->config->connect_timeout_ms;
}

size_t
smarthosts_count(const struct smarthosts *all)
{
	return all->n;
}

struct smarthost *
smarthosts_get(struct smarthosts *all, size_t i)
{
	return &all->v[i];
}

struct smarthosts *
smarthosts_new(struct event_base *base, struct evdns_base *dns,
    const struct relay_config *config)
{
	bool verify = config->tls == SMARTHOST_TLS_VERIFY ||
		      config->tls == SMARTHOST_TLS_IMPLICIT;
	struct smarthosts *all = xcalloc(1, sizeof(*all));
	uint32_t i;

	all->base = base;
	all->dns = dns;
	all->config = config;
	if (config->tls != SMARTHOST_TLS_NONE &&
	    tls_client_ctx(verify, secret_slice(&config->ca_pem), &all->ctx) ==
		-1)
		goto bad;
	all->v = xcalloc(config->server.n, sizeof(*all->v));
	for (i = 0; i < config->server.n; i++) {
		all->n++;
		if (smarthost_init(&all->v[i], all, config->server.v[i]) == -1)
			goto bad;
	}
	smarthosts_review_offers(all);
	return all;
bad:
	smarthosts_free(&all);
	return NULL;
}

void
smarthosts_free(struct smarthosts **ap)
{
	struct smarthosts *all = *ap;
	size_t i;

	*ap = NULL;
	if (all == NULL)
		return;
	for (i = 0; i < all->n; i++)
		smarthost_clear(&all->v[i]);
	free(all->v);
	SSL_CTX_free(all->ctx);
	free(all);
}

void
smarthosts_stats(struct smarthosts *all, struct buf *b)
{
	size_t i;

	buf_str(b, "offers=");
	mail_offers_print(b, &all->offers);
	buf_str(b, "\n");
	for (i = 0; i < all->n; i++) {
		buf_printf(b,
		    "smarthost=%s well=%s connections=%u waiting=%u "
		    "sent=%llu offers=",
		    all->v[i].name,
		    smarthost_is_well(&all->v[i]) ? "yes" : "no",
		    all->v[i].connection_count, all->v[i].waiter_count,
		    (unsigned long long)all->v[i].sent);
		if (all->v[i].is_known)
			smtp_offers_print(b, &all->v[i].offers);
		else
			buf_str(b, "unknown");
		buf_str(b, "\n");
	}
}
