/* path - a fixed verdict for every address we could think of. */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "path.h"

#define A7  "aaaaaaa"
#define A8  A7 "a"
#define A56 A7 A7 A7 A7 A7 A7 A7 A7
#define A63 A56 A7
#define A64 A56 A8

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

	/* lengths: local part 64, path 256 with its brackets */
	{ S("<" A64 "@b.c>"), PATH_OK, A64 "@b.c", "b.c", "" },
	{ S("<" A64 "a@b.c>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<\"" A56 "aaaaaa\"@b.c>"), PATH_OK, "\"" A56 "aaaaaa\"@b.c", "b.c", "" },
	{ S("<\"" A63 "\"@b.c>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<" A64 "a>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<a@" D245 A7 ">"), PATH_OK, "a@" D245 A7, D245 A7, "" },
	{ S("<a@" D245 A8 ">"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<a@" D245 A8 "aa>"), PATH_TOO_LONG, NULL, NULL, "" },
	{ S("<a@" D245 A8 "aaa>"), PATH_TOO_LONG, NULL, NULL, "" },

	/* beyond ASCII */
	{ S("<\xc3\xa4@b.c>"), PATH_NOT_ASCII, "", "", "" },
	{ S("<a@\xc3\xa4.c>"), PATH_NOT_ASCII, "", "", "" },
	{ S("<\"\xc3\xa4\"@b.c>"), PATH_NOT_ASCII, "", "", "" },
	{ S("<a@b.c\xc3>"), PATH_NOT_ASCII, "", "", "" },
	{ S("<\x80>"), PATH_NOT_ASCII, "", "", "" },
	{ S("<\xff@\xfe>"), PATH_NOT_ASCII, "", "", "" },
	{ S("<\"a>\xc3\xa4\"@b.c>"), PATH_BAD, "", "", "" },
	{ S("<a@b.c> \xc3\xa4"), PATH_OK, "a@b.c", "b.c", " \xc3\xa4" },

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
		assert_in_range(path->mailbox.p[i], 0x20, 0x7e);
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
	{ S("\xc3\xa4@b.c"),	PATH_NOT_ASCII },
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_address_has_its_verdict),
		cmocka_unit_test(test_spoilt_addresses_are_sound_or_refused),
		cmocka_unit_test(test_a_mailbox_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
