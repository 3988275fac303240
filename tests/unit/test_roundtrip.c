/*
 * roundtrip - what the smarthost receives is what the client sent, with what
 * we add in front and nothing else: at every length near a buffer's edge, and
 * with dots and line ends across each edge.
 *
 * A client's DATA goes through the session engine into the file that relay
 * would have had, and that file through relay's client to a smarthost, in each
 * way its extensions allow.
 */

#include "limits.h"
#include "sessionpair.h"
#include "smtppair.h"

/* A header that lacks nothing: no octet of it is touched. */
#define HEAD                                                                   \
	"From: alice@example.org\r\n"                                          \
	"To: bob@example.net\r\n"                                              \
	"Date: Wed, 25 Nov 2026 03:20:28 +0000\r\n"                            \
	"Message-ID: <m@x.example>\r\n"

#define LARGEST (LIMIT_INPUT * 2 + 4096)

static char sent[LARGEST];        /* a body, or relay's content */
static char message[2 * LARGEST]; /* the same with a header */
static char wire[4 * LARGEST];    /* all of it, stuffed by the client */

/* -- contents -------------------------------------------------------------- */

static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

enum shape { LONG_LINES, SHORT_LINES, DOTS, EMPTY_LINES, SHAPES };

/* Octets of the next line, without its CRLF. */
static size_t
line_length(enum shape shape, uint32_t *seed)
{
	switch (shape) {
	case LONG_LINES:
		return 998;
	case SHORT_LINES:
		return draw(seed, 80);
	case DOTS:
		return draw(seed, 4);
	default:
		return 0;
	}
}

/*
 * n octets of whole lines, n != 1, none longer than RFC 5322, 2.1.1 has it.
 * The last line takes what is left.
 */
static struct slice
lines_of(size_t n, enum shape shape, uint32_t seed)
{
	size_t at = 0, len;

	while (at < n) {
		len = line_length(shape, &seed);
		if (at + len + 2 > n || n - at - len - 2 == 1)
			len = n - at - 2 > 998 ? 997 : n - at - 2;
		memset(sent + at, 'a' + (int)(at % 26), len);
		if (len > 0 && (shape == DOTS || draw(&seed, 3) == 0))
			memset(sent + at, '.', len < 4 ? len : 4);
		memcpy(sent + at + len, "\r\n", 2);
		at += len + 2;
	}
	assert_int_equal(at, n);
	return (struct slice){ sent, n };
}

static const size_t edges[] = { 1000, 4096, 8192, 16384, 32768, 65536, 131072 };

/* A large content that has, k octets before each edge, what matters there. */
static struct slice
lines_across(size_t k)
{
	static const char knot[] = "x\r\n.\r\n..\r\n\r\n.x\r\n";
	struct slice s = lines_of(LARGEST, LONG_LINES, 1);
	size_t i, at;

	for (i = 0; i < s.n - 2; i++) /* lines of 64, to be cut anywhere */
		sent[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'y';
	for (i = 0; i < ARRAY_LEN(edges); i++) {
		at = edges[i] - k;
		memcpy(sent + at - 2, "\r\n", 2);
		memcpy(sent + at, knot, sizeof(knot) - 1);
		memcpy(sent + at + sizeof(knot) - 1, "\r\n", 2);
	}
	/* what the knots cut in two must not be a bare CR or LF */
	for (i = 0; i < s.n; i++) {
		if (sent[i] == '\r' && (i + 1 == s.n || sent[i + 1] != '\n'))
			sent[i] = 'y';
		if (sent[i] == '\n' && (i == 0 || sent[i - 1] != '\r'))
			sent[i] = 'y';
	}
	memcpy(sent + s.n - 3, "y\r\n", 3);
	return s;
}

/* head, an empty line, body. */
static struct slice
message_of(const char *head, struct slice body)
{
	size_t n = strlen(head);

	assert_true(n + 2 + body.n <= sizeof(message));
	memcpy(message, head, n);
	memcpy(message + n, "\r\n", 2);
	memcpy(message + n + 2, body.p, body.n);
	return (struct slice){ message, n + 2 + body.n };
}

/* A header of n octets, n large, the empty line included. */
static const char *
head_of(size_t n)
{
	static char head[LARGEST];
	size_t at = strlen(HEAD), len;

	memcpy(head, HEAD, at);
	while (at + 2 < n) { /* the last field takes what is left */
		len = n - at - 2 < 80 ? n - at - 2 : 40;
		memset(head + at, 'y', len);
		memcpy(head + at, "X-Y:", 4);
		memcpy(head + at + len - 2, "\r\n", 2);
		at += len;
	}
	head[at] = '\0';
	return head;
}

/* -- client to file -------------------------------------------------------- */

static void
tell(const char *p, size_t n)
{
	bufferevent_write(play.client, p, n);
	settle_down();
}

static void
expect_code(const char *code)
{
	struct evbuffer *in = bufferevent_get_input(play.client);
	char *line, *last = NULL;

	while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF)) != NULL) {
		free(last);
		last = line;
	}
	if (last == NULL || strncmp(last, code, 3) != 0)
		fail_msg("'%s', not %s", last == NULL ? "" : last, code);
	free(last);
}

/* RFC 5321, 4.5.2, as a client does it. */
static size_t
stuff_for_client(struct slice content)
{
	size_t i, n = 0;

	for (i = 0; i < content.n; i++) {
		if (content.p[i] == '.' && (i == 0 || content.p[i - 1] == '\n'))
			wire[n++] = '.';
		wire[n++] = content.p[i];
	}
	memcpy(wire + n, ".\r\n", 3);
	return n + 3;
}

static void
log_in(void)
{
	static const char login[] = "EHLO client.example\r\n"
				    "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n";

	session_setup();
	play.worker.config.max_message_size = 1 << 20;
	begin_session();
	tell(login, sizeof(login) - 1);
	expect_code("235");
}

/* content through a DATA, in pieces; play.body is what relay then has. */
static void
submit(struct slice content, uint32_t seed, size_t step)
{
	static const char start[] = "MAIL FROM:<alice@example.org>\r\n"
				    "RCPT TO:<bob@example.net>\r\nDATA\r\n";
	size_t at, n, all = stuff_for_client(content);

	play.bodies.n = 0;
	tell(start, sizeof(start) - 1);
	expect_code("354");
	for (at = 0; at < all; at += n) {
		n = step > 0 ? step : draw(&seed, 9000) + 1;
		n = n < all - at ? n : all - at;
		tell(wire + at, n);
	}
	expect_code("250");
}

/* -- file to smarthost ----------------------------------------------------- */

/* The message that the smarthost was sent since it was last asked. */
static struct slice
received(void)
{
	struct slice in = buf_slice(&peer.got), line;
	const char *end;
	int i;

	for (i = 0; i < 4; i++) { /* MAIL, RCPT, RCPT, DATA or BDAT */
		end = memmem(in.p, in.n, "\r\n", 2);
		assert_non_null(end);
		line = (struct slice){ in.p, (size_t)(end - in.p) };
		in = slice_from(in, line.n + 2);
	}
	if (line.p[0] == 'B')
		return in;
	/* unstuff in place, line by line */
	for (i = 0; in.n - (size_t)i > 3; i++)
		if (in.p[i] == '.' && (i == 0 || in.p[i - 1] == '\n')) {
			memmove((char *)(uintptr_t)in.p + i, in.p + i + 1,
			    in.n - (size_t)i - 1);
			in.n--;
		}
	assert_memory_equal(in.p + in.n - 3, ".\r\n", 3);
	in.n -= 3;
	return in;
}

static void
relay_on(struct smtpclient_mail *mail)
{
	peer.got.n = peer.at = 0;
	t.sent = 0;
	send_mail(mail);
	assert_int_equal(t.how, SMTPCLIENT_ANSWERED);
	assert_int_equal(t.reply.code, 250);
}

/* The file of the message just submitted goes on; want comes out behind. */
static void
deliver(struct slice want)
{
	struct smtpclient_mail mail = mail_of("", 0);
	off_t size = lseek(play.content, 0, SEEK_END);
	struct slice got, field;

	mail.fd = play.content;
	mail.content_at = 0;
	mail.size = (uint64_t)size;
	relay_on(&mail);
	got = received();
	assert_true(got.n >= want.n && (off_t)got.n == size);
	field = (struct slice){ got.p, got.n - want.n };
	assert_true(field.n > 10 && memcmp(field.p, "Received: ", 10) == 0);
	assert_slice(slice_from(got, field.n), want);
}

/* -- the tests ------------------------------------------------------------- */

static void
begin(enum mode mode)
{
	log_in();
	connect_pair(mode_offers[mode], NO_STEP, NULL);
	run_until(&t.ready);
	peer.at = 0;
}

static void
round_trip(struct slice content, uint32_t seed, size_t step)
{
	submit(content, seed, step);
	assert_slice((struct slice){ play.body, play.body_n }, content);
	deliver(content);
}

static void
test_every_short_content_arrives_as_it_was_sent(void **state)
{
	enum mode mode;
	size_t n;
	int shape;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		begin(mode);
		for (n = 0; n <= 200; n++)
			for (shape = 0; shape < SHAPES && n != 1; shape++)
				round_trip(message_of(HEAD,
					       lines_of(n, shape, (uint32_t)n)),
				    (uint32_t)n, n % 3);
		session_teardown();
	}
}

static void
test_every_length_near_an_edge_arrives_as_it_was_sent(void **state)
{
	enum mode mode;
	size_t i, n;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		begin(mode);
		for (i = 0; i < ARRAY_LEN(edges); i++)
			for (n = edges[i] - 3; n <= edges[i] + 3; n++)
				round_trip(message_of(HEAD,
					       lines_of(n - strlen(HEAD) - 2,
						   n % SHAPES, 7)),
				    (uint32_t)n, n % 2 ? 0 : edges[i]);
		session_teardown();
	}
}

static void
test_dots_and_line_ends_across_an_edge_arrive_as_sent(void **state)
{
	enum mode mode;
	size_t k;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		begin(mode);
		for (k = 0; k <= 18; k++)
			round_trip(message_of(HEAD, lines_across(k)),
			    (uint32_t)k, k % 3 == 0 ? 4096 : 0);
		session_teardown();
	}
}

static void
test_a_header_that_ends_near_an_edge_arrives_as_it_was_sent(void **state)
{
	enum mode mode;
	size_t i, n, k;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		begin(mode);
		for (i = 0; i < ARRAY_LEN(edges); i++)
			for (n = edges[i] - 3; n <= edges[i] + 3; n++)
				for (k = 0; k < 2; k++)
					round_trip(
					    message_of(head_of(n),
						lines_of(k * 100, DOTS, 7)),
					    (uint32_t)n, k ? 0 : edges[i]);
		session_teardown();
	}
}

/* docs/header.md: what a message lacks is put in front of it. */
static void
test_what_is_added_stands_in_front(void **state)
{
	static const char date[] = "Date: ";
	static const char id[] = "\r\nMessage-ID: <0testid@submit.test>\r\n";
	struct slice content, body;
	size_t n;

	(void)state;
	begin(AHEAD);
	for (n = 0; n <= 200; n++) {
		content = message_of("From: alice@example.org\r\n",
		    lines_of(n == 1 ? 3 : n, DOTS, (uint32_t)n));
		submit(content, (uint32_t)n, 0);
		body = (struct slice){ play.body, play.body_n };
		assert_true(body.n > content.n + strlen(id) + strlen(date));
		assert_slice(slice_from(body, body.n - content.n), content);
		body.n -= content.n;
		assert_memory_equal(body.p, date, strlen(date));
		assert_slice(
		    slice_from(body, body.n - strlen(id)), slice_of(id));
		assert_ptr_equal(
		    memchr(body.p, '\r', body.n), body.p + body.n - strlen(id));
	}
	session_teardown();
}

/* From relay's own file, where BDAT may end in anything but a CR. */
static void
relay_exactly(struct slice content, enum mode mode)
{
	struct smtpclient_mail mail = mail_of(content.p, content.n);
	struct slice got;
	bool cut = content.n > 0 && content.p[content.n - 1] != '\n';

	relay_on(&mail);
	got = received();
	if (mode == PLAIN || mode == PIPE) {
		/* DATA ends in a line; that is the one addition */
		assert_int_equal(got.n, content.n + (cut ? 2 : 0));
		got.n = content.n;
	}
	assert_slice(got, content);
}

static void
test_what_relay_has_leaves_it_as_it_is(void **state)
{
	enum mode mode;
	size_t i, n;

	(void)state;
	for (mode = 0; mode < MODES; mode++) {
		begin(mode);
		for (n = 0; n <= 200; n++) {
			if (n != 1)
				relay_exactly(lines_of(n, DOTS, 3), mode);
			memset(sent, '.', n);
			relay_exactly((struct slice){ sent, n }, mode);
		}
		for (i = 0; i < ARRAY_LEN(edges); i++)
			for (n = edges[i] - 3; n <= edges[i] + 3; n++)
				relay_exactly(lines_of(n, n % SHAPES, 5), mode);
		for (i = 0; i <= 18; i++)
			relay_exactly(lines_across(i), mode);
		session_teardown();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_short_content_arrives_as_it_was_sent),
		TEST(test_every_length_near_an_edge_arrives_as_it_was_sent),
		TEST(test_dots_and_line_ends_across_an_edge_arrive_as_sent),
		TEST(
		    test_a_header_that_ends_near_an_edge_arrives_as_it_was_sent),
		TEST(test_what_is_added_stands_in_front),
		TEST(test_what_relay_has_leaves_it_as_it_is),
	};

	(void)hasty;              /* nobody is late here */
	signal(SIGPIPE, SIG_IGN); /* as in every role */
	log_open("roundtrip", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
