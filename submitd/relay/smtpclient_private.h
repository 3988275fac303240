#ifndef SUBMITD_SMTPCLIENT_PRIVATE_H
#define SUBMITD_SMTPCLIENT_PRIVATE_H

/*
 * smtpclient_private - shared by smtpclient.c (connection and driver),
 * smtpsetup.c (greeting to EHLO) and smtpmail.c (one message), by nobody else.
 *
 * A state is a reply waited for.  Its step looks at that reply, writes what
 * comes next and enters the next state; it frees nothing and calls nobody
 * back: the driver does, by the verdict.
 */

#include "smtpclient.h"
#include "stuff.h"

struct bufferevent;
struct event;

enum client_state {
	CLIENT_GREETING,
	CLIENT_EHLO,
	CLIENT_HELO, /* to a server that knows no EHLO */
	CLIENT_STARTTLS,
	CLIENT_HANDSHAKE, /* waits for TLS, not for a reply */
	CLIENT_IDLE,      /* waits for smtpclient_send() */
	CLIENT_MAIL,
	CLIENT_RCPT,
	CLIENT_DATA,
	CLIENT_CONTENT, /* sends it, then waits for the final reply */
	CLIENT_RSET,
	CLIENT_QUIT,
	CLIENT_STATES
};

enum client_verdict {
	CLIENT_WAIT,   /* for what the state says */
	CLIENT_READY,  /* a message can be sent */
	CLIENT_OVER,   /* the message has its result */
	CLIENT_HANGUP, /* c->why says why */
};

/* The message in hand. */
struct client_transaction {
	bool open;
	bool pipelined;  /* commands go ahead of their replies */
	bool bdat;       /* else DATA */
	bool unfit;      /* not for this server: nothing was sent */
	bool ahead;      /* content went in one flight with the commands */
	bool answered;   /* an octet of reply has come */
	bool begun;      /* MAIL was accepted */
	bool tired;      /* 421 to MAIL on a warm connection: it had enough */
	bool concluded;  /* the outcomes are final */
	bool reset;      /* the server may remember it: RSET */
	bool all_queued; /* the last octet of content is written */
	size_t rcpt;     /* the one whose reply is next */
	size_t accepted;
	uint64_t done; /* octets of content read */
	struct stuff stuff;
	enum outcome *outcomes; /* owned */
	struct smtpreply reply; /* the one that decides, as far as known */
};

struct smtpclient {
	const struct smtpclient_params *params;
	const struct smtpclient_ops *ops;
	void *arg;

	enum client_state state;
	struct bufferevent *bev;     /* NULL after a failure */
	struct event *deadline;      /* of the state; absolute */
	struct event *later;         /* gives a verdict that a call came to */
	enum client_verdict verdict; /* that one */
	bool encrypted;
	bool warm;                 /* has carried a message, or has been idle */
	struct smtp_offers offers; /* of the last EHLO */
	uint64_t mails;            /* MAIL commands of this session */
	uint64_t domains;          /* of its recipients, each time counted */
	struct smtpreply_parser parser;
	struct smtpclient_mail mail;
	struct client_transaction tx;
	struct smtpreply why;
};

/* smtpclient.c */
/* Come to a verdict from inside a call: it is acted on from the loop. */
void client_later(struct smtpclient *, enum client_verdict);
void client_enter(struct smtpclient *, enum client_state);
void client_put(struct smtpclient *, struct slice);
void client_printf(struct smtpclient *, const char *fmt, ...) PRINTF(2, 3);
/* Set c->why and say HANGUP. */
NODISCARD enum client_verdict client_fail(
    struct smtpclient *, const char *fmt, ...) PRINTF(2, 3);
void client_callbacks(struct smtpclient *); /* on a new c->bev */
/* All content is on its way: from now the final reply has its own time. */
void client_await_final(struct smtpclient *);

/* smtpsetup.c */
NODISCARD enum client_verdict client_start(struct smtpclient *);
enum client_verdict client_on_greeting(
    struct smtpclient *, const struct smtpreply *);
enum client_verdict client_on_ehlo(
    struct smtpclient *, const struct smtpreply *);
enum client_verdict client_on_helo(
    struct smtpclient *, const struct smtpreply *);
enum client_verdict client_on_starttls(
    struct smtpclient *, const struct smtpreply *);
NODISCARD enum client_verdict client_on_handshake(struct smtpclient *);

/* smtpmail.c */
void client_begin_mail(struct smtpclient *);
enum client_verdict client_on_mail(
    struct smtpclient *, const struct smtpreply *);
enum client_verdict client_on_rcpt(
    struct smtpclient *, const struct smtpreply *);
enum client_verdict client_on_data(
    struct smtpclient *, const struct smtpreply *);
enum client_verdict client_on_content(
    struct smtpclient *, const struct smtpreply *);
/* More content, now that there is room for it. */
NODISCARD enum client_verdict client_pump(struct smtpclient *);

#endif
