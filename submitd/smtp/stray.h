#ifndef SUBMITD_SMTP_STRAY_H
#define SUBMITD_SMTP_STRAY_H

/*
 * stray - octets of another protocol where a client's first command should be:
 * somebody has set up the wrong port, and only our log can tell them.
 *
 * Pure.  Never decides how to go on with the connection as if it were right.
 */

#include "slice.h"

enum stray {
	STRAY_NONE,  /* SMTP, or nobody knows yet */
	STRAY_TLS,   /* a ClientHello: it wants port 465 */
	STRAY_PROXY, /* a PROXY header from somebody whose word is not taken */
	/*
	 * The same in version 2, whose first octets are line ends: what they
	 * get must not depend on how they are cut, so they are lines, and the
	 * NUL behind them ends the session.
	 */
	STRAY_PROXY_V2,
};

/* Judge the first octets that came in the clear, as many as there are now. */
enum stray stray_judge(struct slice first);

/* The word for it in the log; static. */
const char *stray_event(enum stray);

/* What whoever reads that can do about it; static. */
const char *stray_hint(enum stray);

#endif
