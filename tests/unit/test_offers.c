/* offers - what EHLO says for what the smarthosts have. */

#include "cases.h"

#include "compiler.h"
#include "offers.h"

#define ALWAYS "250-submit.test\r\n250-PIPELINING\r\n"
#define DSN_ON "250-DSN\r\n250-CHUNKING\r\n"
#define LAST   "250-LIMITS RCPTMAX=100\r\n250 ENHANCEDSTATUSCODES\r\n"
#define HOLD   "250-FUTURERELEASE 3600 2026-11-25T04:40:00Z\r\n"

/* clang-format off */
static const struct {
	const char		*name;
	struct msg_mail_offers	 smarthosts;
	uint32_t		 hold_s;
	bool			 tls;
	const char		*reply;
} cases[] = {
	{ "the least, in clear", { 0 }, 0, false,
	    ALWAYS "250-SIZE 10000\r\n250-STARTTLS\r\n" DSN_ON LAST },
	{ "the least, in TLS", { 0 }, 0, true,
	    ALWAYS "250-SIZE 10000\r\n250-AUTH PLAIN LOGIN\r\n" DSN_ON LAST },
	{ "everything, in TLS", { MAIL_OFFERS_ALL, 0, 60 }, 3600, true,
	    ALWAYS "250-SIZE 10000\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n"
	    DSN_ON "250-BINARYMIME\r\n250-SMTPUTF8\r\n250-REQUIRETLS\r\n" HOLD
	    "250-DELIVERBY 60\r\n250-MT-PRIORITY\r\n" LAST },
	{ "everything, in clear: no REQUIRETLS", { MAIL_OFFERS_ALL, 0, 0 }, 3600, false,
	    ALWAYS "250-SIZE 10000\r\n250-8BITMIME\r\n250-STARTTLS\r\n"
	    DSN_ON "250-BINARYMIME\r\n250-SMTPUTF8\r\n" HOLD
	    "250-DELIVERBY\r\n250-MT-PRIORITY\r\n" LAST },
	{ "SMTPUTF8 and BINARYMIME go with 8BITMIME only",
	    { OFFER_SMTPUTF8 | OFFER_BINARYMIME, 0, 0 }, 0, false,
	    ALWAYS "250-SIZE 10000\r\n250-STARTTLS\r\n" DSN_ON LAST },
	{ "a smarthost takes more", { OFFER_8BITMIME, 20000, 0 }, 0, false,
	    ALWAYS "250-SIZE 10000\r\n250-8BITMIME\r\n250-STARTTLS\r\n" DSN_ON LAST },
	{ "room for our fields", { OFFER_8BITMIME, 10000, 0 }, 0, false,
	    ALWAYS "250-SIZE 5904\r\n250-8BITMIME\r\n250-STARTTLS\r\n" DSN_ON LAST },
	{ "a smarthost that takes next to nothing", { OFFER_8BITMIME, 4096, 0 }, 0, false,
	    ALWAYS "250-SIZE 1\r\n250-8BITMIME\r\n250-STARTTLS\r\n" DSN_ON LAST },
};
/* clang-format on */

static void
test_each_reply(void **state)
{
	const struct hello hello = { "submit.test", { "PLAIN LOGIN", 11 },
		1795578000 };
	struct smtp_config config = { .max_message_size = 10000,
		.max_recipients = 100 };
	struct offers o;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		config.future_release_s = cases[i].hold_s;
		b = buf_new(4096);
		o = offers_now(&config, &cases[i].smarthosts, cases[i].tls);
		offers_print(&b, &o, &hello);
		if (!slice_eq(buf_slice(&b), slice_of(cases[i].reply)))
			fail_msg("%s: %.*s", cases[i].name, (int)b.n, b.p);
		buf_free(&b);
	}
}

static void
test_what_needs_two_is_not_had_with_one(void **state)
{
	struct offers o = { .set = OFFER_REQUIRETLS };

	(void)state;
	assert_true(offers_have(&o, 0));
	assert_true(offers_have(&o, OFFER_REQUIRETLS));
	assert_false(offers_have(&o, OFFER_REQUIRETLS | OFFER_IN_TLS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_reply),
		cmocka_unit_test(test_what_needs_two_is_not_had_with_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
