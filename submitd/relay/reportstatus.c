/*
 * reportstatus - message/delivery-status (RFC 3464), and its global form (RFC
 * 6533, 4).
 *
 * Addresses: xtext (RFC 3461, 4) is undone where the result can be shown, and
 * kept where it cannot; addresses that are not ASCII are of type utf-8, and
 * escaped unless the report may hold them as they are (RFC 6533, 3).
 */

#include "hostport.h"
#include "queueid.h"
#include "report_private.h"
#include "utf8.h"

/* The value of an upper-case hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* False when it is not xtext, or hides what cannot be shown in a field. */
static bool
add_xtext(struct buf *out, struct slice s)
{
	size_t i;
	int c, high, low;
	char octet;

	for (i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c == '+') {
			if (s.n - i < 3)
				return false;
			high = hex_value(s.p[i + 1]);
			low = hex_value(s.p[i + 2]);
			if (high == -1 || low == -1)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c < ' ' || c > '~')
			return false;
		octet = (char)c;
		buf_add(out, &octet, 1);
	}
	return true;
}

/* The number of the character that n octets of UTF-8 at p stand for. */
static unsigned
code_point(const char *p, size_t n)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned c = (unsigned char)p[0] & mask[n];
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

/*
 * RFC 6533, 3: utf-8-addr-xtext.  raw: an address as it is, whose own special
 * characters need an escape, too.
 */
static void
add_escaped(struct buf *out, struct slice s, bool raw)
{
	size_t n;

	for (; s.n > 0; s = slice_from(s, n)) {
		n = utf8_length(s);
		if (n == 0)
			n = 1;
		if (n > 1)
			buf_printf(out, "\\x{%X}", code_point(s.p, n));
		else if (raw && (s.p[0] == ' ' || strchr("\\+=", s.p[0])))
			buf_printf(out, "\\x{%02X}", (unsigned char)s.p[0]);
		else
			buf_add(out, s.p, 1);
	}
}

static void
add_address_field(struct buf *b, const struct report *r, const char *name,
    const struct buf *value)
{
	report_field(b, name, buf_slice(value), report_is_utf8(r));
}

static void
add_final_recipient(struct buf *b, const struct report *r, const char *mailbox)
{
	struct slice s = slice_of(mailbox);
	struct buf value = buf_new(LIMIT_REPORT);

	if (utf8_is_ascii(s)) {
		buf_printf(&value, "rfc822; %s", mailbox);
	} else {
		buf_str(&value, "utf-8; ");
		if (report_is_utf8(r))
			buf_str(&value, mailbox);
		else
			add_escaped(&value, s, true);
	}
	add_address_field(b, r, "Final-Recipient", &value);
	buf_free(&value);
}

/* orcpt: "type;address", or "" if none came: then nothing is said. */
static void
add_original_recipient(struct buf *b, const struct report *r, const char *orcpt)
{
	const char *semicolon = strchr(orcpt, ';');
	struct buf value, plain;
	struct slice type, address;

	if (semicolon == NULL)
		return;
	type = (struct slice){ orcpt, (size_t)(semicolon - orcpt) };
	address = slice_of(semicolon + 1);
	value = buf_new(LIMIT_REPORT);
	plain = buf_new(LIMIT_REPORT);
	buf_add(&value, type.p, type.n);
	buf_str(&value, "; ");
	if (!slice_ieq(type, slice_of("utf-8")) && add_xtext(&plain, address))
		address = buf_slice(&plain);
	if (report_is_utf8(r) || utf8_is_ascii(address))
		buf_add(&value, address.p, address.n);
	else
		add_escaped(&value, address, false);
	add_address_field(b, r, "Original-Recipient", &value);
	buf_free(&plain);
	buf_free(&value);
}

static void
add_envelope_id(struct buf *b, struct slice envid)
{
	struct buf plain = buf_new(LIMIT_REPORT);

	if (envid.n > 0)
		report_field(b, "Original-Envelope-Id",
		    add_xtext(&plain, envid) ? buf_slice(&plain) : envid,
		    false);
	buf_free(&plain);
}

static void
add_message_fields(struct buf *b, const struct report *r)
{
	const struct mail_options *o = &r->about->options;
	struct buf value = buf_new(LIMIT_REPORT);

	buf_printf(&value, "dns; %s", r->hostname);
	report_field(b, "Reporting-MTA", buf_slice(&value), false);
	buf_free(&value);
	add_envelope_id(b, o->envid);
	report_date_field(b, "Arrival-Date", queueid_time_s(r->about->id));
	if (o->by != BY_UNSET) /* RFC 2852, 5 */
		report_date_field(b, "Deliver-By-Date", o->by_s);
	if (o->hold_request.n > 0) /* RFC 4865, 5.1 */
		report_field(
		    b, "Future-Release-Request", o->hold_request, false);
	buf_printf(b, "X-Queue-ID: %s\r\n", queueid_format(r->about->id).s);
}

/* Who said it, without the port: that is no part of a name (RFC 3464, 2.3.5).
 */
static void
add_remote(struct buf *b, const struct report_word *w)
{
	struct buf value = buf_new(LIMIT_REPORT);
	char *host;
	uint16_t port;

	if (hostport_parse(w->server, 25, &host, &port) == -1)
		host = NULL;
	buf_printf(&value, "dns; %s", host == NULL ? w->server : host);
	free(host);
	report_field(b, "Remote-MTA", buf_slice(&value), false);
	buf_clear(&value);
	/* RFC 3461, 9.2 */
	buf_printf(&value, "smtp; %u%s%s %s", w->reply.code,
	    w->reply.enhanced[0] == '\0' ? "" : " ", w->reply.enhanced,
	    w->reply.text);
	report_field(b, "Diagnostic-Code", buf_slice(&value), false);
	buf_free(&value);
}

static void
add_recipient_fields(struct buf *b, const struct report *r, uint32_t i)
{
	static const char *const actions[] = {
		[REPORT_FAILED] = "failed",
		[REPORT_DELAYED] = "delayed",
		[REPORT_RELAYED] = "relayed",
	};
	const struct recipient *to = &r->about->recipients[i];
	const struct report_word *w = &r->words[i];

	buf_str(b, "\r\n");
	add_original_recipient(b, r, to->orcpt);
	add_final_recipient(b, r, to->mailbox);
	buf_printf(
	    b, "Action: %s\r\nStatus: %s\r\n", actions[w->action], w->status);
	if (w->said && w->server != NULL)
		add_remote(b, w);
	if (w->said)
		report_date_field(b, "Last-Attempt-Date", r->now_s);
	if (w->action == REPORT_DELAYED)
		report_date_field(b, "Will-Retry-Until", r->retry_until_s);
}

void
report_status(struct buf *b, const struct report *r)
{
	uint32_t i;

	if (report_is_utf8(r))
		buf_str(b, "Content-Type: message/global-delivery-status\r\n"
			   "Content-Transfer-Encoding: 8bit\r\n\r\n");
	else
		buf_str(b, "Content-Type: message/delivery-status\r\n\r\n");
	add_message_fields(b, r);
	for (i = 0; i < r->about->recipient_count; i++)
		add_recipient_fields(b, r, i);
}
