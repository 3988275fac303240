/*
 * relaydial - try each smarthost once, aloud.
 *
 * The same connect, TLS and dialogue code as for mail; only the callbacks
 * differ.
 */

#include "relaydial.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "hostport.h"
#include "log.h"
#include "smtpclient.h"
#include "tcpconnect.h"
#include "tls.h"

struct dial {
	const char *name;
	struct event_base *base;
	struct smtpclient_params params;
	struct smtpclient *client;
	bool well;
	bool done;
};

struct evdns_base *
resolver_new(struct event_base *base)
{
	struct evdns_base *dns = evdns_base_new(base, 0);

	if (dns == NULL) {
		log_event(LOG_LEVEL_ERROR, "resolver_failed", "no memory");
		return NULL;
	}
	/* Without either file literals and hosts still work. */
	if (evdns_base_resolv_conf_parse(
		dns, DNS_OPTIONS_ALL, "/etc/resolv.conf") != 0)
		log_event(LOG_LEVEL_WARN, "resolver_limited",
		    "/etc/resolv.conf names no server");
	(void)evdns_base_load_hosts(dns, "/etc/hosts");
	return dns;
}

static void
say(const struct dial *d, const char *step, bool ok, const char *detail)
{
	printf("smarthost %s: %-14s %s%s%s\n", d->name, step,
	    ok ? "ok" : "FAILED", *detail == '\0' ? "" : ": ", detail);
}

static void
finish(struct dial *d)
{
	d->done = true;
	event_base_loopexit(d->base, NULL);
}

static void
on_progress(void *arg, const char *step, const char *text)
{
	say(arg, step, true, text);
}

static void
on_ready(void *arg)
{
	struct dial *d = arg;

	d->well = true;
	smtpclient_quit(d->client);
}

static void
on_closed(void *arg, const struct smtpreply *why)
{
	struct dial *d = arg;

	if (!d->well)
		say(d, "ready for mail", false, why->text);
	else
		say(d, "ready for mail", true, "");
	smtpclient_free(&d->client);
	finish(d);
}

static void
on_sent(void *arg, const struct smtpclient_result *r)
{
	(void)arg;
	(void)r; /* nothing is sent */
}

static const struct smtpclient_ops client_ops = {
	.ready = on_ready,
	.sent = on_sent,
	.closed = on_closed,
	.progress = on_progress,
};

static void
on_connected(void *arg, int fd, const char *why)
{
	struct dial *d = arg;

	say(d, "connect", fd != -1, fd != -1 ? "" : why);
	if (fd == -1)
		finish(d);
	else
		d->client = smtpclient_new(fd, &d->params, &client_ops, d);
}

static int
dial_one(struct dial *d, struct evdns_base *dns,
    const struct relay_config *config, const char *text)
{
	char *host;
	uint16_t port;

	d->name = text;
	d->well = d->done = false;
	if (hostport_parse(text, (uint16_t)config->port, &host, &port) == -1) {
		say(d, "name", false, "not host, host:port or [address]:port");
		return 1;
	}
	d->params.server = host;
	(void)tcpconnect_start(d->base, dns, host, port,
	    config->connect_timeout_ms, on_connected, d);
	event_base_dispatch(d->base);
	free(host);
	return d->well ? 0 : 1;
}

int
relaydial(const struct relay_config *config)
{
	static struct smtpclient_timeouts quick = { .setup = 15000,
		.command = 15000,
		.quit = 5000,
		.data = 15000,
		.block = 15000,
		.final = 15000 };
	bool verify = config->tls == SMARTHOST_TLS_VERIFY ||
		      config->tls == SMARTHOST_TLS_IMPLICIT;
	struct dial d = { .base = event_base_new() };
	struct evdns_base *dns;
	SSL_CTX *ctx = NULL;
	uint32_t i;
	int bad = 0;

	if (d.base == NULL || (dns = resolver_new(d.base)) == NULL)
		return 1;
	if (tls_client_ctx(verify, secret_slice(&config->ca_pem), &ctx) == -1) {
		printf("smarthost: ca_file FAILED: no certificate in it\n");
		return 1;
	}
	d.params = (struct smtpclient_params){ .base = d.base,
		.hostname = config->hostname,
		.tls = (enum smarthost_tls)config->tls,
		.tls_ctx = ctx,
		.timeouts = &quick };
	for (i = 0; i < config->server.n; i++)
		bad |= dial_one(&d, dns, config, config->server.v[i]);
	evdns_base_free(dns, 0);
	SSL_CTX_free(ctx);
	event_base_free(d.base);
	return bad;
}
