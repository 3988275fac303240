/*
 * headerblock - collect the header section, and walk its fields.
 *
 * A line's name is judged octet by octet, its value in one search for the line
 * end, so neither short fields nor long ones cost more than their octets.
 * Invariant: at END the octets before h->line are whole fields, and only a
 * field that ends the content may lack its CRLF.
 */

#include "headerblock.h"

#include "limits.h"

void
headerblock_begin(struct headerblock *h)
{
	*h = (struct headerblock){ .raw = buf_new(LIMIT_HEADER) };
}

void
headerblock_free(struct headerblock *h)
{
	buf_free(&h->raw);
}

/* RFC 5322, 3.6.8: printable ASCII but the colon. */
static bool
is_name_octet(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* The present line is no field: the body has begun. */
static size_t
end_open(struct headerblock *h)
{
	h->is_open = true;
	h->status = HEADERBLOCK_END;
	return 0;
}

static size_t
bad_octet(struct headerblock *h)
{
	h->status = HEADERBLOCK_BAD_OCTET;
	return 0;
}

/* at: where in the block the octet stands. */
static size_t
take_line_start(struct headerblock *h, char c, size_t at)
{
	h->line = at;
	h->name_n = 0;
	if (c == '\r')
		h->state = HEADERBLOCK_EMPTY_CR;
	else if (is_wsp(c) && at > 0)
		h->state = HEADERBLOCK_VALUE; /* folded */
	else if (is_name_octet(c))
		h->state = HEADERBLOCK_NAME;
	else
		return end_open(h);
	return h->state == HEADERBLOCK_NAME ? 0 : 1;
}

static size_t
take_name(struct headerblock *h, struct slice in)
{
	size_t i = 0;

	while (i < in.n && is_name_octet(in.p[i]))
		i++;
	h->name_n += i;
	if (h->name_n > LIMIT_FIELD_NAME)
		return end_open(h);
	if (i == in.n)
		return i;
	if (in.p[i] == ':')
		h->state = HEADERBLOCK_VALUE;
	else if (is_wsp(in.p[i]))
		h->state = HEADERBLOCK_BEHIND_NAME;
	else
		return end_open(h);
	return i + 1;
}

static size_t
take_behind_name(struct headerblock *h, char c)
{
	if (c == ':')
		h->state = HEADERBLOCK_VALUE;
	else if (!is_wsp(c))
		return end_open(h);
	return 1;
}

static size_t
take_value(struct headerblock *h, struct slice in)
{
	const char *lf = memchr(in.p, '\n', in.n), *cr;
	size_t n = lf == NULL ? in.n : (size_t)(lf - in.p);

	if (memchr(in.p, '\0', n) != NULL)
		return bad_octet(h);
	cr = memchr(in.p, '\r', n);
	if (cr != NULL && cr != in.p + n - 1)
		return bad_octet(h);
	if (lf == NULL) {
		if (cr != NULL)
			h->state = HEADERBLOCK_VALUE_CR;
		return n;
	}
	if (cr == NULL)
		return bad_octet(h);
	h->state = HEADERBLOCK_AT_LINE;
	return n + 1;
}

static size_t
take_behind_cr(struct headerblock *h, char c)
{
	if (c != '\n')
		return h->state == HEADERBLOCK_EMPTY_CR ? end_open(h)
							: bad_octet(h);
	if (h->state == HEADERBLOCK_EMPTY_CR)
		h->status = HEADERBLOCK_END;
	h->state = HEADERBLOCK_AT_LINE;
	return 1;
}

/* Take some octets of in, which is not empty: how many.  in begins at at. */
static size_t
take_some(struct headerblock *h, struct slice in, size_t at)
{
	switch (h->state) {
	case HEADERBLOCK_AT_LINE:
		return take_line_start(h, in.p[0], at);
	case HEADERBLOCK_NAME:
		return take_name(h, in);
	case HEADERBLOCK_BEHIND_NAME:
		return take_behind_name(h, in.p[0]);
	case HEADERBLOCK_VALUE:
		return take_value(h, in);
	case HEADERBLOCK_EMPTY_CR:
	case HEADERBLOCK_VALUE_CR:
		break;
	}
	return take_behind_cr(h, in.p[0]);
}

enum headerblock_status
headerblock_take(struct headerblock *h, struct slice *run)
{
	size_t n = 0;

	while (h->status == HEADERBLOCK_MORE && n < run->n)
		n += take_some(h, slice_from(*run, n), h->raw.n + n);
	if (n > LIMIT_HEADER - h->raw.n) {
		h->status = HEADERBLOCK_TOO_BIG;
		return h->status;
	}
	buf_add(&h->raw, run->p, n);
	if (!buf_ok(&h->raw))
		h->status = HEADERBLOCK_NO_MEMORY;
	*run = slice_from(*run, n);
	return h->status;
}

enum headerblock_status
headerblock_finish(struct headerblock *h)
{
	if (h->status != HEADERBLOCK_MORE)
		return h->status;
	h->status = HEADERBLOCK_END;
	switch (h->state) {
	case HEADERBLOCK_AT_LINE:
	case HEADERBLOCK_VALUE:
		h->line = h->raw.n;
		break;
	case HEADERBLOCK_NAME:
	case HEADERBLOCK_BEHIND_NAME:
	case HEADERBLOCK_EMPTY_CR:
		(void)end_open(h);
		break;
	case HEADERBLOCK_VALUE_CR:
		(void)bad_octet(h);
		break;
	}
	return h->status;
}

struct slice
headerblock_rest(const struct headerblock *h)
{
	return slice_from(buf_slice(&h->raw), h->line);
}

/* The octets of the field that in begins with. */
static size_t
field_length(struct slice in)
{
	const char *lf;
	size_t n = 0;

	do {
		lf = memchr(in.p + n, '\n', in.n - n);
		if (lf == NULL)
			return in.n;
		n = (size_t)(lf + 1 - in.p);
	} while (n < in.n && is_wsp(in.p[n]));
	return n;
}

bool
headerblock_next(
    const struct headerblock *h, size_t *at, struct headerblock_field *f)
{
	struct slice in = { h->raw.p + *at, h->line - *at };
	const char *colon;

	if (in.n == 0)
		return false;
	in.n = field_length(in);
	*at += in.n;
	f->raw = in;
	colon = memchr(in.p, ':', in.n);
	BUG_ON(colon == NULL);
	f->body = slice_from(in, (size_t)(colon + 1 - in.p));
	if (f->body.n >= 2 && f->body.p[f->body.n - 1] == '\n')
		f->body.n -= 2;
	f->name = (struct slice){ in.p, (size_t)(colon - in.p) };
	while (is_wsp(f->name.p[f->name.n - 1]))
		f->name.n--;
	f->id = header_field_of(f->name);
	return true;
}
