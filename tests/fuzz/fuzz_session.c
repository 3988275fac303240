/* session - the whole engine, a hostile client, and dialogue.h to judge it. */

#include "fuzz.h"

#include "dialogue.h"

#define HELLO "EHLO client.example\r\n"
#define LOGIN HELLO "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"
#define MAIL  LOGIN "MAIL FROM:<alice@example.org>\r\n"
#define DATA  MAIL "RCPT TO:<bob@example.net>\r\nDATA\r\n"

/* How far the client has come when the input begins. */
static const char *const before[] = { "", HELLO, LOGIN, MAIL, DATA };

enum { FLAG_CLEAR = 1 << 7, FLAG_BOTH_WAYS = 1 << 6 };

/* Say all of it in pieces; the answers. */
static struct buf
converse(struct slice client, uint32_t seed, bool clear)
{
	struct buf out = buf_new(16 << 20);
	struct evbuffer *in;
	size_t at = 0, n;

	session_setup();
	if (clear)
		dialogue_in_clear();
	begin_session();
	while ((n = fuzz_piece(&seed, client.n - at)) > 0) {
		bufferevent_write(play.client, client.p + at, n);
		event_base_loop(play.base, EVLOOP_NONBLOCK);
		at += n;
	}
	settle_down();
	in = bufferevent_get_input(play.client);
	buf_add(&out, evbuffer_pullup(in, -1), evbuffer_get_length(in));
	assert_true(buf_ok(&out));
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	uint32_t seed = fuzz_u32(&in);
	uint8_t flags = fuzz_u8(&in);
	struct buf client = buf_new(size + 1024), pieces, whole;

	log_open("fuzz", LOG_TO_STDERR, LOG_LEVEL_ERROR);
	buf_str(&client, before[(flags & 0x3f) % ARRAY_LEN(before)]);
	buf_add(&client, in.p, in.n);
	pieces = converse(buf_slice(&client), seed, flags & FLAG_CLEAR);
	dialogue_judge(buf_slice(&client), buf_slice(&pieces));
	session_teardown();
	/* In the clear, STARTTLS minds what comes behind it, and when. */
	if ((flags & FLAG_BOTH_WAYS) && !(flags & FLAG_CLEAR)) {
		whole = converse(buf_slice(&client), FUZZ_WHOLE, false);
		assert_slice(buf_slice(&pieces), buf_slice(&whole));
		buf_free(&whole);
		session_teardown();
	}
	buf_free(&client);
	buf_free(&pieces);
	return 0;
}
