#ifndef SUBMITD_TX_H
#define SUBMITD_TX_H

/*
 * tx - one mail transaction, from MAIL to its end (RFC 5321, 3.3).
 *
 * Owned by its session through one pointer; tx_free() is the only way it
 * ends, whatever ended it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "dot.h"
#include "fixup.h"
#include "headerblock.h"
#include "mailoptions.h"
#include "reply.h"
#include "slice.h"

#define QUEUE_ID_MAX 32

struct tx {
	char *sender;                /* "" for <> */
	struct mail_options options; /* its slices are owned, too */
	struct buf recipients;       /* packed struct mail_recipient */
	uint32_t recipient_count;
	uint32_t refused_count; /* RCPTs turned down */
	uint64_t size_max;      /* of its content, as was offered at MAIL */
	bool sevenbit;          /* nobody behind us takes more */

	/* from DATA or the first BDAT on */
	int fd; /* where content goes, write-only; -1: none (any more) */
	char queue_id[QUEUE_ID_MAX + 1];
	bool chunked; /* by BDAT; else by DATA */
	struct dot dot;
	struct headerblock header; /* freed once it is written */
	struct fixup fixup;
	uint64_t received; /* content octets from the client, as sent */
	uint64_t content;  /* the same, unstuffed: what SIZE is about */
	uint64_t written;  /* octets in the file, our fields included */
	uint64_t content_since_ms;
	uint64_t last_octet_ms;
	bool eightbit;    /* an octet above 127 was among it */
	bool utf8_header; /* even in the header that goes out */
	bool refused; /* content will be swallowed, then answered with ... */
	enum reply refusal;
};

/* sender: mailbox, empty for <>.  Everything is copied. */
struct tx *tx_new(struct slice sender, const struct mail_options *);
void tx_free(struct tx **);

void tx_add_recipient(struct tx *, const struct mail_recipient *);

/* Decide once that the content is refused; the first reason stays. */
void tx_refuse(struct tx *, enum reply why);

#endif
