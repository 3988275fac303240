/*
 * delivery - which server gets which recipients in how many transactions, and
 * what comes of each.
 */

#include "smarthostservers.h"

#define MAX 4

/* EHLO replies */
#define PLAIN         "250 hi\r\n"
#define UTF8          "250-hi\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
#define DSN           "250-hi\r\n250 DSN\r\n"
#define BY            "250-hi\r\n250 DELIVERBY\r\n"
#define SMALL         "250-hi\r\n250 SIZE 2\r\n"
#define LIMITS(which) "250-hi\r\n250 LIMITS " which "\r\n"

#define UE "\xc3\xbc"

/* -- an attempt ------------------------------------------------------------ */

static struct {
	bool done;
	char outcomes[MAX + 1]; /* o OK, t temporary, p permanent */
	char dsn[MAX + 1];      /* d or - */
	char by[MAX + 1];       /* b or - */
	unsigned said[MAX];     /* codes */
	const char *server[MAX];
	unsigned code;
	char enhanced[SMTPREPLY_ENHANCED];
	bool answered;
	bool unknown;
} result;

static struct smtpclient_recipient to[MAX];
static struct smtpclient_mail mail;

static void
on_done(void *arg, const struct delivery_result *r)
{
	size_t i;

	(void)arg;
	memset(&result, 0, sizeof(result));
	for (i = 0; i < mail.recipient_count; i++) {
		result.outcomes[i] = "otp"[r->outcomes[i]];
		result.dsn[i] = r->words[i].dsn ? 'd' : '-';
		result.by[i] = r->words[i].by ? 'b' : '-';
		if (r->words[i].reply != NULL)
			result.said[i] = r->words[i].reply->code;
		result.server[i] = r->words[i].server;
	}
	result.code = r->reply->code;
	memcpy(result.enhanced, r->reply->enhanced, SMTPREPLY_ENHANCED);
	result.answered = r->server != NULL;
	result.unknown = r->unknown;
	result.done = true;
}

/* A message of three octets to these. */
static void
deliver(const char *const recipients[], const struct mail_options *options)
{
	mail = (struct smtpclient_mail){ .sender = "s@x.example",
		.options = options,
		.recipients = to,
		.fd = memfd_create("content", MFD_CLOEXEC),
		.size = 3 };
	while (mail.recipient_count < MAX &&
	       recipients[mail.recipient_count] != NULL) {
		to[mail.recipient_count] = (struct smtpclient_recipient){
			recipients[mail.recipient_count], 0, ""
		};
		mail.recipient_count++;
	}
	assert_int_equal(write(mail.fd, "x\r\n", 3), 3);
	result.done = false;
	(void)delivery_start(base, hosts, &mail, on_done, NULL);
	assert_false(result.done); /* not from inside the call */
	RUN_UNTIL(result.done);
	close(mail.fd);
}

/* -- who gets what --------------------------------------------------------- */

static const struct mail_options plain;
static const struct mail_options utf8 = { .smtputf8 = true };
static const struct mail_options late = { .by = BY_RETURN, .by_s = 5 };

/* clang-format off */
static const struct {
	const char	*offers[SERVERS];	/* NULL: down */
	struct bend	 bend;			/* of the first server */
	const struct mail_options *options;
	const char	*to[MAX];
	const char	*got[SERVERS];
	const char	*outcomes;
	unsigned	 code;
} rows[] = {
	{ { PLAIN, PLAIN }, { 0 }, &plain, { "a@x", "b@x" },
	  { "(|ab.", "" }, "oo", 250 },
	/* what one lacks another may have; nobody hears of it in vain */
	{ { PLAIN, UTF8 }, { 0 }, &utf8, { "a@x", "b@x" },
	  { "(", "(|ab." }, "oo", 250 },
	{ { PLAIN, PLAIN }, { 0 }, &utf8, { "a@x", UE "@x" },
	  { "(", "(" }, "pp", 553 },
	{ { PLAIN, NULL }, { 0 }, &utf8, { "a@x" }, { "(", "" }, "t", 451 },
	{ { NULL, PLAIN }, { 0 }, &utf8, { "a@x" }, { "", "(" }, "t", 451 },
	{ { SMALL, PLAIN }, { 0 }, &plain, { "a@x" }, { "(", "(|a." }, "o", 250 },
	{ { SMALL, SMALL }, { 0 }, &plain, { "a@x" }, { "(", "(" }, "p", 552 },
	{ { PLAIN, PLAIN }, { 0 }, &late, { "a@x" }, { "(", "(" }, "p", 554 },
	/* one that could take it and does not now keeps it temporary */
	{ { UTF8, PLAIN }, { 'M', 1, "451 later\r\n" }, &utf8, { "a@x" },
	  { "(|", "(" }, "t", 451 },
	{ { UTF8, PLAIN }, { 'M', 1, CUT }, &utf8, { "a@x" },
	  { "(", "(" }, "t", 451 },
	{ { UTF8, PLAIN }, { 'a', 0, "550 no\r\n" }, &utf8, { "a@x", "b@x" },
	  { "(|~b.", "" }, "po", 250 },
	/* limits: in parts, on the same server */
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 0 }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab.|c.", "" }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=1"), PLAIN }, { 0 }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|a.|b.|c.", "" }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=3"), PLAIN }, { 0 }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|abc.", "" }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=2 MAILMAX=1"), PLAIN }, { 0 }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab.q(|c.q", "" }, "ooo", 250 },
	{ { LIMITS("RCPTDOMAINMAX=1"), PLAIN }, { 0 }, &plain,
	  { "a@x", "b@y", "c@x" }, { "(|ac.q(|b.q", "" }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=x MAILMAX=0"), PLAIN }, { 0 }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|abc.", "" }, "ooo", 250 },
	/* one part fails: only that one */
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 'M', 2, "550 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab.|", "" }, "oop", 550 },
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 'C', 1, "554 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab|c.", "" }, "ppo", 250 },
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 'C', 1, "451 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab|c.", "(|ab." }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=2"), NULL }, { 'C', 1, "451 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab|c.", "" }, "tto", 451 },
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 'M', 2, "421 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab.|(|c.", "" }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 'C', 1, "421 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab", "(|abc." }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=2"), PLAIN }, { 'c', 0, CUT }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|ab.|", "(|c." }, "ooo", 250 },
	{ { LIMITS("RCPTMAX=1"), PLAIN }, { 'c', 0, "550 no\r\n" }, &plain,
	  { "a@x", "b@x", "c@x" }, { "(|a.|b.|~", "" }, "oop", 550 },
};
/* clang-format on */

static void
test_each_recipient_goes_where_it_can(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("row %zu\n", i);
		servers_start(rows[i].offers);
		servers[0].bend = rows[i].bend;
		deliver(rows[i].to, rows[i].options);
		assert_string_equal(result.outcomes, rows[i].outcomes);
		assert_int_equal(result.code, rows[i].code);
		assert_false(result.unknown);
		for (k = 0; k < SERVERS; k++) {
			/* QUIT is said after the result is known */
			RUN_UNTIL(
			    strlen(servers[k].got) >= strlen(rows[i].got[k]));
			assert_string_equal(servers[k].got, rows[i].got[k]);
		}
		servers_stop();
	}
}

/* Behind the last octet nobody knows; who comes after it is not asked. */
static void
test_a_part_lost_behind_its_end_ends_the_attempt(void **state)
{
	static const char *const offers[] = { LIMITS("RCPTMAX=1"), PLAIN };
	static const char *const all[MAX] = { "a@x", "b@x", "c@x" };

	(void)state;
	servers_start(offers);
	servers[0].bend = (struct bend){ 'C', 2, CUT };
	deliver(all, &plain);
	assert_true(result.unknown);
	assert_string_equal(result.outcomes, "ott");
	assert_string_equal(servers[1].got, "");
	servers_stop();
}

static void
test_refusals_keep_to_their_recipients(void **state)
{
	static const char *const offers[] = { LIMITS("RCPTMAX=2"), NULL };
	static const char *const all[MAX] = { "a@x", "b@x", "c@x", "d@x" };

	(void)state;
	servers_start(offers);
	servers[0].bend = (struct bend){ 'd', 0, "550 5.1.1 no\r\n" };
	deliver(all, &plain);
	assert_string_equal(result.outcomes, "ooop");
	assert_int_equal(result.said[2], 250);
	assert_int_equal(result.said[3], 550);
	servers_stop();
}

/* RFC 3461, 5.2.1: who took it and has DSN answers for it. */
static void
test_dsn_is_told_for_each_recipient(void **state)
{
	static const char *const offers[] = { DSN, BY };
	static const char *const all[MAX] = { "a@x", "b@x", "c@x" };

	(void)state;
	servers_start(offers);
	servers[0].bend = (struct bend){ 'b', 0, "450 later\r\n" };
	deliver(all, &plain);
	assert_string_equal(servers[1].got, "(|b.");
	assert_string_equal(result.outcomes, "ooo");
	assert_string_equal(result.dsn, "d-d");
	assert_string_equal(result.by, "-b-");
	servers_stop();
	servers_start(offers);
	servers[0].bend = (struct bend){ 'b', 0, "550 never\r\n" };
	deliver(all, &plain);
	assert_string_equal(result.outcomes, "opo");
	assert_string_equal(result.dsn, "d-d");
	servers_stop();
}

/* Neither an earlier server's word nor another part's stands for it. */
static void
test_each_recipient_has_the_word_of_its_last_server(void **state)
{
	static const char *const offers[] = { PLAIN, PLAIN };
	static const char *const all[MAX] = { "a@x", "b@x", "c@x" };

	(void)state;
	servers_start(offers);
	servers[0].bend = (struct bend){ 'b', 0, "450 later\r\n" };
	servers[1].bend = (struct bend){ 'C', 1, "554 no\r\n" };
	deliver(all, &plain);
	assert_string_equal(result.outcomes, "opo");
	assert_int_equal(result.said[0], 250);
	assert_string_equal(result.server[0], names[0]);
	assert_int_equal(result.said[1], 554);
	assert_string_equal(result.server[1], names[1]);
	servers_stop();
}

static void
test_nobody_said_anything_of_what_was_not_sent(void **state)
{
	static const char *const offers[] = { PLAIN, PLAIN };
	static const char *const one[MAX] = { "a@x" };

	(void)state;
	servers_start(offers);
	deliver(one, &utf8);
	assert_string_equal(result.outcomes, "p");
	assert_int_equal(result.said[0], 0);
	assert_null(result.server[0]);
	servers_stop();
}

/* The one that is down has said before that it cannot. */
static void
test_who_is_known_to_lack_it_need_not_be_asked(void **state)
{
	static const char *const offers[] = { PLAIN, PLAIN };
	static const char *const one[MAX] = { UE "@x" };

	(void)state;
	servers_start(offers);
	mail.options = &utf8;
	smarthosts_probe(hosts);
	RUN_UNTIL(smarthost_lacks(smarthosts_get(hosts, 0), &mail) &&
		  smarthost_lacks(smarthosts_get(hosts, 1), &mail));
	server_down(&servers[0]);
	RUN_UNTIL(!smarthost_is_well(smarthosts_get(hosts, 0)));
	deliver(one, &utf8);
	assert_string_equal(result.outcomes, "p");
	assert_int_equal(result.code, 553);
	assert_string_equal(result.enhanced, "5.6.7");
	assert_false(result.answered); /* those are our words */
	servers_stop();
}

/* It is down, and has never said what it takes. */
static void
test_without_any_server_nothing_is_permanent(void **state)
{
	static const char *const offers[] = { NULL, NULL };
	static const char *const one[MAX] = { UE "@x" };

	(void)state;
	servers_start(offers);
	deliver(one, &utf8);
	assert_string_equal(result.outcomes, "t");
	servers_stop();
}

/* What it lacked when it was asked last it may have today. */
static void
test_a_server_that_lacked_it_is_asked_again_in_the_end(void **state)
{
	static const char *const offers[] = { PLAIN, PLAIN };
	static const char *const one[MAX] = { UE "@x" };

	(void)state;
	servers_start(offers);
	deliver(one, &utf8);
	assert_string_equal(result.outcomes, "p");
	server_down(&servers[1]);
	servers[1].offers = UTF8;
	server_up(&servers[1]);
	deliver(one, &utf8);
	assert_string_equal(result.outcomes, "o");
	assert_string_equal(servers[0].got, "(");
	servers_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_recipient_goes_where_it_can),
		cmocka_unit_test(
		    test_a_part_lost_behind_its_end_ends_the_attempt),
		cmocka_unit_test(test_refusals_keep_to_their_recipients),
		cmocka_unit_test(test_dsn_is_told_for_each_recipient),
		cmocka_unit_test(
		    test_each_recipient_has_the_word_of_its_last_server),
		cmocka_unit_test(
		    test_nobody_said_anything_of_what_was_not_sent),
		cmocka_unit_test(
		    test_who_is_known_to_lack_it_need_not_be_asked),
		cmocka_unit_test(test_without_any_server_nothing_is_permanent),
		cmocka_unit_test(
		    test_a_server_that_lacked_it_is_asked_again_in_the_end),
	};

	signal(SIGPIPE, SIG_IGN); /* as in every role */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
