#ifndef SUBMITD_MESSAGES_H
#define SUBMITD_MESSAGES_H

/*
 * messages - what the roles say to each other: all of it.
 *
 * Each struct has a pack and an unpack function; unpack returns 0, or -1 for
 * bytes that are not exactly such a message, which makes a frame malformed.
 * Slices in an unpacked struct borrow from the frame.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "limits.h"
#include "mailoptions.h"
#include "outcome.h"
#include "slice.h"

enum message_type {
	/* master -> role, in this order at start */
	MSG_CONFIG = 1, /* + fd: the packed configuration, from offset 0 */
	MSG_LISTEN,     /* + fd: a listening socket; struct msg_listen; smtp */
	MSG_PEER,       /* + fd: one end of a link; struct msg_peer; any time */
	MSG_TICKET_KEYS, /* struct msg_ticket_keys; smtp; again on rotation */
	MSG_GO,          /* start; answered by READY */
	MSG_DRAIN,       /* finish what is open, then exit 0 */
	MSG_STATS_ASK,
	MSG_CONTROL_ASK,  /* struct msg_control_ask; id: the question */
	MSG_ACCOUNT_TOLD, /* struct msg_account; auth; each at start, and on
			   * change */
	/* role -> master */
	MSG_READY,
	MSG_STATS,          /* text: key=value lines */
	MSG_LINK_LOST,      /* smtp; struct msg_peer: join us anew */
	MSG_CONTROL_ANSWER, /* struct msg_control_answer; one or more */
	MSG_ACCOUNT,        /* struct msg_account; relay; the same */
	MSG_ALARM,          /* struct msg_alarm: for the operator's hook */

	/* smtp -> auth; id: the exchange */
	MSG_AUTH_START = 32, /* struct msg_auth_start */
	MSG_AUTH_STEP,       /* struct msg_auth_step */
	MSG_AUTH_CANCEL,     /* empty */
	MSG_AUTH_ENDED,      /* struct msg_auth_ended; id 0: a session that
			      * was logged in is over */
	/* auth -> smtp */
	MSG_AUTH_MECHANISMS, /* bytes: names, space-separated; id 0 */
	MSG_AUTH_CHALLENGE,  /* struct msg_auth_step */
	MSG_AUTH_DONE,       /* struct msg_auth_done; ends the exchange */
	MSG_AUTH_EXPEL,      /* bytes: a user whose sessions are to end; id 0 */

	/* smtp -> relay; id: the message */
	MSG_MAIL_BEGIN = 48, /* struct msg_mail_begin */
	MSG_MAIL_COMMIT,     /* struct msg_mail_commit */
	MSG_MAIL_ABORT,      /* empty; no answer */
	/* relay -> smtp */
	MSG_MAIL_READY,  /* + fd, write-only; bytes: our queue id, text */
	MSG_MAIL_DONE,   /* struct msg_mail_done; ends the message; may come
			  * instead of READY */
	MSG_MAIL_OFFERS, /* struct msg_mail_offers; id 0; on a new link and
			  * when it changes */
};

struct msg_listen {
	uint32_t index;    /* of the listener in the configuration */
	struct slice name; /* "address:port", for logs */
};

enum role_id { ROLE_SMTP, ROLE_AUTH, ROLE_RELAY, ROLE_COUNT };

struct msg_peer {
	uint32_t role;     /* enum role_id of the other end */
	uint32_t instance; /* unique per smtp process ever started: the
			    * smtp side of this link, on either end */
};

#define TICKET_KEY_LEN 80 /* name 16, HMAC 32, AES 32 */

struct msg_ticket_keys {
	struct slice current;  /* TICKET_KEY_LEN octets */
	struct slice previous; /* the same, or empty */
};

struct msg_auth_start {
	uint64_t session;
	struct slice mechanism;
	bool has_initial;
	struct slice initial;        /* decoded; secret */
	struct slice client_address; /* text */
	/* RFC 5929, RFC 9266: "tls-exporter", "tls-unique", or empty */
	struct slice binding_type;
	struct slice binding;
	/* of a client certificate that was verified; empty: there was none */
	struct slice certificate_subject; /* RFC 4514 */
	uint32_t certificate_mailbox_count;
	struct slice certificate_mailboxes; /* packed; rfc822Name */
};

struct msg_auth_step {
	struct slice data; /* decoded; secret */
};

enum auth_verdict {
	AUTH_ACCEPTED,     /* 235, with a grant */
	AUTH_REFUSED,      /* 535: the directory said no */
	AUTH_TROUBLE,      /* 454: ours; the user may be right */
	AUTH_NO_MECHANISM, /* 504: unknown or not offered */
	AUTH_BROKEN,       /* 501: not an exchange of this mechanism */
	AUTH_TRANSITION,   /* 432: first a login by password, then this one */
	AUTH_TOO_WEAK,     /* 534: this user must use a stronger mechanism */
	AUTH_SUSPENDED,    /* 535: the password is right, the account may not
			    * send */
	AUTH_LIMITED,      /* 454: too many failures, try again in retry_s */
	AUTH_CROWDED,      /* 454: too many sessions of this user */
	AUTH_VERDICTS
};

struct msg_auth_done {
	uint32_t verdict;    /* enum auth_verdict */
	struct slice user;   /* as canonical as known; may be empty */
	struct slice reason; /* one token; for the log, never for the client */
	struct slice grant;  /* sealed; empty if not accepted */
	uint32_t retry_s;    /* AUTH_LIMITED: when it may be tried again */
};

struct msg_auth_ended {
	uint64_t session;
};

/* A request of submitctl, in words, for the role that knows the answer. */
struct msg_control_ask {
	uint32_t word_count;
	struct slice words; /* packed byte strings */
};

enum control_status {
	CONTROL_OK,
	CONTROL_REFUSED,   /* text: one line, why */
	CONTROL_NOT_FOUND, /* the same: no such user, ban, ... */
	CONTROL_STATUSES
};

struct msg_control_answer {
	uint32_t status;   /* enum control_status */
	bool more;         /* another frame follows with more of the text */
	struct slice text; /* key=value lines for the operator */
};

enum account_state {
	ACCOUNT_OPEN,
	ACCOUNT_BLOCKED, /* no login, no session; what is queued is held */
	ACCOUNT_STATES
};

struct msg_account {
	struct slice user;
	uint32_t state;      /* enum account_state */
	struct slice reason; /* one token */
};

struct msg_alarm {
	struct slice event; /* one token: "new_recipients", ... */
	struct slice user;
	struct slice detail; /* key=value words */
};

struct msg_mail_begin {
	uint64_t session;
	struct slice grant;
	struct slice sender; /* mailbox without <>; empty for <> */
	struct mail_options options;
	uint32_t recipient_count;
	struct slice recipients; /* packed: so many struct mail_recipient */
};

struct msg_mail_commit {
	uint64_t size;    /* octets written through the descriptor */
	bool eightbit;    /* there is one above 127 among them */
	bool utf8_header; /* even in the header */
};

/* What any smarthost will take that we may give a message to. */
enum mail_offer {
	OFFER_8BITMIME = 1 << 0,
	OFFER_BINARYMIME = 1 << 1, /* and CHUNKING */
	OFFER_SMTPUTF8 = 1 << 2,
	OFFER_REQUIRETLS = 1 << 3, /* and its TLS is verified */
	OFFER_DELIVERBY = 1 << 4,
	OFFER_MT_PRIORITY = 1 << 5,
};

#define MAIL_OFFERS_ALL UINT32_C(0x3f)

struct msg_mail_offers {
	uint32_t extensions; /* set of enum mail_offer */
	uint64_t size;       /* octets of content, ours included; 0: any */
	uint32_t by_min_s;   /* RFC 2852, 2: least by-time; 0: any */
};

enum mail_fate {
	FATE_DELIVERED, /* a smarthost has it */
	FATE_QUEUED,    /* the spool has it, durably */
	FATE_REFUSED,   /* nobody has it */
};

struct msg_mail_done {
	uint32_t fate;          /* enum mail_fate */
	uint32_t code;          /* reply for the client: 4xx or 5xx when
				 * FATE_REFUSED, else 2xx; no other passes */
	struct slice enhanced;  /* "2.0.0"; empty: none known */
	struct slice text;      /* printable ASCII, at most LIMIT_RESULT_TEXT */
	struct slice smarthost; /* host that answered; empty when none did */
};

void msg_listen_pack(struct buf *, const struct msg_listen *);
NODISCARD int msg_listen_unpack(struct slice, struct msg_listen *);
void msg_peer_pack(struct buf *, const struct msg_peer *);
NODISCARD int msg_peer_unpack(struct slice, struct msg_peer *);
void msg_ticket_keys_pack(struct buf *, const struct msg_ticket_keys *);
NODISCARD int msg_ticket_keys_unpack(struct slice, struct msg_ticket_keys *);
void msg_auth_start_pack(struct buf *, const struct msg_auth_start *);
NODISCARD int msg_auth_start_unpack(struct slice, struct msg_auth_start *);
void msg_auth_step_pack(struct buf *, const struct msg_auth_step *);
NODISCARD int msg_auth_step_unpack(struct slice, struct msg_auth_step *);
void msg_auth_done_pack(struct buf *, const struct msg_auth_done *);
NODISCARD int msg_auth_done_unpack(struct slice, struct msg_auth_done *);
void msg_auth_ended_pack(struct buf *, const struct msg_auth_ended *);
NODISCARD int msg_auth_ended_unpack(struct slice, struct msg_auth_ended *);
void msg_control_ask_pack(struct buf *, const struct msg_control_ask *);
NODISCARD int msg_control_ask_unpack(struct slice, struct msg_control_ask *);
void msg_control_answer_pack(struct buf *, const struct msg_control_answer *);
NODISCARD int msg_control_answer_unpack(
    struct slice, struct msg_control_answer *);
void msg_account_pack(struct buf *, const struct msg_account *);
NODISCARD int msg_account_unpack(struct slice, struct msg_account *);
void msg_alarm_pack(struct buf *, const struct msg_alarm *);
NODISCARD int msg_alarm_unpack(struct slice, struct msg_alarm *);
void msg_mail_begin_pack(struct buf *, const struct msg_mail_begin *);
NODISCARD int msg_mail_begin_unpack(struct slice, struct msg_mail_begin *);
void msg_mail_commit_pack(struct buf *, const struct msg_mail_commit *);
NODISCARD int msg_mail_commit_unpack(struct slice, struct msg_mail_commit *);
void msg_mail_offers_pack(struct buf *, const struct msg_mail_offers *);
NODISCARD int msg_mail_offers_unpack(struct slice, struct msg_mail_offers *);
void msg_mail_done_pack(struct buf *, const struct msg_mail_done *);
NODISCARD int msg_mail_done_unpack(struct slice, struct msg_mail_done *);

#endif
