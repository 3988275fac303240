/*
 * buf - bytes that grow, up to a limit set at birth.
 *
 * Not a stream: dropping from the front moves what is behind it.
 * Invariant: n <= cap <= limit, and no octet of what was stored outlives its
 * place in the buffer, neither in freed memory nor beyond n.
 */

#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 64

struct buf
buf_new(size_t limit)
{
	return (struct buf){ .limit = limit };
}

/*
 * Make room for n octets more.  realloc() would leave the old copy behind,
 * unwiped.
 */
static bool
grow(struct buf *b, size_t n)
{
	size_t cap = b->cap;
	char *p;

	if (n > b->limit - b->n)
		return false;
	if (n <= cap - b->n)
		return true;
	if (cap < SMALLEST)
		cap = SMALLEST;
	while (cap - b->n < n && cap <= b->limit / 2)
		cap *= 2;
	if (cap > b->limit || cap - b->n < n)
		cap = b->limit;

	p = malloc(cap);
	if (p == NULL)
		return false;
	if (b->n > 0) {
		memcpy(p, b->p, b->n);
		explicit_bzero(b->p, b->n);
	}
	free(b->p);
	b->p = p;
	b->cap = cap;
	return true;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (b->failed || n == 0)
		return;
	if (!grow(b, n)) {
		b->failed = true;
		return;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	if (b->failed)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	buf_add(b, text, (size_t)n);
	explicit_bzero(text, (size_t)n);
	free(text);
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
	explicit_bzero(b->p + b->n, n);
}

void
buf_clear(struct buf *b)
{
	buf_drop(b, b->n);
	b->failed = false;
}

void
buf_free(struct buf *b)
{
	buf_clear(b);
	free(b->p);
	b->p = NULL;
	b->cap = 0;
}
