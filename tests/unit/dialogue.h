#ifndef SUBMITD_TEST_DIALOGUE_H
#define SUBMITD_TEST_DIALOGUE_H

/*
 * dialogue - a session's output judged against what its client has sent.
 *
 * A second, slow reading of the client's octets, from the RFCs and not from
 * the engine: which command each reply answers, and what may follow.  Asserts
 * one reply for each command, in order (RFC 5321, 4.2); replies in form (RFC
 * 5321, 4.2.1; RFC 2034, 4); 2xx to MAIL, RCPT, DATA and BDAT behind a login
 * only; and that relay was given the content of accepted messages, no other.
 */

#include "cases.h"
#include "certs.h"
#include "limits.h"
#include "seenreply.h"
#include "sessionpair.h"
#include "tls.h"
#include "tlspair.h"

struct dialogue {
	struct slice client, server; /* not looked at yet */
	struct unpack bodies;        /* relay's, the same */
	const char *why;             /* the server has said goodbye */
	bool login;
	bool mail;
	unsigned recipients;
	struct buf chunks; /* of the present message */
	size_t replies;
};

/*
 * The session is one in the clear.  STARTTLS then finds a certificate, and
 * never a handshake: there is no socket.
 */
static inline void
dialogue_in_clear(void)
{
	static struct certs *certs;
	struct pem_file cert = { .path = (char[]){ "cert" } };
	struct pem_file key = { .path = (char[]){ "key" } };
	struct identity id;
	char why[CERTS_WHY];

	if (certs == NULL) {
		id = issue(EVP_EC_gen("P-256"), "DNS:submit.test", NULL, 60);
		secret_set(&cert.text, buf_slice(&id.cert_pem));
		secret_set(&key.text, buf_slice(&id.key_pem));
		assert_int_equal(
		    certs_new(&(struct pem_files){ &cert, 1 },
			&(struct pem_files){ &key, 1 },
			&(struct tls_server){ .name = "test" }, &certs, why),
		    0);
		secret_wipe(&cert.text);
		secret_wipe(&key.text);
		identity_free(&id);
	}
	play.listener.tls = TLS_MODE_STARTTLS;
	play.listener.certs = certs;
}

/* The next reply; false: there is none. */
static inline bool
see_reply(struct dialogue *d, struct seen *r)
{
	if (!seen_take(&d->server, r))
		return false;
	d->replies++;
	return true;
}

static inline bool
is_verb(struct slice line, const char *verb)
{
	size_t n = strlen(verb);

	return line.n >= n && strncasecmp(line.p, verb, n) == 0 &&
	       (line.n == n || line.p[n] == ' ');
}

enum cut { CUT_LINE, CUT_NONE, CUT_BARE, CUT_LONG };

/* White space at the end of a command means nothing: RFC 5321, 4.1.1. */
static inline struct slice
without_end_space(struct slice line)
{
	while (line.n > 0 && memchr(" \t", line.p[line.n - 1], 2) != NULL)
		line.n--;
	return line;
}

/* The next line of the client, by definition. */
static inline enum cut
cut_line(struct slice *in, size_t max, struct slice *line)
{
	size_t i;

	for (i = 0; i < in->n; i++) {
		if (in->p[i] == '\r' && i + 1 == in->n)
			return CUT_NONE;
		if (in->p[i] == '\r' && in->p[i + 1] == '\n') {
			*line = (struct slice){ in->p, i };
			*in = slice_from(*in, i + 2);
			return CUT_LINE;
		}
		if (memchr("\r\n", in->p[i], 3) != NULL)
			return CUT_BARE;
		if (i >= max)
			return CUT_LONG;
	}
	return CUT_NONE;
}

/* Behind an overlong line the next CRLF is where commands begin again. */
static inline void
skip_line(struct slice *in)
{
	const char *end = in->n == 0 ? NULL : memmem(in->p, in->n, "\r\n", 2);

	*in = end == NULL ? (struct slice){ "", 0 }
			  : slice_from(*in, (size_t)(end - in->p) + 2);
}

/* RFC 5321, 4.5.2: take content up to its end, unstuffed.  False: no end. */
static inline bool
take_data(struct slice *in, struct buf *content)
{
	const char *end;
	size_t n, i;

	if (in->n >= 3 && memcmp(in->p, ".\r\n", 3) == 0) {
		*in = slice_from(*in, 3);
		return true;
	}
	end = in->n == 0 ? NULL : memmem(in->p, in->n, "\r\n.\r\n", 5);
	if (end == NULL)
		return false;
	n = (size_t)(end - in->p) + 2;
	for (i = 0; i < n; i++)
		if (in->p[i] != '.' ||
		    (i > 0 && memcmp(in->p + i - 2, "\r\n", 2) != 0))
			buf_add(content, in->p + i, 1);
	*in = slice_from(*in, n + 3);
	return true;
}

/* A header that is sent on as it is; what it lacks would be added. */
#define SETTLED                                                                \
	"From: alice@example.org\r\n"                                          \
	"Date: Wed, 25 Nov 2026 03:20:28 +0000\r\n"                            \
	"Message-ID: <m@x.example>\r\n"

/* Content from the empty line on, which ends the header. */
static inline struct slice
body_of(struct slice content)
{
	const char *end;

	if (content.n >= 2 && memcmp(content.p, "\r\n", 2) == 0)
		return content;
	end =
	    content.n == 0 ? NULL : memmem(content.p, content.n, "\r\n\r\n", 4);
	return end == NULL ? (struct slice){ "", 0 }
			   : slice_from(content, (size_t)(end - content.p) + 2);
}

/* relay has had this content, lines and nothing else, as the next one. */
static inline void
assert_handed_over(struct dialogue *d, struct slice content)
{
	struct slice got = unpack_bytes(&d->bodies), body = body_of(content);
	size_t i;

	for (i = 0; i < content.n; i++)
		assert_true(content.p[i] != '\0' &&
			    (content.p[i] == '\n') ==
				(i > 0 && content.p[i - 1] == '\r'));
	assert_false(d->bodies.failed);
	assert_true(got.n >= body.n);
	assert_slice(slice_from(got, got.n - body.n), body);
	if (content.n >= strlen(SETTLED "\r\n") &&
	    memcmp(content.p, SETTLED "\r\n", strlen(SETTLED "\r\n")) == 0)
		assert_slice(got, content);
}

/* A content and its fate; r: what was said to it. */
static inline void
judge_content(struct dialogue *d, struct slice content, const struct seen *r)
{
	assert_true(d->login && d->mail && d->recipients > 0);
	/* 5.1.1: how the fake relay refuses what it has had whole */
	if (r->code == 250 || strcmp(r->status, "5.1.1") == 0)
		assert_handed_over(d, content);
	d->mail = false;
	d->recipients = 0;
}

static inline bool
waits_for_peer(void)
{
	return !closed() && (play.session->state == ST_AUTHENTICATING ||
				play.session->state == ST_OPENING ||
				play.session->state == ST_COMMITTING);
}

/* No reply for what the client sent: then there is a reason. */
static inline void
assert_reason_for_silence(const struct dialogue *d)
{
	if (d->why == NULL && !waits_for_peer())
		fail_msg("%zu replies, then none to '%s'", d->replies,
		    shown(d->client));
}

/* 421 may come at any time, and then it is the last word. */
static inline bool
says_421(struct dialogue *d)
{
	struct seen r;

	if (d->server.n < 3 || memcmp(d->server.p, "421", 3) != 0)
		return false;
	assert_true(see_reply(d, &r));
	assert_status(&r, false);
	d->why = "421";
	return true;
}

/* 552 as the last word: content went on far beyond the limit. */
static inline bool
says_endless(struct dialogue *d)
{
	struct dialogue after = *d;
	struct seen r;

	if (!closed() || d->server.n < 3 || memcmp(d->server.p, "552", 3) != 0)
		return false;
	assert_true(see_reply(&after, &r));
	if (after.server.n > 0)
		return false;
	assert_status(&r, false);
	*d = after;
	d->why = "endless";
	return true;
}

/* 354 was said: its content, and the reply to that.  False: the end. */
static inline bool
follow_data(struct dialogue *d)
{
	struct buf content = buf_new(d->client.n);
	struct seen r;
	bool whole = take_data(&d->client, &content);

	if (!whole) {
		(void)(says_421(d) || says_endless(d));
	} else if (says_421(d) || says_endless(d)) {
		whole = false; /* it was refused long before its end */
	} else if (!see_reply(d, &r)) {
		assert_reason_for_silence(d);
		if (!closed() && play.session->state == ST_COMMITTING)
			assert_handed_over(d, buf_slice(&content));
		whole = false;
	} else {
		assert_status(&r, false);
		judge_content(d, buf_slice(&content), &r);
	}
	buf_free(&content);
	return whole;
}

/* The number behind BDAT, and what follows it.  False: it has none. */
static inline bool
cut_size(struct slice line, uint64_t *size, struct slice *mark)
{
	struct slice arg = slice_from(line, 5);
	size_t n = 0;

	while (arg.n > 0 && arg.p[0] == ' ')
		arg = slice_from(arg, 1);
	for (*size = 0; n < arg.n && isdigit((unsigned char)arg.p[n]); n++)
		if (__builtin_mul_overflow(*size, 10, size) ||
		    __builtin_add_overflow(
			*size, (uint64_t)(arg.p[n] - '0'), size))
			return false;
	*mark = slice_from(arg, n);
	if (n == 0 || (mark->n > 0 && mark->p[0] != ' '))
		return false;
	for (n = 0; n < line.n; n++)
		if (iscntrl((unsigned char)line.p[n]))
			return false;
	while (mark->n > 0 && mark->p[0] == ' ')
		*mark = slice_from(*mark, 1);
	return true;
}

/* What a chunk's reply means; last: it was the message's last. */
static inline void
judge_chunk(
    struct dialogue *d, struct slice chunk, bool last, const struct seen *r)
{
	bool order = r->code == 503 || r->code == 530 ||
		     (r->code == 554 && strcmp(r->status, "5.5.1") == 0);

	if (order) {
		d->chunks.n -= chunk.n; /* of no message */
		return;
	}
	if (r->code == 250)
		assert_true(d->login && d->mail && d->recipients > 0);
	if (last)
		judge_content(d, buf_slice(&d->chunks), r);
	else if (r->code != 250)
		d->mail = false;
	if (!d->mail) {
		d->recipients = 0;
		buf_clear(&d->chunks);
	}
}

/* BDAT: its octets are its own, whatever is said.  False: the end. */
static inline bool
follow_bdat(struct dialogue *d, struct slice line)
{
	struct slice mark, chunk;
	struct seen r;
	uint64_t size;
	bool last;

	if (!cut_size(line, &size, &mark)) {
		d->why = "size";
		if (!says_421(d)) {
			assert_true(see_reply(d, &r));
			assert_int_equal(r.code, 501);
		}
		return true;
	}
	if (size > d->client.n) {
		(void)(says_421(d) || says_endless(d));
		return false;
	}
	last = slice_ieq(mark, slice_of("LAST"));
	chunk = (struct slice){ d->client.p, size };
	buf_add(&d->chunks, chunk.p, chunk.n);
	d->client = slice_from(d->client, size);
	if (says_421(d) || says_endless(d))
		return true;
	if (!see_reply(d, &r)) {
		assert_reason_for_silence(d);
		if (!closed() && play.session->state == ST_COMMITTING)
			assert_handed_over(d, buf_slice(&d->chunks));
		return false;
	}
	assert_status(&r, false);
	judge_chunk(d, chunk, last, &r);
	return true;
}

/* 334 was said: the client's answer, perhaps to another one. */
static inline bool
follow_auth(struct dialogue *d, struct seen *r)
{
	struct slice line;

	while (r->code == 334) {
		switch (cut_line(&d->client, LIMIT_AUTH_LINE, &line)) {
		case CUT_NONE:
			return false;
		case CUT_LONG:
			skip_line(&d->client);
			break;
		case CUT_BARE:
			d->why = "bare";
			break;
		case CUT_LINE:
			break;
		}
		if (!see_reply(d, r)) {
			assert_reason_for_silence(d);
			return false;
		}
		assert_status(r, false);
	}
	if (r->code == 235) {
		assert_false(d->login);
		d->login = true;
	}
	return true;
}

/* What a positive reply to line means.  False: nothing more can follow. */
static inline bool
judge_reply(struct dialogue *d, struct slice line, struct seen *r)
{
	bool good = r->code / 100 == 2;

	if (r->code == 354) {
		assert_true(is_verb(line, "DATA") && d->login && d->mail &&
			    d->recipients > 0);
		return follow_data(d);
	}
	if (r->code == 334 || r->code == 235) {
		assert_true(is_verb(line, "AUTH"));
		return follow_auth(d, r);
	}
	if (is_verb(line, "MAIL") && good) {
		assert_true(d->login && !d->mail);
		d->mail = true;
	} else if (is_verb(line, "RCPT") && good) {
		assert_true(d->login && d->mail);
		d->recipients++;
	} else if (is_verb(line, "DATA")) {
		assert_false(good);
		if (r->code / 100 == 4)
			d->mail = false; /* relay's or its link's */
	} else if ((is_verb(line, "RSET") || is_verb(line, "EHLO") ||
		       is_verb(line, "HELO")) &&
		   good) {
		d->mail = false;
	} else if (is_verb(line, "STARTTLS") && (good || r->code == 554)) {
		/* 554: something came behind it, RFC 3207, 6 */
		if (good && d->server.n > 0) {
			assert_true(see_reply(d, r));
			assert_int_equal(r->code, 554);
		}
		d->why = "goodbye";
	} else if ((is_verb(line, "QUIT") && good) ||
		   (strcmp(r->status, "5.5.1") == 0 && r->code == 500 &&
		       memmem(line.p, line.n, " HTTP/", 6) != NULL)) {
		d->why = "goodbye";
	}
	if (!d->mail) {
		d->recipients = 0;
		buf_clear(&d->chunks);
	}
	return true;
}

/* One command and all that belongs to it.  False at the end. */
static inline bool
follow_command(struct dialogue *d)
{
	struct slice line = { "", 0 };
	enum cut cut = cut_line(&d->client, LIMIT_AUTH_LINE, &line);
	struct seen r;
	bool hello;

	if (cut == CUT_NONE)
		return false;
	line = without_end_space(line);
	if (cut == CUT_LINE && is_verb(line, "BDAT"))
		return follow_bdat(d, line);
	if (!see_reply(d, &r)) {
		assert_reason_for_silence(d);
		return false;
	}
	hello = is_verb(line, "EHLO") || is_verb(line, "HELO");
	assert_status(&r, hello);
	if (cut == CUT_BARE || cut == CUT_LONG) {
		assert_int_equal(r.code, r.code == 421 ? 421 : 500);
		if (cut == CUT_BARE)
			d->why = "bare";
		else
			skip_line(&d->client);
		return true;
	}
	if (r.code == 421) {
		d->why = "421";
		return true;
	}
	return judge_reply(d, line, &r);
}

static inline bool
begins_with(struct slice s, struct slice start)
{
	return s.n >= start.n && memcmp(s.p, start.p, start.n) == 0;
}

/*
 * In the clear: octets of another protocol in front end the session, TLS
 * without a word, and a PROXY header with refusals only: one, or one for each
 * line of it that came alone.
 */
static inline void
follow_stray(struct dialogue *d)
{
	static const struct slice tls = S("\x16\x03"), v1 = S("PROXY ");
	struct seen r;

	if (play.listener.tls != TLS_MODE_STARTTLS)
		return;
	if (begins_with(d->client, tls) || begins_with(d->client, v1))
		d->why = "another protocol";
	while (
	    d->why != NULL && !begins_with(d->client, tls) && d->server.n > 0) {
		assert_true(see_reply(d, &r));
		assert_int_equal(r.code, 500);
	}
}

/*
 * Judge all of it: client is what was sent, server what came back, the
 * session of play having settled down.  Returns the number of replies.
 */
static inline size_t
dialogue_judge(struct slice client, struct slice server)
{
	struct dialogue d = { .client = client,
		.server = server,
		.chunks = buf_new(client.n + 1),
		.bodies = unpack_begin(buf_slice(&play.bodies)) };
	struct seen r;

	assert_true(see_reply(&d, &r));
	assert_int_equal(r.code, 220);
	assert_status(&r, true);
	follow_stray(&d);
	while (d.why == NULL && !says_421(&d) && follow_command(&d))
		continue;
	(void)says_421(&d);
	if (d.server.n > 0)
		fail_msg("more than was asked for: '%s'", shown(d.server));
	if (d.bodies.rest.n > 0)
		fail_msg("content that nobody sent");
	if (d.why != NULL && d.why[0] != 'g')
		assert_true(closed());
	buf_free(&d.chunks);
	return d.replies;
}

#endif
