/*
 * nameindex - names find their certificate, patterns cover one label, and
 * what a stranger sends as a name is only compared.
 */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "nameindex.h"

static const char *const names[] = {
	/* 0 */ "submit.example.net",
	/* 1 */ "*.example.net",
	/* 2 */ "MAIL.Example.ORG",
	/* 3 */ "*.Deep.example.org",
	/* 4 */ "submit.example.net", /* never found: 0 has it */
	/* 5 */ "p*.part.example",
	/* 6 */ "*",
	/* 7 */ "localhost",
	/* 8 */ "*.*.twice.example",
	/* 9 */ "xn--bcher-kva.example",
};

/* clang-format off */
static const struct {
	struct slice	name;
	int		value;
} cases[] = {
	{ S("submit.example.net"),	0 },
	{ S("SUBMIT.EXAMPLE.NET"),	0 },
	{ S("other.example.net"),	1 },
	{ S("o.example.net"),		1 },
	{ S("Other.Example.Net"),	1 },
	{ S("a.b.example.net"),		-1 },
	{ S("example.net"),		-1 },
	{ S(".example.net"),		-1 },
	{ S("mail.example.org"),	2 },
	{ S("xmail.example.org"),	-1 },
	{ S("a.deep.example.org"),	3 },
	{ S("deep.example.org"),	-1 },
	{ S("part.part.example"),	-1 },
	{ S("localhost"),		7 },
	{ S("local"),			-1 },
	{ S("localhosts"),		-1 },
	{ S("a.b.twice.example"),	-1 },
	{ S("xn--bcher-kva.example"),	9 },
	/* a pattern is not a name */
	{ S("*.example.net"),		-1 },
	{ S("*"),			-1 },
	{ S("p*.part.example"),		-1 },
	/* what a stranger may send */
	{ S(""),			-1 },
	{ S("."),			-1 },
	{ S(".."),			-1 },
	{ S("submit.example.net\0"),	-1 },
	{ S("submit.example.net\0.evil"), -1 },
	{ S("\0submit.example.net"),	-1 },
	{ S("submit.example.net."),	-1 },
	{ S("submit\\.example.net"),	1 },
	{ S("../../etc.example.net"),	-1 },
	{ S("\xff\xfe.example.net"),	1 },
	{ S("192.0.2.1"),		-1 },
};

static const struct {
	struct slice	extension;
	struct slice	name;
} extensions[] = {
	{ S("\0\6\0\0\3a.b"),		S("a.b") },
	{ S("\0\4\0\0\1a"),		S("a") },
	{ S("\0\3\0\0\0"),		S("") },
	{ S("\0\6\1\0\3a.b"),		S("") },
	{ S("\0\5\0\0\3a.b"),		S("") },
	{ S("\0\7\0\0\3a.b"),		S("") },
	{ S("\0\6\0\0\4a.b"),		S("") },
	{ S("\0\6\0\0\2a.b"),		S("") },
	{ S("\0\7\0\0\3a.bx"),		S("") },
	{ S("\0\14\0\0\3a.b\0\0\3c.d"),	S("") },
	{ S(""),			S("") },
	{ S("\0"),			S("") },
	{ S("\0\0"),			S("") },
	{ S("\0\2\0\0"),		S("") },
	{ S("\xff\xff\0\xff\xff"),	S("") },
};
/* clang-format on */

static struct nameindex *
make_index(void)
{
	struct nameindex *index = nameindex_new();
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		nameindex_add(index, names[i], (unsigned)i);
	nameindex_seal(index);
	return index;
}

static struct nameindex *asked;

static void
check_value(struct slice name)
{
	int value = nameindex_find(asked, name);

	assert_true(value >= -1 && value < (int)ARRAY_LEN(names));
}

static void
test_each_name_finds_its_own(void **state)
{
	size_t i;
	int value;

	(void)state;
	asked = make_index();
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		value = nameindex_find(asked, cases[i].name);
		if (value != cases[i].value)
			fail_msg("'%s': %d", shown(cases[i].name), value);
		truncated(cases[i].name, check_value);
		mutated(cases[i].name, check_value);
	}
	nameindex_free(&asked);
	assert_null(asked);
	nameindex_free(&asked);
}

static void
test_no_name_is_too_long(void **state)
{
	char text[LIMIT_DOMAIN + 100];
	size_t n;

	(void)state;
	asked = make_index();
	memset(text, 'a', sizeof(text));
	for (n = 0; n + 12 <= sizeof(text); n++) {
		memcpy(text + n, ".example.net", 12);
		/* the whole first label, however long, is one label */
		assert_int_equal(
		    nameindex_find(asked, (struct slice){ text, n + 12 }),
		    n > 0 && n + 12 <= LIMIT_DOMAIN ? 1 : -1);
		exactly((struct slice){ text, n + 12 }, check_value);
		memset(text + n, 'a', 12);
	}
	nameindex_free(&asked);
}

static void
test_an_empty_index_knows_nobody(void **state)
{
	(void)state;
	asked = nameindex_new();
	nameindex_seal(asked);
	assert_int_equal(nameindex_find(asked, slice_of("a.b")), -1);
	nameindex_free(&asked);
}

static void
check_inside(struct slice in)
{
	assert_true(is_inside(nameindex_sni(in), in));
}

static void
test_the_name_in_an_extension(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(extensions); i++) {
		assert_slice(
		    nameindex_sni(extensions[i].extension), extensions[i].name);
		exactly(extensions[i].extension, check_inside);
		truncated(extensions[i].extension, check_inside);
		mutated(extensions[i].extension, check_inside);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_name_finds_its_own),
		cmocka_unit_test(test_no_name_is_too_long),
		cmocka_unit_test(test_an_empty_index_knows_nobody),
		cmocka_unit_test(test_the_name_in_an_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
