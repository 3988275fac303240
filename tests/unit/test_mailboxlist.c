/* mailboxlist - which addresses a field holds, and which fields nobody knows.
 */

#include "cases.h"

#include "buf.h"
#include "compiler.h"
#include "mailboxlist.h"

#define A60  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
#define A480 A60 A60 A60 A60 A60 A60 A60 A60
#define N16  "(((((((((((((((("
#define M16  "))))))))))))))))"

/*
 * good: the addresses, each followed by ";", with its display name in front of
 * "=", and behind it ! odd, 1 one label, 0 no domain.  NULL: a fault at at.
 */
/* clang-format off */
static const struct {
	struct slice	 in;
	const char	*good;
	const char	*fault;
	size_t		 at;
} cases[] = {
	/* plain */
	{ S("a@b.c"), "=a@b.c;", NULL, 0 },
	{ S(" a@b.c"), "=a@b.c;", NULL, 0 },
	{ S(" A.B@Example.ORG "), "=A.B@Example.ORG;", NULL, 0 },
	{ S("<a@b.c>"), "=a@b.c;", NULL, 0 },
	{ S("< a@b.c >"), "=a@b.c;", NULL, 0 },
	{ S("Alice <a@b.c>"), "Alice=a@b.c;", NULL, 0 },
	{ S("Alice Able <a@b.c>"), "Alice Able=a@b.c;", NULL, 0 },
	{ S("Alice<a@b.c>"), "Alice=a@b.c;", NULL, 0 },
	{ S("\"Able, Alice\" <a@b.c>"), "\"Able, Alice\"=a@b.c;", NULL, 0 },
	{ S("\"Al\\\"ice\" <a@b.c>"), "\"Al\\\"ice\"=a@b.c;", NULL, 0 },
	{ S("\"\" <a@b.c>"), "\"\"=a@b.c;", NULL, 0 },
	{ S("a@b.c, d@e.f"), "=a@b.c;=d@e.f;", NULL, 0 },
	{ S("a@b.c,d@e.f,<g@h.i>"), "=a@b.c;=d@e.f;=g@h.i;", NULL, 0 },
	{ S("!#$%&'*+-/=?^_`{|}~@b.c"), "=!#$%&'*+-/=?^_`{|}~@b.c;", NULL, 0 },
	{ S("user+tag@b.c"), "=user+tag@b.c;", NULL, 0 },
	{ S("a@b-c.d_e.f"), "=a@b-c.d_e.f;", NULL, 0 },
	{ S("a@1.2.3.4"), "=a@1.2.3.4;", NULL, 0 },
	{ S("a%b.c@d.e"), "=a%b.c@d.e;", NULL, 0 },
	{ S("a!b@c.d"), "=a!b@c.d;", NULL, 0 },
	{ S("a@[127.0.0.1]"), "=a@[127.0.0.1];", NULL, 0 },
	{ S("a@[IPv6:2001:db8::1]"), "=a@[IPv6:2001:db8::1];", NULL, 0 },

	/* folded */
	{ S("\r\n a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("\r\n\ta@b.c,\r\n\td@e.f"), "=a@b.c;=d@e.f;", NULL, 0 },
	{ S("Alice\r\n Able <a@b.c>"), "Alice\r\n Able=a@b.c;", NULL, 0 },
	{ S("Alice\r\n <a@b.c>"), "Alice=a@b.c;", NULL, 0 },
	{ S("a@b.c\r\n "), "=a@b.c;", NULL, 0 },
	{ S("a@b.c\r\n \r\n ,d@e.f"), "=a@b.c;=d@e.f;", NULL, 0 },
	{ S("\"Al\r\n ice\" <a@b.c>"), "\"Al\r\n ice\"=a@b.c;", NULL, 0 },

	/* comments */
	{ S("a@b.c (Alice)"), "=a@b.c;", NULL, 0 },
	{ S("(Alice) a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("Alice (Able) <a@b.c> (x)"), "Alice=a@b.c;", NULL, 0 },
	{ S("Alice (x) Able <a@b.c>"), "Alice (x) Able=a@b.c;", NULL, 0 },
	{ S("<(x)a@b.c(y)>"), "=a@b.c;", NULL, 0 },
	{ S("(a(b(c)d)e) a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("(\\)) a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("(\\() a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("(\") a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("(,;:) a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("() a@b.c"), "=a@b.c;", NULL, 0 },
	{ S("(\xc3\xa4) a@b.c"), "=a@b.c;", NULL, 0 },
	{ S(N16 N16 M16 M16 "a@b.c"), "=a@b.c;", NULL, 0 },
	{ S(N16 N16 "(" M16 M16 ")a@b.c"), NULL, "comments in comments", 32 },
	{ S("a@b.c (x"), NULL, "a comment does not end", 8 },
	{ S("(a@b.c"), NULL, "a comment does not end", 6 },
	{ S("a@b.c)"), NULL, "text behind an address", 5 },
	{ S("a@b.c (x))"), NULL, "text behind an address", 9 },
	{ S("(\x01) a@b.c"), NULL, "a control character", 1 },
	{ S("(\\\x01) a@b.c"), NULL, "a control character", 2 },
	{ S("(\\"), NULL, "a control character", 2 },
	{ S("(\xc3) a@b.c"), NULL, "not UTF-8", 1 },

	/* quoted local parts: quoted only where they must be */
	{ S("\"a\"@b.c"), "=a@b.c;", NULL, 0 },
	{ S("\"a.b\"@c.d"), "=a.b@c.d;", NULL, 0 },
	{ S("\"\\a\"@b.c"), "=a@b.c;", NULL, 0 },
	{ S("\"a b\"@c.d"), "=\"a b\"@c.d;", NULL, 0 },
	{ S("\"a@b\"@c.d"), "=\"a@b\"@c.d;", NULL, 0 },
	{ S("\"a\\@b\"@c.d"), "=\"a@b\"@c.d;", NULL, 0 },
	{ S("\"a\\\"b\"@c.d"), "=\"a\\\"b\"@c.d;", NULL, 0 },
	{ S("\"a\\\\b\"@c.d"), "=\"a\\\\b\"@c.d;", NULL, 0 },
	{ S("\"\"@b.c"), "=\"\"@b.c;", NULL, 0 },
	{ S("\".\"@b.c"), "=\".\"@b.c;", NULL, 0 },
	{ S("\".a\"@b.c"), "=\".a\"@b.c;", NULL, 0 },
	{ S("\"a.\"@b.c"), "=\"a.\"@b.c;", NULL, 0 },
	{ S("\"a..b\"@c.d"), "=\"a..b\"@c.d;", NULL, 0 },
	{ S("\"a\".b@c.d"), "=a.b@c.d;", NULL, 0 },
	{ S("a.\"b c\".d@e.f"), "=\"a.b c.d\"@e.f;", NULL, 0 },
	{ S("\"a\r\n b\"@c.d"), "=\"a b\"@c.d;", NULL, 0 },
	{ S("\"(a)\"@b.c"), "=\"(a)\"@b.c;", NULL, 0 },
	{ S("<\"a>b\"@c.d>"), "=\"a>b\"@c.d;", NULL, 0 },
	{ S("\"a,b\"@c.d"), "=\"a,b\"@c.d;", NULL, 0 },
	{ S("\"a@b.c"), NULL, "a quoted string does not end", 6 },
	{ S("\"a\\\"@b.c"), NULL, "a quoted string does not end", 8 },
	{ S("\"a\"b@c.d"), NULL, "several words before the @", 4 },
	{ S("a\"b\"@c.d"), NULL, "several words before the @", 4 },
	{ S("\"a\" \"b\"@c.d"), NULL, "several words before the @", 7 },
	{ S("\"\x01\"@b.c"), NULL, "a control character", 1 },
	{ S("\"\x7f\"@b.c"), NULL, "a control character", 1 },
	{ S("\"\xff\"@b.c"), NULL, "not UTF-8", 1 },
	{ S("a\\@b@c.d"), NULL, "text behind an address", 1 },

	/* obsolete: dots in names, white space between tokens, routes */
	{ S("John Q. Public <a@b.c>"), "John Q. Public=a@b.c;", NULL, 0 },
	{ S("J.R.R. Tolkien <a@b.c>"), "J.R.R. Tolkien=a@b.c;", NULL, 0 },
	{ S("a.b <c@d.e>"), "a.b=c@d.e;", NULL, 0 },
	{ S("a . b @ c . d"), "=a.b@c.d!;", NULL, 0 },
	{ S("a(x)@b.c"), "=a@b.c!;", NULL, 0 },
	{ S("a@(x)b.c"), "=a@b.c!;", NULL, 0 },
	{ S("a@b(x).c"), "=a@b.c!;", NULL, 0 },
	{ S("a@b.(x)c"), "=a@b.c!;", NULL, 0 },
	{ S("a@b.\r\n c"), "=a@b.c!;", NULL, 0 },
	{ S("<a\r\n @b.c>"), "=a@b.c!;", NULL, 0 },
	{ S("a@ [1.2.3.4]"), "=a@[1.2.3.4]!;", NULL, 0 },
	{ S("<@r.s:a@b.c>"), "=a@b.c!;", NULL, 0 },
	{ S("<@r.s,@t.u:a@b.c>"), "=a@b.c!;", NULL, 0 },
	{ S("<@r.s, ,@t.u : a@b.c>"), "=a@b.c!;", NULL, 0 },
	{ S("<,@r.s:a@b.c>"), "=a@b.c!;", NULL, 0 },
	{ S("<@r.s @t.u:a@b.c>"), NULL, "a route without its colon", 6 },
	{ S("<@r.s>"), NULL, "a route without its colon", 5 },
	{ S("<@r.s:>"), NULL, "no address", 6 },
	{ S("<@:a@b.c>"), NULL, "no whole domain behind the @", 2 },
	{ S("<:a@b.c>"), NULL, "no address", 1 },
	{ S("@r.s:a@b.c"), NULL, "no address", 0 },
	{ S(",a@b.c,,\r\n ,d@e.f,"), "=a@b.c;=d@e.f;", NULL, 0 },
	{ S(". a <b@c.d>"), NULL, "a name that begins with a dot", 4 },

	/* no domain, or half of one */
	{ S("bob"), "=bob0;", NULL, 0 },
	{ S("<bob>"), "=bob0;", NULL, 0 },
	{ S("Bob <bob>"), "Bob=bob0;", NULL, 0 },
	{ S("bob (Bob)"), "=bob0;", NULL, 0 },
	{ S("bob, carol@b.c"), "=bob0;=carol@b.c;", NULL, 0 },
	{ S("bob.b"), "=bob.b0;", NULL, 0 },
	{ S("bob@sales"), "=bob@sales1;", NULL, 0 },
	{ S("bob@localhost"), "=bob@localhost1;", NULL, 0 },
	{ S("\"bob\""), NULL, "a name without an address", 5 },
	{ S("bob smith"), NULL, "a name without an address", 9 },
	{ S("<bob smith>"), NULL, "a name without an address", 10 },
	{ S("undisclosed recipients"), NULL, "a name without an address", 22 },
	{ S("bob."), NULL, "a name without an address", 4 },
	{ S(".bob"), NULL, "a name without an address", 4 },
	{ S("a@"), NULL, "no whole domain behind the @", 2 },
	{ S("a@.b"), NULL, "no whole domain behind the @", 2 },
	{ S("a@b."), NULL, "no whole domain behind the @", 4 },
	{ S("a@b..c"), NULL, "no whole domain behind the @", 4 },
	{ S("a@b.c."), NULL, "no whole domain behind the @", 6 },
	{ S("a@\"b\".c"), NULL, "no whole domain behind the @", 2 },
	{ S("@b.c"), NULL, "no address", 0 },
	{ S(".a@b.c"), NULL, "several words before the @", 2 },
	{ S("a.@b.c"), NULL, "several words before the @", 2 },
	{ S("a..b@c.d"), NULL, "several words before the @", 4 },

	/* nothing */
	{ S(""), "", NULL, 0 },
	{ S(" \t"), "", NULL, 0 },
	{ S("(nobody)"), "", NULL, 0 },
	{ S(","), "", NULL, 0 },
	{ S("<>"), NULL, "no address", 1 },
	{ S("< >"), NULL, "no address", 2 },
	{ S("Alice <>"), NULL, "no address", 7 },

	/* groups */
	{ S("Undisclosed recipients:;"), "", NULL, 0 },
	{ S("undisclosed-recipients: ;"), "", NULL, 0 },
	{ S("g:a@b.c;"), "=a@b.c;", NULL, 0 },
	{ S("My Group: a@b.c, D <d@e.f>;"), "=a@b.c;D=d@e.f;", NULL, 0 },
	{ S("\"g:h\": a@b.c;"), "=a@b.c;", NULL, 0 },
	{ S("g: ,a@b.c,, ;"), "=a@b.c;", NULL, 0 },
	{ S("g:a@b.c;,h:d@e.f;"), "=a@b.c;=d@e.f;", NULL, 0 },
	{ S("x@y.z, g:a@b.c; (c), d@e.f"), "=x@y.z;=a@b.c;=d@e.f;", NULL, 0 },
	{ S("g:a@b.c"), NULL, "a group that does not end", 7 },
	{ S("g:"), NULL, "a group that does not end", 2 },
	{ S("g:h:a@b.c;;"), NULL, "a group in a group", 3 },
	{ S("g:;;"), NULL, "text behind a group", 3 },
	{ S("g:; a@b.c"), NULL, "text behind a group", 4 },
	{ S(";"), NULL, "a ; that ends no group", 0 },
	{ S("a@b.c;"), NULL, "a ; that ends no group", 5 },
	{ S(":a@b.c;"), NULL, "a group without a name", 0 },
	{ S(".:a@b.c;"), NULL, "a group without a name", 1 },

	/* encoded words are names */
	{ S("=?utf-8?q?J=C3=B6rg?= <a@b.c>"), "=?utf-8?q?J=C3=B6rg?==a@b.c;", NULL, 0 },
	{ S("=?utf-8?q?boss=40example.org?= <evil@x.y>"), "=?utf-8?q?boss=40example.org?==evil@x.y;", NULL, 0 },
	{ S("=?utf-8?b?Ym9zcw==?= =?utf-8?q?x?= <a@b.c>"), "=?utf-8?b?Ym9zcw==?= =?utf-8?q?x?==a@b.c;", NULL, 0 },
	{ S("\"=?utf-8?q?x?=\" <a@b.c>"), "\"=?utf-8?q?x?=\"=a@b.c;", NULL, 0 },
	{ S("a@b.c (=?utf-8?q?x?=)"), "=a@b.c;", NULL, 0 },
	{ S("=?utf-8?q?boss=40example.org?="), NULL, "an encoded word instead of an address", 30 },
	{ S("<=?utf-8?q?boss=40example.org?=>"), NULL, "an encoded word instead of an address", 31 },
	{ S("=?utf-8?q?boss?=@example.org"), NULL, "an encoded word instead of an address", 28 },
	{ S("\"=?utf-8?q?boss?=\"@example.org"), NULL, "an encoded word instead of an address", 30 },
	{ S("=?utf-8?b?Ym9zc0BleGFtcGxlLm9yZwA=?=@x.y"), NULL, "an encoded word instead of an address", 40 },
	{ S("a@=?utf-8?q?b?=.c"), NULL, "an encoded word instead of an address", 17 },
	{ S("=?utf-8?b?PGJvc3NAZXhhbXBsZS5vcmc+?=, <a@b.c>"), NULL, "an encoded word instead of an address", 36 },
	{ S("=?utf-8?q?x <boss@y.z>?= <a@b.c>"), NULL, "text behind an address", 22 },

	/* UTF-8, and what is none */
	{ S("J\xc3\xb6rg <a@b.c>"), "J\xc3\xb6rg=a@b.c;", NULL, 0 },
	{ S("j\xc3\xb6rg@b\xc3\xbc.c"), "=j\xc3\xb6rg@b\xc3\xbc.c;", NULL, 0 },
	{ S("\"\xe2\x82\xac \"@b.c"), "=\"\xe2\x82\xac \"@b.c;", NULL, 0 },
	{ S("\xf0\x9f\x98\x80@b.c"), "=\xf0\x9f\x98\x80@b.c;", NULL, 0 },
	{ S("\xf4\x8f\xbf\xbf@b.c"), "=\xf4\x8f\xbf\xbf@b.c;", NULL, 0 },
	{ S("J\xf6rg <a@b.c>"), NULL, "not UTF-8", 1 },
	{ S("\xc3"), NULL, "not UTF-8", 0 },
	{ S("\xc0\x80@b.c"), NULL, "not UTF-8", 0 },
	{ S("\xc1\xbf@b.c"), NULL, "not UTF-8", 0 },
	{ S("\xe0\x9f\xbf@b.c"), NULL, "not UTF-8", 0 },
	{ S("\xed\xa0\x80@b.c"), NULL, "not UTF-8", 0 },
	{ S("\xf0\x8f\xbf\xbf@b.c"), NULL, "not UTF-8", 0 },
	{ S("\xf4\x90\x80\x80@b.c"), NULL, "not UTF-8", 0 },
	{ S("\xf5\x80\x80\x80@b.c"), NULL, "not UTF-8", 0 },
	{ S("a\x80@b.c"), NULL, "not UTF-8", 1 },
	{ S("a@b\xe2\x82.c"), NULL, "not UTF-8", 3 },

	/* two readings: From as others were fooled by it */
	{ S("boss@x.y <a@b.c>"), NULL, "text behind an address", 9 },
	{ S("<boss@x.y> a@b.c"), NULL, "text behind an address", 11 },
	{ S("<boss@x.y><a@b.c>"), NULL, "text behind an address", 10 },
	{ S("<boss@x.y>, <a@b.c>"), "=boss@x.y;=a@b.c;", NULL, 0 },
	{ S("\"x\" <boss@x.y> <a@b.c>"), NULL, "text behind an address", 15 },
	{ S("\"<boss@x.y>\" <a@b.c>"), "\"<boss@x.y>\"=a@b.c;", NULL, 0 },
	{ S("\"boss@x.y\" <a@b.c>"), "\"boss@x.y\"=a@b.c;", NULL, 0 },
	{ S("\"boss@x.y\"@b.c"), "=\"boss@x.y\"@b.c;", NULL, 0 },
	{ S("\"boss@x.y\\\" <a@b.c>"), NULL, "a quoted string does not end", 19 },
	{ S("boss@x.y@b.c"), NULL, "text behind an address", 8 },
	{ S("a@b.c, boss@x.y"), "=a@b.c;=boss@x.y;", NULL, 0 },
	{ S("a@b.c boss@x.y"), NULL, "text behind an address", 6 },
	{ S("a@b.c;boss@x.y"), NULL, "a ; that ends no group", 5 },
	{ S("boss@x.y:a@b.c;"), NULL, "text behind an address", 8 },
	{ S("a@b.c\0boss@x.y"), NULL, "text behind an address", 5 },
	{ S("a\0@b.c"), NULL, "text behind an address", 1 },
	{ S("<a@b.c\0>"), NULL, "no > behind the address", 6 },
	{ S("\"a\0\" <a@b.c>"), NULL, "a control character", 2 },
	{ S("<a@b.c"), NULL, "no > behind the address", 6 },
	{ S("a@b.c>"), NULL, "text behind an address", 5 },
	{ S("<<a@b.c>>"), NULL, "no address", 1 },
	{ S("<a@b.c,boss@x.y>"), NULL, "no > behind the address", 6 },
	{ S("<boss@x.y(>a@b.c)"), NULL, "no > behind the address", 17 },
	{ S("broken@@x"), NULL, "no whole domain behind the @", 7 },
	{ S("mailto:a@b.c"), NULL, "a group that does not end", 12 },
	{ S("[a@b.c]"), NULL, "no address", 0 },
	{ S("a@[b"), NULL, "an address literal does not end", 4 },
	{ S("a@[b c]"), NULL, "an address literal does not end", 4 },
	{ S("a@[b[c]"), NULL, "an address literal does not end", 4 },
	{ S("a@[b\\]c]"), NULL, "an address literal does not end", 4 },
	{ S("a@[1.2.3.4]b.c"), NULL, "text behind an address", 11 },
	{ S("a@b.c\r\nboss@x.y"), NULL, "text behind an address", 5 },
	{ S("a@b.c\nboss@x.y"), NULL, "text behind an address", 5 },
	{ S("a@b.c\r"), NULL, "text behind an address", 5 },
	{ S("a@b.c\x0b"), NULL, "text behind an address", 5 },

	/* long ones */
	{ S(A60 A60 "@b.c"), "=" A60 A60 "@b.c;", NULL, 0 },
	{ S(A480 "@b.c"), "=" A480 "@b.c;", NULL, 0 },
	{ S(A480 "@" A60 ".c"), NULL, "an address that is too long", 543 },
	{ S(A480 A60 "@b.c"), NULL, "an address that is too long", 544 },
	{ S("\"" A480 A60 "\"@b.c"), NULL, "an address that is too long", 546 },
	{ S(A480 A60 " <a@b.c>"), A480 A60 "=a@b.c;", NULL, 0 },
	{ S("\"" A480 A60 "\" <a@b.c>"), "\"" A480 A60 "\"=a@b.c;", NULL, 0 },
};
/* clang-format on */

static void
tell(struct buf *out, const struct mailbox *mb)
{
	buf_add(out, mb->name.p, mb->name.n);
	buf_str(out, "=");
	buf_add(out, mb->address.p, mb->address.n);
	buf_str(out, mb->odd ? "!" : "");
	buf_str(out, mb->domain == MAILBOX_ONE_LABEL   ? "1"
		     : mb->domain == MAILBOX_NO_DOMAIN ? "0"
						       : "");
	buf_str(out, ";");
}

static void
test_each_field_has_its_addresses(void **state)
{
	enum mailboxlist_status st;
	struct mailboxlist list;
	struct mailbox mb;
	struct buf got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		got = buf_new(4096);
		mailboxlist_begin(&list, cases[i].in);
		while ((st = mailboxlist_next(&list, &mb)) == MAILBOXLIST_ONE)
			tell(&got, &mb);
		if ((st == MAILBOXLIST_END) != (cases[i].good != NULL))
			fail_msg("'%s': %s", shown(cases[i].in),
			    st == MAILBOXLIST_BAD ? list.lex.fault : "good");
		if (cases[i].good != NULL)
			assert_slice(buf_slice(&got), slice_of(cases[i].good));
		else if (strcmp(list.lex.fault, cases[i].fault) != 0 ||
			 list.lex.fault_at != cases[i].at)
			fail_msg("'%s': %s at %zu", shown(cases[i].in),
			    list.lex.fault, list.lex.fault_at);
		buf_free(&got);
	}
}

/* What was accepted says the same when it is written in its short form. */
static void
assert_stable(const struct mailbox *mb)
{
	struct mailboxlist list;
	struct mailbox again;
	char text[LIMIT_HEADER_ADDRESS];

	if (mb->domain != MAILBOX_QUALIFIED)
		return;
	memcpy(text, mb->address.p, mb->address.n);
	mailboxlist_begin(&list, (struct slice){ text, mb->address.n });
	assert_int_equal(mailboxlist_next(&list, &again), MAILBOXLIST_ONE);
	assert_slice(again.address, (struct slice){ text, mb->address.n });
	assert_false(again.odd);
	assert_int_equal(mailboxlist_next(&list, &again), MAILBOXLIST_END);
}

static void
survive(struct slice in)
{
	enum mailboxlist_status st;
	struct mailboxlist list;
	struct mailbox mb;
	unsigned n = 0;

	mailboxlist_begin(&list, in);
	while ((st = mailboxlist_next(&list, &mb)) == MAILBOXLIST_ONE) {
		n++;
		assert_true(is_inside(mb.raw, in) && mb.raw.n > 0);
		assert_true(is_inside(mb.spec, mb.raw) && mb.spec.n > 0);
		assert_true(is_inside(mb.name, mb.raw));
		assert_true(mb.address.n > 0);
		assert_null(memchr(mb.address.p, '\0', mb.address.n));
		assert_null(memchr(mb.address.p, '\r', mb.address.n));
		assert_null(memchr(mb.address.p, '\n', mb.address.n));
		assert_stable(&mb);
	}
	assert_true(n <= in.n);
	assert_true((st == MAILBOXLIST_BAD) == (list.lex.fault != NULL));
	assert_true(list.lex.fault_at <= in.n);
}

static void
test_spoilt_fields_are_sound_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, survive);
		mutated(cases[i].in, survive);
	}
}

/* A comment with an address in it, wherever it stands in the list. */
static void
test_odd_comments_are_told(void **state)
{
	static const struct {
		struct slice in;
		bool odd;
	} rows[] = {
		{ S("a@b.c (Alice)"), false },
		{ S("a@b.c (Alice, at home)"), false },
		{ S("a@b.c (boss@x.y)"), true },
		{ S("(boss@x.y) a@b.c"), true },
		{ S("(<boss) a@b.c"), true },
		{ S("a@b.c (x>)"), true },
		{ S("a@b.c, (boss@x.y) d@e.f"), true },
		{ S("g: a@b.c; (boss@x.y)"), true },
		{ S("Alice (<boss@x.y>) <a@b.c>"), true },
		{ S("\"(boss@x.y)\" <a@b.c>"), false },
	};
	enum mailboxlist_status st;
	struct mailboxlist list;
	struct mailbox mb;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		mailboxlist_begin(&list, rows[i].in);
		while ((st = mailboxlist_next(&list, &mb)) == MAILBOXLIST_ONE)
			continue;
		assert_int_equal(st, MAILBOXLIST_END);
		if (list.lex.odd_comment != rows[i].odd)
			fail_msg("%s", shown(rows[i].in));
	}
}

/* first, then unit again and again, n times. */
static struct buf
repeated(const char *first, const char *unit, size_t n)
{
	struct buf b = buf_new(1 << 20);

	buf_str(&b, first);
	while (n-- > 0)
		buf_str(&b, unit);
	assert_true(buf_ok(&b));
	return b;
}

static unsigned
count(struct buf *b, enum mailboxlist_status want)
{
	enum mailboxlist_status st;
	struct mailboxlist list;
	struct mailbox mb;

	mailboxlist_begin(&list, buf_slice(b));
	while ((st = mailboxlist_next(&list, &mb)) == MAILBOXLIST_ONE)
		continue;
	assert_int_equal(st, want);
	buf_free(b);
	return list.mailboxes;
}

static void
test_the_number_of_addresses_is_limited(void **state)
{
	struct buf b = repeated("", "a@b,", LIMIT_FIELD_ADDRESSES);

	(void)state;
	assert_int_equal(count(&b, MAILBOXLIST_END), LIMIT_FIELD_ADDRESSES);
	b = repeated("", "a@b,", LIMIT_FIELD_ADDRESSES + 1);
	(void)count(&b, MAILBOXLIST_BAD);
}

/* None of these may take long, or much stack. */
static void
test_endless_input_ends(void **state)
{
	static const struct {
		const char *first, *unit;
		enum mailboxlist_status want;
	} rows[] = {
		{ "", "(", MAILBOXLIST_BAD },
		{ "", "()", MAILBOXLIST_END },
		{ "", "(()", MAILBOXLIST_BAD },
		{ "", ",", MAILBOXLIST_END },
		{ "", "<", MAILBOXLIST_BAD },
		{ "", "a ", MAILBOXLIST_BAD },
		{ "", "a.", MAILBOXLIST_BAD },
		{ "", "\"a\"", MAILBOXLIST_BAD },
		{ "a@", "b.", MAILBOXLIST_BAD },
		{ "<", "@a,", MAILBOXLIST_BAD },
		{ "", "g:;,", MAILBOXLIST_END },
		{ "", "g:", MAILBOXLIST_BAD },
		{ "\"", "\\", MAILBOXLIST_BAD },
		{ "", "\r\n ", MAILBOXLIST_END },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		b = repeated(rows[i].first, rows[i].unit, 80000);
		(void)count(&b, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_field_has_its_addresses),
		cmocka_unit_test(test_spoilt_fields_are_sound_or_refused),
		cmocka_unit_test(test_odd_comments_are_told),
		cmocka_unit_test(test_the_number_of_addresses_is_limited),
		cmocka_unit_test(test_endless_input_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
