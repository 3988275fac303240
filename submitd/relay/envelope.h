#ifndef SUBMITD_ENVELOPE_H
#define SUBMITD_ENVELOPE_H

/*
 * envelope - all that is known of a message beside its content, and the head
 * of its spool file.
 *
 * The head is a magic, a version and typed records (type u8, value with its
 * length, pack.h), the last of which says that content follows.  There is one
 * encoding of an envelope and the reader takes no other, so reading and
 * packing again gives the same octets.  Only the status octet of a recipient
 * ever changes; "plain" means packed with every status OPEN.
 *
 * Every text field is checked when it is written and again when it is read:
 * none holds an octet that could end a line or a path (RFC 5321, 4.1.2).
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "compiler.h"
#include "mailoptions.h"
#include "slice.h"

/* Octets of a head: LIMIT_RECIPIENTS_MAX mailboxes and the rest. */
#define ENVELOPE_MAX 1048576

/* On disk, where no checksum covers them: each three bits from any other. */
enum recipient_status {
	RECIPIENT_OPEN = 'o',    /* still to be delivered */
	RECIPIENT_WARNED = 'H',  /* the same, and the sender knows it is late */
	RECIPIENT_DONE = 'd',    /* a smarthost has it */
	RECIPIENT_RELAYED = 'U', /* the same, and the sender is to be told */
	RECIPIENT_FAILED = 'r',  /* refused for good; the same */
	RECIPIENT_REPORTED = 'y', /* refused for good, and that was all */
};

struct recipient {
	char *mailbox;
	enum recipient_status status;
	uint32_t notify; /* set of enum mail_notify */
	char *orcpt;     /* as the client gave it; "": none */
};

/* Owns all it points to. */
struct envelope {
	uint64_t id; /* queueid.h */
	uint64_t session;
	char *user;
	char *client_address;
	char *sender;                /* mailbox; "" for <> */
	struct mail_options options; /* its slices are owned, too */
	uint32_t recipient_count;
	struct recipient *recipients;
};

/*
 * True for a mailbox that can stand in a command as it is.  utf8: one that is
 * not ASCII is fine, too (RFC 6531, 3.3).
 */
NODISCARD bool envelope_mailbox_ok(struct slice, bool utf8);

/* Take options whose slices are somebody else's: they are copied. */
void envelope_set_options(struct envelope *, const struct mail_options *);

/* Add one to env->recipients, which has room: all is copied. */
void envelope_add_recipient(struct envelope *, const struct mail_recipient *);

/* True when an address of it is not ASCII. */
NODISCARD bool envelope_has_utf8(const struct envelope *);

void envelope_free(struct envelope **);

/* How many recipients have that status. */
uint32_t envelope_count(const struct envelope *, enum recipient_status);

/* Still to be delivered, whoever knows it. */
NODISCARD bool recipient_is_open(const struct recipient *);
uint32_t envelope_open(const struct envelope *);

/* Those that a smarthost has; those that failed. */
uint32_t envelope_taken(const struct envelope *);
uint32_t envelope_failed(const struct envelope *);

/* Append the head.  plain: see above.  Room: ENVELOPE_MAX is enough. */
void envelope_pack(struct buf *, const struct envelope *, bool plain);

enum envelope_status {
	ENVELOPE_OK,
	ENVELOPE_BAD,
	ENVELOPE_NEWER, /* of a later version of this program */
};

/*
 * Read a head from the front of a file; bytes behind it do not matter.
 * OK: *env is the caller's, *head_len its octets.  Else *env is NULL.
 */
NODISCARD enum envelope_status envelope_read(
    struct slice file, struct envelope **env, size_t *head_len);

#endif
