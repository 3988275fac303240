/* xtext - what an octet written in hex may stand for, and ORCPT. */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "utf8.h"
#include "xtext.h"

/* clang-format off */
static const struct {
	struct slice	in;
	const char	*text;	/* NULL: no xtext */
} cases[] = {
	{ S(""),		"" },
	{ S("abc"),		"abc" },
	{ S("a+2Bb"),		"a+b" },
	{ S("+3D"),		"=" },
	{ S("a+20b"),		"a b" },
	{ S("a b"),		"a b" },	/* no word of a command is so */
	{ S("+7E~!"),		"~~!" },
	{ S("a+2bb"),		NULL },
	{ S("a=b"),		NULL },
	{ S("+"),		NULL },
	{ S("+2"),		NULL },
	{ S("+G0"),		NULL },
	{ S("+00"),		NULL },
	{ S("+0A"),		NULL },
	{ S("+0D+0A"),		NULL },
	{ S("+7F"),		NULL },
	{ S("+C3+A4"),		NULL },
	{ S("\xc3\xa4"),	NULL },
	{ S("a\0"),		NULL },
	{ S("a\r\n"),		NULL },
};

/* With UTF-8 in ORCPT, and without. */
static const struct {
	struct slice	in;
	bool		utf8, ascii;
} orcpts[] = {
	{ S("rfc822;a@b.example"),	true,	true },
	{ S("RFC822;a@b.example"),	true,	true },
	{ S("rfc822;a+2Bb@c.example"),	true,	true },
	{ S("rfc822;Case@B.Example"),	true,	true },
	{ S("x400;/a=b/"),		false,	false },
	{ S("x400;/a+3Db/"),		true,	true },
	{ S("x-odd;anything"),		true,	true },
	{ S("utf-8;a@b.example"),	true,	true },
	{ S("UTF-8;\\x{FC}@b.example"),	true,	true },
	{ S("utf-8;\\x{fc}@b.example"),	true,	true },
	{ S("utf-8;\\x{1F600}@b.example"), true, true },
	{ S("utf-8;\\x{10FFFF}"),	true,	true },
	{ S("utf-8;\\x{2B}\\x{3D}\\x{5C}\\x{20}"), true, true },
	{ S("utf-8;\xc3\xbc@b.example"), true,	false },
	{ S("utf-8;\xe4\xbe\x8b"),	true,	false },
	{ S("utf-8;\\x{110000}"),	false,	false },
	{ S("utf-8;\\x{0FC}"),		false,	false },
	{ S("utf-8;\\x{D800}"),		false,	false },
	{ S("utf-8;\\x{41}"),		false,	false },
	{ S("utf-8;\\x{9}"),		false,	false },
	{ S("utf-8;\\x{D}\\x{A}"),	false,	false },
	{ S("utf-8;\\x{85}"),		false,	false },
	{ S("utf-8;\\x{}"),		false,	false },
	{ S("utf-8;\\x{FC"),		false,	false },
	{ S("utf-8;\\x{FCFCFCFC}"),	false,	false },
	{ S("utf-8;\\xFC"),		false,	false },
	{ S("utf-8;\\"),		false,	false },
	{ S("utf-8;a+2Bb"),		false,	false },
	{ S("utf-8;a=b"),		false,	false },
	{ S("utf-8;\xc3"),		false,	false },
	{ S("utf-8;\xc0\xaf"),		false,	false },
	{ S("rfc822;\xc3\xbc@b.example"), false, false },
	{ S("rfc822;"),			false,	false },
	{ S("utf-8;"),			false,	false },
	{ S(";a@b.example"),		false,	false },
	{ S("rfc822"),			false,	false },
	{ S("rfc 822;a"),		false,	false },
	{ S("rfc822;a b"),		false,	false },
	{ S("rfc822;+0D+0A"),		false,	false },
	{ S("rfc822;a\r\nDATA"),	false,	false },
	{ S("\xc3\xbc;a"),		false,	false },
	{ S(""),			false,	false },
};
/* clang-format on */

static void
test_each_xtext_has_its_text(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		b = buf_new(100);
		if (xtext_decode(cases[i].in, &b) != (cases[i].text != NULL) ||
		    xtext_is_valid(cases[i].in) != (cases[i].text != NULL))
			fail_msg("'%s'", shown(cases[i].in));
		if (cases[i].text != NULL)
			assert_slice(buf_slice(&b), slice_of(cases[i].text));
		buf_free(&b);
	}
}

static void
test_text_that_does_not_fit_is_refused(void **state)
{
	struct buf b = buf_new(3);

	(void)state;
	assert_false(xtext_decode(slice_of("abcd"), &b));
	buf_free(&b);
}

static void
test_each_orcpt_has_its_verdict(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(orcpts); i++)
		if (xtext_is_orcpt(orcpts[i].in, true) != orcpts[i].utf8 ||
		    xtext_is_orcpt(orcpts[i].in, false) != orcpts[i].ascii)
			fail_msg("'%s'", shown(orcpts[i].in));
}

static void
test_an_orcpt_has_500_octets_at_most(void **state)
{
	char text[LIMIT_ORCPT + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "rfc822;", 7);
	assert_true(xtext_is_orcpt((struct slice){ text, LIMIT_ORCPT }, false));
	assert_false(
	    xtext_is_orcpt((struct slice){ text, LIMIT_ORCPT + 1 }, false));
}

/* What is taken can stand in a command; what is decoded can be shown. */
static void
survive(struct slice in)
{
	struct buf b = buf_new(100);
	size_t i;

	if (xtext_decode(in, &b))
		for (i = 0; i < b.n; i++)
			assert_in_range((unsigned char)b.p[i], 0x20, 0x7e);
	buf_free(&b);
	if (!xtext_is_orcpt(in, true))
		return;
	assert_true(utf8_is_valid(in));
	for (i = 0; i < in.n; i++)
		assert_true((unsigned char)in.p[i] > ' ' && in.p[i] != 0x7f &&
			    in.p[i] != '=');
	if (utf8_is_ascii(in))
		assert_true(xtext_is_orcpt(in, false));
}

static void
test_spoilt_xtext_does_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, survive);
		mutated(cases[i].in, survive);
	}
	for (i = 0; i < ARRAY_LEN(orcpts); i++) {
		truncated(orcpts[i].in, survive);
		mutated(orcpts[i].in, survive);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_xtext_has_its_text),
		cmocka_unit_test(test_text_that_does_not_fit_is_refused),
		cmocka_unit_test(test_each_orcpt_has_its_verdict),
		cmocka_unit_test(test_an_orcpt_has_500_octets_at_most),
		cmocka_unit_test(test_spoilt_xtext_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
