/* configtext - an octet stays itself or becomes a space; lines stay lines. */

#include "fuzz.h"

#include "configtext.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	char *text = fuzz_copy(in), *again;
	unsigned bad = configtext_blank_comments(text, size), lines = 1;
	size_t i;

	for (i = 0; i < size; i++) {
		assert_true(
		    text[i] == in.p[i] || (text[i] == ' ' && in.p[i] != '\n'));
		lines += in.p[i] == '\n';
	}
	assert_true(bad <= lines);
	if (bad == 0) {
		/* No comment is left: once more changes nothing. */
		again = fuzz_copy((struct slice){ text, size });
		assert_int_equal(configtext_blank_comments(again, size), 0);
		if (size > 0)
			assert_memory_equal(again, text, size);
		free(again);
	}
	free(text);
	return 0;
}
