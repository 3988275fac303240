/*
 * proxy - both versions of the PROXY protocol's header.
 *
 * Strict, since a header read in another way than it was written puts the rest
 * of it where the client's first octets belong.
 */

#include "proxy.h"

#include <arpa/inet.h>
#include <string.h>

#include "limits.h"

/* -- version 1: one line of text (2.1) ------------------------------------- */

#define LINE_V1 107 /* with its CRLF */

static const char start_v1[] = "PROXY ";

/* Take the text before the next space, or all there is, off *rest. */
static struct slice
next_word(struct slice *rest)
{
	const char *space = rest->n == 0 ? NULL : memchr(rest->p, ' ', rest->n);
	struct slice word = *rest;

	if (space != NULL)
		word.n = (size_t)(space - rest->p);
	*rest = slice_from(*rest, word.n + (space != NULL));
	return word;
}

/* A numeric address, IPv4 as a mapped one. */
static bool
parse_address(int family, struct slice s, struct in6_addr *out)
{
	char text[INET6_ADDRSTRLEN];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (strlen(text) != s.n)
		return false;
	*out = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	return inet_pton(family, text,
		   family == AF_INET ? out->s6_addr + 12 : out->s6_addr) == 1;
}

/* Decimal, without zeros in front, to 65535. */
static bool
parse_port(struct slice s, uint16_t *out)
{
	uint32_t n = 0;
	size_t i;

	if (s.n == 0 || s.n > 5 || (s.p[0] == '0' && s.n > 1))
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(s.p[i] - '0');
	}
	*out = (uint16_t)n;
	return n <= UINT16_MAX;
}

/* What is between "PROXY " and CRLF. */
static enum proxy_status
parse_v1(struct slice rest, struct proxy_header *out)
{
	struct slice family = next_word(&rest), source, destination, port;
	struct in6_addr other;
	uint16_t other_port;
	int af = AF_INET;

	if (slice_eq(family, slice_of("UNKNOWN"))) /* ignore what follows */
		return PROXY_DONE;
	if (slice_eq(family, slice_of("TCP6")))
		af = AF_INET6;
	else if (!slice_eq(family, slice_of("TCP4")))
		return PROXY_BAD;
	source = next_word(&rest);
	destination = next_word(&rest);
	port = next_word(&rest);
	if (!parse_address(af, source, &out->address) ||
	    !parse_address(af, destination, &other) ||
	    !parse_port(port, &out->port) || !parse_port(rest, &other_port))
		return PROXY_BAD;
	out->has_address = true;
	return PROXY_DONE;
}

static enum proxy_status
line_v1(struct slice in, struct proxy_header *out)
{
	size_t max = in.n < LINE_V1 ? in.n : LINE_V1;
	size_t start = sizeof(start_v1) - 1, end = 0;

	if (memcmp(in.p, start_v1, in.n < start ? in.n : start) != 0)
		return PROXY_BAD;
	while (end < max && in.p[end] != '\r' && in.p[end] != '\n')
		end++;
	if (end + 2 > max && (end == max || in.p[end] == '\r'))
		return max < LINE_V1 ? PROXY_MORE : PROXY_BAD;
	if (in.p[end] != '\r' || in.p[end + 1] != '\n')
		return PROXY_BAD;
	out->n = end + 2;
	return parse_v1((struct slice){ in.p + start, end - start }, out);
}

/* -- version 2: binary (2.2) ----------------------------------------------- */

#define FIXED_V2   16 /* signature, version and command, family, length */
#define TLV_HEAD   3
#define TLV_CRC32C 0x03

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

static uint32_t
u16_at(const char *p)
{
	return (uint32_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

/* CRC-32C (RFC 9260, A), bit by bit: once for a connection is not often. */
static uint32_t
crc32c(uint32_t crc, const char *p, size_t n)
{
	int bit;

	for (; n > 0; n--, p++) {
		crc ^= (unsigned char)*p;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78U & (0U - (crc & 1)));
	}
	return crc;
}

/* Right for the header, the four octets of its own place taken as zero? */
static bool
is_checksum(const char *sum, struct slice header)
{
	uint32_t crc = crc32c(UINT32_MAX, header.p, (size_t)(sum - header.p));

	crc = crc32c(crc, "\0\0\0", 4);
	crc = ~crc32c(crc, sum + 4, (size_t)(header.p + header.n - (sum + 4)));
	return crc == (u16_at(sum) << 16 | u16_at(sum + 2));
}

/* All that follows the addresses: types, lengths, values. */
static enum proxy_status
check_tlvs(struct slice header, size_t at)
{
	struct slice tlv = slice_from(header, at);
	bool summed = false;
	size_t n;

	while (tlv.n > 0) {
		if (tlv.n < TLV_HEAD)
			return PROXY_BAD;
		n = u16_at(tlv.p + 1);
		if (n > tlv.n - TLV_HEAD)
			return PROXY_BAD;
		if (tlv.p[0] == TLV_CRC32C) {
			if (n != 4 || summed ||
			    !is_checksum(tlv.p + TLV_HEAD, header))
				return PROXY_BAD;
			summed = true;
		}
		tlv = slice_from(tlv, TLV_HEAD + n);
	}
	return PROXY_DONE;
}

/* How long the addresses of a family and its transport are; -1: none of ours.
 */
static int
addresses_len(unsigned char family)
{
	switch (family) {
	case 0x00: /* unspecified */
		return 0;
	case 0x11: /* TCP over IPv4 */
		return 12;
	case 0x21: /* TCP over IPv6 */
		return 36;
	case 0x31: /* a stream over a UNIX socket */
		return 216;
	default:
		return -1;
	}
}

static void
take_address(unsigned char family, const char *p, struct proxy_header *out)
{
	if (family == 0x11) {
		out->address = (struct in6_addr){
			.s6_addr = { [10] = 0xff, [11] = 0xff }
		};
		memcpy(out->address.s6_addr + 12, p, 4);
		out->port = (uint16_t)u16_at(p + 8);
		out->has_address = true;
	} else if (family == 0x21) {
		memcpy(out->address.s6_addr, p, 16);
		out->port = (uint16_t)u16_at(p + 32);
		out->has_address = true;
	}
}

static enum proxy_status
binary_v2(struct slice in, struct proxy_header *out)
{
	unsigned char command, family;
	int addresses;
	size_t n = sizeof(signature);

	if (memcmp(in.p, signature, in.n < n ? in.n : n) != 0)
		return PROXY_BAD;
	if (in.n < FIXED_V2)
		return PROXY_MORE;
	command = (unsigned char)in.p[12];
	family = (unsigned char)in.p[13];
	n = u16_at(in.p + 14);
	if ((command != 0x20 && command != 0x21) ||
	    n > LIMIT_PROXY_HEADER - FIXED_V2)
		return PROXY_BAD;
	addresses = command == 0x20 ? 0 : addresses_len(family);
	if (addresses < 0 || n < (size_t)addresses)
		return PROXY_BAD;
	if (in.n < FIXED_V2 + n)
		return PROXY_MORE;
	out->n = in.n = FIXED_V2 + n;
	if (command == 0x20) /* LOCAL: nothing in it counts */
		return PROXY_DONE;
	take_address(family, in.p + FIXED_V2, out);
	return check_tlvs(in, FIXED_V2 + (size_t)addresses);
}

/* -- either ---------------------------------------------------------------- */

enum proxy_status
proxy_parse(struct slice in, struct proxy_header *out)
{
	enum proxy_status status = PROXY_MORE;

	*out = (struct proxy_header){ 0 };
	if (in.n > 0)
		status = in.p[0] == signature[0] ? binary_v2(in, out)
						 : line_v1(in, out);
	if (status != PROXY_DONE)
		*out = (struct proxy_header){ 0 };
	return status;
}
