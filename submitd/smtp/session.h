#ifndef SUBMITD_SESSION_H
#define SUBMITD_SESSION_H

/*
 * session - one client, from accept to goodbye.
 *
 * A state is a place where the session waits.  One step function per state
 * reads input, queues output and changes s->state through session_enter(); it
 * says what it waits for and never frees.  session_drive() runs steps and is
 * the only place where a session ends.  Answers of auth and relay find their
 * session by request id (sessions.h) or find nothing.
 *
 * session.c has driver and life, session_<phase>.c the verbs and steps.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "bdat.h"
#include "buf.h"
#include "command.h"
#include "config.h"
#include "grant.h"
#include "limits.h"
#include "line.h"
#include "listener.h"
#include "messages.h"
#include "offers.h"
#include "origin.h"
#include "reply.h"
#include "tx.h"

struct bufferevent;
struct clientcert;
struct event;
struct worker;

enum state {
	ST_HANDSHAKE,      /* for the client's half of the TLS handshake */
	ST_COMMAND,        /* for a command line */
	ST_STARTTLS,       /* for our 220 to be out */
	ST_AUTHENTICATING, /* for auth */
	ST_AUTH_LINE,      /* for the client's next response */
	ST_OPENING,        /* for relay to give us a file */
	ST_CONTENT,        /* for content and its end */
	ST_CHUNK,          /* for the octets of a chunk */
	ST_COMMITTING,     /* for relay to have the message somewhere safe */
	ST_CLOSING,        /* for our last words to be out */
	ST_COUNT,
};

enum verdict {
	AGAIN,       /* progress: run the current state's step again */
	WAIT_CLIENT, /* input used up: resume on client bytes */
	WAIT_PEER,   /* asked auth or relay: resume on the answer */
	WAIT_FLUSH,  /* resume when all output is out */
	HANGUP,      /* send what is queued, then close */
};

/* Why a session ended: for its log line. */
enum ending {
	END_NONE,
	END_QUIT,
	END_CLOSED,  /* by the client */
	END_REFUSED, /* by us: limits, protocol errors */
	END_TIMEOUT,
	END_TLS, /* handshake failed */
	END_SHUTDOWN,
	END_BLOCKED,
	END_TROUBLE,
	END_COUNT,
};

/* What BDAT announced last (session_bdat.c). */
struct chunk {
	struct bdat frame;
	bool refused; /* its octets are swallowed, then answered with ... */
	enum reply refusal;
	struct buf held;   /* the same, when relay has refused the message */
	bool failed;       /* and those sent right behind it fail, too */
	uint64_t octets;   /* of it, so far */
	uint64_t since_ms; /* clock_ms() */
	uint64_t last_octet_ms;
	uint64_t swallowed; /* octets that came to nothing, since MAIL */
};

struct session {
	uint64_t id;
	struct worker *worker;           /* outlives it */
	const struct listener *listener; /* the same */
	struct origin origin;
	char address[INET6_ADDRSTRLEN]; /* origin.address as text */

	struct bufferevent *bev; /* owns the socket */
	struct buf out; /* replies of this run, not yet handed to bev */
	struct event *deadline;
	struct event *resume;
	enum state state;
	uint64_t deadline_ms; /* clock_ms(); of the state */
	size_t line_scan;     /* line_find()'s */
	size_t skipped;       /* octets of an overlong line thrown away */
	bool skipping;        /* until its end */

	/* facts */
	bool tls_promised; /* 220 was said to STARTTLS */
	bool tls;
	bool hello;
	bool esmtp;
	char helo[LIMIT_EHLO_NAME + 1]; /* any printable octets */
	const char *tls_version;        /* static, OpenSSL's */
	const char *tls_cipher;         /* IANA name, the same */
	bool tls_resumed;
	const char *binding_type; /* of binding.h; static, or NULL */
	bool certificate;         /* of the client, and a good one */
	const char *tls_error; /* why the handshake failed; static, or NULL */
	bool authenticated;
	bool expelled;             /* ends after the message in flight */
	char user[LIMIT_USER + 1]; /* canonical, once authenticated */
	struct buf grant;          /* sealed, as auth gave it */

	/* waiting */
	uint64_t request; /* to auth or relay; 0: none */
	char mechanism[LIMIT_MECHANISM + 1];
	struct tx *tx;
	struct chunk chunk;

	/* counted */
	uint64_t started_ms;
	unsigned commands;
	unsigned errors;
	unsigned auth_failures;
	unsigned junk;
	unsigned messages; /* that got 250 */
	enum ending ending;
};

/*
 * Take over a connected socket.  The session enters the worker's table and
 * greets (or shakes hands) at once.
 */
void session_start(
    struct worker *, const struct listener *, int fd, const struct origin *);

/*
 * The same on a bufferevent that is ready for SMTP: for tests.  Takes bev.
 */
struct session *session_start_on(struct worker *, const struct listener *,
    struct bufferevent *bev, const char *address);

/* Run until it must wait; may end the session and set *sp to NULL. */
void session_drive(struct session **sp);

/* The same, after something else than a step has come to a verdict. */
void session_resume(struct session **sp, enum verdict);

/* Say 421 and end, unless a message is in flight: then after it. */
void session_drain(struct session *);

/*
 * Its account has been blocked: say 421 and end.  A message that has not been
 * committed goes with it; of one that has, the fate is told first.
 */
void session_expel(struct session *);

/* End at once, without a word; sets *sp to NULL. */
void session_abort(struct session **sp, enum ending);

/* -- for the session_*.c files -------------------------------------------- */

/* Our name towards this client: greeting, EHLO, Received. */
static inline const char *
session_hostname(const struct session *s)
{
	return s->listener->hostname;
}

/* Go to a state; its deadline starts now. */
void session_enter(struct session *, enum state);

void session_reply(struct session *, enum reply);
void session_reply_with(struct session *, enum reply, struct slice arg);

/* What this session is offered, as of now. */
struct offers session_offers(const struct session *);

/* Reply with an error that counts; HANGUP once there were too many. */
enum verdict session_reject(struct session *, enum reply);
enum verdict session_reject_with(
    struct session *, enum reply, struct slice arg);

/* Reply and end the session for a reason. */
enum verdict session_hangup(struct session *, enum reply, enum ending);

/*
 * Take back what was asked of auth or relay: whoever ends a wait other than by
 * its answer calls this, so that nothing is left open over there.  A message
 * that was committed is relay's own and stays.
 */
void session_cancel_request(struct session *);

/* Forget the transaction, telling relay if it was asked. */
void session_drop_tx(struct session *);

/*
 * Read a line of at most max octets.  LINE_WHOLE: give it back with
 * session_drop_line() when done.  LINE_TOO_LONG comes once; the rest of that
 * line is then skipped.
 */
enum line_status session_read_line(
    struct session *, size_t max, struct slice *line);

/* Take that line off the input, wiping it if it may be secret. */
void session_drop_line(struct session *, struct slice line, bool secret);

typedef enum verdict verb_fn(struct session *, const struct command *);
verb_fn verb_ehlo, verb_helo, verb_starttls, verb_auth, verb_mail, verb_rcpt,
    verb_data, verb_rset, verb_noop, verb_vrfy, verb_expn, verb_help, verb_quit,
    verb_bdat, verb_burl;

enum verdict step_command(struct session *);
enum verdict step_starttls(struct session *);
enum verdict step_auth_line(struct session *);
enum verdict step_content(struct session *);
enum verdict step_chunk(struct session *);

/*
 * Content (session_content.c).  open asks relay for a file, take adds a run
 * of content to it, end commits it, or says why it was refused.  open is false
 * if relay cannot be asked now; the transaction is over then.
 */
NODISCARD bool session_content_open(struct session *);
void session_content_take(struct session *, struct slice run);
enum verdict session_content_end(struct session *);

/*
 * Its header (session_header.c).  Take what of *run is header, or learn that
 * there is no more of it.  True: it is whole, and *out has what is to be
 * written in its place; before what is left in *run.
 */
NODISCARD bool session_header_take(
    struct session *, struct slice *run, struct buf *out);
NODISCARD bool session_header_end(struct session *, struct buf *out);

/* True from relay's file to end: content may still come. */
bool session_content_is_open(const struct session *);

/* True if that content will not be taken, whatever follows. */
bool session_content_is_refused(const struct session *);

/* Refused long ago, and still no end: enough.  HANGUP. */
enum verdict session_content_endless(struct session *);

/* When the wait for content must end, as of now: clock_ms(). */
uint64_t session_content_deadline(const struct session *);

/*
 * A BDAT that is not welcome (session_bdat.c): its octets are read, then it is
 * answered.  refuse: the same for one that was.  read: wait for its octets, as
 * of now.
 */
enum verdict session_chunk_unwelcome(
    struct session *, const struct command *, enum reply why);
enum verdict session_chunk_refuse(struct session *, enum reply why);
void session_chunk_read(struct session *);

/* What the peers' answers do; each ends in session_drive(). */
void session_auth_challenge(struct session *, struct slice data);
void session_auth_done(struct session *, const struct msg_auth_done *);
void session_auth_lost(struct session *);
void session_mail_ready(struct session *, struct slice queue_id, int fd);
void session_mail_done(struct session *, const struct msg_mail_done *);
void session_mail_lost(struct session *);

/* A deadline passed while asking auth or relay. */
enum verdict session_auth_overdue(struct session *);
enum verdict session_mail_overdue(struct session *);

/* TLS begins on the session's socket (starttls.c). -1: the session is over. */
NODISCARD int session_start_tls(struct session *);

/* The handshake is done: the session starts anew inside TLS (RFC 3207, 4.2). */
void session_tls_ready(struct session *);

/* What a login can be bound to (binding.h): octets, 0 for none. */
NODISCARD size_t session_binding(
    struct session *, unsigned char out[LIMIT_BINDING]);

/* Whom the client's certificate names (clientcert.h); nobody: there is none. */
struct clientcert session_certificate(const struct session *);

/* What the session has that mechanisms may need: set of enum mech_fact. */
uint32_t session_mech_facts(const struct session *);

/* Hook our callbacks to s->bev and start reading. */
void session_set_callbacks(struct session *);

/* The summary lines (session_log.c). */
void session_log_end(const struct session *);
void session_log_message(const struct session *, const struct msg_mail_done *);

/* What somebody who is logged in did wrong, in our words to them. */
void session_log_rejection(const struct session *, struct slice reply);

/* A password may have been said outside TLS: somebody should change it. */
void session_log_clear_auth(const struct session *);

#endif
