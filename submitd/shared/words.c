/*
 * words - the line between submitctl and master.  Knows no request.
 */

#include "words.h"

#include "limits.h"
#include "pack.h"

void
words_add(struct buf *line, struct slice word)
{
	size_t i;

	if (line->n > 0)
		buf_str(line, " ");
	for (i = 0; i < word.n; i++)
		if (word.p[i] > ' ' && word.p[i] <= '~' && word.p[i] != '%')
			buf_add(line, word.p + i, 1);
		else
			buf_printf(line, "%%%02X", (unsigned char)word.p[i]);
}

/* The value of a digit of a base of 16; -1: it is none. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
decode(struct slice s, struct buf *word)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c <= ' ' || c > '~')
			return -1;
		if (c == '%') {
			int high = i + 2 < s.n ? digit(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? digit(s.p[i + 2]) : -1;

			if (high == -1 || low == -1)
				return -1;
			c = (char)(high * 16 + low);
			i += 2;
		}
		buf_add(word, &c, 1);
	}
	return word->n > 0 && buf_ok(word) ? 0 : -1;
}

int
words_parse(struct slice line, struct buf *packed, uint32_t *count)
{
	struct buf word = buf_new(LIMIT_CONTROL_LINE);
	int r = 0;

	*count = 0;
	while (r == 0) {
		const char *space = memchr(line.p, ' ', line.n);
		size_t n = space == NULL ? line.n : (size_t)(space - line.p);

		buf_clear(&word);
		r = decode((struct slice){ line.p, n }, &word);
		if (r == 0 && ++*count > LIMIT_CONTROL_WORDS)
			r = -1;
		pack_bytes(packed, buf_slice(&word));
		if (space == NULL)
			break;
		line = slice_from(line, n + 1);
	}
	buf_free(&word);
	return r == 0 && buf_ok(packed) ? 0 : -1;
}

struct slice
words_at(struct slice packed, uint32_t count, uint32_t i)
{
	struct unpack u = unpack_begin(packed);
	struct slice word = { "", 0 };
	uint32_t k;

	if (i >= count)
		return word;
	for (k = 0; k <= i; k++)
		word = unpack_bytes(&u);
	return word;
}
