/*
 * network - parse a prefix, compare an address with it.
 *
 * Asks no resolver: numbers only.
 */

#include "network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define IPV4_BITS 96 /* of ::ffff:0:0, before those of IPv4 */

/* The address before the slash; how many bits one of its family has. */
static unsigned
parse_address(const char *text, struct in6_addr *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, text, out) == 1)
		return 128;
	memcpy(out->s6_addr, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out->s6_addr + 12) == 1 ? 32 : 0;
}

/* 1 to max, without a zero in front; 0: it is none. */
static unsigned
parse_bits(const char *text, unsigned max)
{
	unsigned n = 0;

	if (text[0] == '0' || strlen(text) > 3)
		return 0;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		n = n * 10 + (unsigned)(*text - '0');
	}
	return n <= max ? n : 0;
}

/* True when a and b are the same in their first bits. */
static bool
same_prefix(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 ||
	       ((a->s6_addr[whole] ^ b->s6_addr[whole]) & mask) == 0;
}

/* Is every bit behind the prefix zero? */
static bool
is_clean(const struct network *n)
{
	unsigned char rest = (unsigned char)(0xff >> n->bits % 8);
	unsigned i = n->bits / 8;

	if (i < 16 && (n->address.s6_addr[i] & rest) != 0)
		return false;
	for (i++; i < 16; i++)
		if (n->address.s6_addr[i] != 0)
			return false;
	return true;
}

int
network_parse(const char *text, struct network *out)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	unsigned family, bits;

	*out = (struct network){ 0 };
	if (n >= sizeof(address))
		return -1;
	memcpy(address, text, n);
	address[n] = '\0';
	if ((family = parse_address(address, &out->address)) == 0)
		return -1;
	bits = slash == NULL ? family : parse_bits(slash + 1, family);
	if (bits == 0)
		return -1;
	out->bits = family == 32 ? IPV4_BITS + bits : bits;
	return is_clean(out) ? 0 : -1;
}

int
network_around(const char *text, unsigned bits, struct network *out)
{
	unsigned i;

	*out = (struct network){ 0 };
	if (parse_address(text, &out->address) == 0)
		return -1;
	out->bits = IN6_IS_ADDR_V4MAPPED(&out->address) ? 128 : bits;
	for (i = out->bits; i < 128; i++)
		out->address.s6_addr[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return 0;
}

void
network_show(const struct network *n, char out[NETWORK_TEXT])
{
	bool mapped = IN6_IS_ADDR_V4MAPPED(&n->address) && n->bits >= IPV4_BITS;
	unsigned bits = mapped ? n->bits - IPV4_BITS : n->bits;
	size_t used;

	if (mapped)
		inet_ntop(AF_INET, n->address.s6_addr + 12, out, NETWORK_TEXT);
	else
		inet_ntop(AF_INET6, &n->address, out, NETWORK_TEXT);
	used = strlen(out);
	if (n->bits < 128)
		snprintf(out + used, NETWORK_TEXT - used, "/%u", bits);
}

bool
network_holds(const struct network *n, const struct in6_addr *address)
{
	return same_prefix(&n->address, address, n->bits);
}
