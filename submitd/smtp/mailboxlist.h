#ifndef SUBMITD_MAILBOXLIST_H
#define SUBMITD_MAILBOXLIST_H

/*
 * mailboxlist - the addresses in a header field (RFC 5322, 3.4 with the
 * obsolete forms of 4.4; groups as RFC 6854 has them; UTF-8 as RFC 6532).
 *
 * A list that is not the grammar, or that only some would read as we do, is a
 * fault with its place, never a guess.  Encoded words are display text: one
 * that stands in an address is a fault.
 */

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"
#include "headerlex.h"
#include "limits.h"
#include "slice.h"

enum mailbox_domain {
	MAILBOX_QUALIFIED, /* two labels or more, or an address literal */
	MAILBOX_ONE_LABEL, /* bob@sales */
	MAILBOX_NO_DOMAIN, /* bob */
};

struct mailbox {
	struct slice raw;  /* as written, from name to > or domain; borrows */
	struct slice name; /* display name as written; empty: none; borrows */
	struct slice spec; /* the address as written, borrows; its end is
			    * where a domain can be completed */
	/*
	 * local-part@domain without comments and white space, quoted only
	 * where it must be (RFC 5321, 4.1.2).  Valid until the next call.
	 */
	struct slice address;
	enum mailbox_domain domain;
	/*
	 * The address has a source route, or something between its tokens:
	 * others may read another one.
	 */
	bool odd;
};

enum mailboxlist_status {
	MAILBOXLIST_ONE, /* *mailbox is filled */
	MAILBOXLIST_END, /* lex.odd_comment is about the whole list now */
	MAILBOXLIST_BAD, /* lex.fault, lex.fault_at */
};

struct mailboxlist {
	struct headerlex lex;
	bool in_group;
	unsigned groups;    /* begun so far */
	unsigned mailboxes; /* so far */
	size_t address_n;
	char address[LIMIT_HEADER_ADDRESS]; /* the one being read */
};

void mailboxlist_begin(struct mailboxlist *, struct slice body);

/* The next mailbox, in a group or not.  No more calls after END or BAD. */
NODISCARD enum mailboxlist_status mailboxlist_next(
    struct mailboxlist *, struct mailbox *);

#endif
