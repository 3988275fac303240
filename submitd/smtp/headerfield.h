#ifndef SUBMITD_HEADERFIELD_H
#define SUBMITD_HEADERFIELD_H

/*
 * headerfield - the header fields that we look at, and the values of those
 * that hold no addresses (RFC 5322, 3.6; RFC 8601).
 */

#include <stdbool.h>

#include "compiler.h"
#include "slice.h"

enum header_field {
	FIELD_OTHER,
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_DATE,
	FIELD_MESSAGE_ID,
	FIELD_RECEIVED,
	FIELD_RETURN_PATH,
	FIELD_AUTHENTICATION_RESULTS,
	FIELD_RESENT_FROM,
	FIELD_RESENT_SENDER,
	FIELD_RESENT_REPLY_TO, /* RFC 5322, 4.5.6 */
	FIELD_RESENT_TO,
	FIELD_RESENT_CC,
	FIELD_RESENT_BCC,
	FIELD_RESENT_DATE,
	FIELD_RESENT_MESSAGE_ID,
	FIELD_COUNT,
};

/* Which field a name is, ASCII case aside. */
enum header_field header_field_of(struct slice name);

/* Its name as we write it; "" for FIELD_OTHER.  Static. */
const char *header_field_name(enum header_field);

/* True for those that hold addresses. */
bool header_field_has_addresses(enum header_field);

/* True for those that say whose message it is. */
bool header_field_is_author(enum header_field);

/*
 * The identifier in a Message-ID field's body, angle brackets included; empty
 * if there is none.  Tolerates what RFC 5322, 4.5.4 does and what passes for
 * an identifier in practice; spaces outside quotes it does not.
 */
struct slice header_message_id(struct slice body);

/*
 * True if the body of an Authentication-Results field claims to be of
 * authserv_id, in any case, quoted, with comments; also if one cannot tell.
 */
bool header_results_claim(struct slice body, struct slice authserv_id);

/* True if there is nothing but white space and comments. */
bool header_is_blank(struct slice body);

#endif
