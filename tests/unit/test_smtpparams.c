/*
 * smtpparams - what goes to which server with a message, octet for octet, and
 * what keeps it from one.
 */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "smtpparams.h"

#define NOW 1800000000

#define ALL UINT32_MAX

#define BY(mode, left) .by = (mode), .by_s = NOW + (left)

static const struct smtpclient_recipient nobody = { "b@x", 0, "" };

/* -- MAIL ------------------------------------------------------------------ */

/* clang-format off */
static const struct {
	uint32_t		 extensions;
	struct mail_options	 options;
	const char		*sent;	/* behind the path */
} mails[] = {
	{ ALL, { 0 }, " SIZE=16" },
	{ 0, { 0 }, "" },
	{ EXT_8BITMIME, { .body = BODY_8BITMIME }, " BODY=8BITMIME" },
	{ EXT_8BITMIME | EXT_BINARYMIME | EXT_CHUNKING,
	  { .body = BODY_BINARYMIME }, " BODY=BINARYMIME" },
	{ EXT_8BITMIME, { .body = BODY_7BIT }, "" },
	{ EXT_SMTPUTF8, { .smtputf8 = true }, " SMTPUTF8" },
	{ EXT_SMTPUTF8, { 0 }, "" },
	{ EXT_DSN, { .ret = RET_FULL }, " RET=FULL" },
	{ EXT_DSN, { .ret = RET_HDRS, .envid = { "a+2Bb", 5 } },
	  " RET=HDRS ENVID=a+2Bb" },
	{ ~(uint32_t)(EXT_DSN | EXT_SIZE),
	  { .ret = RET_HDRS, .envid = { "a+2Bb", 5 } }, "" },
	{ EXT_REQUIRETLS, { .require_tls = true }, " REQUIRETLS" },
	{ EXT_REQUIRETLS, { 0 }, "" },
	{ EXT_MT_PRIORITY, { .has_priority = true, .priority = -9 },
	  " MT-PRIORITY=-9" },
	{ EXT_MT_PRIORITY, { .has_priority = true, .priority = 0 },
	  " MT-PRIORITY=0" },
	{ EXT_MT_PRIORITY, { .priority = 9 }, "" },
	{ 0, { .has_priority = true, .priority = 9 }, "" },
	{ EXT_DELIVERBY, { BY(BY_RETURN, 120) }, " BY=120;R" },
	{ EXT_DELIVERBY, { BY(BY_NOTIFY, 1), .by_trace = true }, " BY=1;NT" },
	{ EXT_DELIVERBY, { BY(BY_NOTIFY, 0) }, " BY=0;N" },
	{ EXT_DELIVERBY, { BY(BY_NOTIFY, -5) }, " BY=-5;N" },
	{ EXT_DELIVERBY, { .by = BY_NOTIFY, .by_s = UINT64_MAX },
	  " BY=999999999;N" },
	{ EXT_DELIVERBY, { .by = BY_NOTIFY, .by_s = 0 }, " BY=-999999999;N" },
	{ 0, { BY(BY_NOTIFY, 120) }, "" }, /* only R must not go there */
	{ EXT_DELIVERBY, { .by_s = NOW + 5, .by_trace = true }, "" },
	/* ours alone */
	{ ALL, { .hold_until_s = NOW + 5, .hold_request = { "for;5", 5 } },
	  " SIZE=16" },
	{ ALL, { .body = BODY_8BITMIME, .smtputf8 = true, .ret = RET_FULL,
		 .envid = { "e", 1 }, .require_tls = true,
		 .has_priority = true, .priority = 3, BY(BY_RETURN, 9) },
	  " SIZE=16 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=e REQUIRETLS"
	  " MT-PRIORITY=3 BY=9;R" },
};
/* clang-format on */

static void
test_mail_says_what_was_asked_for_and_is_offered(void **state)
{
	struct smtpclient_mail mail = { .sender = "a@x",
		.size = 16,
		.recipients = &nobody,
		.recipient_count = 1 };
	struct smtp_offers offers = { 0 };
	struct smtpparams p = { &offers, &mail, NOW };
	struct smtpreply why;
	struct buf b, want;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(mails); i++) {
		print_message("row %zu\n", i);
		offers.extensions = mails[i].extensions;
		mail.options = &mails[i].options;
		assert_true(smtpparams_fit(&p, &why));
		b = buf_new(LIMIT_COMMAND_LINE);
		want = buf_new(LIMIT_COMMAND_LINE);
		smtpparams_mail(&b, &p);
		buf_printf(&want, "MAIL FROM:<a@x>%s\r\n", mails[i].sent);
		assert_slice(buf_slice(&b), buf_slice(&want));
		buf_free(&b);
		buf_free(&want);
	}
}

/* -- RCPT ------------------------------------------------------------------ */

#define FOUR  "\xf0\x9f\x98\x80"
#define TEN   FOUR FOUR FOUR FOUR FOUR FOUR FOUR FOUR FOUR FOUR
#define FIFTY TEN TEN TEN TEN TEN

/* clang-format off */
static const struct {
	uint32_t	 extensions;
	bool		 smtputf8;
	uint32_t	 notify;
	const char	*orcpt;
	const char	*sent;	/* behind the path */
} recipients[] = {
	{ EXT_DSN, false, 0, "", "" },
	{ EXT_DSN, false, NOTIFY_NEVER, "", " NOTIFY=NEVER" },
	{ EXT_DSN, false, NOTIFY_DELAY, "", " NOTIFY=DELAY" },
	{ EXT_DSN, false, NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY, "",
	  " NOTIFY=SUCCESS,FAILURE,DELAY" },
	{ EXT_DSN, false, NOTIFY_FAILURE, "RFC822;Bo+2Bb@X.example",
	  " NOTIFY=FAILURE ORCPT=RFC822;Bo+2Bb@X.example" },
	{ ~(uint32_t)EXT_DSN, true, NOTIFY_SUCCESS, "rfc822;b@x", "" },
	/* RFC 6533, 3: as it came, or escaped */
	{ EXT_DSN | EXT_SMTPUTF8, true, 0, "utf-8;\xc3\xbc\\x{2B}@x",
	  " ORCPT=utf-8;\xc3\xbc\\x{2B}@x" },
	{ EXT_DSN, false, 0, "utf-8;\xc3\xbc\\x{2B}@x",
	  " ORCPT=utf-8;\\x{FC}\\x{2B}@x" },
	{ EXT_DSN | EXT_SMTPUTF8, false, 0, "utf-8;\xe4\xbe\x8b@x",
	  " ORCPT=utf-8;\\x{4F8B}@x" },
	{ EXT_DSN, false, 0, "utf-8;" FOUR, " ORCPT=utf-8;\\x{1F600}" },
	{ EXT_DSN, false, 0, "utf-8;\xdf\xbf\xef\xbf\xbd\xf4\x8f\xbf\xbf",
	  " ORCPT=utf-8;\\x{7FF}\\x{FFFD}\\x{10FFFF}" },
	/* 456 octets fit, 546 do not */
	{ EXT_DSN, false, 0, "utf-8;" TEN TEN TEN TEN TEN, " ORCPT=utf-8;"
#define E5  "\\x{1F600}\\x{1F600}\\x{1F600}\\x{1F600}\\x{1F600}"
	  E5 E5 E5 E5 E5 E5 E5 E5 E5 E5 },
	{ EXT_DSN, false, NOTIFY_DELAY, "utf-8;" FIFTY TEN, " NOTIFY=DELAY" },
	{ EXT_DSN, true, 0, "utf-8;" FIFTY TEN, " ORCPT=utf-8;" FIFTY TEN },
};
/* clang-format on */

static void
test_rcpt_says_what_was_asked_for_and_is_offered(void **state)
{
	struct mail_options options = { 0 };
	struct smtpclient_mail mail = { .options = &options };
	struct smtp_offers offers = { 0 };
	struct smtpparams p = { &offers, &mail, NOW };
	struct smtpclient_recipient r;
	struct buf b, want;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(recipients); i++) {
		print_message("row %zu\n", i);
		offers.extensions = recipients[i].extensions;
		options.smtputf8 = recipients[i].smtputf8;
		r = (struct smtpclient_recipient){ "b@x", recipients[i].notify,
			recipients[i].orcpt };
		b = buf_new(LIMIT_COMMAND_LINE);
		want = buf_new(LIMIT_COMMAND_LINE);
		smtpparams_rcpt(&b, &p, &r);
		buf_printf(&want, "RCPT TO:<b@x>%s\r\n", recipients[i].sent);
		assert_slice(buf_slice(&b), buf_slice(&want));
		buf_free(&b);
		buf_free(&want);
	}
}

/* The longest of everything: it must fit a command. */
static void
test_the_longest_commands_fit(void **state)
{
	char path[LIMIT_PATH - 1] = { 0 }, orcpt[LIMIT_ORCPT + 1] = { 0 };
	char envid[LIMIT_ENVID + 1] = { 0 };
	struct mail_options options = { .body = BODY_8BITMIME,
		.smtputf8 = true,
		.require_tls = true,
		.ret = RET_FULL,
		.has_priority = true,
		.priority = -9,
		.by = BY_NOTIFY,
		.by_trace = true };
	struct smtp_offers offers = { .extensions = ALL };
	struct smtpclient_mail mail = {
		.options = &options, .sender = path, .size = UINT64_MAX
	};
	struct smtpparams p = { &offers, &mail, NOW };
	struct smtpclient_recipient r = { path,
		NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY, orcpt };
	struct buf b = buf_new(LIMIT_COMMAND_LINE);

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	memset(orcpt, 'o', sizeof(orcpt) - 1);
	memset(envid, 'e', sizeof(envid) - 1);
	options.envid = slice_of(envid);
	smtpparams_mail(&b, &p);
	smtpparams_rcpt(&b, &p, &r);
	assert_true(buf_ok(&b));
	buf_free(&b);
}

/* -- what keeps it from a server ------------------------------------------- */

#define UE "\xc3\xbc@x"

/* clang-format off */
static const struct {
	struct smtp_offers	 offers;
	struct mail_options	 options;
	const char		*sender;
	const char		*recipient;
	unsigned		 code;	/* 0: it fits */
	const char		*enhanced;
} fits[] = {
	{ { 0 }, { 0 }, "a@x", "b@x", 0, "" },
	{ { .extensions = EXT_SMTPUTF8 }, { .smtputf8 = true }, UE, UE, 0, "" },
	{ { 0 }, { .smtputf8 = true }, UE, UE, 550, "5.6.7" },
	{ { 0 }, { .smtputf8 = true }, "a@x", UE, 553, "5.6.7" },
	{ { 0 }, { .smtputf8 = true }, "a@x", "b@x", 554, "5.6.9" },
	{ { .extensions = EXT_8BITMIME }, { .body = BODY_8BITMIME },
	  "a@x", "b@x", 0, "" },
	{ { 0 }, { .body = BODY_8BITMIME }, "a@x", "b@x", 554, "5.6.3" },
	{ { .extensions = EXT_8BITMIME | EXT_CHUNKING },
	  { .body = BODY_BINARYMIME }, "a@x", "b@x", 554, "5.6.3" },
	{ { .extensions = EXT_BINARYMIME }, { .body = BODY_BINARYMIME },
	  "a@x", "b@x", 0, "" },
	{ { .extensions = EXT_STARTTLS }, { .require_tls = true },
	  "a@x", "b@x", 550, "5.7.30" },
	{ { .extensions = EXT_REQUIRETLS }, { .require_tls = true },
	  "a@x", "b@x", 0, "" },
	{ { 0 }, { BY(BY_NOTIFY, -10) }, "a@x", "b@x", 0, "" },
	{ { 0 }, { BY(BY_RETURN, 10) }, "a@x", "b@x", 554, "5.4.7" },
	{ { .extensions = EXT_DELIVERBY }, { BY(BY_RETURN, 1) },
	  "a@x", "b@x", 0, "" },
	{ { .extensions = EXT_DELIVERBY }, { BY(BY_RETURN, 0) },
	  "a@x", "b@x", 554, "5.4.7" },
	{ { .extensions = EXT_DELIVERBY, .by_min_s = 10 },
	  { BY(BY_RETURN, -10) }, "a@x", "b@x", 554, "5.4.7" },
	{ { .extensions = EXT_DELIVERBY, .by_min_s = 10 },
	  { BY(BY_RETURN, 10) }, "a@x", "b@x", 0, "" },
	{ { .extensions = EXT_DELIVERBY, .by_min_s = 11 },
	  { BY(BY_RETURN, 10) }, "a@x", "b@x", 554, "5.4.7" },
	{ { .extensions = EXT_DELIVERBY, .by_min_s = 11 },
	  { BY(BY_NOTIFY, 10) }, "a@x", "b@x", 0, "" },
	{ { .extensions = EXT_SIZE, .size = 16 }, { 0 }, "a@x", "b@x", 0, "" },
	{ { .extensions = EXT_SIZE, .size = 15 }, { 0 },
	  "a@x", "b@x", 552, "5.3.4" },
	/* not held against it: it serves without */
	{ { 0 }, { .ret = RET_FULL, .envid = { "e", 1 } }, "a@x", "b@x", 0, "" },
	{ { 0 }, { .has_priority = true, .priority = 9 }, "a@x", "b@x", 0, "" },
};
/* clang-format on */

static void
test_what_a_message_needs_keeps_it_from_who_lacks_it(void **state)
{
	struct smtpclient_recipient to[2] = { { "b@x", 0, "" },
		{ NULL, 0, "" } };
	struct smtpclient_mail mail = {
		.size = 16, .recipients = to, .recipient_count = 2
	};
	struct smtpparams p = { .mail = &mail, .now_s = NOW };
	struct smtpreply why;
	bool fit;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(fits); i++) {
		print_message("row %zu\n", i);
		p.offers = &fits[i].offers;
		mail.options = &fits[i].options;
		mail.sender = fits[i].sender;
		to[1].mailbox = fits[i].recipient;
		why = (struct smtpreply){ 0 };
		fit = smtpparams_fit(&p, &why);
		assert_int_equal(fit, fits[i].code == 0);
		assert_int_equal(why.code, fits[i].code);
		assert_string_equal(why.enhanced, fits[i].enhanced);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_mail_says_what_was_asked_for_and_is_offered),
		cmocka_unit_test(
		    test_rcpt_says_what_was_asked_for_and_is_offered),
		cmocka_unit_test(test_the_longest_commands_fit),
		cmocka_unit_test(
		    test_what_a_message_needs_keeps_it_from_who_lacks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
