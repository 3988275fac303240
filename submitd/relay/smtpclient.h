#ifndef SUBMITD_SMTPCLIENT_H
#define SUBMITD_SMTPCLIENT_H

/*
 * smtpclient - one connection to one smarthost: set up, then one message after
 * the other.  Knows no queue and no other connection.
 *
 * The order of callbacks, all from the loop, never from inside a call:
 *
 *	smtpclient_new	...	ready | closed
 *	smtpclient_send	...	sent, then ready | closed
 *
 * A server that takes so many messages in a session (RFC 9422) is said goodbye
 * to behind the last of them: closed.
 *
 * closed may also come at any time while idle.  smtpclient_send() may be
 * called between ready and the next callback; smtpclient_free() from closed,
 * and from outside every callback.
 */

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"
#include "config.h"
#include "messages.h"
#include "outcome.h"
#include "smtpoffers.h"
#include "smtpreply.h"

struct event_base;
struct smtpclient;

/* Longest wait for each thing, in ms; RFC 5321, 4.5.3.2. */
struct smtpclient_timeouts {
	uint32_t setup;   /* each of greeting, EHLO, STARTTLS, TLS */
	uint32_t command; /* MAIL, RCPT, RSET */
	uint32_t data;    /* 354 */
	uint32_t block;   /* content that does not move */
	uint32_t final;   /* the reply to the content */
	uint32_t quit;
};

extern const struct smtpclient_timeouts smtpclient_timeouts_default;

/* Outlives the connections made with it. */
struct smtpclient_params {
	struct event_base *base;
	const char *hostname; /* for EHLO */
	const char *server;   /* the name a certificate must have */
	enum smarthost_tls tls;
	SSL_CTX *tls_ctx; /* NULL with SMARTHOST_TLS_NONE */
	const struct smtpclient_timeouts *timeouts;
};

struct smtpclient_recipient {
	const char *mailbox;
	uint32_t notify;   /* set of enum mail_notify */
	const char *orcpt; /* "": none */
};

/* What a message is, to this side.  Everything it points to is borrowed. */
struct smtpclient_mail {
	uint64_t session; /* for log lines only, like id */
	uint64_t id;
	const char *sender; /* "": <> */
	const struct mail_options *options;
	const struct smtpclient_recipient *recipients;
	size_t recipient_count; /* at least 1 */
	int fd;                 /* content: size octets from content_at on */
	uint64_t content_at;
	uint64_t size;
};

enum smtpclient_how {
	SMTPCLIENT_ANSWERED, /* the outcomes are what the server said */
	SMTPCLIENT_LOST,     /* no use of this connection; not delivered */
	SMTPCLIENT_STALE,    /* as LOST: it was dead when we began */
	SMTPCLIENT_UNKNOWN,  /* lost behind the last octet: may be delivered */
	SMTPCLIENT_UNFIT,    /* this server cannot take it: nothing was sent */
};

struct smtpclient_result {
	enum smtpclient_how how;
	/* One for each recipient; OK only with ANSWERED. */
	const enum outcome *outcomes;
	struct smtpreply reply; /* the one that decided; ours, with UNFIT */
	bool dsn;               /* the server honours RFC 3461 */
	bool by;                /* and RFC 2852 */
};

/* Optional rows may be NULL. */
struct smtpclient_ops {
	void (*ready)(void *arg);
	/* result: valid during the call */
	void (*sent)(void *arg, const struct smtpclient_result *);
	void (*closed)(void *arg, const struct smtpreply *why);
	/* optional: a recipient was refused, now or for good */
	void (*refused)(void *arg, size_t recipient, const struct smtpreply *);
	/* optional: a step of the set-up went well */
	void (*progress)(void *arg, const char *step, const char *text);
};

/* Takes the connected socket.  params, ops: borrowed for life. */
struct smtpclient *smtpclient_new(int fd, const struct smtpclient_params *,
    const struct smtpclient_ops *, void *arg);
void smtpclient_free(struct smtpclient **);

/*
 * What the server said to EHLO, as far as it counts.  From ready on; borrowed
 * for the life of the client.
 */
const struct smtp_offers *smtpclient_offers(const struct smtpclient *);

/*
 * Which of n recipients the next message may have here (RFC 9422, 4): sets
 * pick[i] for each and returns how many, at least 1.
 */
size_t smtpclient_pick(const struct smtpclient *,
    const struct smtpclient_recipient *, size_t n, bool *pick);

/* The message is borrowed until sent is called. */
void smtpclient_send(struct smtpclient *, const struct smtpclient_mail *);

/*
 * We no longer want the message sent: sent says LOST, soon, if its last octet
 * has not left yet; otherwise the answer decides, as if this were not called.
 */
void smtpclient_withdraw(struct smtpclient *);

/* Only while idle: say goodbye; closed follows. */
void smtpclient_quit(struct smtpclient *);

#endif
