/*
 * reporttext - the part of a report that people read: what happened, to whom,
 * what the server said, and what they can do.
 *
 * Written as text of any length, then encoded if it has to be: addresses may
 * be of any script.
 */

#include "queueid.h"
#include "report_private.h"
#include "utf8.h"

/* clang-format off */
/*
 * What to do, by the end of the status (RFC 3463, 3); the first that begins
 * like it is taken.
 */
static const struct {
	const char *status;
	const char *advice;
} advices[] = {
	{ "1.1",  "There is no such address. Check how it is spelled, or ask the "
		  "recipient for the right one." },
	{ "1.2",  "There is no such domain, the part behind the @. Check how it "
		  "is spelled." },
	{ "1.10", "This domain takes no mail. Check how it is spelled." },
	{ "1.8",  "Your own address was not accepted. Ask your postmaster." },
	{ "1.7",  "Your own address was not accepted. Ask your postmaster." },
	{ "1.6",  "The recipient has moved. Ask them for their new address." },
	{ "1.",   "The address is not right. Check how it is spelled." },
	{ "2.2",  "The recipient's mailbox is full. Try again later, or reach "
		  "them in another way." },
	{ "2.3",  "The message is too large. Send less, or a link to it." },
	{ "2.",   "The recipient's mailbox takes no mail now. Reach them in "
		  "another way." },
	{ "3.4",  "The message is too large. Send less, or a link to it." },
	{ "3.",   "The recipient's mail system cannot take it. Ask your "
		  "postmaster." },
	{ "4.7",  "It could not be delivered in time. If it still matters, send "
		  "it again, or reach the recipient in another way." },
	{ "4.6",  "The message went round in circles. Ask your postmaster." },
	{ "4.",   "The recipient's mail system could not be reached. Send it "
		  "again later." },
	{ "5.3",  "The message has too many recipients. Send it to fewer at a "
		  "time." },
	{ "6.7",  "The recipient's mail system cannot take addresses with "
		  "letters like these. Ask them for another address." },
	{ "6.",   "The recipient's mail system cannot take a message of this "
		  "form. Send it as plain text, or as an attachment." },
	{ "7.10", "The recipient's mail system could not tell who you are. Ask "
		  "your postmaster." },
	{ "7.30", "You asked for a protected way, and there is none. Send it "
		  "without asking for that, if it may." },
	{ "7.",   "The message was refused by a rule. What the server says may "
		  "tell which; your postmaster can help." },
	{ "",     "If you do not know what to do, show this to your "
		  "postmaster." },
};
/* clang-format on */

static const char *
advice_for(const char *status)
{
	const char *rest = strchr(status, '.') + 1;
	size_t i = 0, n;

	/* "1.1" begins "1.10" too, and is another number */
	for (;; i++) {
		n = strlen(advices[i].status);
		if (strncmp(rest, advices[i].status, n) == 0 &&
		    (n == 0 || rest[n] == '\0' || rest[n - 1] == '.'))
			return advices[i].advice;
	}
}

static void
add_reply(struct buf *b, const struct report_word *w)
{
	struct buf text = buf_new(LIMIT_REPORT);

	if (w->server == NULL) {
		buf_str(&text, w->reply.text);
	} else {
		buf_printf(&text, "The server %s said: ", w->server);
		buf_printf(&text, "%u%s%s %s", w->reply.code,
		    w->reply.enhanced[0] == '\0' ? "" : " ", w->reply.enhanced,
		    w->reply.text);
	}
	report_paragraph(b, 8, buf_slice(&text));
	buf_free(&text);
}

static void
add_recipient(struct buf *b, const struct report *r, uint32_t i)
{
	const struct report_word *w = &r->words[i];

	buf_printf(b, "    <%s>\r\n", r->about->recipients[i].mailbox);
	if (w->said)
		add_reply(b, w);
	if (w->action == REPORT_FAILED)
		report_paragraph(b, 8, slice_of(advice_for(w->status)));
	buf_str(b, "\r\n");
}

/* One section: what happened, and to whom. */
static void
add_section(struct buf *b, const struct report *r, enum report_action action,
    const char *what)
{
	uint32_t i;

	if (!report_has(r, action))
		return;
	report_paragraph(b, 0, slice_of(what));
	buf_str(b, "\r\n");
	for (i = 0; i < r->about->recipient_count; i++)
		if (r->words[i].action == action)
			add_recipient(b, r, i);
}

static void
add_delayed(struct buf *b, const struct report *r)
{
	struct buf text = buf_new(LIMIT_REPORT);

	buf_str(&text,
	    "It is late for these recipients, but not lost. You need "
	    "not send it again: it will be tried until ");
	report_date(&text, r->retry_until_s);
	buf_str(&text, ".");
	buf_add(&text, "", 1);
	if (buf_ok(&text))
		add_section(b, r, REPORT_DELAYED, text.p);
	buf_free(&text);
}

static void
add_text(struct buf *b, const struct report *r)
{
	struct buf text = buf_new(LIMIT_REPORT);

	buf_printf(&text,
	    "This is the mail system %s. It is about the message "
	    "that you sent on ",
	    r->hostname);
	report_date(&text, queueid_time_s(r->about->id));
	buf_str(&text, ".");
	report_paragraph(b, 0, buf_slice(&text));
	buf_str(b, "\r\n");
	add_section(b, r, REPORT_FAILED,
	    "It could NOT be delivered to these recipients:");
	add_delayed(b, r);
	add_section(b, r, REPORT_RELAYED,
	    "It has been handed on for these recipients, to a server that does "
	    "not report back. This is the last that will be heard of it, "
	    "unless "
	    "it fails:");
	buf_clear(&text);
	buf_printf(&text,
	    "More is in the attachments. If you ask your "
	    "postmaster, name this message: %s",
	    queueid_format(r->about->id).s);
	report_paragraph(b, 0, buf_slice(&text));
	buf_free(&text);
}

void
report_text(struct buf *b, const struct report *r)
{
	struct buf text = buf_new(LIMIT_REPORT);

	add_text(&text, r);
	if (utf8_is_ascii(buf_slice(&text))) {
		buf_str(
		    b, "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
		buf_add(b, text.p, text.n);
	} else {
		buf_str(b, "Content-Type: text/plain; charset=utf-8\r\n"
			   "Content-Transfer-Encoding: quoted-printable\r\n"
			   "\r\n");
		report_quoted_printable(b, buf_slice(&text));
	}
	if (!buf_ok(&text))
		b->failed = true;
	buf_free(&text);
}
