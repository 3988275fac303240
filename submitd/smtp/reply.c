/*
 * reply - the words of the server.
 *
 * One table with the source of each row; nowhere else in this role is there a
 * reply's text.  Formatting bounds and cleans what is put in.
 */

#include "reply.h"

#include "compiler.h"
#include "limits.h"

struct row {
	unsigned code;
	const char *enhanced;
	const char *text;
};

/* clang-format off */
static const struct row rows[] = {
	/*
	 * session: RFC 5321, 3.1, 3.8, 4.5.3.2.7; RFC 3207, 4; RFC 3463.
	 * Our name leads where RFC 5321, 4.2 has clients read the words.
	 */
	[R_220_GREETING]	= { 220, "", "$ ESMTP submitd" },
	[R_220_GO_TLS]		= { 220, "2.0.0", "Ready to start TLS" },
	[R_221_BYE]		= { 221, "2.0.0", "$ Bye" },
	[R_421_SHUTDOWN]	= { 421, "4.3.2", "$ Shutting down; please try again" },
	[R_421_TOO_MANY]	= { 421, "4.7.0", "$ Too many connections; please try again later" },
	[R_421_TIMEOUT]		= { 421, "4.4.2", "$ Timed out waiting for you" },
	[R_421_SLOW]		= { 421, "4.4.2", "$ Content arrives too slowly" },
	[R_421_ERRORS]		= { 421, "4.7.0", "$ Too many errors" },
	[R_421_JUNK]		= { 421, "4.7.0", "$ Too many commands without a message" },
	[R_421_AUTH_FAILURES]	= { 421, "4.7.0", "$ Too many failed logins" },
	[R_421_SESSION_OLD]	= { 421, "4.7.0", "$ This login has expired; please connect and log in again" },
	[R_421_BLOCKED]		= { 421, "4.7.0", "$ This account has been blocked; please ask your provider" },
	[R_421_TROUBLE]		= { 421, "4.3.0", "$ Internal trouble; please try again" },

	/* grammar and order: RFC 5321, 4.2.4, 4.3.2, 4.1.4 */
	[R_500_UNKNOWN]		= { 500, "5.5.1", "Command not recognised" },
	[R_500_EMPTY]		= { 500, "5.5.2", "Empty line; a command was expected" },
	[R_500_TOO_LONG]	= { 500, "5.5.2", "Line too long" },
	[R_500_BARE]		= { 500, "5.5.2", "Lines must end with CRLF and hold no bare CR, LF or NUL" },
	[R_500_AUTH_TOO_LONG]	= { 500, "5.5.6", "Authentication line too long" },	/* RFC 4954, 6 */
	[R_501_ARGUMENT]	= { 501, "5.5.4", "Syntax error in the argument of $" },
	[R_502_NOT_OFFERED]	= { 502, "5.5.1", "$ is not offered here" },
	[R_503_HELLO_FIRST]	= { 503, "5.5.1", "Send EHLO first" },
	[R_503_NO_TLS_NOW]	= { 503, "5.5.1", "TLS is already active" },
	[R_554_STARTTLS_INPUT]	= { 554, "5.5.1", "Nothing may follow STARTTLS before the handshake" },	/* RFC 3207, 6 */
	[R_503_AUTH_DONE]	= { 503, "5.5.1", "Already authenticated" },		/* RFC 4954, 4 */
	[R_503_IN_TRANSACTION]	= { 503, "5.5.1", "Not inside a mail transaction" },
	[R_503_NO_MAIL]		= { 503, "5.5.1", "Send MAIL first" },
	[R_503_NO_RCPT]		= { 503, "5.5.1", "Send RCPT first" },
	[R_503_CHUNKS]		= { 503, "5.5.1", "BDAT has begun the message; go on with BDAT, or send RSET" },	/* RFC 3030, 2 */
	[R_503_BINARY]		= { 503, "5.5.1", "BODY=BINARYMIME needs BDAT" },	/* RFC 3030, 3 */
	[R_554_NO_VALID_RCPT]	= { 554, "5.5.1", "No valid recipients" },		/* RFC 5321, 3.3 */
	[R_530_STARTTLS_FIRST]	= { 530, "5.7.0", "Send STARTTLS first" },		/* RFC 3207, 4 */
	[R_530_AUTH_FIRST]	= { 530, "5.7.0", "Authentication required" },		/* RFC 4954, 6 */

	/* plain answers: RFC 5321, 4.1.1; 252: RFC 5321, 7.3 */
	[R_214_HELP]		= { 214, "2.0.0", "This is a submission server (RFC 6409): STARTTLS, AUTH, MAIL, RCPT, DATA, QUIT" },
	[R_214_HELP_URL]	= { 214, "2.0.0", "See $" },
	[R_250_HELO]		= { 250, "", "$" },
	[R_250_OK]		= { 250, "2.0.0", "Ok" },
	[R_250_RESET]		= { 250, "2.0.0", "Reset" },
	[R_252_VRFY]		= { 252, "2.5.0", "Cannot verify; send the mail and see" },

	/* AUTH: RFC 4954, 4 and 6 */
	[R_235_WELCOME]		= { 235, "2.7.0", "Authentication successful" },
	[R_334_CHALLENGE]	= { 334, "", "$" },
	[R_432_TRANSITION]	= { 432, "4.7.12", "This account cannot log in this way yet; log in with PLAIN once, or set a new password" },
	[R_454_AUTH_TROUBLE]	= { 454, "4.7.0", "Cannot check logins just now; your password may be right" },
	[R_454_AUTH_LIMITED]	= { 454, "4.7.0", "Too many failed logins; try again in $ seconds" },
	[R_454_AUTH_CROWDED]	= { 454, "4.7.0", "Too many sessions of this account at the same time; end one, or try again later" },
	[R_501_AUTH_BASE64]	= { 501, "5.5.2", "Cannot decode that base64" },
	[R_501_AUTH_CANCELLED]	= { 501, "5.7.0", "Authentication cancelled" },
	[R_501_AUTH_BROKEN]	= { 501, "5.5.2", "Not a valid exchange of this mechanism" },
	[R_504_MECHANISM]	= { 504, "5.5.4", "Mechanism not offered" },
	[R_534_TOO_WEAK]	= { 534, "5.7.9", "This account must log in with a stronger mechanism" },
	[R_535_REFUSED]		= { 535, "5.7.8", "Authentication credentials invalid" },
	[R_535_SUSPENDED]	= { 535, "5.7.13", "Your password is right, but this account may not send mail; please ask your provider" },	/* RFC 5248 pairs it with 525, which RFC 4954 does not know */

	/* MAIL: RFC 5321, 4.1.1.2; RFC 6409, 6.1; RFC 1870, 6.1; RFC 6531, 3.5 */
	[R_250_SENDER]		= { 250, "2.1.0", "Sender ok" },
	[R_250_PRIORITY]	= { 250, "2.3.6", "$ is the new priority assigned to the message" },	/* RFC 6710, 4.1 */
	[R_501_SENDER_SYNTAX]	= { 501, "5.1.7", "Bad sender address syntax; it is MAIL FROM:<user@example.org>" },
	[R_501_PARAMETER]	= { 501, "5.5.4", "Bad or repeated value of parameter $" },
	[R_501_PRIORITY]	= { 501, "5.5.2", "MT-PRIORITY is one number from -9 to 9" },	/* RFC 6710, 4.1 */
	[R_550_NOT_YOURS]	= { 550, "5.7.1", "Not a sender address of yours; you may use $" },
	[R_550_NOT_YOURS_NONE]	= { 550, "5.7.1", "Not a sender address of yours; your account has none" },
	[R_550_NULL_SENDER]	= { 550, "5.7.1", "The empty sender address is not accepted here" },
	[R_550_SENDER_ASCII]	= { 550, "5.6.7", "The mail servers behind us take sender addresses in ASCII only" },
	[R_550_SENDER_UTF8]	= { 550, "5.6.7", "A sender address beyond ASCII needs SMTPUTF8 with MAIL" },
	[R_552_SIZE_DECLARED]	= { 552, "5.3.4", "Message too big; at most $ octets" },
	[R_554_SENDER_DOMAIN]	= { 554, "5.1.8", "Sender domain must be fully qualified" },
	[R_555_PARAMETER]	= { 555, "5.5.4", "Parameter $, or this value of it, is not offered here" },
	[R_555_BY_TOO_SOON]	= { 555, "5.5.4", "BY with R needs at least $ seconds here" },	/* RFC 2852, 3 and 4 */

	/* RCPT: RFC 5321, 4.1.1.3, 4.5.3.1.10; RFC 6409, 4.2 */
	[R_250_RECIPIENT]	= { 250, "2.1.5", "Recipient ok" },
	[R_452_TOO_MANY_RCPT]	= { 452, "4.5.3", "Too many recipients in one message" },
	[R_501_RECIPIENT_SYNTAX] = { 501, "5.1.3", "Bad recipient address syntax; it is RCPT TO:<user@example.org>" },
	[R_550_LITERAL]		= { 550, "5.7.1", "No mail to addresses in brackets from here; use a domain name" },
	[R_553_RCPT_ASCII]	= { 553, "5.6.7", "The mail servers behind us take recipient addresses in ASCII only" },	/* RFC 6531, 3.5 */
	[R_553_RCPT_UTF8]	= { 553, "5.6.7", "A recipient address beyond ASCII needs SMTPUTF8 with MAIL" },
	[R_554_RECIPIENT_DOMAIN] = { 554, "5.1.2", "Recipient domain must be fully qualified" },

	/* content: RFC 5321, 4.1.1.4, 4.5.3.1.6, 6.3; RFC 1870, 6.3; RFC 3030, 2 */
	[R_250_CHUNK]		= { 250, "2.0.0", "$ octets taken" },
	[R_354_GO_AHEAD]	= { 354, "", "Send the message; end with <CRLF>.<CRLF>" },
	[R_451_NO_RELAY]	= { 451, "4.3.0", "Cannot take mail just now; please try again" },
	[R_451_STORAGE]		= { 451, "4.3.0", "Storage trouble; please try again" },
	[R_452_FULL]		= { 452, "4.3.1", "No room for the message now" },
	[R_501_BDAT]		= { 501, "5.5.4", "Behind BDAT and a size only LAST may stand" },
	[R_501_BDAT_SIZE]	= { 501, "5.5.4", "BDAT without a size that can be counted; closing, as nobody knows where the next command begins" },
	[R_503_CHUNK_FAILED]	= { 503, "5.5.1", "The message of this chunk was refused already" },
	[R_550_BARE_CR]		= { 550, "5.6.0", "Bare CR in line $ of the message; lines must end with CRLF" },
	[R_550_BARE_LF]		= { 550, "5.6.0", "Bare LF in line $ of the message; lines must end with CRLF" },
	[R_550_NUL]		= { 550, "5.6.0", "NUL in line $ of the message" },
	[R_552_TOO_BIG]		= { 552, "5.3.4", "Message too big; at most $ octets" },
	[R_554_EIGHTBIT]	= { 554, "5.6.1", "The mail servers behind us take 7-bit content only; send quoted-printable or base64" },	/* RFC 6152, 3 */
	[R_554_LONG_LINE]	= { 554, "5.6.0", "Line $ of the message is too long" },
	[R_554_LOOP]		= { 554, "5.4.6", "Mail loop: too many Received fields" },

	/* its header: RFC 6409, 4.2, 5.1, 6.1, 6.3; RFC 5322, 3.6 */
	[R_550_HEADER_NOT_YOURS] = { 550, "5.7.1", "Not an address of yours: $" },
	[R_550_HEADER_NOT_YOURS_NONE] = { 550, "5.7.1", "Your account has no address to send from: $ is not yours" },
	[R_552_HEADER_TOO_BIG]	= { 552, "5.3.4", "Message header too big; at most $ octets" },
	[R_554_HEADER_DOMAIN]	= { 554, "5.6.0", "Domain not fully qualified in header field $" },
	[R_554_HEADER_OCTET]	= { 554, "5.6.0", "NUL, bare CR or bare LF in the message header" },
	[R_554_HEADER_SYNTAX]	= { 554, "5.6.0", "Bad address syntax in header field $" },
	[R_554_HEADER_TWICE]	= { 554, "5.6.0", "Only one $ field may stand in a message header" },
	[R_554_NO_FROM]		= { 554, "5.6.0", "The message header needs a From field with your address" },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(rows) == REPLY_COUNT, "a row for every reply");

unsigned
reply_code(enum reply r)
{
	return rows[r].code;
}

/* RFC 5321, 4.2.1: text is printable ASCII and TAB; we leave out the TAB. */
static void
add_clean(struct buf *b, struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		buf_add(b, s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p + i : "?", 1);
}

/* One line of a reply; more: another follows. */
static void
add_line(struct buf *b, unsigned code, struct slice enhanced, bool more,
    struct slice text)
{
	buf_printf(b, "%03u%c", code, more ? '-' : ' ');
	if (enhanced.n > 0) {
		buf_add(b, enhanced.p, enhanced.n);
		buf_str(b, " ");
	}
	add_clean(b, text);
	buf_str(b, "\r\n");
}

/* How much of text fits a line: cut behind a space where there is one. */
static size_t
fitting(struct slice text, size_t room)
{
	size_t i;

	if (text.n <= room)
		return text.n;
	for (i = room; i > room / 2; i--)
		if (text.p[i - 1] == ' ')
			return i;
	return room;
}

void
reply_add_foreign(
    struct buf *b, unsigned code, struct slice enhanced, struct slice text)
{
	/* "250-" or "250 ", the enhanced code and its space, CRLF */
	size_t room = LIMIT_REPLY_LINE - 4 - enhanced.n - 1 - 2;
	size_t n;

	while ((n = fitting(text, room)) < text.n) {
		add_line(b, code, enhanced, true, (struct slice){ text.p, n });
		text = slice_from(text, n);
	}
	add_line(b, code, enhanced, false, text);
}

void
reply_add(struct buf *b, enum reply r, struct slice arg)
{
	const struct row *row = &rows[r];
	const char *hole = strchr(row->text, '$');
	struct buf text;

	/* A challenge is base64 and one line, whatever its length. */
	if (r == R_334_CHALLENGE) {
		add_line(b, row->code, slice_of(""), false, arg);
		return;
	}
	if (hole == NULL) {
		reply_add_foreign(
		    b, row->code, slice_of(row->enhanced), slice_of(row->text));
		return;
	}
	text = buf_new(LIMIT_OUTPUT);
	buf_add(&text, row->text, (size_t)(hole - row->text));
	buf_add(&text, arg.p, arg.n);
	buf_str(&text, hole + 1);
	reply_add_foreign(
	    b, row->code, slice_of(row->enhanced), buf_slice(&text));
	buf_free(&text);
}
