#ifndef SUBMITD_SMARTHOST_PRIVATE_H
#define SUBMITD_SMARTHOST_PRIVATE_H

/*
 * smarthost_private - shared by smarthost.c (one server and its connections)
 * and smarthosts.c (all of them), by nobody else.
 */

#include "smarthost.h"

struct connection;
struct event;

TAILQ_HEAD(connection_list, connection);
TAILQ_HEAD(waiter_list, smarthost_waiter);

struct smarthost {
	struct smarthosts *all;
	char *name;
	char *host;
	uint16_t port;
	struct smtpclient_params params;
	struct connection_list connections;
	uint32_t connection_count;
	struct waiter_list waiters;
	uint32_t waiter_count;
	uint64_t dead_until_ms;    /* 0: well */
	bool is_suspect;           /* well, but the last probe failed */
	uint64_t no_more_until_ms; /* it wants no further connections */
	struct event *pump;        /* serves waiters from the loop */
	struct event *probe;       /* asks for its offers without a message */
	bool is_known;             /* it has told its offers */
	struct smtp_offers offers; /* what it told last */
	uint64_t sent;
};

struct smarthosts {
	struct event_base *base;
	struct evdns_base *dns;
	const struct relay_config *config;
	SSL_CTX *ctx;
	struct smarthost *v;
	size_t n;
	void (*back)(void *arg); /* or NULL */
	void *back_arg;
	struct msg_mail_offers offers;
	void (*changed)(void *arg); /* of offers; or NULL */
	void *changed_arg;
};

/* smarthost.c: 0, or -1, logged; smarthost_clear() then, too. */
NODISCARD int smarthost_init(
    struct smarthost *, struct smarthosts *, const char *text);
void smarthost_clear(struct smarthost *);
/* Connect to it soon, without a message. */
void smarthost_probe(struct smarthost *, uint32_t after_ms);

/* smarthosts.c: a server has told its offers. */
void smarthosts_review_offers(struct smarthosts *);

#endif
