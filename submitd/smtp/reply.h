#ifndef SUBMITD_REPLY_H
#define SUBMITD_REPLY_H

/*
 * reply - everything we ever say to a client, in one table.
 *
 * A row has the code, the enhanced code (RFC 2034; "" for none) and the text,
 * where a single '$' stands for the argument, if the row takes one.  What is
 * put in is reduced to printable ASCII, and lines keep to RFC 5321's 512
 * octets.
 */

#include "buf.h"
#include "slice.h"

enum reply {
	/* session */
	R_220_GREETING,
	R_220_GO_TLS,
	R_221_BYE,
	R_421_SHUTDOWN,
	R_421_TOO_MANY,
	R_421_TIMEOUT,
	R_421_SLOW,
	R_421_ERRORS,
	R_421_JUNK,
	R_421_AUTH_FAILURES,
	R_421_SESSION_OLD,
	R_421_TROUBLE,
	R_421_BLOCKED,
	/* grammar and order */
	R_500_UNKNOWN,
	R_500_EMPTY,
	R_500_TOO_LONG,
	R_500_BARE,
	R_500_AUTH_TOO_LONG,
	R_501_ARGUMENT,
	R_502_NOT_OFFERED,
	R_503_HELLO_FIRST,
	R_503_NO_TLS_NOW,
	R_554_STARTTLS_INPUT,
	R_503_AUTH_DONE,
	R_503_IN_TRANSACTION,
	R_503_NO_MAIL,
	R_503_NO_RCPT,
	R_503_CHUNKS,
	R_503_BINARY,
	R_554_NO_VALID_RCPT,
	R_530_STARTTLS_FIRST,
	R_530_AUTH_FIRST,
	/* plain answers */
	R_214_HELP,
	R_214_HELP_URL,
	R_250_HELO,
	R_250_OK,
	R_250_RESET,
	R_252_VRFY,
	/* AUTH */
	R_235_WELCOME,
	R_334_CHALLENGE,
	R_432_TRANSITION,
	R_454_AUTH_TROUBLE,
	R_454_AUTH_LIMITED,
	R_454_AUTH_CROWDED,
	R_501_AUTH_BASE64,
	R_501_AUTH_CANCELLED,
	R_501_AUTH_BROKEN,
	R_504_MECHANISM,
	R_534_TOO_WEAK,
	R_535_REFUSED,
	R_535_SUSPENDED,
	/* MAIL */
	R_250_SENDER,
	R_250_PRIORITY,
	R_501_SENDER_SYNTAX,
	R_501_PARAMETER,
	R_501_PRIORITY,
	R_550_NOT_YOURS,
	R_550_NOT_YOURS_NONE,
	R_550_NULL_SENDER,
	R_550_SENDER_ASCII,
	R_550_SENDER_UTF8,
	R_552_SIZE_DECLARED,
	R_554_SENDER_DOMAIN,
	R_555_PARAMETER,
	R_555_BY_TOO_SOON,
	/* RCPT */
	R_250_RECIPIENT,
	R_452_TOO_MANY_RCPT,
	R_501_RECIPIENT_SYNTAX,
	R_550_LITERAL,
	R_553_RCPT_ASCII,
	R_553_RCPT_UTF8,
	R_554_RECIPIENT_DOMAIN,
	/* content */
	R_250_CHUNK,
	R_354_GO_AHEAD,
	R_451_NO_RELAY,
	R_451_STORAGE,
	R_452_FULL,
	R_501_BDAT,
	R_501_BDAT_SIZE,
	R_503_CHUNK_FAILED,
	R_550_BARE_CR,
	R_550_BARE_LF,
	R_550_NUL,
	R_552_TOO_BIG,
	R_554_EIGHTBIT,
	R_554_LONG_LINE,
	R_554_LOOP,
	/* its header */
	R_550_HEADER_NOT_YOURS,
	R_550_HEADER_NOT_YOURS_NONE,
	R_552_HEADER_TOO_BIG,
	R_554_HEADER_DOMAIN,
	R_554_HEADER_OCTET,
	R_554_HEADER_SYNTAX,
	R_554_HEADER_TWICE,
	R_554_NO_FROM,
	REPLY_COUNT,
};

/* Append the reply; arg may be empty. */
void reply_add(struct buf *, enum reply, struct slice arg);

/*
 * Append a reply whose words come from elsewhere (a smarthost): code 200..599,
 * enhanced "x.y.z" or empty.
 */
void reply_add_foreign(
    struct buf *, unsigned code, struct slice enhanced, struct slice text);

/* The code of a row: for logs and counters. */
unsigned reply_code(enum reply);

#endif
