/* A line of submitctl: no octets do harm, and what is taken says the same
 * again. */

#include "fuzz.h"

#include "limits.h"
#include "words.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct buf packed = buf_new(LIMIT_CONTROL_LINE * 4);
	struct buf again = buf_new(LIMIT_CONTROL_LINE * 4);
	struct buf line = buf_new(LIMIT_CONTROL_LINE * 16);
	uint32_t count, count2, i;

	if (words_parse(in, &packed, &count) == 0) {
		assert_in_range(count, 1, LIMIT_CONTROL_WORDS);
		for (i = 0; i < count; i++) {
			struct slice word =
			    words_at(buf_slice(&packed), count, i);

			assert_true(word.n > 0 && word.n <= size);
			words_add(&line, word);
		}
		assert_true(buf_ok(&line));
		assert_int_equal(
		    words_parse(buf_slice(&line), &again, &count2), 0);
		assert_int_equal(count2, count);
		assert_slice(buf_slice(&again), buf_slice(&packed));
	}
	buf_free(&packed);
	buf_free(&again);
	buf_free(&line);
	return 0;
}
