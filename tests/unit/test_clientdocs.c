/*
 * clientdocs - docs/clients.md explains every error that a client may hear.
 *
 * Reads the file as it lies in the source tree, from its root.  A row there
 * begins with "| `535 5.7.8` | words |"; "..." in the words is the argument.
 */

#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "limits.h"
#include "reply.h"

#define DOCUMENT "docs/clients.md"
#define ROWS_MAX (2 * REPLY_COUNT)

/* "535 5.7.8 words", as the server says it. */
static char rows[ROWS_MAX][LIMIT_REPLY_LINE];
static size_t rows_n;

static int
read_document(void **state)
{
	char line[4096], code[32], words[256];
	FILE *f = fopen(DOCUMENT, "r");

	(void)state;
	if (f == NULL)
		return -1;
	while (rows_n < ROWS_MAX && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "| `%31[0-9. ]` | %255[^|]", code, words) != 2)
			continue;
		while (words[0] != '\0' && words[strlen(words) - 1] == ' ')
			words[strlen(words) - 1] = '\0';
		snprintf(rows[rows_n++], sizeof(rows[0]), "%s %s", code, words);
	}
	return fclose(f);
}

/* The same of a reply of ours; false if it is no error. */
static bool
show(enum reply r, char out[LIMIT_REPLY_LINE])
{
	struct buf b = buf_new(LIMIT_OUTPUT);

	reply_add(&b, r, slice_of("..."));
	assert_in_range(b.n, 3, LIMIT_REPLY_LINE);
	snprintf(out, LIMIT_REPLY_LINE, "%.*s", (int)(b.n - 2), b.p);
	buf_free(&b);
	return reply_code(r) >= 400;
}

static void
test_every_error_is_explained_once(void **state)
{
	char want[LIMIT_REPLY_LINE];
	size_t i, found;
	int r, split;

	(void)state;
	for (r = 0; r < REPLY_COUNT; r++) {
		if (!show((enum reply)r, want))
			continue;
		for (i = 0, found = 0; i < rows_n; i++)
			found += strcmp(rows[i], want) == 0;
		split = (int)strcspn(strchr(want, ' ') + 1, " ") + 4;
		if (found != 1)
			fail_msg("%zu rows of %s have this reply; one should, "
				 "in the table it belongs to:\n"
				 "| `%.*s` | %s | what it means, what to do |",
			    found, DOCUMENT, split, want, want + split + 1);
	}
}

/* Two replies with the same words need one row only. */
static void
test_no_error_is_invented(void **state)
{
	char said[LIMIT_REPLY_LINE];
	size_t i;
	int r;

	(void)state;
	assert_true(rows_n > 0);
	for (i = 0; i < rows_n; i++) {
		for (r = 0; r < REPLY_COUNT; r++)
			if (show((enum reply)r, said) &&
			    strcmp(rows[i], said) == 0)
				break;
		if (r == REPLY_COUNT)
			fail_msg("%s explains what is never said: %s", DOCUMENT,
			    rows[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_is_explained_once),
		cmocka_unit_test(test_no_error_is_invented),
	};

	return cmocka_run_group_tests(tests, read_document, NULL);
}
