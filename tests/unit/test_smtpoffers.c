/* smtpoffers - what an EHLO reply is read as, and what several share. */

#include "cases.h"

#include "compiler.h"
#include "limits.h"
#include "smtpoffers.h"

#define LINES 6

/* Read lines, the first a greeting; settled as if not verified, or so. */
static struct smtp_offers
offers_of(const char *const lines[], size_t n, bool verified)
{
	struct smtp_offers o = { 0 };
	size_t i;

	smtp_offers_note(&o, slice_of("smart.example greets"));
	for (i = 0; i < n && lines[i] != NULL; i++)
		smtp_offers_note(&o, slice_of(lines[i]));
	smtp_offers_settle(&o, verified);
	return o;
}

static void
assert_printed(const struct smtp_offers *o, const char *want)
{
	struct buf b = buf_new(1000);

	smtp_offers_print(&b, o);
	assert_slice(buf_slice(&b), slice_of(want));
	buf_free(&b);
}

/* -- one server ------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char	*lines[LINES];
	const char	*clear;		/* read as */
	const char	*verified;	/* the same, in TLS; NULL: as clear */
} replies[] = {
	{ { NULL }, "none", NULL },
	{ { "PIPELINING", "8bitmime", "Dsn", "ENHANCEDSTATUSCODES" },
	  "PIPELINING,8BITMIME,DSN,ENHANCEDSTATUSCODES", NULL },
	{ { "AUTH PLAIN LOGIN", "STARTTLS", "MT-PRIORITY MIXER" },
	  "STARTTLS,MT-PRIORITY,AUTH", NULL },
	/* words that only begin like one, or stand elsewhere */
	{ { "DSNX", "XDSN", "X DSN", "DSN-", "DSN=1", "" }, "none", NULL },
	{ { "SIZE" }, "SIZE", NULL },
	{ { "SIZE 1000" }, "SIZE=1000", NULL },
	{ { "SIZE  1000 2" }, "SIZE=1000", NULL },
	{ { " SIZE 1000" }, "SIZE=1000", NULL },
	{ { "SIZE 0" }, "SIZE", NULL },
	{ { "SIZE -1" }, "SIZE", NULL },
	{ { "SIZE 1k" }, "SIZE", NULL },
	{ { "SIZE 18446744073709551615" }, "SIZE=18446744073709551615", NULL },
	{ { "SIZE 18446744073709551616" }, "SIZE", NULL },
	{ { "SIZE 99999999999999999999" }, "SIZE", NULL },
	{ { "SIZE 000000000000000000001" }, "SIZE", NULL }, /* 21 digits */
	/* said twice: the narrower */
	{ { "SIZE 5", "SIZE 3", "SIZE 4", "SIZE 0", "SIZE" }, "SIZE=3", NULL },
	{ { "DELIVERBY 5", "DELIVERBY 7", "DELIVERBY" }, "DELIVERBY=7", NULL },
	{ { "DELIVERBY" }, "DELIVERBY", NULL },
	{ { "DELIVERBY 999999999" }, "DELIVERBY=999999999", NULL },
	{ { "DELIVERBY 1000000000" }, "none", NULL },
	{ { "DELIVERBY soon" }, "none", NULL },
	{ { "LIMITS" }, "LIMITS", NULL },
	{ { "LIMITS MAILMAX=1 RCPTMAX=20 RCPTDOMAINMAX=300" },
	  "LIMITS,MAILMAX=1,RCPTMAX=20,RCPTDOMAINMAX=300", NULL },
	{ { "limits rcptmax=999999" }, "LIMITS,RCPTMAX=999999", NULL },
	{ { "LIMITS RCPTMAX=1000000 MAILMAX=0 RCPTDOMAINMAX=07" }, "LIMITS", NULL },
	{ { "LIMITS RCPTMAX= =5 RCPTMAX MAILMAX=5=6 RCPTMAX=+1" }, "LIMITS", NULL },
	{ { "LIMITS NEW=5 RCPTMAX=2;3 RCPTMAX=4 OTHER" }, "LIMITS,RCPTMAX=4", NULL },
	{ { "LIMITS RCPTMAX=9", "LIMITS RCPTMAX=8 RCPTMAX=10" },
	  "LIMITS,RCPTMAX=8", NULL },
	/* what is no offer without another one */
	{ { "BINARYMIME" }, "none", NULL },
	{ { "BINARYMIME", "CHUNKING" }, "CHUNKING,BINARYMIME", NULL },
	{ { "SMTPUTF8" }, "none", NULL },
	{ { "SMTPUTF8", "8BITMIME" }, "8BITMIME,SMTPUTF8", NULL },
	{ { "REQUIRETLS" }, "none", "REQUIRETLS" },
};
/* clang-format on */

static void
test_an_ehlo_reply_is_read(void **state)
{
	struct smtp_offers o;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(replies); i++) {
		print_message("row %zu\n", i);
		o = offers_of(replies[i].lines, LINES, false);
		assert_printed(&o, replies[i].clear);
		o = offers_of(replies[i].lines, LINES, true);
		assert_printed(&o, replies[i].verified != NULL
				       ? replies[i].verified
				       : replies[i].clear);
	}
}

static void
test_the_greeting_is_no_offer(void **state)
{
	struct smtp_offers o = { 0 };

	(void)state;
	smtp_offers_note(&o, slice_of("DSN"));
	smtp_offers_note(&o, slice_of("CHUNKING"));
	assert_printed(&o, "CHUNKING");
}

static void
test_lines_beyond_the_limit_do_not_count(void **state)
{
	struct smtp_offers o = { 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < LIMIT_EXTENSIONS; i++)
		smtp_offers_note(&o, slice_of("XJUNK"));
	smtp_offers_note(&o, slice_of("DSN")); /* the last one */
	for (i = 0; i < 100000; i++)
		smtp_offers_note(&o, slice_of("CHUNKING"));
	assert_printed(&o, "DSN");
}

static void
read_line(struct slice line)
{
	struct smtp_offers o = { .lines = 1 };

	smtp_offers_note(&o, line);
	smtp_offers_settle(&o, true);
	assert_int_equal(o.lines, 2);
	assert_true(o.by_min_s <= 999999999);
	assert_true(o.mail_max <= 999999);
	assert_true(o.rcpt_max <= 999999);
	assert_true(o.domain_max <= 999999);
	/* one line, one keyword */
	assert_int_equal(o.extensions & (o.extensions - 1), 0);
}

static void
test_spoilt_lines_do_no_harm(void **state)
{
	static const struct slice lines[] = { S("SIZE 52428800"),
		S("DELIVERBY 120"), S("MT-PRIORITY MIXER"),
		S("LIMITS MAILMAX=1 RCPTMAX=20 RCPTDOMAINMAX=300"),
		S("AUTH PLAIN LOGIN"), S("SIZE\0 1"), S(" ") };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(lines); i++) {
		exactly(lines[i], read_line);
		truncated(lines[i], read_line);
		mutated(lines[i], read_line);
	}
}

/* -- several --------------------------------------------------------------- */

#define SERVERS 3

/* clang-format off */
static const struct {
	const char	*servers[SERVERS][LINES];
	size_t		 n;
	const char	*common;
} sets[] = {
	{ { { NULL } }, 0, "8BITMIME" },	/* none known: the least */
	{ { { NULL } }, 1, "none" },
	{ { { "8BITMIME", "DSN", "PIPELINING" } }, 1, "8BITMIME" },
	{ { { "8BITMIME", "SMTPUTF8", "SIZE 9" }, { "8BITMIME", "SIZE 7" },
	    { "8BITMIME", "SMTPUTF8", "SIZE 8" } }, 3, "8BITMIME,SIZE=7" },
	{ { { "8BITMIME", "SIZE" }, { "8BITMIME", "SIZE 7" } }, 2,
	  "8BITMIME,SIZE=7" },
	{ { { "8BITMIME", "SIZE 0" }, { "8BITMIME" } }, 2, "8BITMIME" },
	{ { { "DELIVERBY 5" }, { "DELIVERBY" }, { "DELIVERBY 9" } }, 3,
	  "DELIVERBY=9" },
	{ { { "DELIVERBY 5" }, { "DSN" } }, 2, "none" },
	{ { { "CHUNKING", "BINARYMIME", "MT-PRIORITY", "REQUIRETLS" },
	    { "CHUNKING", "BINARYMIME", "MT-PRIORITY", "REQUIRETLS" } }, 2,
	  "BINARYMIME,REQUIRETLS,MT-PRIORITY" },
	{ { { "CHUNKING", "BINARYMIME" }, { "CHUNKING" } }, 2, "none" },
	{ { { "BINARYMIME", "8BITMIME" } }, 1, "8BITMIME" },
};
/* clang-format on */

static void
test_what_all_known_servers_take_is_offered(void **state)
{
	const struct smtp_offers *known[SERVERS];
	struct smtp_offers o[SERVERS];
	struct msg_mail_offers common;
	struct buf b;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(sets); i++) {
		print_message("row %zu\n", i);
		for (k = 0; k < sets[i].n; k++) {
			o[k] = offers_of(sets[i].servers[k], LINES, true);
			known[k] = &o[k];
		}
		smtp_offers_common(known, sets[i].n, &common);
		b = buf_new(1000);
		mail_offers_print(&b, &common);
		assert_slice(buf_slice(&b), slice_of(sets[i].common));
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ehlo_reply_is_read),
		cmocka_unit_test(test_the_greeting_is_no_offer),
		cmocka_unit_test(test_lines_beyond_the_limit_do_not_count),
		cmocka_unit_test(test_spoilt_lines_do_no_harm),
		cmocka_unit_test(test_what_all_known_servers_take_is_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
