/*
 * ldappolicy: a server's words about a password, or none at all.
 */

#include "ldappolicy.h"

#include "cases.h"

#include "compiler.h"

/* -- the control of the draft -----------------------------------------------
 */

/* clang-format off */
static const struct {
	struct slice		 value;
	enum ldappolicy_says	 says;
	struct ldappolicy_warning warning;
} good[] = {
	{ S("\x30\x00"), POLICY_SILENT, { 0 } },
	{ S("\x30\x03\x81\x01\x00"), POLICY_EXPIRED, { 0 } },
	{ S("\x30\x03\x81\x01\x01"), POLICY_LOCKED, { 0 } },
	{ S("\x30\x03\x81\x01\x02"), POLICY_MUST_CHANGE, { 0 } },
	{ S("\x30\x03\x81\x01\x03"), POLICY_SILENT, { 0 } },
	{ S("\x30\x03\x81\x01\x08"), POLICY_SILENT, { 0 } },
	{ S("\x30\x03\x81\x01\x7f"), POLICY_SILENT, { 0 } },
	{ S("\x30\x05\xa0\x03\x80\x01\x3c"), POLICY_SILENT,
	    { true, 60, false, 0 } },
	{ S("\x30\x08\xa0\x06\x80\x04\x7f\xff\xff\xff"), POLICY_SILENT,
	    { true, INT32_MAX, false, 0 } },
	{ S("\x30\x05\xa0\x03\x81\x01\x00"), POLICY_SILENT,
	    { false, 0, true, 0 } },
	{ S("\x30\x06\xa0\x04\x81\x02\x00\x80"), POLICY_SILENT,
	    { false, 0, true, 128 } },
	{ S("\x30\x08\xa0\x03\x81\x01\x02\x81\x01\x02"), POLICY_MUST_CHANGE,
	    { false, 0, true, 2 } },
	/* lengths in the long form */
	{ S("\x30\x81\x03\x81\x01\x01"), POLICY_LOCKED, { 0 } },
	{ S("\x30\x84\x00\x00\x00\x04\x81\x81\x01\x01"), POLICY_LOCKED, { 0 } },
};

static const struct slice bad[] = {
	S(""), S("\x30"), S("\x31\x00"), S("\x30\x01"), S("\x30\x00\x00"),
	S("\x30\x80\x81\x01\x01\x00\x00"),		/* no length */
	S("\x30\x85\x00\x00\x00\x00\x03\x81\x01\x01"),	/* a long one */
	S("\x30\x84\xff\xff\xff\xff\x81\x01\x01"),
	S("\x30\xff\x81\x01\x01"),
	S("\x30\x02\x81\x00"),				/* no number */
	S("\x30\x03\x81\x01\xff"),			/* below 0 */
	S("\x30\x07\x81\x05\x00\x00\x00\x00\x01"),
	S("\x30\x03\x82\x01\x01"),			/* unknown */
	S("\x30\x06\x81\x01\x01\x81\x01\x02"),		/* twice */
	S("\x30\x08\x81\x01\x02\xa0\x03\x81\x01\x02"),	/* the wrong way */
	S("\x30\x02\xa0\x00"),				/* of nothing */
	S("\x30\x05\xa0\x03\x82\x01\x01"),
	S("\x30\x08\xa0\x06\x80\x01\x01\x81\x01\x01"),	/* of two things */
	S("\x30\x05\xa0\x03\x80\x01\x80"),
	S("\x30\x05\xa0\x04\x80\x02\x01\x01"),		/* beyond the end */
};
/* clang-format on */

static struct ldappolicy
read_control(struct slice value)
{
	struct ldappolicy p = { 0 };

	ldappolicy_control(&p, LDAPPOLICY_CONTROL, value);
	return p;
}

static bool
is_silent(const struct ldappolicy *p)
{
	return ldappolicy_says(p) == POLICY_SILENT && !p->warning.expires &&
	       !p->warning.grace;
}

static void
test_the_drafts_answers_are_understood(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		struct ldappolicy p = read_control(good[i].value);
		const struct ldappolicy_warning *w = &good[i].warning;

		assert_int_equal(ldappolicy_says(&p), good[i].says);
		assert_int_equal(p.warning.expires, w->expires);
		assert_int_equal(p.warning.expires_s, w->expires_s);
		assert_int_equal(p.warning.grace, w->grace);
		assert_int_equal(p.warning.grace_left, w->grace_left);
	}
}

static void
assert_ignored(struct slice value)
{
	struct ldappolicy p = read_control(value);

	if (!is_silent(&p))
		fail_msg("'%s' says something", shown(value));
}

static void
test_anything_else_says_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++)
		exactly(bad[i], assert_ignored);
}

/* Nothing but the whole of it is it. */
static void
test_cut_answers_say_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		struct slice v = good[i].value;

		for (v.n--; v.n > 0; v.n--)
			exactly(v, assert_ignored);
	}
}

static void
read_only(struct slice value)
{
	struct ldappolicy p = read_control(value);

	assert_in_range(p.says, 0, POLICY_SAYS_COUNT - 1);
	assert_true(p.warning.expires_s <= INT32_MAX);
	assert_true(p.warning.grace_left <= INT32_MAX);
}

static void
test_spoilt_answers_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++)
		mutated(good[i].value, read_only);
}

/* What one answer left alone stays as another left it. */
static void
test_a_bad_answer_changes_nothing(void **state)
{
	struct ldappolicy p =
	    read_control((struct slice)S("\x30\x03\x81\x01\x01"));

	(void)state;
	ldappolicy_control(&p, LDAPPOLICY_CONTROL,
	    (struct slice)S("\x30\x08\xa0\x03\x81\x01\x02\x82\x01\x02"));
	ldappolicy_control(&p, "1.2.3", (struct slice)S("\x30\x00"));
	assert_int_equal(ldappolicy_says(&p), POLICY_LOCKED);
	assert_false(p.warning.grace);
}

/* -- Netscape's -------------------------------------------------------------
 */

static void
test_netscapes_controls_are_understood(void **state)
{
	struct ldappolicy p = { 0 };

	(void)state;
	ldappolicy_control(&p, LDAPPOLICY_EXPIRING, (struct slice)S("86399"));
	assert_int_equal(ldappolicy_says(&p), POLICY_SILENT);
	assert_true(p.warning.expires);
	assert_int_equal(p.warning.expires_s, 86399);
	ldappolicy_control(&p, LDAPPOLICY_EXPIRED, (struct slice)S("0"));
	assert_int_equal(ldappolicy_says(&p), POLICY_EXPIRED);
	/* the newer one knows more, in whatever order they come */
	ldappolicy_control(
	    &p, LDAPPOLICY_CONTROL, (struct slice)S("\x30\x03\x81\x01\x02"));
	assert_int_equal(ldappolicy_says(&p), POLICY_MUST_CHANGE);
}

static void
test_expired_with_grace_is_a_warning(void **state)
{
	struct ldappolicy p = { 0 };

	(void)state;
	ldappolicy_control(&p, LDAPPOLICY_EXPIRED, (struct slice)S("0"));
	ldappolicy_control(&p, LDAPPOLICY_CONTROL,
	    (struct slice)S("\x30\x05\xa0\x03\x81\x01\x02"));
	assert_int_equal(ldappolicy_says(&p), POLICY_SILENT);
	assert_int_equal(p.warning.grace_left, 2);
}

static void
test_seconds_are_digits(void **state)
{
	static const struct slice wrong[] = { S(""), S("-1"), S("1s"), S(" 1"),
		S("4294967296"), S("99999999999"), S("1\0") };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		struct ldappolicy p = { 0 };

		ldappolicy_control(&p, LDAPPOLICY_EXPIRING, wrong[i]);
		assert_true(is_silent(&p));
	}
}

/* -- Active Directory's -----------------------------------------------------
 */

#define AD(rest) "80090308: LdapErr: DSID-0C0903A9, comment: " rest

/* clang-format off */
static const struct {
	struct slice		 text;
	enum ldappolicy_says	 says;
} texts[] = {
#define ROW(code, says) \
	{ S(AD("AcceptSecurityContext error, data " code ", v2580\0")), says }
	ROW("525", POLICY_UNKNOWN),
	ROW("52e", POLICY_WRONG),
	ROW("52E", POLICY_WRONG),
	ROW("52f", POLICY_RESTRICTED),
	ROW("530", POLICY_HOURS),
	ROW("531", POLICY_PLACE),
	ROW("532", POLICY_EXPIRED),
	ROW("533", POLICY_DISABLED),
	ROW("701", POLICY_ENDED),
	ROW("773", POLICY_MUST_CHANGE),
	ROW("775", POLICY_LOCKED),
	ROW("776", POLICY_SILENT),
	ROW("0", POLICY_SILENT),
	ROW("5330", POLICY_SILENT),
	ROW("533x", POLICY_SILENT),
	ROW("x533", POLICY_SILENT),
	ROW("000000533", POLICY_SILENT),
	ROW("100000533", POLICY_SILENT),
	{ S(AD("AcceptSecurityContext error, DATA 533")), POLICY_DISABLED },
	{ S(AD("AcceptSecurityContext error, data ")), POLICY_SILENT },
	{ S(AD("AcceptSecurityContext error")), POLICY_SILENT },
	{ S(""), POLICY_SILENT },
	/* another server's, which repeats a name */
	{ S("no such user: 80090308: LdapErr: x, data 533, v1"),
	    POLICY_SILENT },
	{ S("data 533"), POLICY_SILENT },
	{ S("8009030: LdapErr: x, data 533, v1"), POLICY_SILENT },
	{ S("800903080: LdapErr: x, data 533, v1"), POLICY_SILENT },
};
/* clang-format on */

static enum ldappolicy_says
read_text(struct slice text)
{
	struct ldappolicy p = { 0 };

	ldappolicy_text(&p, text);
	return ldappolicy_says(&p);
}

static void
test_active_directorys_codes_are_understood(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++)
		if (read_text(texts[i].text) != texts[i].says)
			fail_msg("'%s'", shown(texts[i].text));
}

static void
read_text_only(struct slice text)
{
	assert_in_range(read_text(text), 0, POLICY_SAYS_COUNT - 1);
}

static void
test_spoilt_texts_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		truncated(texts[i].text, read_text_only);
		mutated(texts[i].text, read_text_only);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_drafts_answers_are_understood),
		cmocka_unit_test(test_anything_else_says_nothing),
		cmocka_unit_test(test_cut_answers_say_nothing),
		cmocka_unit_test(test_spoilt_answers_do_no_harm),
		cmocka_unit_test(test_a_bad_answer_changes_nothing),
		cmocka_unit_test(test_netscapes_controls_are_understood),
		cmocka_unit_test(test_expired_with_grace_is_a_warning),
		cmocka_unit_test(test_seconds_are_digits),
		cmocka_unit_test(test_active_directorys_codes_are_understood),
		cmocka_unit_test(test_spoilt_texts_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
