#ifndef SUBMITD_REPORT_PRIVATE_H
#define SUBMITD_REPORT_PRIVATE_H

/*
 * report_private - shared by report.c (the whole), reporttext.c (the part for
 * people), reportstatus.c (the part for programs), reportoriginal.c (what
 * comes back of the message) and reportline.c, by nobody else.
 */

#include "report.h"

struct report_word {
	enum report_action action;
	char status[SMTPREPLY_ENHANCED]; /* "5.1.1"; always set */
	bool said;                       /* reply holds something */
	struct smtpreply reply;
	char *server; /* NULL: no server said it */
};

struct report {
	uint64_t id;
	uint64_t now_s;
	uint64_t retry_until_s;
	char *hostname;
	uint32_t room;
	/* of recipients only those added, so nothing leaks of others */
	struct envelope *about;
	struct report_word *words; /* one for each of them */
};

/* Its own addresses need SMTPUTF8: then all may be UTF-8 (RFC 6533). */
bool report_is_utf8(const struct report *);

/* True when there is one of that kind. */
bool report_has(const struct report *, enum report_action);

/* -- reportline.c: lines of at most 78 octets where a space allows it ------ */

/*
 * "name: body" and CRLF, folded.  What could end the field becomes '?'; other
 * octets above 127 pass only if utf8.
 */
void report_field(struct buf *, const char *name, struct slice body, bool utf8);
void report_date_field(struct buf *, const char *name, uint64_t s);

/* A paragraph, each line indented; the same cleaning. */
void report_paragraph(struct buf *, unsigned indent, struct slice text);

/* RFC 2045, 6.7, of any octets; lines end in CRLF. */
void report_quoted_printable(struct buf *, struct slice in);

/* -- the parts: headers of the part, an empty line, and its content -------- */

void report_text(struct buf *, const struct report *);
void report_status(struct buf *, const struct report *);

/* The same for the content; *eightbit: it is not 7-bit. */
void report_original(struct buf *, const struct report *, struct slice content,
    uint64_t size, bool *eightbit);

/* The Message-ID of the content, with its brackets, if it is a sane one. */
struct slice report_message_id(struct slice content);

#endif
