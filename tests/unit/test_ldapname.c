/*
 * ldapname: what a stranger types stays one value of one filter or DN.
 */

#include "cases.h"

#include "ldapname.h"
#include "limits.h"

#undef S
#define S(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

typedef void add_fn(struct buf *, const char *, struct slice);

static void
expect(add_fn *add, const char *template, struct slice user, const char *want)
{
	struct buf b = buf_new(4096);

	add(&b, template, user);
	assert_true(buf_ok(&b));
	assert_true(slice_eq(buf_slice(&b), slice_of(want)));
	buf_free(&b);
}

static void
test_filter_values_are_escaped(void **state)
{
	static const struct {
		struct slice user;
		const char *want;
	} rows[] = {
		{ S("alice"), "(uid=alice)" },
		{ S("*"), "(uid=\\2a)" },
		{ S("a)(cn=*"), "(uid=a\\29\\28cn=\\2a)" },
		{ S("a\\"), "(uid=a\\5c)" },
		{ S("a\\29"), "(uid=a\\5c29)" },
		{ S("a\0b"), "(uid=a\\00b)" },
		{ S("%u%%"), "(uid=%u%%)" },
		{ S("p\xc3\xa4"), "(uid=p\xc3\xa4)" },
		{ S(""), "(uid=)" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		expect(ldapname_add_filter, "(uid=%u)", rows[i].user,
		    rows[i].want);
}

static void
test_dn_values_are_escaped(void **state)
{
	static const struct {
		struct slice user;
		const char *want;
	} rows[] = {
		{ S("alice"), "uid=alice,ou=p" },
		{ S("x,ou=admins"), "uid=x\\,ou\\=admins,ou=p" },
		{ S("a+b;c<d>e\"f\\g"),
		    "uid=a\\+b\\;c\\<d\\>e\\\"f\\\\g,ou=p" },
		{ S(" a b "), "uid=\\ a b\\ ,ou=p" },
		{ S(" "), "uid=\\ ,ou=p" },
		{ S("#a#b"), "uid=\\#a#b,ou=p" },
		{ S("a\0b"), "uid=a\\00b,ou=p" },
		{ S("p\xc3\xa4"), "uid=p\xc3\xa4,ou=p" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		expect(
		    ldapname_add_dn, "uid=%u,ou=p", rows[i].user, rows[i].want);
}

static void
test_every_octet_stays_inside_its_value(void **state)
{
	char c[1];
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		struct buf b = buf_new(64);
		struct slice s;
		size_t k;

		c[0] = (char)i;
		ldapname_add_filter(&b, "%u", (struct slice){ c, 1 });
		s = buf_slice(&b);
		assert_true(s.n == 1 || (s.n == 3 && s.p[0] == '\\'));
		for (k = 0; k < s.n; k++)
			assert_null(memchr("*()\0", s.p[k], 4));
		buf_clear(&b);
		ldapname_add_dn(&b, "%u", (struct slice){ c, 1 });
		s = buf_slice(&b);
		assert_true(s.n == 1 || s.p[0] == '\\');
		if (s.n == 1)
			assert_null(memchr("\"+,;<>\\= #\0", s.p[0], 11));
		buf_free(&b);
	}
}

static void
test_every_place_in_a_template_is_filled(void **state)
{
	(void)state;
	expect(ldapname_add_filter, "(|(uid=%u)(mail=%u@x%%))", S("(a"),
	    "(|(uid=\\28a)(mail=\\28a@x%))");
	expect(ldapname_add_filter, "(cn=%)", S("a"), "(cn=%)");
}

/* A DN is a value like any other: its commas stay, its brackets do not. */
static void
test_filters_about_somebody_known(void **state)
{
	static const char want[] = "(|(member=cn=a\\5c2c \\28b\\29,dc=x)"
				   "(memberUid=\\2a)(cn=%d))";
	struct buf b = buf_new(1024);

	(void)state;
	ldapname_add_entry_filter(&b, "(|(member=%d)(memberUid=%u)(cn=%%d))",
	    S("*"), S("cn=a\\2c (b),dc=x"));
	assert_true(slice_eq(buf_slice(&b), slice_of(want)));
	buf_free(&b);
}

static void
test_what_does_not_fit_is_said(void **state)
{
	struct buf b = buf_new(8);

	(void)state;
	ldapname_add_filter(&b, "(uid=%u)", S("alice"));
	assert_false(buf_ok(&b));
	buf_free(&b);
}

static void
test_templates_are_judged(void **state)
{
	(void)state;
	assert_true(ldapname_template_is_good("(uid=%u)"));
	assert_true(ldapname_template_is_good("%%(uid=%u)%%%u"));
	assert_false(ldapname_template_is_good("(uid=alice)"));
	assert_false(ldapname_template_is_good("(uid=%%u)"));
	assert_false(ldapname_template_is_good("(uid=%u)%"));
	assert_false(ldapname_template_is_good("(uid=%d)"));
	assert_false(ldapname_template_is_good(""));
}

static void
test_names_without_sense_are_refused(void **state)
{
	static const struct {
		struct slice user;
		bool sane;
	} rows[] = {
		{ S("alice"), true },
		{ S("alice@example.net"), true },
		{ S("a b"), true },
		{ S("\xc3\xa9"), true },         /* U+00E9 */
		{ S("\xe2\x82\xac"), true },     /* U+20AC */
		{ S("\xf0\x9f\x98\x80"), true }, /* U+1F600 */
		{ S("\xf4\x8f\xbf\xbf"), true }, /* U+10FFFF */
		{ S(""), false },
		{ S("a\0b"), false },
		{ S("a\x07"), false },
		{ S("a\r\nb"), false },
		{ S("\x7f"), false },
		{ S("\xc2\x85"), false },         /* U+0085, a control */
		{ S("\xc0\x80"), false },         /* overlong NUL */
		{ S("\xe0\x80\xaf"), false },     /* overlong */
		{ S("\xf0\x80\x80\xaf"), false }, /* overlong */
		{ S("\xed\xa0\x80"), false },     /* a surrogate */
		{ S("\xf4\x90\x80\x80"), false }, /* beyond U+10FFFF */
		{ S("\xff"), false },
		{ S("\x80"), false },
		{ S("a\xc3"), false },
		{ S("\xc3z"), false },
		{ S("\xe2\x82z"), false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(ldapname_is_sane(rows[i].user), rows[i].sane);
}

/* A cut character is none, wherever it is cut; nothing is read beyond. */
static void
test_cut_names_are_refused(void **state)
{
	static const char text[] = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
	static const bool whole[] = { false, false, true, false, false, true,
		false, false, false, true };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(whole); i++) {
		char *copy = test_malloc(i + 1);

		memcpy(copy, text, i);
		assert_int_equal(
		    ldapname_is_sane((struct slice){ copy, i }), whole[i]);
		test_free(copy);
	}
}

static void
test_long_names_are_refused(void **state)
{
	char name[LIMIT_USER + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_true(ldapname_is_sane((struct slice){ name, LIMIT_USER }));
	assert_false(ldapname_is_sane((struct slice){ name, LIMIT_USER + 1 }));
}

static void
test_mailboxes_are_told_from_other_values(void **state)
{
	char long_one[255];
	static const struct {
		struct slice value;
		bool good;
	} rows[] = {
		{ S("a@b"), true },
		{ S("a.b+c@example.net"), true },
		{ S("\"a@b\"@example.net"), true },
		{ S("p\xc3\xa4@example.net"), true },
		{ S(""), false },
		{ S("a"), false },
		{ S("@b"), false },
		{ S("a@"), false },
		{ S("a@b\r\n"), false },
		{ S("a@b\0"), false },
		{ S("a\xff@b"), false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    ldapname_is_mailbox(rows[i].value), rows[i].good);
	memset(long_one, 'a', sizeof(long_one));
	long_one[1] = '@';
	assert_true(ldapname_is_mailbox((struct slice){ long_one, 254 }));
	assert_false(ldapname_is_mailbox((struct slice){ long_one, 255 }));
}

/* Back from what RFC 4515, 3 or RFC 4514, 2.4 made of it. */
static void
assert_stands_for(struct slice value, struct slice user, const char *special)
{
	struct buf plain = buf_new(user.n + 1);
	char hex[3] = { 0 }, c;
	size_t i;

	for (i = 0; i < value.n; i++) {
		c = value.p[i];
		if (c == '\\' && i + 2 < value.n &&
		    isxdigit((unsigned char)value.p[i + 1]) &&
		    isxdigit((unsigned char)value.p[i + 2])) {
			memcpy(hex, value.p + i + 1, 2);
			c = (char)strtoul(hex, NULL, 16);
			i += 2;
		} else if (c == '\\') {
			assert_true(i + 1 < value.n);
			c = value.p[++i];
		} else {
			assert_true(c != '\0' && strchr(special, c) == NULL);
		}
		buf_add(&plain, &c, 1);
	}
	assert_slice(buf_slice(&plain), user);
	buf_free(&plain);
}

/* Whatever the name is: one value, and the template's rest around it. */
static void
stays_one_value(struct slice user)
{
	struct buf b = buf_new(4096);

	ldapname_add_filter(&b, "(u=%u)", user);
	assert_true(b.n >= 4 && b.p[b.n - 1] == ')');
	assert_memory_equal(b.p, "(u=", 3);
	assert_stands_for((struct slice){ b.p + 3, b.n - 4 }, user, "()*");
	buf_clear(&b);
	ldapname_add_dn(&b, "u=%u,o=p", user);
	assert_true(b.n >= 6);
	assert_memory_equal(b.p, "u=", 2);
	assert_memory_equal(b.p + b.n - 4, ",o=p", 4);
	assert_stands_for((struct slice){ b.p + 2, b.n - 6 }, user, "\"+,;<>=");
	buf_free(&b);
	if (ldapname_is_mailbox(user))
		assert_true(ldapname_is_sane(user));
}

static void
test_spoilt_names_stay_one_value(void **state)
{
	static const char *const names[] = { "alice@example.net", "a)(cn=*",
		"x,ou=admins+b;c<d>e\"f\\g", " #a b# ", "a\\2a\\",
		"p\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(names); i++) {
		truncated(slice_of(names[i]), stays_one_value);
		mutated(slice_of(names[i]), stays_one_value);
	}
}

struct value_row {
	const char *value;
	const char *want; /* "": none */
};

static void
test_mailboxes_and_what_looks_like_them(void **state)
{
	static const struct value_row rows[] = {
		{ "a@x.example", "a@x.example" },
		{ "SMTP:a@x.example", "a@x.example" },
		{ "smtp:a@x.example", "a@x.example" },
		{ "sMtP:smtp:a@x.example", "" },
		{ "smtp:@x.example", "" },
		{ "smtp:", "" },
		{ "smtp", "" },
		{ "sip:a@x.example", "" },
		{ "x500:/o=x/cn=a@x", "" },
		{ "X400:c=DE;a= ;p=x;s=a;", "" },
		{ ":a@x.example", "" },
		{ "\"a:b\"@x.example", "\"a:b\"@x.example" },
		{ "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
		{ "@x.example", "" },
		{ "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(slice_eq(ldapname_mailbox(slice_of(rows[i].value)),
		    slice_of(rows[i].want)));
}

static void
test_domains_in_three_forms(void **state)
{
	static const struct value_row rows[] = {
		{ "x.example", "x.example" },
		{ "@x.example", "x.example" },
		{ "*@x.example", "x.example" },
		{ "b\xc3\xbc.example", "b\xc3\xbc.example" },
		{ "*x.example", "" },
		{ "*.x.example", "" },
		{ "@*.x.example", "" },
		{ "@@x.example", "" },
		{ "a@x.example", "" },
		{ "x..example", "" },
		{ ".x.example", "" },
		{ "x.example.", "" },
		{ "x example", "" },
		{ "[192.0.2.1]", "" },
		{ "x\r\ny", "" },
		{ "x\xc3", "" },
		{ "*@", "" },
		{ "@", "" },
		{ "*", "" },
		{ "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++)
		assert_true(slice_eq(ldapname_domain(slice_of(rows[i].value)),
		    slice_of(rows[i].want)));
}

/* What comes out is a mailbox, or a domain to put behind any local part. */
static void
stays_of_its_kind(struct slice value)
{
	struct slice mailbox = ldapname_mailbox(value);
	struct slice domain = ldapname_domain(value);

	assert_true(mailbox.n == 0 || ldapname_is_mailbox(mailbox));
	assert_true(domain.n == 0 || memchr(domain.p, '@', domain.n) == NULL);
	assert_true(domain.n <= LIMIT_DOMAIN);
}

static void
test_spoilt_values_stay_of_their_kind(void **state)
{
	static const char *const values[] = { "SMTP:a.b@x.example",
		"*@x.example", "\"a:b\"@x.example",
		"p\xc3\xa4@\xc3\xa4.example" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(values); i++) {
		truncated(slice_of(values[i]), stays_of_its_kind);
		mutated(slice_of(values[i]), stays_of_its_kind);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_values_are_escaped),
		cmocka_unit_test(test_dn_values_are_escaped),
		cmocka_unit_test(test_every_octet_stays_inside_its_value),
		cmocka_unit_test(test_every_place_in_a_template_is_filled),
		cmocka_unit_test(test_filters_about_somebody_known),
		cmocka_unit_test(test_what_does_not_fit_is_said),
		cmocka_unit_test(test_templates_are_judged),
		cmocka_unit_test(test_names_without_sense_are_refused),
		cmocka_unit_test(test_cut_names_are_refused),
		cmocka_unit_test(test_long_names_are_refused),
		cmocka_unit_test(test_mailboxes_are_told_from_other_values),
		cmocka_unit_test(test_spoilt_names_stay_one_value),
		cmocka_unit_test(test_mailboxes_and_what_looks_like_them),
		cmocka_unit_test(test_domains_in_three_forms),
		cmocka_unit_test(test_spoilt_values_stay_of_their_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
