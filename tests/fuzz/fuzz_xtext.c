/* xtext, ORCPT and times: what is taken can stand in a command. */

#include "fuzz.h"

#include <inttypes.h>

#include "limits.h"
#include "times.h"
#include "utf8.h"
#include "xtext.h"

/* Written as xtext it is what was decoded. */
static void
assert_xtext(struct slice in)
{
	struct buf plain = buf_new(in.n + 1), coded = buf_new(3 * in.n + 1);
	struct buf again = buf_new(in.n + 1);
	size_t i;

	if (xtext_decode(in, &plain)) {
		assert_true(xtext_is_valid(in));
		for (i = 0; i < plain.n; i++) {
			assert_in_range(plain.p[i], ' ', '~');
			buf_printf(&coded, "+%02X", (unsigned char)plain.p[i]);
		}
		assert_true(xtext_decode(buf_slice(&coded), &again));
		assert_slice(buf_slice(&again), buf_slice(&plain));
	} else {
		assert_false(xtext_is_valid(in));
	}
	buf_free(&plain);
	buf_free(&coded);
	buf_free(&again);
}

static void
assert_orcpt(struct slice in, bool utf8)
{
	size_t i;

	if (!xtext_is_orcpt(in, utf8))
		return;
	assert_in_range(in.n, 3, LIMIT_ORCPT);
	assert_non_null(memchr(in.p, ';', in.n));
	for (i = 0; i < in.n; i++)
		assert_true((unsigned char)in.p[i] > ' ' && in.p[i] != 0x7f &&
			    in.p[i] != '=');
	assert_true(utf8 ? utf8_is_valid(in) : utf8_is_ascii(in));
	if (!utf8)
		assert_true(xtext_is_orcpt(in, true));
}

static void
assert_times(struct slice in)
{
	struct times_by by, again;
	struct tm t;
	char text[64];
	uint32_t n;
	time_t when, other;

	if (times_parse_by(in, &by)) {
		assert_true(by.mode == BY_NOTIFY || by.mode == BY_RETURN);
		assert_true(
		    by.seconds > -1000000000 && by.seconds < 1000000000);
		snprintf(text, sizeof(text), "%" PRId64 ";%c%s", by.seconds,
		    by.mode == BY_NOTIFY ? 'N' : 'R', by.trace ? "T" : "");
		assert_true(times_parse_by(slice_of(text), &again));
		assert_true(again.mode == by.mode && again.trace == by.trace &&
			    again.seconds == by.seconds);
	}
	if (times_parse_seconds(in, &n)) {
		assert_in_range(n, 1, 999999999);
		snprintf(text, sizeof(text), "%u", n);
		assert_slice(slice_of(text), in);
	}
	if (times_parse_date(in, &when)) {
		assert_true(when >= 0);
		assert_non_null(gmtime_r(&when, &t));
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &t);
		assert_true(times_parse_date(slice_of(text), &other));
		assert_int_equal(when, other);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };

	assert_xtext(in);
	assert_orcpt(in, false);
	assert_orcpt(in, true);
	assert_times(in);
	return 0;
}
