/*
 * nameindex - a sorted array, searched by halves.
 *
 * A question copies the name to the stack and allocates nothing, so that any
 * number of names costs no memory.
 */

#include "nameindex.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "xalloc.h"

struct entry {
	char *name; /* in lower case */
	unsigned value;
	size_t order; /* the first of one name wins */
};

struct nameindex {
	struct entry *v;
	size_t n;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

struct nameindex *
nameindex_new(void)
{
	return xcalloc(1, sizeof(struct nameindex));
}

void
nameindex_free(struct nameindex **ip)
{
	struct nameindex *index = *ip;
	size_t i;

	*ip = NULL;
	if (index == NULL)
		return;
	for (i = 0; i < index->n; i++)
		free(index->v[i].name);
	free(index->v);
	free(index);
}

void
nameindex_add(struct nameindex *index, const char *name, unsigned value)
{
	struct entry *e;
	char *p;

	index->v = xreallocarray(index->v, index->n + 1, sizeof(*index->v));
	e = &index->v[index->n];
	*e = (struct entry){ xstrdup(name), value, index->n };
	for (p = e->name; *p != '\0'; p++)
		*p = lower(*p);
	index->n++;
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r != 0)
		return r;
	return x->order < y->order ? -1 : x->order > y->order;
}

void
nameindex_seal(struct nameindex *index)
{
	size_t i, n = 0;

	if (index->n > 0)
		qsort(index->v, index->n, sizeof(*index->v), compare);
	for (i = 0; i < index->n; i++) {
		if (n > 0 &&
		    strcmp(index->v[i].name, index->v[n - 1].name) == 0)
			free(index->v[i].name);
		else
			index->v[n++] = index->v[i];
	}
	index->n = n;
}

static int
by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct entry *)entry)->name);
}

static int
find_exactly(const struct nameindex *index, const char *name)
{
	const struct entry *e =
	    index->n == 0
		? NULL
		: bsearch(name, index->v, index->n, sizeof(*index->v), by_name);

	return e == NULL ? -1 : (int)e->value;
}

int
nameindex_find(const struct nameindex *index, struct slice name)
{
	char text[LIMIT_DOMAIN + 2], *dot;
	size_t i;
	int found;

	/* a pattern is no name that anybody could connect to */
	if (name.n == 0 || name.n > LIMIT_DOMAIN ||
	    memchr(name.p, '\0', name.n) != NULL ||
	    memchr(name.p, '*', name.n) != NULL)
		return -1;
	for (i = 0; i < name.n; i++)
		text[i] = lower(name.p[i]);
	text[name.n] = '\0';
	found = find_exactly(index, text);
	dot = strchr(text, '.');
	if (found != -1 || dot == NULL || dot == text)
		return found;
	dot[-1] = '*';
	return find_exactly(index, dot - 1);
}

struct slice
nameindex_sni(struct slice e)
{
	static const struct slice none = { "", 0 };
	const unsigned char *p = (const unsigned char *)e.p;
	size_t n;

	/* a list's length; one entry: its type, its length, the name */
	if (e.n < 5 || ((size_t)p[0] << 8 | p[1]) != e.n - 2 || p[2] != 0)
		return none;
	n = (size_t)p[3] << 8 | p[4];
	if (n != e.n - 5)
		return none;
	return slice_from(e, 5);
}
