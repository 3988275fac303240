/*
 * headerlex - white space, comments, atoms, quoted strings and literals.
 *
 * Nothing here recurses: nested comments are counted.
 */

#include "headerlex.h"

#include "limits.h"
#include "utf8.h"

static const char not_utf8[] = "not UTF-8";
static const char control[] = "a control character";

struct headerlex
headerlex_begin(struct slice body)
{
	return (struct headerlex){ .in = body };
}

bool
headerlex_fault(struct headerlex *l, const char *what)
{
	if (l->fault == NULL) {
		l->fault = what;
		l->fault_at = l->at;
	}
	return false;
}

int
headerlex_peek(const struct headerlex *l)
{
	return l->at < l->in.n ? (unsigned char)l->in.p[l->at] : HEADERLEX_END;
}

bool
headerlex_is_atext(int c)
{
	static const char marks[] = "!#$%&'*+-/=?^_`{|}~";

	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c > 0 && strchr(marks, c) != NULL);
}

/* A character beyond ASCII. */
static bool
take_utf8(struct headerlex *l)
{
	size_t n = utf8_length(slice_from(l->in, l->at));

	if (n == 0)
		return headerlex_fault(l, not_utf8);
	l->at += n;
	return true;
}

/* White space or a fold; false at anything else, which a CR may be. */
static bool
take_fws(struct headerlex *l)
{
	struct slice rest = slice_from(l->in, l->at);

	if (rest.n == 0)
		return false;
	if (rest.p[0] == ' ' || rest.p[0] == '\t') {
		l->at++;
		return true;
	}
	if (rest.n < 3 || rest.p[0] != '\r' || rest.p[1] != '\n' ||
	    (rest.p[2] != ' ' && rest.p[2] != '\t'))
		return false;
	l->at += 3;
	return true;
}

/* Any character inside a comment or quoted string, pairs apart. */
static bool
take_text(struct headerlex *l)
{
	int c = headerlex_peek(l);

	if (c >= 0x80)
		return take_utf8(l);
	if (take_fws(l))
		return true;
	if (c < ' ' || c == 0x7f)
		return headerlex_fault(l, control);
	l->at++;
	return true;
}

/* Behind a backslash.  RFC 5322, 4.1 allowed controls: nobody means them. */
static bool
take_pair(struct headerlex *l)
{
	int c;

	l->at++;
	c = headerlex_peek(l);
	if (c >= 0x80)
		return take_utf8(l);
	if ((c < ' ' && c != '\t') || c == 0x7f)
		return headerlex_fault(l, control);
	l->at++;
	return true;
}

/* At its parenthesis. */
static bool
take_comment(struct headerlex *l)
{
	unsigned depth = 0;
	int c;

	do {
		c = headerlex_peek(l);
		if (c == HEADERLEX_END)
			return headerlex_fault(l, "a comment does not end");
		if (c == '<' || c == '>' || c == '@')
			l->odd_comment = true;
		if (c == '(' && ++depth > LIMIT_COMMENT_DEPTH)
			return headerlex_fault(l, "comments in comments");
		if (c == ')')
			depth--;
		if (c == '\\' ? !take_pair(l) : !take_text(l))
			return false;
	} while (depth > 0);
	return true;
}

bool
headerlex_skip_cfws(struct headerlex *l)
{
	size_t from = l->at;

	for (;;) {
		if (headerlex_peek(l) == '(') {
			if (!take_comment(l))
				return false;
		} else if (!take_fws(l)) {
			break;
		}
	}
	l->skipped += l->at - from;
	return true;
}

bool
headerlex_atom(struct headerlex *l, struct slice *atom)
{
	size_t from = l->at;
	int c;

	while (headerlex_is_atext(c = headerlex_peek(l))) {
		if (c < 0x80)
			l->at++;
		else if (!take_utf8(l))
			return false;
	}
	*atom = (struct slice){ l->in.p + from, l->at - from };
	return true;
}

bool
headerlex_quoted(struct headerlex *l, struct slice *inside)
{
	size_t from = ++l->at;
	int c;

	while ((c = headerlex_peek(l)) != '"') {
		if (c == HEADERLEX_END)
			return headerlex_fault(
			    l, "a quoted string does not end");
		if (c == '\\' ? !take_pair(l) : !take_text(l))
			return false;
	}
	*inside = (struct slice){ l->in.p + from, l->at - from };
	l->at++;
	return true;
}

bool
headerlex_literal(struct headerlex *l, struct slice *literal)
{
	size_t from = l->at++;
	int c;

	while ((c = headerlex_peek(l)) != ']') {
		if (c <= ' ' || c >= 0x7f || c == '[' || c == '\\')
			return headerlex_fault(
			    l, "an address literal does not end");
		l->at++;
	}
	l->at++;
	*literal = (struct slice){ l->in.p + from, l->at - from };
	return true;
}
