/*
 * test_replay - the session engine against written dialogues.
 *
 * Each tests/replay/NAME.smtp is played on a bufferevent pair, with a fake
 * auth and a fake relay at the other ends of real links, once with each run
 * of client lines in one write and once octet by octet: the answers must be
 * the same.  No sockets, no clock: deadlines are fired by hand.
 *
 *	# ...		comment
 *	set KEY N	configuration, before the greeting; "complete" gives
 *			the domain corp.example to addresses without one
 *	clear		the session is not inside TLS
 *	offers ...	relay says what smarthosts take: keywords, SIZE=N, BY=N
 *	repeat N	do the next line N times
 *	whole-only	do not play octet by octet
 *	> TEXT		client sends a line; \r \n \0 \\ escapes; CRLF added
 *	>> TEXT		the same without CRLF
 *	< TEXT		next reply line, exactly; a final * matches the rest
 *	<< TEXT		a whole reply, however many lines; its last is TEXT
 *	until TEXT	skip replies up to that one
 *	options TEXT	the parameters of MAIL that relay got
 *	recipient TEXT	the next recipient that relay got, with NOTIFY, ORCPT
 *	body TEXT	the next line of the content relay got, behind Received,
 *			exactly; a final * matches the rest
 *	body-end	no more of it
 *	fire		the present state's deadline passes
 *	slow		content has missed its least rate, no other deadline
 *	lose auth|relay	that link breaks
 *	drain		shutdown begins
 *	expel USER	auth says that this user's sessions are to end
 *	ended		auth has heard that a session is over that was logged in
 *	closed		the session has ended
 *
 * Fake auth: PLAIN and LOGIN; the password says what happens: "secret" is
 * right and earns USER@example.org and alias.USER@example.org ("delegate" may
 * write for office@example.org, too; "domain" has all of example.net and
 * nothing else), "trouble" is
 * 454, "silent" is never answered, all else is wrong.  Fake relay: the first
 * recipient's local part says what happens: "refused" (550 by the smarthost),
 * "queued", "full" (452 at once), "unready" (no file), "silent" (no answer to
 * the content); all else is delivered.
 */

#include "sessionpair.h"

/* -- the player ------------------------------------------------------------ */

static void
bad(const char *what, const char *detail)
{
	fail_msg("%s:%u (%s): %s: %s", play.file, play.line,
	    play.by_octet ? "octet by octet" : "whole", what, detail);
}

static size_t
unescape(const char *in, char *out)
{
	static const char from[] = "rn0\\t", to[] = "\r\n\0\\\t";
	const char *e;
	size_t n = 0;

	for (; *in != '\0'; in++) {
		if (*in == '\\' && in[1] != '\0' &&
		    (e = strchr(from, in[1])) != NULL) {
			out[n++] = to[e - from];
			in++;
		} else {
			out[n++] = *in;
		}
	}
	return n;
}

static struct evbuffer *pending; /* client bytes not sent yet */

static void
send_pending(void)
{
	unsigned char c;

	while (play.by_octet && evbuffer_remove(pending, &c, 1) == 1) {
		bufferevent_write(play.client, &c, 1);
		event_base_loop(play.base, EVLOOP_NONBLOCK);
	}
	bufferevent_write_buffer(play.client, pending);
	settle_down();
}

static char *
next_reply(void)
{
	uint64_t until = clock_ms() + PATIENCE_MS;
	struct evbuffer *in = bufferevent_get_input(play.client);
	char *line;

	while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT)) ==
		   NULL &&
	       clock_ms() < until && !closed())
		event_base_loop(play.base, EVLOOP_NONBLOCK);
	return line;
}

static bool
matches(const char *got, const char *want)
{
	size_t n = strlen(want);

	return n > 0 && want[n - 1] == '*' ? strncmp(got, want, n - 1) == 0
					   : strcmp(got, want) == 0;
}

static void
match(const char *got, const char *want)
{
	if (!matches(got, want)) {
		fprintf(stderr, "wanted %s\n", want);
		bad("wrong reply", got);
	}
}

static void
expect(const char *want)
{
	char *got = next_reply();

	if (got == NULL)
		bad("no reply, wanted", want);
	match(got, want);
	free(got);
}

/* Skip what goes on behind a hyphen; the code stays the same. */
static void
expect_whole(const char *want)
{
	char *got, code[4] = "";

	while (
	    (got = next_reply()) != NULL && strlen(got) > 3 && got[3] == '-') {
		if (code[0] != '\0' && memcmp(code, got, 3) != 0)
			bad("another code", got);
		memcpy(code, got, 3);
		free(got);
	}
	if (got == NULL)
		bad("no reply, wanted", want);
	if (code[0] != '\0' && memcmp(code, got, 3) != 0)
		bad("another code", got);
	match(got, want);
	free(got);
}

static void
skip_until(const char *want)
{
	char *got;

	while ((got = next_reply()) != NULL && !matches(got, want))
		free(got);
	if (got == NULL)
		bad("no reply, wanted", want);
	free(got);
}

static void
expect_recipient(const char *want)
{
	char *got = strsep(&play.next_recipient, "\n");

	if (got == NULL || strcmp(got, want) != 0)
		bad("other recipient", got == NULL ? "none" : got);
}

static void
expect_body(const char *want)
{
	const char *at = play.body + play.body_at, *end;
	size_t left = play.body_n - play.body_at, n;
	char line[1024];

	n = unescape(want, line);
	end = left == 0 ? NULL : memmem(at, left, "\r\n", 2);
	if (end == NULL)
		bad("no content, wanted", want);
	if (n > 0 && line[n - 1] == '*')
		n--;
	else if ((size_t)(end - at) != n)
		bad("other content than", want);
	if ((size_t)(end - at) < n || memcmp(at, line, n) != 0)
		bad("other content than", want);
	play.body_at += (size_t)(end - at) + 2;
}

static void
expect_closed(const char *arg)
{
	uint64_t until = clock_ms() + PATIENCE_MS;

	(void)arg;
	while (!closed() && clock_ms() < until)
		event_base_loop(play.base, EVLOOP_NONBLOCK);
	if (!closed())
		bad("still open", "");
}

static void
fire(const char *arg)
{
	struct session *s = play.session;

	(void)arg;
	s->deadline_ms = 0;
	if (s->tx != NULL)
		s->tx->last_octet_ms = s->tx->content_since_ms = 0;
	s->chunk.last_octet_ms = 0;
	if (s->state == ST_CHUNK || session_content_is_open(s))
		play.worker.config.data_timeout_ms = 0;
	event_active(s->deadline, EV_TIMEOUT, 0);
	settle_down();
}

static void
configure(const char *args)
{
	static const struct {
		const char *key;
		uint32_t *value;
	} keys[] = {
		{ "max_errors", &play.worker.config.max_errors },
		{ "max_auth_failures", &play.worker.config.max_auth_failures },
		{ "max_message_size", &play.worker.config.max_message_size },
		{ "max_recipients", &play.worker.config.max_recipients },
		{ "priority", &play.worker.config.max_priority },
		{ "future_release", &play.worker.config.future_release_s },
		{ "data_rate", &play.worker.config.data_rate },
		{ "max_content_line", &play.worker.config.max_content_line },
		{ "header_from", &play.worker.config.header_from },
		{ "header_syntax", &play.worker.config.header_syntax },
	};
	char key[64];
	unsigned v;
	size_t i;

	if (sscanf(args, "%63s %u", key, &v) != 2)
		bad("set KEY N", args);
	if (strcmp(key, "complete") == 0) {
		play.worker.config.complete_domain = xstrdup("corp.example");
		return;
	}
	if (strcmp(key, "null_sender") == 0) {
		play.worker.config.null_sender = v != 0;
		return;
	}
	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i].key) == 0) {
			*keys[i].value = v;
			return;
		}
	bad("unknown key", key);
}

static void
say_offers(char *args)
{
	static const struct {
		const char *word;
		uint32_t bit;
	} words[] = {
		{ "8BITMIME", OFFER_8BITMIME },
		{ "BINARYMIME", OFFER_BINARYMIME },
		{ "SMTPUTF8", OFFER_SMTPUTF8 },
		{ "REQUIRETLS", OFFER_REQUIRETLS },
		{ "DELIVERBY", OFFER_DELIVERBY },
		{ "MT-PRIORITY", OFFER_MT_PRIORITY },
	};
	struct msg_mail_offers offers = { 0 };
	unsigned v;
	char *word;
	size_t i;

	while ((word = strsep(&args, " ")) != NULL) {
		for (i = 0; i < ARRAY_LEN(words); i++)
			if (strcmp(word, words[i].word) == 0)
				offers.extensions |= words[i].bit;
		if (sscanf(word, "SIZE=%u", &v) == 1)
			offers.size = v;
		if (sscanf(word, "BY=%u", &v) == 1)
			offers.by_min_s = v;
	}
	if (play.client != NULL)
		send_pending();
	offer(&offers);
	settle_down();
}

static void
client_says(const char *text, bool crlf)
{
	char *raw = xcalloc(1, strlen(text) + 1);

	evbuffer_add(pending, raw, unescape(text, raw));
	if (crlf)
		evbuffer_add(pending, "\r\n", 2);
	free(raw);
}

static void
check_options(const char *want)
{
	if (strcmp(play.options, want) != 0)
		bad("other options", play.options);
}

static void
expect_body_end(const char *arg)
{
	(void)arg;
	assert_int_equal(play.body_at, play.body_n);
}

static void
be_slow(const char *arg)
{
	(void)arg;
	play.session->tx->content_since_ms = 0;
	play.worker.config.data_timeout_ms = 0;
	event_active(play.session->deadline, EV_TIMEOUT, 0);
	settle_down();
}

static void
lose(const char *who)
{
	ipc_free(strcmp(who, "auth") == 0 ? &play.auth : &play.relay);
	settle_down();
}

static void
drain(const char *arg)
{
	(void)arg;
	session_drain(play.session);
	play.worker.draining = true;
}

static void
expel(const char *user)
{
	struct buf b = buf_new(LIMIT_FRAME);

	buf_str(&b, user);
	ipc_send(play.auth, MSG_AUTH_EXPEL, 0, &b, -1);
	buf_free(&b);
	settle_down();
}

static void
expect_ended(const char *arg)
{
	(void)arg;
	settle_down();
	if (play.ended != 1)
		bad("auth has not heard of the end", "");
}

/* What is done once all the client said so far has been sent. */
static const struct {
	const char *word;
	void (*run)(const char *arg);
} words[] = {
	{ "<", expect },
	{ "<<", expect_whole },
	{ "until", skip_until },
	{ "options", check_options },
	{ "recipient", expect_recipient },
	{ "body", expect_body },
	{ "body-end", expect_body_end },
	{ "fire", fire },
	{ "slow", be_slow },
	{ "lose", lose },
	{ "drain", drain },
	{ "expel", expel },
	{ "ended", expect_ended },
	{ "closed", expect_closed },
};

static void
run_word(const char *word, const char *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i].word) == 0) {
			words[i].run(arg);
			return;
		}
	bad("unknown word", word);
}

/* What may come before the greeting.  False: it is none of that. */
static bool
prepare(const char *word, char *arg)
{
	if (strcmp(word, "set") == 0)
		configure(arg);
	else if (strcmp(word, "clear") == 0)
		play.listener.tls = TLS_MODE_STARTTLS;
	else if (strcmp(word, "repeat") == 0)
		play.repeat = (unsigned)strtoul(arg, NULL, 10);
	else if (strcmp(word, "offers") == 0)
		say_offers(arg);
	else
		return false;
	return true;
}

/* One line of a script.  False: not to be played octet by octet. */
static bool
perform(char *line)
{
	unsigned times = play.repeat > 0 ? play.repeat : 1;
	char *arg = strchr(line, ' ');

	if (arg != NULL)
		*arg++ = '\0';
	else
		arg = line + strlen(line);
	play.repeat = 0;
	if (*line == '#' || *line == '\0')
		return true;
	if (strcmp(line, "whole-only") == 0)
		return !play.by_octet;
	if (prepare(line, arg))
		return true;
	if (play.client == NULL)
		begin_session();
	if (*line != '>')
		send_pending();
	for (; times > 0; times--)
		if (*line == '>')
			client_says(arg, line[1] != '>');
		else
			run_word(line, arg);
	return true;
}

static void
play_file(const char *file, bool by_octet)
{
	FILE *f = fopen(file, "r");
	char *line = NULL, *rest;
	size_t cap = 0;
	ssize_t n;

	assert_non_null(f);
	session_setup();
	play.file = file;
	play.by_octet = by_octet;
	while ((n = getline(&line, &cap, f)) != -1) {
		play.line++;
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (!perform(line))
			goto out;
	}
	send_pending();
	rest = evbuffer_readln(
	    bufferevent_get_input(play.client), NULL, EVBUFFER_EOL_CRLF_STRICT);
	if (rest != NULL)
		bad("more than was expected", rest);
out:
	evbuffer_drain(pending, evbuffer_get_length(pending));
	free(line);
	fclose(f);
	session_teardown();
}

static void
test_dialogue(void **state)
{
	const char *file = *state;

	play_file(file, false);
	play_file(file, true);
}

int
main(void)
{
	struct CMUnitTest *tests;
	glob_t g;
	size_t i;
	int r;

	assert_int_equal(glob("tests/replay/*.smtp", 0, NULL, &g), 0);
	pending = evbuffer_new();
	log_open("replay", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	tests = xcalloc(g.gl_pathc, sizeof(*tests));
	for (i = 0; i < g.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){ .name = g.gl_pathv[i],
			.test_func = test_dialogue,
			.initial_state = g.gl_pathv[i] };
	r = _cmocka_run_group_tests(
	    "replay", tests, (size_t)g.gl_pathc, NULL, NULL);
	free(tests);
	globfree(&g);
	evbuffer_free(pending);
	return r;
}
