/*
 * stray - two beginnings that no SMTP command has.
 */

#include "stray.h"

static bool
starts_with(struct slice s, struct slice start)
{
	return s.n >= start.n && memcmp(s.p, start.p, start.n) == 0;
}

enum stray
stray_judge(struct slice first)
{
	/* RFC 8446, 5.1: a handshake record of any version since SSL 3.0 */
	if (starts_with(first, (struct slice){ "\x16\x03", 2 }))
		return STRAY_TLS;
	if (starts_with(first, slice_of("PROXY ")))
		return STRAY_PROXY;
	if (starts_with(first, (struct slice){ "\r\n\r\n\0\r\nQUIT\n", 12 }))
		return STRAY_PROXY_V2;
	return STRAY_NONE;
}

const char *
stray_event(enum stray stray)
{
	return stray == STRAY_TLS ? "tls_on_starttls_port"
				  : "proxy_header_unexpected";
}

const char *
stray_hint(enum stray stray)
{
	return stray == STRAY_TLS
		   ? "this client is set up for TLS from the first octet: "
		     "port 465"
		   : "this listener takes no PROXY header from that address: "
		     "see listen { proxy, proxy_from }";
}
