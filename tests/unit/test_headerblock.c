/* headerblock - where a header ends, and which fields it has. */

#include "cases.h"

#include "compiler.h"
#include "headerblock.h"
#include "limits.h"

/* clang-format off */
static const struct {
	struct slice	in;
	enum headerblock_status status;
	const char	*fields; /* name=body, ends with ; */
	struct slice	rest;    /* the header's, then what it did not take */
	bool		is_open;
} cases[] = {
	/* plain */
	{ S("A: b\r\n\r\nbody\r\n"), HEADERBLOCK_END, "A= b;", S("\r\nbody\r\n"), false },
	{ S("A: b\r\nC:d\r\n\r\n"), HEADERBLOCK_END, "A= b;C=d;", S("\r\n"), false },
	{ S("A: b\r\n"), HEADERBLOCK_END, "A= b;", S(""), false },
	{ S("A: b"), HEADERBLOCK_END, "A= b;", S(""), false },
	{ S("A:"), HEADERBLOCK_END, "A=;", S(""), false },
	{ S("A:\r\n\r\n"), HEADERBLOCK_END, "A=;", S("\r\n"), false },
	{ S(""), HEADERBLOCK_END, "", S(""), false },
	{ S("\r\n"), HEADERBLOCK_END, "", S("\r\n"), false },
	{ S("\r\nFrom: x\r\n"), HEADERBLOCK_END, "", S("\r\nFrom: x\r\n"), false },
	{ S("!#$%&'*+-/=?^_`{|}~: x\r\n\r\n"), HEADERBLOCK_END, "!#$%&'*+-/=?^_`{|}~= x;", S("\r\n"), false },

	/* folded */
	{ S("A: b\r\n c\r\nD: e\r\n\r\n"), HEADERBLOCK_END, "A= b\r\n c;D= e;", S("\r\n"), false },
	{ S("A:\r\n\tb\r\n\r\n"), HEADERBLOCK_END, "A=\r\n\tb;", S("\r\n"), false },
	{ S("A: b\r\n \r\nC: d\r\n\r\n"), HEADERBLOCK_END, "A= b\r\n ;C= d;", S("\r\n"), false },
	{ S("A: b\r\n C: d\r\n\r\n"), HEADERBLOCK_END, "A= b\r\n C: d;", S("\r\n"), false },
	{ S("A: b\r\n "), HEADERBLOCK_END, "A= b\r\n ;", S(""), false },

	/* obsolete: white space before the colon */
	{ S("Date : x\r\n\r\n"), HEADERBLOCK_END, "Date= x;", S("\r\n"), false },
	{ S("Date\t \t:x\r\n\r\n"), HEADERBLOCK_END, "Date=x;", S("\r\n"), false },

	/* no field: the body begins */
	{ S("hello\r\nworld\r\n"), HEADERBLOCK_END, "", S("hello\r\nworld\r\n"), true },
	{ S("hello world: x\r\n"), HEADERBLOCK_END, "", S("hello world: x\r\n"), true },
	{ S("A: b\r\nhello\r\nC: d\r\n"), HEADERBLOCK_END, "A= b;", S("hello\r\nC: d\r\n"), true },
	{ S("A: b\r\nhello"), HEADERBLOCK_END, "A= b;", S("hello"), true },
	{ S("A: b\r\nhello "), HEADERBLOCK_END, "A= b;", S("hello "), true },
	{ S(" A: b\r\nC: d\r\n"), HEADERBLOCK_END, "", S(" A: b\r\nC: d\r\n"), true },
	{ S("\tA: b\r\n"), HEADERBLOCK_END, "", S("\tA: b\r\n"), true },
	{ S(": x\r\n"), HEADERBLOCK_END, "", S(": x\r\n"), true },
	{ S("A: b\r\n: x\r\n"), HEADERBLOCK_END, "A= b;", S(": x\r\n"), true },
	{ S("From x@y Mon\r\nA: b\r\n"), HEADERBLOCK_END, "", S("From x@y Mon\r\nA: b\r\n"), true },
	{ S("From\r\n : x\r\n"), HEADERBLOCK_END, "", S("From\r\n : x\r\n"), true },
	{ S("\xef\xbb\xbf" "From: x\r\n"), HEADERBLOCK_END, "", S("\xef\xbb\xbf" "From: x\r\n"), true },
	{ S("Fr\xc3\xb6m: x\r\n"), HEADERBLOCK_END, "", S("Fr\xc3\xb6m: x\r\n"), true },
	{ S("Fr\x0bom: x\r\n"), HEADERBLOCK_END, "", S("Fr\x0bom: x\r\n"), true },
	{ S("Fr\x7f" "om: x\r\n"), HEADERBLOCK_END, "", S("Fr\x7f" "om: x\r\n"), true },
	{ S("From\x0b: x\r\n"), HEADERBLOCK_END, "", S("From\x0b: x\r\n"), true },
	{ S("From\xc2\xa0: x\r\n"), HEADERBLOCK_END, "", S("From\xc2\xa0: x\r\n"), true },

	/* octets that only a binary body could bring */
	{ S("Fr\0om: x\r\n"), HEADERBLOCK_END, "", S("Fr\0om: x\r\n"), true },
	{ S("\0From: x\r\n"), HEADERBLOCK_END, "", S("\0From: x\r\n"), true },
	{ S("\nFrom: x\r\n"), HEADERBLOCK_END, "", S("\nFrom: x\r\n"), true },
	{ S("A: b\r\n\rX"), HEADERBLOCK_END, "A= b;", S("\rX"), true },
	{ S("A: b\r\n\r"), HEADERBLOCK_END, "A= b;", S("\r"), true },
	{ S("A: b\r\nC\nD: e\r\n"), HEADERBLOCK_END, "A= b;", S("C\nD: e\r\n"), true },
	{ S("\x89PNG\r\n\x1a\n\0"), HEADERBLOCK_END, "", S("\x89PNG\r\n\x1a\n\0"), true },
	{ S("A: b\nFrom: x\r\n\r\n"), HEADERBLOCK_BAD_OCTET, "", S(""), false },
	{ S("A: b\rFrom: x\r\n\r\n"), HEADERBLOCK_BAD_OCTET, "", S(""), false },
	{ S("A: b\r\r\nFrom: x\r\n\r\n"), HEADERBLOCK_BAD_OCTET, "", S(""), false },
	{ S("A: \0\r\n\r\n"), HEADERBLOCK_BAD_OCTET, "", S(""), false },
	{ S("A: b\r"), HEADERBLOCK_BAD_OCTET, "", S(""), false },
	{ S("A: b\r\n c\n\r\n"), HEADERBLOCK_BAD_OCTET, "", S(""), false },
};
/* clang-format on */

/* What is left of content once the header has been taken from it. */
struct taken {
	struct headerblock block;
	enum headerblock_status status;
	struct buf rest;
};

static void
feed(struct taken *t, struct slice run)
{
	if (t->status == HEADERBLOCK_MORE) {
		t->status = headerblock_take(&t->block, &run);
		if (t->status == HEADERBLOCK_END) {
			struct slice rest = headerblock_rest(&t->block);

			buf_add(&t->rest, rest.p, rest.n);
		}
	}
	if (t->status == HEADERBLOCK_END)
		buf_add(&t->rest, run.p, run.n);
}

static void
begin(struct taken *t)
{
	headerblock_begin(&t->block);
	t->status = HEADERBLOCK_MORE;
	t->rest = buf_new(4 << 20);
}

static void
finish(struct taken *t)
{
	struct slice rest;

	if (t->status == HEADERBLOCK_MORE) {
		t->status = headerblock_finish(&t->block);
		assert_int_not_equal(t->status, HEADERBLOCK_MORE);
		rest = headerblock_rest(&t->block);
		if (t->status == HEADERBLOCK_END)
			buf_add(&t->rest, rest.p, rest.n);
	}
}

static void
end(struct taken *t)
{
	headerblock_free(&t->block);
	buf_free(&t->rest);
}

static void
assert_as_told(struct taken *t, size_t i)
{
	struct buf got = buf_new(4096);
	struct headerblock_field f;
	size_t at = 0;

	if (t->status != cases[i].status)
		fail_msg("'%s': status %d", shown(cases[i].in), t->status);
	if (t->status != HEADERBLOCK_END)
		return;
	while (headerblock_next(&t->block, &at, &f)) {
		buf_add(&got, f.name.p, f.name.n);
		buf_str(&got, "=");
		buf_add(&got, f.body.p, f.body.n);
		buf_str(&got, ";");
	}
	assert_slice(buf_slice(&got), slice_of(cases[i].fields));
	assert_slice(buf_slice(&t->rest), cases[i].rest);
	assert_int_equal(t->block.is_open, cases[i].is_open);
	buf_free(&got);
}

static void
test_each_case_at_every_split(void **state)
{
	struct taken t;
	size_t i, cut;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		for (cut = 0; cut <= cases[i].in.n; cut++) {
			begin(&t);
			feed(&t, (struct slice){ cases[i].in.p, cut });
			feed(&t, slice_from(cases[i].in, cut));
			finish(&t);
			assert_as_told(&t, i);
			end(&t);
		}
}

static void
test_each_case_octet_by_octet(void **state)
{
	struct taken t;
	size_t i, at;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		begin(&t);
		for (at = 0; at < cases[i].in.n; at++)
			feed(&t, (struct slice){ cases[i].in.p + at, 1 });
		finish(&t);
		assert_as_told(&t, i);
		end(&t);
	}
}

/* Whatever it is: fields and rest are the input, each field a field. */
static void
survive(struct slice in)
{
	struct buf all = buf_new(in.n + 1);
	struct headerblock_field f;
	struct taken t;
	size_t at = 0;

	begin(&t);
	feed(&t, in);
	finish(&t);
	if (t.status == HEADERBLOCK_END) {
		while (headerblock_next(&t.block, &at, &f)) {
			assert_true(f.name.n > 0);
			assert_true(is_inside(f.name, f.raw));
			assert_true(is_inside(f.body, f.raw));
			buf_add(&all, f.raw.p, f.raw.n);
		}
		buf_add(&all, t.rest.p, t.rest.n);
		assert_slice(buf_slice(&all), in);
	}
	end(&t);
	buf_free(&all);
}

static void
test_spoilt_headers_stay_whole(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, survive);
		mutated(cases[i].in, survive);
	}
}

static void
repeat(struct taken *t, const char *text, size_t octets)
{
	size_t n = strlen(text), done;

	for (done = 0; done + n <= octets; done += n)
		feed(t, slice_of(text));
	feed(t, (struct slice){ text, octets - done });
}

static void
test_the_limit_is_exact(void **state)
{
	struct taken t;

	(void)state;
	begin(&t);
	repeat(&t, "a:\r\n", LIMIT_HEADER - 2);
	assert_int_equal(t.status, HEADERBLOCK_MORE);
	end(&t);

	begin(&t);
	repeat(&t, "a:\r\n", LIMIT_HEADER - 4);
	feed(&t, slice_of("\r\nbody"));
	assert_int_equal(t.status, HEADERBLOCK_END);
	assert_slice(buf_slice(&t.rest), slice_of("\r\nbody"));
	end(&t);

	begin(&t);
	repeat(&t, "a:\r\n", LIMIT_HEADER);
	assert_int_equal(t.status, HEADERBLOCK_MORE);
	feed(&t, slice_of("b"));
	assert_int_equal(t.status, HEADERBLOCK_TOO_BIG);
	end(&t);
}

static void
test_a_body_without_a_colon_is_not_collected(void **state)
{
	struct taken t;

	(void)state;
	begin(&t);
	repeat(&t, "a", LIMIT_FIELD_NAME + 1);
	assert_int_equal(t.status, HEADERBLOCK_END);
	assert_true(t.block.is_open);
	assert_int_equal(t.rest.n, LIMIT_FIELD_NAME + 1);
	end(&t);

	begin(&t);
	repeat(&t, "a", LIMIT_FIELD_NAME);
	feed(&t, slice_of(": b\r\n\r\n"));
	assert_int_equal(t.status, HEADERBLOCK_END);
	assert_false(t.block.is_open);
	end(&t);
}

static void
test_many_fields_are_walked_in_one_go(void **state)
{
	struct headerblock_field f;
	struct taken t;
	size_t at = 0, n = 0;

	(void)state;
	begin(&t);
	repeat(&t, "a:\r\n", LIMIT_HEADER - 4);
	feed(&t, slice_of("\r\n"));
	while (headerblock_next(&t.block, &at, &f))
		n++;
	assert_int_equal(n, (LIMIT_HEADER - 4) / 4);
	end(&t);
}

/* clang-format off */
static const struct {
	const char	*name;
	enum header_field id;
} names[] = {
	{ "From", FIELD_FROM }, { "FROM", FIELD_FROM }, { "from", FIELD_FROM },
	{ "Fro", FIELD_OTHER }, { "Fromm", FIELD_OTHER },
	{ "MESSAGE-ID", FIELD_MESSAGE_ID }, { "bCC", FIELD_BCC },
	{ "Resent-bcc", FIELD_RESENT_BCC }, { "X-From", FIELD_OTHER },
	{ "authentication-RESULTS", FIELD_AUTHENTICATION_RESULTS },
	{ "Received", FIELD_RECEIVED }, { "Received-SPF", FIELD_OTHER },
	{ "From[", FIELD_OTHER }, { "F2om", FIELD_OTHER },
};

static const struct {
	struct slice	body;
	const char	*id; /* "": not valid */
} ids[] = {
	{ S(" <a@b>"), "<a@b>" },
	{ S("<a@b>"), "<a@b>" },
	{ S(" <a@b> "), "<a@b>" },
	{ S("\r\n <a@b>"), "<a@b>" },
	{ S(" (c) <a@b> (d)"), "<a@b>" },
	{ S(" <a.b.c@d.e>"), "<a.b.c@d.e>" },
	{ S(" <\"a b\"@c>"), "<\"a b\"@c>" },
	{ S(" <\"a\\\"> b\"@c>"), "<\"a\\\"> b\"@c>" },
	{ S(" <a@[1.2.3.4]>"), "<a@[1.2.3.4]>" },
	{ S(" <!&!AAA=@x>"), "<!&!AAA=@x>" },
	{ S(" <a@b@c>"), "<a@b@c>" },
	{ S(" <\xc3\xa4@b>"), "<\xc3\xa4@b>" },
	{ S(""), "" },
	{ S(" "), "" },
	{ S(" <>"), "" },
	{ S(" a@b"), "" },
	{ S(" <a>"), "" },
	{ S(" <@b>"), "" },
	{ S(" <a@>"), "" },
	{ S(" <a b@c>"), "" },
	{ S(" <a@b c>"), "" },
	{ S(" <a\t@b>"), "" },
	{ S(" <a@b"), "" },
	{ S(" <a@b> x"), "" },
	{ S(" x <a@b>"), "" },
	{ S(" <a@b><c@d>"), "" },
	{ S(" <<a@b>"), "" },
	{ S(" <a\r\n @b>"), "" },
	{ S(" <\"a@b>"), "" },
	{ S(" <\"a\\"), "" },
	{ S(" (<a@b>"), "" },
};

static const struct {
	struct slice	body;
	bool		claims;
} results[] = {
	{ S(" our.id; auth=pass"), true },
	{ S("our.id;"), true },
	{ S(" OUR.ID; auth=pass"), true },
	{ S(" (c) OUR.ID/1 ; x"), true },
	{ S(" our.id 1; x"), true },
	{ S(" our.id"), true },
	{ S(" \"our.id\"; x"), true },
	{ S(" \"Our.Id\" 1; x"), true },
	{ S("\r\n\tour.id; x"), true },
	{ S(" (our.id) our.id(c); x"), true },
	{ S(" our.id.; x"), true },
	{ S(" (open our.id"), true },
	{ S(" \"open"), true },
	{ S(" \"o\\ur.id\"; x"), true },
	{ S(" other.id; our.id"), false },
	{ S(" x.our.id; x"), false },
	{ S(" our.idx; x"), false },
	{ S(" (our.id) other; x"), false },
	{ S(""), false },
	{ S(" ; our.id"), false },
	{ S(" our; id"), false },
};
/* clang-format on */

static void
test_each_name_is_known(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (header_field_of(slice_of(names[i].name)) != names[i].id)
			fail_msg("%s", names[i].name);
	for (i = FIELD_OTHER + 1; i < FIELD_COUNT; i++)
		assert_int_equal(header_field_of(slice_of(
				     header_field_name((enum header_field)i))),
		    i);
}

static void
take_id(struct slice in)
{
	struct slice id = header_message_id(in);

	assert_true(is_inside(id, in));
	assert_true(id.n == 0 ||
		    (id.n >= 5 && id.p[0] == '<' && id.p[id.n - 1] == '>'));
}

static void
take_results(struct slice in)
{
	(void)header_results_claim(in, slice_of("our.id"));
	(void)header_is_blank(in);
}

static void
test_each_message_id_is_judged(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(ids); i++) {
		assert_slice(
		    header_message_id(ids[i].body), slice_of(ids[i].id));
		truncated(ids[i].body, take_id);
		mutated(ids[i].body, take_id);
	}
}

static void
test_results_that_claim_to_be_ours_are_known(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(results); i++) {
		if (header_results_claim(results[i].body, slice_of("our.id")) !=
		    results[i].claims)
			fail_msg("'%s'", shown(results[i].body));
		truncated(results[i].body, take_results);
		mutated(results[i].body, take_results);
	}
}

static void
test_blank_is_white_space_and_comments(void **state)
{
	(void)state;
	assert_true(header_is_blank(slice_of("")));
	assert_true(header_is_blank(slice_of(" \t\r\n (c (d)) ")));
	assert_false(header_is_blank(slice_of(" x")));
	assert_false(header_is_blank(slice_of(" (x")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_at_every_split),
		cmocka_unit_test(test_each_case_octet_by_octet),
		cmocka_unit_test(test_spoilt_headers_stay_whole),
		cmocka_unit_test(test_the_limit_is_exact),
		cmocka_unit_test(test_a_body_without_a_colon_is_not_collected),
		cmocka_unit_test(test_many_fields_are_walked_in_one_go),
		cmocka_unit_test(test_each_name_is_known),
		cmocka_unit_test(test_each_message_id_is_judged),
		cmocka_unit_test(test_results_that_claim_to_be_ours_are_known),
		cmocka_unit_test(test_blank_is_white_space_and_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
