/* path - a fixed verdict for every address we could think of. */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "path.h"
#include "utf8.h"

#define A7   "aaaaaaa"
#define A8   A7 "a"
#define A56  A7 A7 A7 A7 A7 A7 A7 A7
#define A63  A56 A7
#define A64  A56 A8
#define A128 A64 A64
#define U7   "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
#define U63  U7 U7 U7 U7 U7 U7 U7 U7 U7

/* Four labels, 245 octets with the last dot: room for 7 or 8 behind "a@". */
#define D245 A63 "." A63 "." A63 "." A7 A7 A7 A7 A8 A8 A8 "."

/* clang-format off */
static const struct {
	struct slice	 in;
	enum path_status status;
	const char	*mailbox;
	const char	*domain;
	const char	*rest;
} cases[] = {
	/* plain */
	{ S("<a@b.example>"), PATH_OK, "a@b.example", "b.example", "" },
	{ S("<A.B@Example.ORG>"), PATH_OK, "A.B@Example.ORG", "Example.ORG", "" },
	{ S("<a@b.c> SIZE=1 BODY=7BIT"), PATH_OK, "a@b.c", "b.c", " SIZE=1 BODY=7BIT" },
	{ S("<a@b.c> "), PATH_OK, "a@b.c", "b.c", " " },
	{ S("<a.b.c.d@e.f>"), PATH_OK, "a.b.c.d@e.f", "e.f", "" },
	{ S("<!#$%&'*+-/=?^_`{|}~@b.c>"), PATH_OK, "!#$%&'*+-/=?^_`{|}~@b.c", "b.c", "" },
	{ S("<user+tag@b.c>"), PATH_OK, "user+tag@b.c", "b.c", "" },
	{ S("<1@2.3>"), PATH_OK, "1@2.3", "2.3", "" },
	{ S("<-@b.c>"), PATH_OK, "-@b.c", "b.c", "" },
	{ S("<a@1.2.3.4>"), PATH_OK, "a@1.2.3.4", "1.2.3.4", "" },
	{ S("<a@xn--nxasmq6b.example>"), PATH_OK, "a@xn--nxasmq6b.example", "xn--nxasmq6b.example", "" },
	{ S("<a@b-c.d--e.f>"), PATH_OK, "a@b-c.d--e.f", "b-c.d--e.f", "" },

	/* the empty path, and things like it */
	{ S("<>"), PATH_NULL, "", "", "" },
	{ S("<> SIZE=1"), PATH_NULL, "", "", " SIZE=1" },
	{ S("<>SIZE=1"), PATH_BAD, "", "", "" },
	{ S("<>>"), PATH_BAD, "", "", "" },
	{ S("< >"), PATH_BAD, "", "", "" },
	{ S("<<>>"), PATH_BAD, "", "", "" },
	{ S("<\"\">"), PATH_LOCAL, "\"\"", "", "" },
	{ S("<@>"), PATH_BAD, "", "", "" },
	{ S("<.>"), PATH_BAD, "", "", "" },
	{ S(""), PATH_BAD, "", "", "" },
	{ S("<"), PATH_BAD, "", "", "" },
	{ S(">"), PATH_BAD, "", "", "" },

	/* no domain */
	{ S("<postmaster>"), PATH_LOCAL, "postmaster", "", "" },
	{ S("<Postmaster> "), PATH_LOCAL, "Postmaster", "", " " },
	{ S("<a.b>"), PATH_LOCAL, "a.b", "", "" },
	{ S("<" A64 ">"), PATH_LOCAL, A64, "", "" },
	{ S("<a@>"), PATH_BAD, "", "", "" },
	{ S("<@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@localhost>"), PATH_BAD_DOMAIN, "a@localhost", "localhost", "" },
	{ S("<a@b> SIZE=1"), PATH_BAD_DOMAIN, "a@b", "b", " SIZE=1" },

	/* brackets */
	{ S("a@b.c"), PATH_BAD, "", "", "" },
	{ S("<a@b.c"), PATH_BAD, "", "", "" },
	{ S("a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c>>"), PATH_BAD, "", "", "" },
	{ S("<<a@b.c>>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c>SIZE=1"), PATH_BAD, "", "", "" },
	{ S("<a@b.c>\tSIZE=1"), PATH_BAD, "", "", "" },
	{ S("<a@b.c>,<d@e.f>"), PATH_BAD, "", "", "" },
	{ S(" <a@b.c>"), PATH_BAD, "", "", "" },
	{ S("A B <a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<A B <a@b.c>>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c(comment)>"), PATH_BAD, "", "", "" },
	{ S("<(comment)a@b.c>"), PATH_BAD, "", "", "" },

	/* spaces */
	{ S("< a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c >"), PATH_BAD, "", "", "" },
	{ S("<a b@c.d>"), PATH_BAD, "", "", "" },
	{ S("<a @b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@ b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b .c>"), PATH_BAD, "", "", "" },

	/* dots */
	{ S("<.a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a.@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a..b@c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@.b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b..c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c.>"), PATH_BAD, "", "", "" },
	{ S("<a@.>"), PATH_BAD, "", "", "" },

	/* domains */
	{ S("<a@-b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b-.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c->"), PATH_BAD, "", "", "" },
	{ S("<a@b_c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b:25.c>"), PATH_BAD, "", "", "" },
	{ S("<a@#1234>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c@d.e>"), PATH_BAD, "", "", "" },
	{ S("<a@@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@\"b\".c>"), PATH_BAD, "", "", "" },
	{ S("<a@b/c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@" A63 ".b>"), PATH_OK, "a@" A63 ".b", A63 ".b", "" },
	{ S("<a@" A64 ".b>"), PATH_BAD, "", "", "" },

	/* quoted local parts */
	{ S("<\"a\"@b.c>"), PATH_OK, "\"a\"@b.c", "b.c", "" },
	{ S("<\"\"@b.c>"), PATH_OK, "\"\"@b.c", "b.c", "" },
	{ S("<\"a b\"@c.d>"), PATH_OK, "\"a b\"@c.d", "c.d", "" },
	{ S("<\" \"@b.c>"), PATH_OK, "\" \"@b.c", "b.c", "" },
	{ S("<\"a@b\"@c.d>"), PATH_OK, "\"a@b\"@c.d", "c.d", "" },
	{ S("<\"a>b\"@c.d>"), PATH_OK, "\"a>b\"@c.d", "c.d", "" },
	{ S("<\"a> SIZE=1\"@c.d> SIZE=2"), PATH_OK, "\"a> SIZE=1\"@c.d", "c.d", " SIZE=2" },
	{ S("<\"a\\\"b\"@c.d>"), PATH_OK, "\"a\\\"b\"@c.d", "c.d", "" },
	{ S("<\"a\\\\\"@c.d>"), PATH_OK, "\"a\\\\\"@c.d", "c.d", "" },
	{ S("<\"\\a\\ \"@b.c>"), PATH_OK, "\"\\a\\ \"@b.c", "b.c", "" },
	{ S("<\"..\"@b.c>"), PATH_OK, "\"..\"@b.c", "b.c", "" },
	{ S("<\"a\\\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\"\\\"@d.e>"), PATH_BAD, "", "", "" },
	{ S("<\"a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a\"b\"@c.d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\"b@c.d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\".b@c.d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\"\"b\"@c.d>"), PATH_BAD, "", "", "" },
	{ S("<\""), PATH_BAD, "", "", "" },
	{ S("<\"\\"), PATH_BAD, "", "", "" },
	{ S("<a\\@b@c.d>"), PATH_BAD, "", "", "" },

	/* address literals */
	{ S("<a@[127.0.0.1]>"), PATH_OK, "a@[127.0.0.1]", "[127.0.0.1]", "" },
	{ S("<a@[IPv6:::1]>"), PATH_OK, "a@[IPv6:::1]", "[IPv6:::1]", "" },
	{ S("<a@[ipv6:2001:db8::a]> X"), PATH_OK, "a@[ipv6:2001:db8::a]", "[ipv6:2001:db8::a]", " X" },
	{ S("<a@[IPv6:::ffff:1.2.3.4]>"), PATH_OK, "a@[IPv6:::ffff:1.2.3.4]", "[IPv6:::ffff:1.2.3.4]", "" },
	{ S("<a@[]>"), PATH_BAD, "", "", "" },
	{ S("<a@[>"), PATH_BAD, "", "", "" },
	{ S("<a@["), PATH_BAD, "", "", "" },
	{ S("<a@]>"), PATH_BAD, "", "", "" },
	{ S("<a@[1.2.3]>"), PATH_BAD, "", "", "" },
	{ S("<a@[1.2.3.4.5]>"), PATH_BAD, "", "", "" },
	{ S("<a@[1.2.3.256]>"), PATH_BAD, "", "", "" },
	{ S("<a@[1.2.3.4]b>"), PATH_BAD, "", "", "" },
	{ S("<a@[1.2.3.4>"), PATH_BAD, "", "", "" },
	{ S("<a@[ 1.2.3.4]>"), PATH_BAD, "", "", "" },
	{ S("<a@[1.2.3.4\0]>"), PATH_BAD, "", "", "" },
	{ S("<a@[::1]>"), PATH_BAD, "", "", "" },
	{ S("<a@[IPv6:]>"), PATH_BAD, "", "", "" },
	{ S("<a@[IPv6:::1%lo]>"), PATH_BAD, "", "", "" },
	{ S("<a@[IPv6:1:2:3:4:5:6:7:8:9]>"), PATH_BAD, "", "", "" },
	{ S("<a@[IPv6:" A64 "]>"), PATH_BAD, "", "", "" },
	{ S("<a@[x-tag:data]>"), PATH_BAD, "", "", "" },
	{ S("<a@[b.c]>"), PATH_BAD, "", "", "" },

	/* source routes: understood, dropped */
	{ S("<@r.s:a@b.c>"), PATH_OK, "a@b.c", "b.c", "" },
	{ S("<@r.s,@t.u:a@b.c> X"), PATH_OK, "a@b.c", "b.c", " X" },
	{ S("<@r:a@b.c>"), PATH_OK, "a@b.c", "b.c", "" },
	{ S("<@[1.2.3.4]:a@b.c>"), PATH_OK, "a@b.c", "b.c", "" },
	{ S("<@r.s:\"a@x:\"@b.c>"), PATH_OK, "\"a@x:\"@b.c", "b.c", "" },
	{ S("<@r.s:postmaster>"), PATH_LOCAL, "postmaster", "", "" },
	{ S("<@r.s:>"), PATH_BAD, "", "", "" },
	{ S("<@r.s>"), PATH_BAD, "", "", "" },
	{ S("<@:a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<@r.s,:a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<@r.s,t.u:a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<@r.s @t.u:a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<@r.s:@t.u:a@b.c>"), PATH_BAD, "", "", "" },
	{ S("<r.s:a@b.c>"), PATH_BAD, "", "", "" },

	/* old ways to name a route are an address like any other */
	{ S("<a%b.c@d.e>"), PATH_OK, "a%b.c@d.e", "d.e", "" },
	{ S("<a!b!c@d.e>"), PATH_OK, "a!b!c@d.e", "d.e", "" },
	{ S("<a!b>"), PATH_LOCAL, "a!b", "", "" },
	{ S("<a::b@c.d>"), PATH_BAD, "", "", "" },

	/* lengths: local part 128, path 256 with its brackets */
	{ S("<" A64 "@b.c>"), PATH_OK, A64 "@b.c", "b.c", "" },
	{ S("<" A128 "@b.c>"), PATH_OK, A128 "@b.c", "b.c", "" },
	{ S("<" A128 "a@b.c>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<\"" A64 A56 "aaaaaa\"@b.c>"), PATH_OK, "\"" A64 A56 "aaaaaa\"@b.c", "b.c", "" },
	{ S("<\"" A64 A63 "\"@b.c>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<" A128 "a>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<a@" D245 A7 ">"), PATH_OK, "a@" D245 A7, D245 A7, "" },
	{ S("<a@" D245 A8 ">"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<a@" D245 A8 "aa>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<a@" D245 A8 "aaa>"), PATH_TOO_LONG, NULL, NULL, "" },

	/* beyond ASCII: RFC 6531, 3.3 */
	{ S("<\xc3\xa4@b.c>"), PATH_OK, "\xc3\xa4@b.c", "b.c", "" },
	{ S("<a\xc3\xa4.b@b.c>"), PATH_OK, "a\xc3\xa4.b@b.c", "b.c", "" },
	{ S("<a@\xc3\xa4.c>"), PATH_OK, "a@\xc3\xa4.c", "\xc3\xa4.c", "" },
	{ S("<\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe3\x81\x88.example>"), PATH_OK,
	    "\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe3\x81\x88.example", "\xe4\xbe\x8b\xe3\x81\x88.example", "" },
	{ S("<\xf0\x9f\x98\x80@b.c>"), PATH_OK, "\xf0\x9f\x98\x80@b.c", "b.c", "" },
	{ S("<\"\xc3\xa4 b\"@b.c>"), PATH_OK, "\"\xc3\xa4 b\"@b.c", "b.c", "" },
	{ S("<\"a>\xc3\xa4\"@b.c>"), PATH_OK, "\"a>\xc3\xa4\"@b.c", "b.c", "" },
	{ S("<\xc3\xa4>"), PATH_LOCAL, "\xc3\xa4", "", "" },
	{ S("<a@\xc3\xa4>"), PATH_BAD_DOMAIN, "a@\xc3\xa4", "\xc3\xa4", "" },
	{ S("<a@x-\xc3\xa4.c>"), PATH_OK, "a@x-\xc3\xa4.c", "x-\xc3\xa4.c", "" },
	{ S("<a@-\xc3\xa4.c>"), PATH_BAD, "", "", "" },
	{ S("<a@\xc3\xa4-.c>"), PATH_BAD, "", "", "" },
	{ S("<a@" U63 ".c>"), PATH_OK, "a@" U63 ".c", U63 ".c", "" },
	{ S("<a@" U63 "a.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c> \xc3\xa4"), PATH_OK, "a@b.c", "b.c", " \xc3\xa4" },
	{ S("<@\xc3\xa4.b:a@b.c>"), PATH_OK, "a@b.c", "b.c", "" },
	{ S("<a@[\xc3\xa4]>"), PATH_BAD, "", "", "" },
	/* what is no UTF-8, and the controls C1 */
	{ S("<\x80>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c\xc3>"), PATH_BAD, "", "", "" },
	{ S("<\xff@\xfe>"), PATH_BAD, "", "", "" },
	{ S("<\xe4@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\xc0\xaf@x.y>"), PATH_BAD, "", "", "" },
	{ S("<\xc0\xae@x.y>"), PATH_BAD, "", "", "" },
	{ S("<\xed\xa0\x80@x.y>"), PATH_BAD, "", "", "" },
	{ S("<\xf4\x90\x80\x80@x.y>"), PATH_BAD, "", "", "" },
	{ S("<\xc2\x85@x.y>"), PATH_BAD, "", "", "" },
	{ S("<\"\xc2\x85\"@x.y>"), PATH_BAD, "", "", "" },
	{ S("<\"\\\xc3\xa4\"@x.y>"), PATH_BAD, "", "", "" },
	/* dots and gaps that are none, in a domain */
	{ S("<a@b\xe3\x80\x82" "c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b\xef\xbc\x8e" "c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b\xe2\x80\xa4" "c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b\xe2\x80\x8b" "c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b\xc2\xa0" "c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b\xe2\x80\xaa" "c.d>"), PATH_BAD, "", "", "" },
	{ S("<a@b\xe2\x80\x8d" "c.d>"), PATH_OK, "a@b\xe2\x80\x8d" "c.d", "b\xe2\x80\x8d" "c.d", "" },

	/* control characters and attempts to smuggle a command */
	{ S("<a\0@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c\0>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c>\0"), PATH_BAD, "", "", "" },
	{ S("<>\0"), PATH_BAD, "", "", "" },
	{ S("<\0>"), PATH_BAD, "", "", "" },
	{ S("<\"\0\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\"a\\\0\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a\x7f@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\"\x7f\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\"\t\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\"\\\t\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<\"a\rRCPT TO:<x@y>\"@d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\nRCPT TO:<x@y>\"@d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\r\nRCPT TO:<x@y>\"@d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\\\r\nRCPT TO:<x@y>\"@d>"), PATH_BAD, "", "", "" },
	{ S("<\"a\vRCPT TO:<x@y>\"@d>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c\r\nDATA>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c>\r\nDATA"), PATH_BAD, "", "", "" },
	{ S("<a%0d%0aDATA@b.c>"), PATH_OK, "a%0d%0aDATA@b.c", "b.c", "" },
	{ S("<a=0D=0ADATA@b.c>"), PATH_OK, "a=0D=0ADATA@b.c", "b.c", "" },
	{ S("<;rm${IFS}-r;@b.c>"), PATH_BAD, "", "", "" },
	{ S("<|/bin/sh@b.c>"), PATH_OK, "|/bin/sh@b.c", "b.c", "" },
	{ S("<${run{x}}@b.c>"), PATH_OK, "${run{x}}@b.c", "b.c", "" },
	{ S("<`x`@b.c>"), PATH_OK, "`x`@b.c", "b.c", "" },
	{ S("<%n%s%99999d@b.c>"), PATH_OK, "%n%s%99999d@b.c", "b.c", "" },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(cases) >= 100, "a wide choice of addresses");

/* Least quoted, it is an address of the same kind, and stays as it is. */
static void
assert_plain(const struct path *path, enum path_status st)
{
	struct buf plain = buf_new(LIMIT_PATH), again = buf_new(LIMIT_PATH);
	struct path path2;

	path_plain(path->mailbox, &plain);
	assert_true(buf_ok(&plain) && plain.n <= path->mailbox.n);
	assert_int_equal(path_parse_mailbox(buf_slice(&plain), &path2), st);
	assert_slice(path2.domain, path->domain);
	path_plain(buf_slice(&plain), &again);
	assert_slice(buf_slice(&again), buf_slice(&plain));
	buf_free(&plain);
	buf_free(&again);
}

/* Parsed is what the grammar promises, and parses to itself. */
static void
assert_sound(const struct path *path, enum path_status st)
{
	char again[LIMIT_PATH];
	struct path path2;
	struct slice rest;
	size_t i, n = path->mailbox.n;

	assert_true(n > 0 && n + 2 <= LIMIT_PATH);
	for (i = 0; i < n; i++)
		assert_true((unsigned char)path->mailbox.p[i] >= 0x20 &&
			    path->mailbox.p[i] != 0x7f);
	assert_true(utf8_is_valid(path->mailbox));
	assert_int_equal(path->utf8, !utf8_is_ascii(path->mailbox));
	if (st == PATH_LOCAL) {
		assert_int_equal(path->domain.n, 0);
	} else {
		assert_in_range(path->domain.n, 1, n - 2);
		assert_ptr_equal(
		    path->domain.p, path->mailbox.p + n - path->domain.n);
		assert_int_equal(path->domain.p[-1], '@');
	}
	again[0] = '<';
	memcpy(again + 1, path->mailbox.p, n);
	again[n + 1] = '>';
	assert_int_equal(
	    path_parse((struct slice){ again, n + 2 }, &path2, &rest), st);
	assert_slice(path2.mailbox, path->mailbox);
	assert_int_equal(rest.n, 0);
	assert_plain(path, st);
}

static bool
is_accepted(enum path_status st)
{
	return st == PATH_OK || st == PATH_LOCAL || st == PATH_BAD_DOMAIN;
}

static void
check_result(struct slice in)
{
	struct path path;
	struct slice rest;
	enum path_status st = path_parse(in, &path, &rest);

	assert_true(is_inside(rest, in));
	if (st == PATH_NULL || is_accepted(st))
		assert_true(rest.n == 0 || rest.p[0] == ' ');
	else
		assert_int_equal(rest.n, 0);
	if (is_accepted(st)) {
		assert_true(is_inside(path.mailbox, in));
		assert_sound(&path, st);
	}
}

static void
test_each_address_has_its_verdict(void **state)
{
	struct path path;
	struct slice rest;
	enum path_status st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		st = path_parse(cases[i].in, &path, &rest);
		if (st != cases[i].status)
			fail_msg("'%s': got %d, want %d", shown(cases[i].in),
			    st, cases[i].status);
		assert_slice(rest, slice_of(cases[i].rest));
		if (st == PATH_NULL || is_accepted(st)) {
			assert_slice(path.mailbox, slice_of(cases[i].mailbox));
			assert_slice(path.domain, slice_of(cases[i].domain));
		}
	}
}

static void
test_spoilt_addresses_are_sound_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, check_result);
		mutated(cases[i].in, check_result);
	}
}

/* clang-format off */
static const struct {
	struct slice	 in;
	enum path_status status;
} mailboxes[] = {
	{ S("a@b.c"),		PATH_OK },
	{ S("\"a b\"@b.c"),	PATH_OK },
	{ S("a@[127.0.0.1]"),	PATH_OK },
	{ S("a@b"),		PATH_BAD_DOMAIN },
	{ S("a"),		PATH_LOCAL },
	{ S(""),		PATH_BAD },
	{ S("<a@b.c>"),		PATH_BAD },
	{ S("a@b.c "),		PATH_BAD },
	{ S("a@b.c\r"),		PATH_BAD },
	{ S("a@b.c\0"),		PATH_BAD },
	{ S("a b"),		PATH_BAD },
	{ S("@r.s:a@b.c"),	PATH_BAD },
	{ S("a@b.c>"),		PATH_BAD },
	{ S("\xc3\xa4@b.c"),	PATH_OK },
	{ S("\xe4@b.c"),		PATH_BAD },
	{ S(A64 "@b.c"),	PATH_OK },
	{ S("a@" D245 A7),	PATH_OK },
};
/* clang-format on */

static void
check_mailbox(struct slice in)
{
	struct path path;
	enum path_status st = path_parse_mailbox(in, &path);

	assert_true(st != PATH_NULL);
	if (is_accepted(st)) {
		assert_sound(&path, st);
		assert_slice(path.mailbox, in);
	}
}

static void
test_a_mailbox_stands_alone(void **state)
{
	struct path path;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(mailboxes); i++) {
		if (path_parse_mailbox(mailboxes[i].in, &path) !=
		    mailboxes[i].status)
			fail_msg("'%s'", shown(mailboxes[i].in));
		truncated(mailboxes[i].in, check_mailbox);
		mutated(mailboxes[i].in, check_mailbox);
	}
}

/* clang-format off */
static const struct {
	const char *mailbox, *plain;
} plains[] = {
	{ "a@b.c",			"a@b.c" },
	{ "\"a\"@b.c",			"a@b.c" },
	{ "\"\\a\"@b.c",			"a@b.c" },
	{ "\"A.b\"@C.d",		"A.b@C.d" },
	{ "\"a..b\"@c.d",		"\"a..b\"@c.d" },
	{ "\".a\"@b.c",			"\".a\"@b.c" },
	{ "\"\"@b.c",			"\"\"@b.c" },
	{ "\"a b\"@c.d",		"\"a b\"@c.d" },
	{ "\"a\\ b\"@c.d",		"\"a b\"@c.d" },
	{ "\"a\\\"b\"@c.d",		"\"a\\\"b\"@c.d" },
	{ "\"a\\\\b\"@c.d",		"\"a\\\\b\"@c.d" },
	{ "\"a b@c\\d\"@x.example",	"\"a b@cd\"@x.example" },
	{ "\"a@b\"@c.d",		"\"a@b\"@c.d" },
	{ "\"\xc3\xa4\"@b.c",		"\xc3\xa4@b.c" },
	{ "\"a\"@[1.2.3.4]",		"a@[1.2.3.4]" },
	{ "\"a\"",			"a" },
};
/* clang-format on */

static void
test_quotes_that_say_nothing_are_dropped(void **state)
{
	struct path path;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(plains); i++) {
		b = buf_new(LIMIT_PATH);
		assert_true(is_accepted(
		    path_parse_mailbox(slice_of(plains[i].mailbox), &path)));
		path_plain(path.mailbox, &b);
		assert_slice(buf_slice(&b), slice_of(plains[i].plain));
		buf_free(&b);
	}
}

static void
test_an_address_in_brackets_is_told(void **state)
{
	struct path path;

	(void)state;
	assert_int_equal(
	    path_parse_mailbox(slice_of("a@[127.0.0.1]"), &path), PATH_OK);
	assert_true(path.literal);
	assert_int_equal(path_parse_mailbox(slice_of("a@b.c"), &path), PATH_OK);
	assert_false(path.literal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_address_has_its_verdict),
		cmocka_unit_test(test_spoilt_addresses_are_sound_or_refused),
		cmocka_unit_test(test_a_mailbox_stands_alone),
		cmocka_unit_test(test_quotes_that_say_nothing_are_dropped),
		cmocka_unit_test(test_an_address_in_brackets_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
