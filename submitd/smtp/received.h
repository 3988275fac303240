#ifndef SUBMITD_RECEIVED_H
#define SUBMITD_RECEIVED_H

/*
 * received - the one trace field we put on top of a message (RFC 5321, 4.4).
 *
 * By default it names neither the client's address nor its EHLO name nor the
 * user: those are in the log under the same id (RFC 5068, 3.3).
 */

#include <stdbool.h>
#include <time.h>

#include "buf.h"
#include "slice.h"

struct received {
	struct slice hostname; /* ours */
	struct slice id;       /* queue id */
	struct slice cipher;   /* IANA name; the tls clause of RFC 8314, 4.3 */
	bool esmtp;            /* greeted with EHLO */
	bool utf8;             /* SMTPUTF8 in MAIL (RFC 6531, 3.7.3) */
	bool has_priority;     /* RFC 6710, 4.1 */
	int priority;
	bool show_client;
	struct slice helo;    /* with show_client; any bytes */
	struct slice address; /* with show_client; numeric */
	time_t now;
};

/* Append the folded field with its CRLF. */
void received_add(struct buf *, const struct received *);

/* Append a date-time (RFC 5322, 3.3), zone +0000. */
void received_add_date(struct buf *, time_t);

#endif
