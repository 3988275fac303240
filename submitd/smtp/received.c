/*
 * received - format the trace field.
 *
 * Whatever came from the client is cut down to characters that cannot end a
 * token, a comment or the field.
 */

#include "received.h"

#include <ctype.h>

/* Letters, digits and these marks; anything else becomes a '?'. */
static void
add_safe(struct buf *b, struct slice s, const char *marks)
{
	size_t i;
	char c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (!isalnum((unsigned char)c) &&
		    (c == '\0' || strchr(marks, c) == NULL))
			c = '?';
		buf_add(b, &c, 1);
	}
}

/* A name; or [a literal], where brackets and colons may stand. */
static void
add_host(struct buf *b, struct slice s)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
		buf_str(b, "[");
		add_safe(b, (struct slice){ s.p + 1, s.n - 2 }, "-.:");
		buf_str(b, "]");
		return;
	}
	add_safe(b, s.n == 0 ? slice_of("?") : s, "-._");
}

/* RFC 5321, 4.1.3 */
static void
add_address(struct buf *b, struct slice s)
{
	bool ipv6 = s.n > 0 && memchr(s.p, ':', s.n) != NULL;

	buf_str(b, ipv6 ? "[IPv6:" : "[");
	add_safe(b, s, ".:");
	buf_str(b, "]");
}

/* With a numeric zone; not strftime(): no locale. */
void
received_add_date(struct buf *b, time_t now)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm t;

	gmtime_r(&now, &t);
	buf_printf(b, "%.3s, %d %.3s %d %02d:%02d:%02d +0000",
	    days + 3 * (size_t)t.tm_wday, t.tm_mday,
	    months + 3 * (size_t)t.tm_mon, t.tm_year + 1900, t.tm_hour,
	    t.tm_min, t.tm_sec);
}

/* RFC 3848, RFC 6531, 4.3; SMTPSA is not registered: HELO is told as SMTP. */
static const char *
protocol(const struct received *r)
{
	if (!r->esmtp)
		return "SMTP";
	return r->utf8 ? "UTF8SMTPSA" : "ESMTPSA";
}

void
received_add(struct buf *b, const struct received *r)
{
	buf_str(b, "Received: ");
	if (r->show_client) {
		buf_str(b, "from ");
		add_host(b, r->helo);
		buf_str(b, " (");
		add_address(b, r->address);
		buf_str(b, ")\r\n\t");
	}
	buf_str(b, "by ");
	add_host(b, r->hostname);
	buf_printf(b, " with %s id ", protocol(r));
	add_safe(b, r->id, "-._");
	if (r->cipher.n > 0) {
		buf_str(b, "\r\n\ttls ");
		buf_add(b, r->cipher.p, r->cipher.n);
	}
	if (r->has_priority)
		buf_printf(b, "\r\n\tPRIORITY %d", r->priority);
	buf_str(b, ";\r\n\t");
	received_add_date(b, r->now);
	buf_str(b, "\r\n");
}
