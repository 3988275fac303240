/*
 * received - format the trace field.
 *
 * Whatever came from the client is cut down to characters that cannot end a
 * token, a comment or the field.
 */

#include "received.h"

#include <ctype.h>

/* A safe token: letters, digits and what names and addresses are made of. */
static void
add_token(struct buf *b, struct slice s)
{
	size_t i;
	char c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (!isalnum((unsigned char)c) && strchr("-._:[]", c) == NULL)
			c = '?';
		buf_add(b, c == '\0' ? "?" : &c, 1);
	}
}

/* RFC 5322, 3.3, with a numeric zone; not strftime(): no locale. */
static void
add_date(struct buf *b, time_t now)
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

void
received_add(struct buf *b, const struct received *r)
{
	buf_str(b, "Received: ");
	if (r->show_client) {
		buf_str(b, "from ");
		add_token(b, r->helo);
		buf_str(b, " ([");
		add_token(b, r->address);
		buf_str(b, "])\r\n\t");
	}
	buf_str(b, "by ");
	add_token(b, r->hostname);
	/* RFC 3848; SMTPSA is not registered, so HELO is told as SMTP. */
	buf_str(b, r->esmtp ? " with ESMTPSA id " : " with SMTP id ");
	add_token(b, r->id);
	if (r->cipher.n > 0) {
		buf_str(b, "\r\n\ttls ");
		buf_add(b, r->cipher.p, r->cipher.n);
	}
	buf_str(b, ";\r\n\t");
	add_date(b, r->now);
	buf_str(b, "\r\n");
}
