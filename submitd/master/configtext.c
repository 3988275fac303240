/*
 * configtext - blank out comments, and see that braces are closed.
 *
 * Follows libConfuse in what a comment is: # ends a bare word; // and the
 * other kind only begin one where a word could begin, since a bare word may be
 * a path.  A backslash takes the next octet along, in either kind of quotes.
 */

#include "configtext.h"

#include <stdbool.h>
#include <string.h>

enum part { PART_OTHER, PART_QUOTED, PART_REMARK, PART_COMMENT };

static bool
may_begin_word(const char *text, size_t i)
{
	return i == 0 || text[i - 1] == '\0' ||
	       strchr(" \t\r\n={}()+,\"'", text[i - 1]) != NULL;
}

static enum part
part_at(const char *text, size_t i, size_t n)
{
	char next = i + 1 < n ? text[i + 1] : '\0';

	if (text[i] == '"' || text[i] == '\'')
		return PART_QUOTED;
	if (text[i] == '#')
		return PART_REMARK;
	if (text[i] != '/' || !may_begin_word(text, i))
		return PART_OTHER;
	return next == '/'   ? PART_REMARK
	       : next == '*' ? PART_COMMENT
			     : PART_OTHER;
}

static size_t
quoted_end(const char *text, size_t i, size_t n)
{
	char quote = text[i++];

	while (i < n && text[i] != quote)
		i += text[i] == '\\' ? 2 : 1;
	return i < n ? i + 1 : n;
}

static size_t
remark_end(const char *text, size_t i, size_t n)
{
	while (i < n && text[i] != '\n')
		i++;
	return i;
}

/* 0: it has none. */
static size_t
comment_end(const char *text, size_t i, size_t n)
{
	for (i += 2; i + 1 < n; i++)
		if (text[i] == '*' && text[i + 1] == '/')
			return i + 2;
	return 0;
}

static void
blank(char *text, size_t i, size_t end)
{
	for (; i < end; i++)
		if (text[i] != '\n')
			text[i] = ' ';
}

static unsigned
line_at(const char *text, size_t i)
{
	unsigned line = 1;

	while (i-- > 0)
		if (text[i] == '\n')
			line++;
	return line;
}

unsigned
configtext_blank_comments(char *text, size_t n)
{
	size_t i, end;

	for (i = 0; i < n; i = end) {
		switch (part_at(text, i, n)) {
		case PART_OTHER:
			end = i + 1;
			break;
		case PART_QUOTED:
			end = quoted_end(text, i, n);
			break;
		case PART_REMARK:
			end = remark_end(text, i, n);
			blank(text, i, end);
			break;
		case PART_COMMENT:
			if ((end = comment_end(text, i, n)) == 0)
				return line_at(text, i);
			blank(text, i, end);
			break;
		}
	}
	return 0;
}

unsigned
configtext_open_brace(const char *text, size_t n)
{
	size_t i, end, depth = 0, outermost = 0;

	for (i = 0; i < n; i = end) {
		end = i + 1;
		if (text[i] == '"' || text[i] == '\'') {
			end = quoted_end(text, i, n);
		} else if (text[i] == '{') {
			if (depth++ == 0)
				outermost = i;
		} else if (text[i] == '}' && depth > 0) {
			depth--;
		}
	}
	return depth > 0 ? line_at(text, outermost) : 0;
}
