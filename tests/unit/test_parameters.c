/* parameters - what MAIL may carry, and what becomes of it. */

#include "cases.h"

#include "limits.h"
#include "parameters.h"

#define TWENTY_DIGITS "99999999999999999999"

/* clang-format off */
static const struct {
	struct slice	rest;
	enum parameters_status status;
	struct mail_parameters want;	/* only where PARAMETERS_OK */
} cases[] = {
	{ S(""), PARAMETERS_OK, { .body = BODY_7BIT } },
	{ S("   "), PARAMETERS_OK, { .body = BODY_7BIT } },

	/* SIZE: RFC 1870, 4: 1*20DIGIT */
	{ S(" SIZE=0"), PARAMETERS_OK, { .has_size = true, .size = 0 } },
	{ S(" SIZE=1000"), PARAMETERS_OK, { .has_size = true, .size = 1000 } },
	{ S("  size=7  "), PARAMETERS_OK, { .has_size = true, .size = 7 } },
	{ S(" SIZE=00000000000000000012"), PARAMETERS_OK, { .has_size = true, .size = 12 } },
	{ S(" SIZE=18446744073709551615"), PARAMETERS_OK, { .has_size = true, .size = UINT64_MAX } },
	{ S(" SIZE=18446744073709551616"), PARAMETERS_OK, { .has_size = true, .size = UINT64_MAX } },
	{ S(" SIZE=" TWENTY_DIGITS), PARAMETERS_OK, { .has_size = true, .size = UINT64_MAX } },
	{ S(" SIZE=0" TWENTY_DIGITS), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE="), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=+1"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=-1"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=0x10"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1k"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1.5"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1\r"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1\r\nRCPT"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1\0"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1=1"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=\xb2"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1 SIZE=1"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE=1 size=2"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE= 1"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SIZE =1"), PARAMETERS_BAD_VALUE, { 0 } },

	/* BODY: RFC 6152, 2 */
	{ S(" BODY=7BIT"), PARAMETERS_OK, { .has_body = true, .body = BODY_7BIT } },
	{ S(" body=8bitMIME"), PARAMETERS_OK, { .has_body = true, .body = BODY_8BITMIME } },
	{ S(" BODY"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY="), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=8BIT"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=BINARYMIME"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=7BIT\0"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=7BIT BODY=7BIT"), PARAMETERS_BAD_VALUE, { 0 } },

	/* AUTH: RFC 4954, 5, in xtext of RFC 3461, 4 */
	{ S(" AUTH=<>"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=+3C+3E"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=a@b.c"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=e+3Dmc2@example.com"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=a@localhost"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=a+2Bb@c.d"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=\"a+20b\"@c.d"), PARAMETERS_OK, { .has_auth = true } },
	{ S(" AUTH=\"a b\"@c.d"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH="), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=<a@b.c>"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a=b@c.d"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a@b.c+"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a@b.c+6"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a@b.c+zz"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a@b.c+ZZ"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a@b.c+4G"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=e+3dmc2@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a+00@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a+0A@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a+0D@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a+7F@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=a+E4@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=\xe4@b.c"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" AUTH=<> AUTH=<>"), PARAMETERS_BAD_VALUE, { 0 } },

	/* together, and unknown ones */
	{ S(" BODY=8BITMIME SIZE=5 AUTH=<>"), PARAMETERS_OK,
	    { .has_size = true, .size = 5, .has_body = true, .body = BODY_8BITMIME, .has_auth = true } },
	{ S(" SMTPUTF8"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" RET=HDRS"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" SIZE=5 X"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" SIZEX=5"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" SIZ=5"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" =5"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" ="), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" SIZE\0=5"), PARAMETERS_UNKNOWN, { 0 } },
	{ S("\tSIZE=5"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" \xc3\xa4=5"), PARAMETERS_UNKNOWN, { 0 } },
	{ S(" BODY=x SMTPUTF8"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" SMTPUTF8 BODY=x"), PARAMETERS_UNKNOWN, { 0 } },
};
/* clang-format on */

static void
assert_parameters(
    const struct mail_parameters *got, const struct mail_parameters *want)
{
	assert_int_equal(got->has_size, want->has_size);
	assert_true(got->size == want->size);
	assert_int_equal(got->has_body, want->has_body);
	assert_int_equal(got->body, want->body);
	assert_int_equal(got->has_auth, want->has_auth);
}

static void
test_each_case(void **state)
{
	struct mail_parameters mp;
	enum parameters_status st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		st = parameters_parse_mail(cases[i].rest, &mp);
		if (st != cases[i].status)
			fail_msg("'%s': got %d, want %d", shown(cases[i].rest),
			    st, cases[i].status);
		if (st == PARAMETERS_OK)
			assert_parameters(&mp, &cases[i].want);
	}
}

static void
test_any_xtext_octet_is_judged_by_what_it_stands_for(void **state)
{
	static const char atext[] = "!#$%&'*+-/=?^_`{|}~";
	struct mail_parameters mp;
	char plain[32], quoted[32];
	unsigned c;
	bool fine;

	(void)state;
	for (c = 0; c < 256; c++) {
		snprintf(plain, sizeof(plain), " AUTH=a+%02Xb@c.d", c);
		snprintf(quoted, sizeof(quoted), " AUTH=\"a+%02Xb\"@c.d", c);
		fine = isalnum((int)c) || c == '.' ||
		       (c != 0 && strchr(atext, (int)c) != NULL);
		if ((parameters_parse_mail(slice_of(plain), &mp) ==
			PARAMETERS_OK) != fine)
			fail_msg("'%s'", plain);
		fine = c >= 0x20 && c <= 0x7e && c != '"';
		if ((parameters_parse_mail(slice_of(quoted), &mp) ==
			PARAMETERS_OK) != fine)
			fail_msg("'%s'", quoted);
	}
}

static void
test_a_long_auth_value_is_refused(void **state)
{
	char text[6 + LIMIT_PATH + 16] = " AUTH=";
	struct mail_parameters mp;
	size_t n;

	(void)state;
	memset(text + 6, 'a', sizeof(text) - 6);
	for (n = 6 + LIMIT_LOCAL_PART; n < sizeof(text); n++)
		assert_int_equal(
		    parameters_parse_mail((struct slice){ text, n }, &mp),
		    PARAMETERS_BAD_VALUE);
}

static void
test_rcpt_takes_none(void **state)
{
	(void)state;
	assert_int_equal(parameters_parse_rcpt(slice_of("")), PARAMETERS_OK);
	assert_int_equal(parameters_parse_rcpt(slice_of("  ")), PARAMETERS_OK);
	assert_int_equal(parameters_parse_rcpt(slice_of(" NOTIFY=NEVER")),
	    PARAMETERS_UNKNOWN);
	assert_int_equal(
	    parameters_parse_rcpt(slice_of(" SIZE=1")), PARAMETERS_UNKNOWN);
}

static void
survive(struct slice in)
{
	struct mail_parameters mp;

	if (parameters_parse_mail(in, &mp) != PARAMETERS_OK)
		return;
	assert_true(mp.has_size || mp.size == 0);
	assert_true(mp.has_body || mp.body == BODY_7BIT);
}

static void
test_spoilt_parameters_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].rest, survive);
		mutated(cases[i].rest, survive);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case),
		cmocka_unit_test(
		    test_any_xtext_octet_is_judged_by_what_it_stands_for),
		cmocka_unit_test(test_a_long_auth_value_is_refused),
		cmocka_unit_test(test_rcpt_takes_none),
		cmocka_unit_test(test_spoilt_parameters_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
