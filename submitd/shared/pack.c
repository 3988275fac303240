/*
 * pack - integers and byte strings, to octets and back.
 *
 * Knows nothing of messages.  Invariant: a failed reader yields zeros and
 * empty slices for ever, so what is built from them is harmless until
 * unpack_end() has been asked.
 */

#include "pack.h"

/* The low n octets of v, most significant first. */
static void
pack_uint(struct buf *b, uint64_t v, unsigned n)
{
	unsigned char octets[8];
	unsigned i;

	for (i = 0; i < n; i++)
		octets[i] = (unsigned char)(v >> (8 * (n - 1 - i)));
	buf_add(b, octets, n);
}

void
pack_u8(struct buf *b, uint8_t v)
{
	pack_uint(b, v, 1);
}

void
pack_u16(struct buf *b, uint16_t v)
{
	pack_uint(b, v, 2);
}

void
pack_u32(struct buf *b, uint32_t v)
{
	pack_uint(b, v, 4);
}

void
pack_u64(struct buf *b, uint64_t v)
{
	pack_uint(b, v, 8);
}

void
pack_bytes(struct buf *b, struct slice s)
{
	if (s.n > UINT32_MAX) {
		b->failed = true;
		return;
	}
	pack_u32(b, (uint32_t)s.n);
	buf_add(b, s.p, s.n);
}

struct unpack
unpack_begin(struct slice s)
{
	return (struct unpack){ .rest = s };
}

/* The next n octets; an empty slice, and failure, when there are fewer. */
static struct slice
take(struct unpack *u, size_t n)
{
	struct slice head = { "", 0 };

	if (u->failed || n > u->rest.n) {
		u->failed = true;
		return head;
	}
	if (n > 0) {
		head = (struct slice){ u->rest.p, n };
		u->rest = slice_from(u->rest, n);
	}
	return head;
}

static uint64_t
unpack_uint(struct unpack *u, unsigned n)
{
	struct slice octets = take(u, n);
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < octets.n; i++)
		v = v << 8 | (unsigned char)octets.p[i];
	return v;
}

uint8_t
unpack_u8(struct unpack *u)
{
	return (uint8_t)unpack_uint(u, 1);
}

uint16_t
unpack_u16(struct unpack *u)
{
	return (uint16_t)unpack_uint(u, 2);
}

uint32_t
unpack_u32(struct unpack *u)
{
	return (uint32_t)unpack_uint(u, 4);
}

uint64_t
unpack_u64(struct unpack *u)
{
	return unpack_uint(u, 8);
}

struct slice
unpack_bytes(struct unpack *u)
{
	return take(u, unpack_u32(u));
}

bool
unpack_end(const struct unpack *u)
{
	return !u->failed && u->rest.n == 0;
}

bool
pack_is_list(struct slice list, uint32_t count)
{
	struct unpack u = unpack_begin(list);

	while (count-- > 0 && !u.failed)
		unpack_bytes(&u);
	return unpack_end(&u);
}
