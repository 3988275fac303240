/*
 * proxy - headers of both versions: whole, with what follows them, octet by
 * octet, cut everywhere and spoiled everywhere.
 */

#include "cases.h"

#include <arpa/inet.h>

#include "compiler.h"
#include "limits.h"
#include "proxy.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"

/* 192.0.2.7 port 4660 to 198.51.100.1 port 587 */
#define V4 "\300\0\2\7\306\63\144\1\x12\x34\x02\x4b"

/* 2001:db8::7 port 4660 to 2001:db8::1 port 465 */
#define V6                                                                     \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"                             \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"                             \
	"\x12\x34\x01\xd1"

/* The last four octets: a CRC-32C from a table-driven implementation. */
#define SUMMED SIG "\x21\x11\0\x13" V4 "\3\0\4\x3c\xb9\x52\xde"

/* clang-format off */
#define TEN	"\0\0\0\0\0\0\0\0\0\0"
#define UNIX	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN \
		TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN \
		TEN "\0\0\0\0\0\0"

/* address NULL: the connection's own stands; status is of the whole input */
static const struct {
	struct slice		 in;
	enum proxy_status	 status;
	const char		*address;
	uint16_t		 port;
} cases[] = {
	/* version 1 */
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 4660 587\r\n"), PROXY_DONE, "::ffff:192.0.2.7", 4660 },
	{ S("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), PROXY_DONE, "::ffff:255.255.255.255", 65535 },
	{ S("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), PROXY_DONE, "::ffff:0.0.0.0", 0 },
	{ S("PROXY TCP6 2001:db8::7 2001:db8::1 4660 465\r\n"), PROXY_DONE, "2001:db8::7", 4660 },
	{ S("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    PROXY_DONE, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
	{ S("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n"), PROXY_DONE, "::ffff:192.0.2.7", 1 },
	{ S("PROXY UNKNOWN\r\n"), PROXY_DONE, NULL, 0 },
	{ S("PROXY UNKNOWN ff::1 what ever\t \r\n"), PROXY_DONE, NULL, 0 },
	{ S("PROXY UNKNOWNS\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY unknown\r\n"), PROXY_BAD, NULL, 0 },
	{ S("proxy TCP4 192.0.2.7 198.51.100.1 4660 587\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY \r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP5 192.0.2.7 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7  198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7\t198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 01.2.3.4 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 ::1 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP6 192.0.2.7 ::1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP6 ::1 192.0.2.7 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP6 ::1%lo ::1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 65536 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1 +2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 4294967297 2\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\r\n"), PROXY_BAD, NULL, 0 },
	{ S("PROXY TCP4 192.0.2.7\r198.51.100.1 1 2\r\n"), PROXY_BAD, NULL, 0 },
	/* 107 octets with CRLF, and one more */
	{ S("PROXY UNKNOWN 1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901\r\n"),
	    PROXY_DONE, NULL, 0 },
	{ S("PROXY UNKNOWN 12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012\r\n"),
	    PROXY_BAD, NULL, 0 },
	/* no header */
	{ S("EHLO client.example\r\n"), PROXY_BAD, NULL, 0 },
	{ S("\x16\x03\x01\x02\0\x01"), PROXY_BAD, NULL, 0 },
	{ S(" PROXY UNKNOWN\r\n"), PROXY_BAD, NULL, 0 },
	{ S("\r\nPROXY UNKNOWN\r\n"), PROXY_BAD, NULL, 0 },
	/* version 2 */
	{ S(SIG "\x21\x11\0\x0c" V4), PROXY_DONE, "::ffff:192.0.2.7", 0x1234 },
	{ S(SIG "\x21\x21\0\x24" V6), PROXY_DONE, "2001:db8::7", 0x1234 },
	{ S(SIG "\x21\x31\0\xd8" UNIX), PROXY_DONE, NULL, 0 },
	{ S(SIG "\x21\0\0\0"), PROXY_DONE, NULL, 0 },
	{ S(SIG "\x20\0\0\0"), PROXY_DONE, NULL, 0 },
	/* LOCAL: whatever it says, it is skipped */
	{ S(SIG "\x20\x11\0\x0c" V4), PROXY_DONE, NULL, 0 },
	{ S(SIG "\x20\xff\0\x03" "\3\3\3"), PROXY_DONE, NULL, 0 },
	/* TLVs: unknown, empty, SSL, and one that ends too late */
	{ S(SIG "\x21\x11\0\x12" V4 "\xe0\0\3abc"), PROXY_DONE, "::ffff:192.0.2.7", 0x1234 },
	{ S(SIG "\x21\x11\0\x0f" V4 "\4\0\0"), PROXY_DONE, "::ffff:192.0.2.7", 0x1234 },
	{ S(SIG "\x21\x11\0\x14" V4 "\x20\0\5\1\0\0\0\0"), PROXY_DONE, "::ffff:192.0.2.7", 0x1234 },
	{ S(SIG "\x21\0\0\x04" "\4\0\1x"), PROXY_DONE, NULL, 0 },
	{ S(SIG "\x21\x11\0\x12" V4 "\xe0\0\4abc"), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x11\0\x0e" V4 "\4\0"), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x11\0\x0d" V4 "\4"), PROXY_BAD, NULL, 0 },
	/* checksums */
	{ S(SUMMED), PROXY_DONE, "::ffff:192.0.2.7", 0x1234 },
	{ S(SIG "\x21\x11\0\x13" V4 "\3\0\4\1\2\3\4"), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x11\0\x12" V4 "\3\0\3\1\2\3"), PROXY_BAD, NULL, 0 },
	/* versions, commands, families, lengths */
	{ S(SIG "\x11\x11\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x31\x11\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x22\x11\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x2f\x11\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x41\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x12\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x13\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x22\0\x24" V6), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x11\0\x0b" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x11\0\0"), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x21\0\x0c" V4), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x31\0\xd7" UNIX), PROXY_BAD, NULL, 0 },
	{ S(SIG "\x21\x11\x0f\xf1" V4), PROXY_BAD, NULL, 0 }, /* 4097 in all */
	{ S(SIG "\x20\0\xff\xff"), PROXY_BAD, NULL, 0 },
	{ S("\r\n\r\n\0\r\nQUIT\r\n\x21\x11"), PROXY_BAD, NULL, 0 },
};
/* clang-format on */

/* Whatever comes out of it holds. */
static enum proxy_status
sane(struct slice in, struct proxy_header *h)
{
	static const struct proxy_header zero;
	enum proxy_status status = proxy_parse(in, h);

	if (status != PROXY_DONE) {
		assert_memory_equal(h, &zero, sizeof(zero));
	} else {
		assert_true(h->n >= 15 && h->n <= in.n);
		assert_true(h->n <= LIMIT_PROXY_HEADER);
	}
	return status;
}

static void
check_sane(struct slice in)
{
	struct proxy_header h;

	(void)sane(in, &h);
}

static void
test_each_header_is_what_it_is(void **state)
{
	struct proxy_header h;
	struct in6_addr want;
	struct slice in;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		in = cases[i].in;
		exactly(in, check_sane);
		if (sane(in, &h) != cases[i].status)
			fail_msg("'%s'", shown(in));
		if (cases[i].status != PROXY_DONE)
			continue;
		assert_int_equal(h.n, in.n);
		assert_int_equal(h.has_address, cases[i].address != NULL);
		if (cases[i].address == NULL)
			continue;
		assert_int_equal(
		    inet_pton(AF_INET6, cases[i].address, &want), 1);
		assert_memory_equal(&h.address, &want, sizeof(want));
		assert_int_equal(h.port, cases[i].port);
	}
}

static void
test_what_follows_is_not_the_headers(void **state)
{
	static const struct slice tails[] = { S("EHLO x\r\n"), S("\x16\x03\1"),
		S("\r\n"), S("PROXY UNKNOWN\r\n"), S("\0") };
	char whole[600];
	struct proxy_header h;
	struct slice in;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].status != PROXY_DONE)
			continue;
		in = cases[i].in;
		for (k = 0; k < ARRAY_LEN(tails); k++) {
			memcpy(whole, in.p, in.n);
			memcpy(whole + in.n, tails[k].p, tails[k].n);
			assert_int_equal(
			    sane(
				(struct slice){ whole, in.n + tails[k].n }, &h),
			    PROXY_DONE);
			assert_int_equal(h.n, in.n);
		}
	}
}

/* A prefix of a good one is never bad; a bad one never turns good. */
static void
test_octet_by_octet_nothing_else_comes_out(void **state)
{
	enum proxy_status status, before;
	struct proxy_header h;
	struct slice in;
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		in = cases[i].in;
		truncated(in, check_sane);
		before = PROXY_MORE;
		for (n = 0; n < in.n; n++) {
			status = sane((struct slice){ in.p, n }, &h);
			if (cases[i].status == PROXY_DONE &&
			    status != PROXY_MORE)
				fail_msg("'%s' at %zu", shown(in), n);
			if (status == PROXY_DONE ||
			    (before == PROXY_BAD && status != PROXY_BAD))
				fail_msg("'%s' at %zu", shown(in), n);
			before = status;
		}
	}
}

static void
test_spoiled_headers_lead_nowhere_else(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		mutated(cases[i].in, check_sane);
}

/*
 * With a checksum no flipped bit goes unseen, but for those that make it
 * another TLV, which is skipped.
 */
static void
test_a_checksum_finds_every_flipped_bit(void **state)
{
	enum { TYPE_AT = 28 };
	struct proxy_header h;
	char copy[] = SUMMED;
	size_t n = sizeof(copy) - 1, at;
	int bit;

	(void)state;
	for (at = 0; at < n; at++)
		for (bit = 0; bit < 8 && at != TYPE_AT; bit++) {
			copy[at] = (char)(copy[at] ^ (1 << bit));
			/* LOCAL is skipped unseen */
			if (copy[12] == 0x21 &&
			    sane((struct slice){ copy, n }, &h) == PROXY_DONE)
				fail_msg("bit %d of octet %zu", bit, at);
			copy[at] = (char)(copy[at] ^ (1 << bit));
		}
}

static void
test_two_checksums_are_refused(void **state)
{
	struct proxy_header h;
	/* each is right, if only its own place is taken as zero */
	struct slice twice = S(SIG
	    "\x21\x11\0\x1a" V4 "\3\0\4\x8c\x99\x57\x7e\3\0\4\xa8\x03\x43\x10");

	(void)state;
	assert_int_equal(sane(twice, &h), PROXY_BAD);
}

/* As long as there may be: skipped by its length. */
static void
test_the_longest_header_is_taken(void **state)
{
	static char in[LIMIT_PROXY_HEADER + 1];
	struct proxy_header h;
	size_t tlv = LIMIT_PROXY_HEADER - 16 - 12 - 3;

	(void)state;
	memcpy(in, SIG "\x21\x11\x0f\xf0" V4 "\xe0", 29);
	in[29] = (char)(tlv >> 8);
	in[30] = (char)(tlv & 0xff);
	assert_int_equal(
	    sane((struct slice){ in, sizeof(in) }, &h), PROXY_DONE);
	assert_int_equal(h.n, LIMIT_PROXY_HEADER);
	assert_int_equal(
	    sane((struct slice){ in, LIMIT_PROXY_HEADER - 1 }, &h), PROXY_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_header_is_what_it_is),
		cmocka_unit_test(test_what_follows_is_not_the_headers),
		cmocka_unit_test(test_octet_by_octet_nothing_else_comes_out),
		cmocka_unit_test(test_spoiled_headers_lead_nowhere_else),
		cmocka_unit_test(test_a_checksum_finds_every_flipped_bit),
		cmocka_unit_test(test_two_checksums_are_refused),
		cmocka_unit_test(test_the_longest_header_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
