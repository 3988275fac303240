/* received - one field, well-formed, whatever the client calls itself. */

#include "cases.h"

#include <time.h>

#include "buf.h"
#include "compiler.h"
#include "received.h"

#define FIELD_MAX 4096

static struct received
ordinary(void)
{
	return (struct received){
		.hostname = slice_of("mail.example.com"),
		.id = slice_of("4bZ7dK0"),
		.cipher = slice_of("TLS_AES_256_GCM_SHA384"),
		.esmtp = true,
		.helo = slice_of("laptop.local"),
		.address = slice_of("192.0.2.1"),
		.now = 1700000000,
	};
}

static void
expect(const struct received *r, const char *want)
{
	struct buf b = buf_new(FIELD_MAX);

	received_add(&b, r);
	assert_true(buf_ok(&b));
	assert_slice(buf_slice(&b), slice_of(want));
	buf_free(&b);
}

static void
test_the_client_is_not_shown_by_default(void **state)
{
	struct received r = ordinary();

	(void)state;
	expect(&r, "Received: by mail.example.com with ESMTPSA id 4bZ7dK0\r\n"
		   "\ttls TLS_AES_256_GCM_SHA384;\r\n"
		   "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

static void
test_mail_with_smtputf8_says_so(void **state)
{
	struct received r = ordinary();

	(void)state;
	r.utf8 = true;
	r.cipher = slice_of("");
	expect(&r,
	    "Received: by mail.example.com with UTF8SMTPSA id 4bZ7dK0;\r\n"
	    "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

static void
test_the_client_is_shown_when_asked_for(void **state)
{
	struct received r = ordinary();

	(void)state;
	r.show_client = true;
	expect(&r, "Received: from laptop.local ([192.0.2.1])\r\n"
		   "\tby mail.example.com with ESMTPSA id 4bZ7dK0\r\n"
		   "\ttls TLS_AES_256_GCM_SHA384;\r\n"
		   "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

static void
test_ipv6_literals_are_tagged(void **state)
{
	struct received r = ordinary();

	(void)state;
	r.show_client = true;
	r.cipher = slice_of("");
	r.esmtp = false;
	r.helo = slice_of("[IPv6:2001:db8::1]");
	r.address = slice_of("2001:db8::1");
	expect(&r, "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n"
		   "\tby mail.example.com with SMTP id 4bZ7dK0;\r\n"
		   "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

static void
test_a_priority_is_told(void **state)
{
	struct received r = ordinary();

	(void)state;
	r.has_priority = true;
	r.priority = -3;
	expect(&r, "Received: by mail.example.com with ESMTPSA id 4bZ7dK0\r\n"
		   "\ttls TLS_AES_256_GCM_SHA384\r\n"
		   "\tPRIORITY -3;\r\n"
		   "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

static void
test_dates_are_utc(void **state)
{
	/* clang-format off */
	static const struct {
		time_t		now;
		const char	*want;
	} cases[] = {
		{ 0,		"Thu, 1 Jan 1970 00:00:00 +0000" },
		{ 951782399,	"Mon, 28 Feb 2000 23:59:59 +0000" },
		{ 951782400,	"Tue, 29 Feb 2000 00:00:00 +0000" },
		{ 1709164800,	"Thu, 29 Feb 2024 00:00:00 +0000" },
		{ 2147483648,	"Tue, 19 Jan 2038 03:14:08 +0000" },
		{ 4102444799,	"Thu, 31 Dec 2099 23:59:59 +0000" },
	};
	/* clang-format on */
	struct buf b = buf_new(FIELD_MAX);
	struct received r = ordinary();
	size_t i, n;

	(void)state;
	setenv("TZ", "America/New_York", 1);
	tzset();
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		r.now = cases[i].now;
		buf_clear(&b);
		received_add(&b, &r);
		n = strlen(cases[i].want);
		assert_true(b.n > n + 2);
		assert_slice((struct slice){ b.p + b.n - n - 2, n },
		    slice_of(cases[i].want));
	}
	buf_free(&b);
}

/* -- parsing it back ------------------------------------------------------- */

/* Unfold: one line, folds replaced by their white space alone. */
static size_t
unfold(struct slice field, char *out)
{
	size_t i, n = 0, column = 0;

	for (i = 0; i < field.n; i++, column++) {
		assert_true(column < 998);
		if (field.p[i] == '\r') {
			assert_true(i + 1 < field.n && field.p[i + 1] == '\n');
			assert_true(column > 1); /* no line of blanks */
			i++;
			column = (size_t)-1;
			if (i + 1 == field.n)
				return n;
			assert_int_equal(field.p[i + 1], '\t');
			continue;
		}
		if (field.p[i] != '\t')
			assert_in_range(field.p[i], 0x20, 0x7e);
		out[n++] = field.p[i] == '\t' ? ' ' : field.p[i];
	}
	fail_msg("no CRLF at the end");
	return n;
}

static bool
is_atom_char(char c)
{
	return isalnum((unsigned char)c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

/* A run of atoms and dots, or [a domain literal]. */
static const char *
skip_domain(const char *p)
{
	const char *start = p;

	if (*p == '[') {
		p += 1 + strcspn(p + 1, "[]\\ ");
		assert_true(p > start + 1 && *p == ']');
		return p + 1;
	}
	while (is_atom_char(*p))
		p++;
	assert_true(p > start);
	return p;
}

static const char *
skip_text(const char *p, const char *text)
{
	if (strncmp(p, text, strlen(text)) != 0)
		fail_msg("'%s' does not start with '%s'", p, text);
	return p + strlen(text);
}

/* The grammar of RFC 5321, 4.4, for what we write; CFWS is one space. */
static void
assert_one_field(struct slice field)
{
	char text[FIELD_MAX + 1];
	const char *p = text;
	struct tm t;

	text[unfold(field, text)] = '\0';
	p = skip_text(p, "Received: ");
	if (strncmp(p, "from ", 5) == 0) {
		p = skip_domain(p + 5);
		p = skip_text(p, " (");
		assert_int_equal(*p, '[');
		p = skip_domain(p);
		p = skip_text(p, ") ");
	}
	p = skip_domain(skip_text(p, "by "));
	p = skip_text(p, " with ");
	p = skip_text(p, *p == 'E' ? "ESMTPSA id " : "SMTP id ");
	p = skip_domain(p);
	if (*p == ' ')
		p = skip_domain(skip_text(p, " tls "));
	p = skip_text(p, "; ");
	p = strptime(p, "%a, %d %b %Y %T +0000", &t);
	assert_non_null(p);
	assert_int_equal(*p, '\0');
}

/* helo, as the client's name and as its address. */
static void
check_hostile(struct slice helo)
{
	struct buf b = buf_new(FIELD_MAX);
	struct received r = ordinary();

	r.show_client = true;
	r.helo = helo;
	r.esmtp = helo.n % 2 == 0;
	received_add(&b, &r);
	assert_one_field(buf_slice(&b));
	if (helo.n > 0) {
		r.address = helo;
		buf_clear(&b);
		received_add(&b, &r);
		assert_one_field(buf_slice(&b));
	}
	buf_free(&b);
}

static void
test_hostile_names_cannot_break_the_field(void **state)
{
	static const struct slice names[] = {
		S(""),
		S(" "),
		S("["),
		S("]"),
		S("[]"),
		S("[[]]"),
		S("[a]b[c]"),
		S("a:b"),
		S("[IPv6:::1]"),
		S("[192.0.2.1] by evil.example (x"),
		S("[192.0.2.1 by evil.example]"),
		S("a\r\nX-Evil: 1"),
		S("a\r\n\r\nbody"),
		S("a\nb"),
		S("a\rb"),
		S("a\0b"),
		S("a) (b"),
		S("((((("),
		S(")))))"),
		S("a\\"),
		S("\"a"),
		S("a; Thu, 1 Jan 1970 00:00:00 +0000"),
		S("a\tb c"),
		S("<a@b>, c"),
		S("\x80\xff\xc3\xa4\xe2\x80\xa8"),
		S("%n%s%99999d"),
		S("${run{/bin/sh}}"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(names); i++) {
		truncated(names[i], check_hostile);
		mutated(names[i], check_hostile);
	}
}

static void
test_any_octet_may_stand_in_a_name(void **state)
{
	char name[3] = "aXb";
	unsigned c;

	(void)state;
	for (c = 0; c < 256; c++) {
		name[1] = (char)c;
		exactly((struct slice){ name, 3 }, check_hostile);
		exactly((struct slice){ name + 1, 1 }, check_hostile);
	}
}

static void
test_the_longest_names_fit(void **state)
{
	char name[255];
	size_t n;

	(void)state;
	memset(name, ':', sizeof(name));
	for (n = 1; n <= sizeof(name); n++)
		exactly((struct slice){ name, n }, check_hostile);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_client_is_not_shown_by_default),
		cmocka_unit_test(test_mail_with_smtputf8_says_so),
		cmocka_unit_test(test_the_client_is_shown_when_asked_for),
		cmocka_unit_test(test_ipv6_literals_are_tagged),
		cmocka_unit_test(test_a_priority_is_told),
		cmocka_unit_test(test_dates_are_utc),
		cmocka_unit_test(test_hostile_names_cannot_break_the_field),
		cmocka_unit_test(test_any_octet_may_stand_in_a_name),
		cmocka_unit_test(test_the_longest_names_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
