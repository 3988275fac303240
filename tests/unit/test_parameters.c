/* parameters - what MAIL may carry, and what becomes of it. */

#include "cases.h"

#include "limits.h"
#include "parameters.h"

#define TWENTY_DIGITS "99999999999999999999"
#define HUNDRED                                                                \
	TWENTY_DIGITS TWENTY_DIGITS TWENTY_DIGITS TWENTY_DIGITS TWENTY_DIGITS

#define NOW INT64_C(1795578000) /* 2026-11-25T03:40:00Z */

static const struct offers everything = {
	.set = MAIL_OFFERS_ALL | OFFER_IN_TLS | OFFER_FUTURERELEASE,
	.size = 10000,
	.by_min_s = 60,
	.hold_max_s = 3600,
};
static const struct offers nothing;

#define UNKNOWN  PARAMETERS_UNKNOWN
#define BAD      PARAMETERS_BAD_VALUE
#define PRIORITY PARAMETERS_BAD_PRIORITY

/* With everything offered. */
/* clang-format off */
static const struct {
	struct slice	rest;
	enum parameters_status status;
	struct mail_parameters want;	/* only where PARAMETERS_OK */
} cases[] = {
	{ S(""), PARAMETERS_OK, { 0 } },
	{ S("   "), PARAMETERS_OK, { 0 } },

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
	{ S(" BODY=7BIT"), PARAMETERS_OK, { .options.body = BODY_7BIT } },
	{ S(" body=8bitMIME"), PARAMETERS_OK, { .options.body = BODY_8BITMIME } },
	{ S(" BODY"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY="), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=8BIT"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=binarymime"), PARAMETERS_OK, { .options.body = BODY_BINARYMIME } },
	{ S(" BODY=8BIT MIME"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=7BIT\0"), PARAMETERS_BAD_VALUE, { 0 } },
	{ S(" BODY=7BIT BODY=7BIT"), PARAMETERS_BAD_VALUE, { 0 } },

	/* AUTH: RFC 4954, 5, in xtext of RFC 3461, 4 */
	{ S(" AUTH=<>"), PARAMETERS_OK, { 0 } },
	{ S(" AUTH=+3C+3E"), PARAMETERS_OK, { 0 } },
	{ S(" AUTH=a@b.c"), PARAMETERS_OK, { 0 } },
	{ S(" AUTH=e+3Dmc2@example.com"), PARAMETERS_OK, { 0 } },
	{ S(" AUTH=a@localhost"), PARAMETERS_OK, { 0 } },
	{ S(" AUTH=a+2Bb@c.d"), PARAMETERS_OK, { 0 } },
	{ S(" AUTH=\"a+20b\"@c.d"), PARAMETERS_OK, { 0 } },
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

	/* SMTPUTF8: RFC 6531, 3.4; REQUIRETLS: RFC 8689, 2: no value */
	{ S(" SMTPUTF8"), PARAMETERS_OK, { .options.smtputf8 = true } },
	{ S(" smtputf8"), PARAMETERS_OK, { .options.smtputf8 = true } },
	{ S(" SMTPUTF8="), BAD, { 0 } },
	{ S(" SMTPUTF8=1"), BAD, { 0 } },
	{ S(" SMTPUTF8 SMTPUTF8"), BAD, { 0 } },
	{ S(" RequireTLS"), PARAMETERS_OK, { .options.require_tls = true } },
	{ S(" REQUIRETLS="), BAD, { 0 } },
	{ S(" REQUIRETLS=1"), BAD, { 0 } },
	{ S(" REQUIRETLS REQUIRETLS"), BAD, { 0 } },

	/* RET and ENVID: RFC 3461, 4.3 and 4.4 */
	{ S(" RET=HDRS"), PARAMETERS_OK, { .options.ret = RET_HDRS } },
	{ S(" ret=full"), PARAMETERS_OK, { .options.ret = RET_FULL } },
	{ S(" RET=X"), BAD, { 0 } },
	{ S(" RET="), BAD, { 0 } },
	{ S(" RET"), BAD, { 0 } },
	{ S(" RET=FULL RET=FULL"), BAD, { 0 } },
	{ S(" ENVID=QQ314159"), PARAMETERS_OK, { .options.envid = S("QQ314159") } },
	{ S(" ENVID=a+3Db"), PARAMETERS_OK, { .options.envid = S("a+3Db") } },
	{ S(" ENVID=" HUNDRED), PARAMETERS_OK, { .options.envid = S(HUNDRED) } },
	{ S(" ENVID=" HUNDRED "1"), BAD, { 0 } },
	{ S(" ENVID=a+3db"), BAD, { 0 } },
	{ S(" ENVID=a=b"), BAD, { 0 } },
	{ S(" ENVID=+00"), BAD, { 0 } },
	{ S(" ENVID=+0D+0A"), BAD, { 0 } },
	{ S(" ENVID=\xc3\xa4"), BAD, { 0 } },
	{ S(" ENVID="), BAD, { 0 } },
	{ S(" ENVID=a ENVID=a"), BAD, { 0 } },

	/* MT-PRIORITY: RFC 6710, 4.1 */
	{ S(" MT-PRIORITY=0"), PARAMETERS_OK, { .options.has_priority = true } },
	{ S(" mt-priority=9"), PARAMETERS_OK, { .options = { .has_priority = true, .priority = 9 } } },
	{ S(" MT-PRIORITY=-9"), PARAMETERS_OK, { .options = { .has_priority = true, .priority = -9 } } },
	{ S(" MT-PRIORITY=10"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY=-10"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY=+3"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY=-0"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY=03"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY=-"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY=a"), PRIORITY, { 0 } },
	{ S(" MT-PRIORITY="), BAD, { 0 } },
	{ S(" MT-PRIORITY=1 MT-PRIORITY=1"), BAD, { 0 } },

	/* BY: RFC 2852, 4 */
	{ S(" BY=60;R"), PARAMETERS_OK, { .options = { .by = BY_RETURN, .by_s = NOW + 60 } } },
	{ S(" by=+120;rt"), PARAMETERS_OK, { .options = { .by = BY_RETURN, .by_trace = true, .by_s = NOW + 120 } } },
	{ S(" BY=1;N"), PARAMETERS_OK, { .options = { .by = BY_NOTIFY, .by_s = NOW + 1 } } },
	{ S(" BY=0;N"), PARAMETERS_OK, { .options = { .by = BY_NOTIFY, .by_s = NOW } } },
	{ S(" BY=-100;NT"), PARAMETERS_OK, { .options = { .by = BY_NOTIFY, .by_trace = true, .by_s = NOW - 100 } } },
	{ S(" BY=999999999;R"), PARAMETERS_OK, { .options = { .by = BY_RETURN, .by_s = NOW + 999999999 } } },
	{ S(" BY=59;R"), PARAMETERS_TOO_SOON, { 0 } },
	{ S(" BY=0;R"), BAD, { 0 } },
	{ S(" BY=-1;R"), BAD, { 0 } },
	{ S(" BY=1000000000;R"), BAD, { 0 } },
	{ S(" BY=100"), BAD, { 0 } },
	{ S(" BY=100;"), BAD, { 0 } },
	{ S(" BY=;R"), BAD, { 0 } },
	{ S(" BY=-;N"), BAD, { 0 } },
	{ S(" BY=--1;N"), BAD, { 0 } },
	{ S(" BY=100;X"), BAD, { 0 } },
	{ S(" BY=100;RX"), BAD, { 0 } },
	{ S(" BY=100;RTT"), BAD, { 0 } },
	{ S(" BY=100;R BY=100;R"), BAD, { 0 } },

	/* HOLDFOR and HOLDUNTIL: RFC 4865, 4.1 */
	{ S(" HOLDFOR=1"), PARAMETERS_OK, { .options = { .hold_until_s = NOW + 1, .hold_request = S("for;1") } } },
	{ S(" HOLDFOR=3600"), PARAMETERS_OK, { .options = { .hold_until_s = NOW + 3600, .hold_request = S("for;3600") } } },
	{ S(" HOLDFOR=3601"), BAD, { 0 } },
	{ S(" HOLDFOR=0"), BAD, { 0 } },
	{ S(" HOLDFOR=01"), BAD, { 0 } },
	{ S(" HOLDFOR=-1"), BAD, { 0 } },
	{ S(" HOLDFOR=9999999999"), BAD, { 0 } },
	{ S(" HOLDFOR="), BAD, { 0 } },
	{ S(" HOLDUNTIL=2026-11-25T03:40:01Z"), PARAMETERS_OK,
	    { .options = { .hold_until_s = NOW + 1, .hold_request = S("until;2026-11-25T03:40:01Z") } } },
	{ S(" HOLDUNTIL=2026-11-25T04:40:00Z"), PARAMETERS_OK,
	    { .options = { .hold_until_s = NOW + 3600, .hold_request = S("until;2026-11-25T04:40:00Z") } } },
	{ S(" HOLDUNTIL=2026-11-25T04:40:01Z"), BAD, { 0 } },
	{ S(" HOLDUNTIL=2026-11-25T03:40:00Z"), BAD, { 0 } },
	{ S(" HOLDUNTIL=1999-11-25T03:40:00Z"), BAD, { 0 } },
	{ S(" HOLDUNTIL=2026-11-25T03:50:00"), BAD, { 0 } },
	{ S(" HOLDUNTIL=2026-11-25T03:50:00.0000000000000000000000000000000000000000Z"), BAD, { 0 } },
	{ S(" HOLDFOR=1 HOLDFOR=1"), BAD, { 0 } },
	{ S(" HOLDFOR=1 HOLDUNTIL=2026-11-25T03:50:00Z"), BAD, { 0 } },
	{ S(" HOLDUNTIL=2026-11-25T03:50:00Z HOLDFOR=1"), BAD, { 0 } },
	{ S(" HOLDFOR=100 BY=100;N"), PARAMETERS_OK, { .options = { .by = BY_NOTIFY, .by_s = NOW + 100,
	    .hold_until_s = NOW + 100, .hold_request = S("for;100") } } },
	{ S(" HOLDFOR=101 BY=100;N"), BAD, { 0 } },
	{ S(" BY=100;R HOLDFOR=101"), BAD, { 0 } },

	/* together, and unknown ones */
	{ S(" BODY=8BITMIME SIZE=5 AUTH=<> SMTPUTF8 RET=FULL ENVID=x REQUIRETLS MT-PRIORITY=-3 BY=60;R HOLDFOR=6"), PARAMETERS_OK,
	    { .has_size = true, .size = 5, .options = { .body = BODY_8BITMIME, .smtputf8 = true, .ret = RET_FULL,
	    .envid = S("x"), .require_tls = true, .has_priority = true, .priority = -3, .by = BY_RETURN,
	    .by_s = NOW + 60, .hold_until_s = NOW + 6, .hold_request = S("for;6") } } },
	{ S(" NOTIFY=NEVER"), UNKNOWN, { 0 } },
	{ S(" SIZE=5 X"), UNKNOWN, { 0 } },
	{ S(" SIZEX=5"), UNKNOWN, { 0 } },
	{ S(" SIZ=5"), UNKNOWN, { 0 } },
	{ S(" =5"), UNKNOWN, { 0 } },
	{ S(" ="), UNKNOWN, { 0 } },
	{ S(" SIZE\0=5"), UNKNOWN, { 0 } },
	{ S("\tSIZE=5"), UNKNOWN, { 0 } },
	{ S(" \xc3\xa4=5"), UNKNOWN, { 0 } },
	{ S(" BODY=x FOO"), BAD, { 0 } },
	{ S(" FOO BODY=x"), UNKNOWN, { 0 } },
};
/* clang-format on */

static void
assert_parameters(
    const struct mail_parameters *got, const struct mail_parameters *want)
{
	const struct mail_options *o = &got->options, *w = &want->options;

	assert_int_equal(got->has_size, want->has_size);
	assert_true(got->size == want->size);
	assert_int_equal(o->body, w->body);
	assert_int_equal(o->smtputf8, w->smtputf8);
	assert_int_equal(o->require_tls, w->require_tls);
	assert_int_equal(o->ret, w->ret);
	assert_slice(o->envid, w->envid);
	assert_int_equal(o->has_priority, w->has_priority);
	assert_int_equal(o->priority, w->priority);
	assert_int_equal(o->by, w->by);
	assert_int_equal(o->by_trace, w->by_trace);
	assert_true(o->by_s == w->by_s);
	assert_true(o->hold_until_s == w->hold_until_s);
	assert_slice(o->hold_request, w->hold_request);
}

static enum parameters_status
parse(struct slice rest, struct mail_parameters *mp)
{
	return parameters_parse_mail(rest, &everything, NOW, mp);
}

static void
test_each_case(void **state)
{
	struct mail_parameters mp;
	enum parameters_status st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		st = parse(cases[i].rest, &mp);
		if (st != cases[i].status)
			fail_msg("'%s': got %d, want %d", shown(cases[i].rest),
			    st, cases[i].status);
		if (st == PARAMETERS_OK)
			assert_parameters(&mp, &cases[i].want);
	}
}

/* The same word, with the one offer it needs taken away. */
static void
test_what_is_not_offered_is_unknown(void **state)
{
	static const struct {
		uint32_t offer;
		const char *rest;
	} rows[] = {
		{ 0, " SIZE=1 BODY=7BIT AUTH=<> RET=FULL ENVID=x" },
		{ OFFER_8BITMIME, " BODY=8BITMIME" },
		{ OFFER_BINARYMIME, " BODY=BINARYMIME" },
		{ OFFER_SMTPUTF8, " SMTPUTF8" },
		{ OFFER_REQUIRETLS, " REQUIRETLS" },
		{ OFFER_IN_TLS, " REQUIRETLS" },
		{ OFFER_DELIVERBY, " BY=60;R" },
		{ OFFER_DELIVERBY, " BY=bad" },
		{ OFFER_MT_PRIORITY, " MT-PRIORITY=0" },
		{ OFFER_FUTURERELEASE, " HOLDFOR=1" },
		{ OFFER_FUTURERELEASE, " HOLDUNTIL=2026-11-25T03:50:00Z" },
	};
	struct mail_parameters mp;
	struct offers less;
	size_t i;

	(void)state;
	assert_int_equal(
	    parameters_parse_mail(slice_of(rows[0].rest), &nothing, NOW, &mp),
	    PARAMETERS_OK);
	for (i = 1; i < ARRAY_LEN(rows); i++) {
		less = everything;
		less.set &= ~rows[i].offer;
		if (parameters_parse_mail(slice_of(rows[i].rest), &less, NOW,
			&mp) != PARAMETERS_UNKNOWN)
			fail_msg("'%s'", rows[i].rest);
	}
}

static void
test_the_keyword_at_fault_is_named(void **state)
{
	static const struct {
		const char *rest, *culprit;
	} rows[] = {
		{ " SIZE=1 BODY=x RET=y", "BODY" },
		{ " size=", "size" },
		{ " FOO", "FOO" },
		{ " FOO=bar", "FOO" },
		{ " BY=60;R HOLDFOR=61", "BY" },
		{ " " HUNDRED, TWENTY_DIGITS TWENTY_DIGITS },
	};
	struct mail_parameters mp;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_not_equal(
		    parse(slice_of(rows[i].rest), &mp), PARAMETERS_OK);
		assert_slice(mp.culprit, slice_of(rows[i].culprit));
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
		if ((parse(slice_of(plain), &mp) == PARAMETERS_OK) != fine)
			fail_msg("'%s'", plain);
		fine = c >= 0x20 && c <= 0x7e && c != '"';
		if ((parse(slice_of(quoted), &mp) == PARAMETERS_OK) != fine)
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
		assert_int_equal(parse((struct slice){ text, n }, &mp), BAD);
}

static void
test_too_many_parameters_are_refused(void **state)
{
	struct buf text = buf_new((LIMIT_PARAMETERS + 2) * 8);
	struct mail_parameters mp;
	unsigned i;

	(void)state;
	for (i = 0; i < LIMIT_PARAMETERS; i++)
		buf_str(&text, " SIZE=1"); /* and twice is too often */
	assert_int_equal(parse(buf_slice(&text), &mp), BAD);
	buf_free(&text);
}

/* -- RCPT ------------------------------------------------------------------ */

#define ANY (NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY)

/* clang-format off */
static const struct {
	struct slice	rest;
	enum parameters_status status;
	struct rcpt_parameters want;
} rcpt_cases[] = {
	{ S(""), PARAMETERS_OK, { 0 } },
	{ S("  "), PARAMETERS_OK, { 0 } },
	{ S(" NOTIFY=NEVER"), PARAMETERS_OK, { .notify = NOTIFY_NEVER } },
	{ S(" notify=success,DELAY"), PARAMETERS_OK, { .notify = NOTIFY_SUCCESS | NOTIFY_DELAY } },
	{ S(" NOTIFY=SUCCESS,FAILURE,DELAY"), PARAMETERS_OK, { .notify = ANY } },
	{ S(" NOTIFY=FAILURE"), PARAMETERS_OK, { .notify = NOTIFY_FAILURE } },
	{ S(" NOTIFY=NEVER,SUCCESS"), BAD, { 0 } },
	{ S(" NOTIFY=SUCCESS,NEVER"), BAD, { 0 } },
	{ S(" NOTIFY=SUCCESS,SUCCESS"), BAD, { 0 } },
	{ S(" NOTIFY=SUCCESS,"), BAD, { 0 } },
	{ S(" NOTIFY=,SUCCESS"), BAD, { 0 } },
	{ S(" NOTIFY=FOO"), BAD, { 0 } },
	{ S(" NOTIFY="), BAD, { 0 } },
	{ S(" NOTIFY"), BAD, { 0 } },
	{ S(" NOTIFY=NEVER NOTIFY=NEVER"), BAD, { 0 } },
	{ S(" ORCPT=rfc822;a+2Bb@x.example"), PARAMETERS_OK, { .orcpt = S("rfc822;a+2Bb@x.example") } },
	{ S(" ORCPT=utf-8;\\x{FC}@x.example"), PARAMETERS_OK, { .orcpt = S("utf-8;\\x{FC}@x.example") } },
	{ S(" ORCPT=foo"), BAD, { 0 } },
	{ S(" ORCPT="), BAD, { 0 } },
	{ S(" ORCPT=rfc822;a ORCPT=rfc822;a"), BAD, { 0 } },
	{ S(" ORCPT=rfc822;a NOTIFY=DELAY"), PARAMETERS_OK, { .orcpt = S("rfc822;a"), .notify = NOTIFY_DELAY } },
	{ S(" SIZE=1"), UNKNOWN, { 0 } },
	{ S(" RET=HDRS"), UNKNOWN, { 0 } },
	{ S(" FOO=1"), UNKNOWN, { 0 } },
};
/* clang-format on */

static void
test_each_case_of_rcpt(void **state)
{
	struct rcpt_parameters rp;
	enum parameters_status st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rcpt_cases); i++) {
		st = parameters_parse_rcpt(rcpt_cases[i].rest, true, &rp);
		if (st != rcpt_cases[i].status)
			fail_msg("'%s': got %d", shown(rcpt_cases[i].rest), st);
		if (st != PARAMETERS_OK)
			continue;
		assert_int_equal(rp.notify, rcpt_cases[i].want.notify);
		assert_slice(rp.orcpt, rcpt_cases[i].want.orcpt);
	}
}

static void
test_utf8_stands_for_itself_with_smtputf8_only(void **state)
{
	struct slice rest = S(" ORCPT=utf-8;\xc3\xbc@x.example");
	struct rcpt_parameters rp;

	(void)state;
	assert_int_equal(parameters_parse_rcpt(rest, false, &rp), BAD);
	assert_int_equal(parameters_parse_rcpt(rest, true, &rp), PARAMETERS_OK);
}

/* -- spoilt ---------------------------------------------------------------- */

/* What is taken passes relay's own check. */
static void
survive(struct slice in)
{
	struct buf b = buf_new(LIMIT_FRAME);
	struct mail_parameters mp;
	struct mail_options o;
	struct unpack u;

	if (parse(in, &mp) != PARAMETERS_OK)
		return;
	assert_true(mp.has_size || mp.size == 0);
	mail_options_pack(&b, &mp.options);
	u = unpack_begin(buf_slice(&b));
	mail_options_unpack(&u, &o);
	if (!unpack_end(&u))
		fail_msg("'%s'", shown(in));
	buf_free(&b);
}

static void
survive_rcpt(struct slice in)
{
	struct mail_recipient r = { .mailbox = S("a@b.c") };
	struct buf b = buf_new(LIMIT_FRAME);
	struct rcpt_parameters rp;
	struct unpack u;

	if (parameters_parse_rcpt(in, true, &rp) != PARAMETERS_OK)
		return;
	r.notify = rp.notify;
	r.orcpt = rp.orcpt;
	mail_recipient_pack(&b, &r);
	u = unpack_begin(buf_slice(&b));
	mail_recipient_unpack(&u, &r);
	if (!unpack_end(&u))
		fail_msg("'%s'", shown(in));
	buf_free(&b);
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
	for (i = 0; i < ARRAY_LEN(rcpt_cases); i++) {
		truncated(rcpt_cases[i].rest, survive_rcpt);
		mutated(rcpt_cases[i].rest, survive_rcpt);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case),
		cmocka_unit_test(test_what_is_not_offered_is_unknown),
		cmocka_unit_test(test_the_keyword_at_fault_is_named),
		cmocka_unit_test(
		    test_any_xtext_octet_is_judged_by_what_it_stands_for),
		cmocka_unit_test(test_a_long_auth_value_is_refused),
		cmocka_unit_test(test_too_many_parameters_are_refused),
		cmocka_unit_test(test_each_case_of_rcpt),
		cmocka_unit_test(
		    test_utf8_stands_for_itself_with_smtputf8_only),
		cmocka_unit_test(test_spoilt_parameters_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
