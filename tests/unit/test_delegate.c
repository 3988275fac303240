/*
 * delegate - messages for somebody else, and from a domain of one's own: who
 * the header says has sent them.
 */

#include "fixupcase.h"
#include "identity.h"

#define SENDER "Sender: <alice@example.org>\r\n"

/*
 * alice@example.org, who has all of wild.example and writes for
 * office@example.org: what each mode makes of a header behind DATED.
 */
/* clang-format off */
static const struct {
	const char	*in;
	const char	*rejected;  /* NULL: refused; "": nothing is added */
	const char	*dropped;   /* of in, by reject and rewrite; or NULL */
} cases[] = {
	/* another's mailbox */
	{ "From: office@example.org\r\n", SENDER, NULL },
	{ "From: Office <OFFICE@Example.Org>\r\n", SENDER, NULL },
	{ "From: us: office@example.org;\r\n", SENDER, NULL },
	{ "From: alice@example.org, office@example.org\r\n", SENDER, NULL },
	{ "From: office@example.org\r\nSender: alice@example.org\r\n", "", NULL },
	{ "From: office@example.org\r\nSender: a@wild.example\r\n", "", NULL },
	{ "From: office@example.org\r\nSender: Office <office@example.org>\r\nTo: x@y.z\r\n",
	    SENDER, "Sender: Office <office@example.org>\r\n" },
	{ "Sender: office@example.org\r\nFrom: office@example.org\r\n",
	    SENDER, "Sender: office@example.org\r\n" },
	{ "From: alice@example.org\r\nSender: office@example.org\r\n", "", NULL },
	{ "From: office@example.org\r\nSender: boss@example.org\r\n", NULL, NULL },
	{ "From: office@example.org, boss@example.org\r\n", NULL, NULL },
	{ "From: office@example.org.evil\r\n", NULL, NULL },

	/* sent again for another */
	{ "Resent-From: office@example.org\r\nResent-Date: x\r\n"
	    "Resent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    "Resent-" SENDER, NULL },
	{ "Resent-From: office@example.org\r\nResent-Date: x\r\n"
	    "Resent-Sender: alice@example.org\r\n"
	    "Resent-Message-ID: <r@x>\r\nFrom: alice@example.org\r\n",
	    "", NULL },

	/* every mailbox of a domain is one's own */
	{ "From: anything@wild.example\r\n", "", NULL },
	{ "From: \"any thing\"@WILD.example\r\n", "", NULL },
	{ "From: a@wild.example, b@wild.example\r\n", SENDER, NULL },
	{ "From: a@sub.wild.example\r\n", NULL, NULL },
	{ "From: a@evilwild.example\r\n", NULL, NULL },
	{ "From: \"@wild.example\"@evil.example\r\n", NULL, NULL },
};
/* clang-format on */

static void
begin(struct fixupcase *c, struct buf *delegated)
{
	fixupcase_begin(c);
	fixupcase_own(c, "@wild.example");
	*delegated = buf_new(4096);
	pack_bytes(delegated, slice_of("office@example.org"));
	c->grant.delegated_count = 1;
	c->grant.delegated = buf_slice(delegated);
}

static void
end(struct fixupcase *c, struct buf *delegated)
{
	fixupcase_end(c);
	buf_free(delegated);
}

static void
run(struct fixupcase *c, enum header_from mode, const char *text)
{
	char in[1024];

	c->rules.check.from = mode;
	(void)snprintf(in, sizeof(in), DATED "%s\r\nbody", text);
	fixupcase_run(c, slice_of(in), strlen(in));
}

/* added, DATED, and text without what was dropped of it. */
static void
assert_whole(const struct fixupcase *c, const char *added, const char *text,
    const char *dropped)
{
	const char *gap = dropped == NULL ? text : strstr(text, dropped);
	char want[2048];

	(void)snprintf(want, sizeof(want), "%s" DATED "%.*s%s\r\nbody", added,
	    (int)(gap - text), text,
	    gap + (dropped == NULL ? 0 : strlen(dropped)));
	assert_written(c, slice_of(want));
}

static void
test_reject_names_who_writes_for_others(void **state)
{
	struct fixupcase c;
	struct buf others;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		begin(&c, &others);
		run(&c, HEADER_FROM_REJECT, cases[i].in);
		if (cases[i].rejected == NULL)
			assert_refused(&c, R_550_HEADER_NOT_YOURS, NULL);
		else
			assert_whole(&c, cases[i].rejected, cases[i].in,
			    cases[i].dropped);
		end(&c, &others);
	}
}

static void
test_rewrite_does_the_same_where_nothing_is_foreign(void **state)
{
	struct fixupcase c;
	struct buf others;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].rejected == NULL)
			continue;
		begin(&c, &others);
		run(&c, HEADER_FROM_REWRITE, cases[i].in);
		assert_whole(
		    &c, cases[i].rejected, cases[i].in, cases[i].dropped);
		end(&c, &others);
	}
}

static void
test_rewrite_puts_the_user_in_place_of_others(void **state)
{
	struct fixupcase c;
	struct buf others;

	(void)state;
	begin(&c, &others);
	run(&c, HEADER_FROM_REWRITE,
	    "From: office@example.org, boss@example.org\r\n");
	assert_whole(&c, "",
	    "From: <alice@example.org>\r\n"
	    "Original-From: office@example.org, boss@example.org\r\n",
	    NULL);
	end(&c, &others);

	begin(&c, &others);
	run(&c, HEADER_FROM_REWRITE,
	    "From: office@example.org\r\nSender: boss@example.org\r\n");
	assert_whole(&c, SENDER, "From: office@example.org\r\n", NULL);
	end(&c, &others);
}

static void
test_log_adds_a_sender_and_takes_none_away(void **state)
{
	static const char hidden[] = "From: office@example.org\r\n"
				     "Sender: office@example.org\r\n";
	struct fixupcase c;
	struct buf others;

	(void)state;
	begin(&c, &others);
	run(&c, HEADER_FROM_LOG, "From: office@example.org\r\n");
	assert_whole(&c, SENDER, "From: office@example.org\r\n", NULL);
	assert_string_equal(c.fixup.notes.foreign, "");
	end(&c, &others);

	begin(&c, &others);
	run(&c, HEADER_FROM_LOG, hidden);
	assert_whole(&c, "", hidden, NULL);
	end(&c, &others);
}

static void
test_off_looks_at_nothing(void **state)
{
	struct fixupcase c;
	struct buf others;

	(void)state;
	begin(&c, &others);
	run(&c, HEADER_FROM_OFF, "From: office@example.org\r\n");
	assert_whole(&c, "", "From: office@example.org\r\n", NULL);
	end(&c, &others);
}

/* Nothing true could stand in a Sender. */
static void
test_who_has_no_own_address_gets_no_sender(void **state)
{
	struct fixupcase c;
	struct buf others;

	(void)state;
	begin(&c, &others);
	c.grant.address_count = 0;
	c.grant.addresses.n = 0;
	c.rules.check.own =
	    identity_address(&c.grant, slice_of("office@example.org"));
	run(&c, HEADER_FROM_REJECT, "From: office@example.org\r\n");
	assert_whole(&c, "", "From: office@example.org\r\n", NULL);
	end(&c, &others);
}

/* An address, never a domain; the sender only where nothing is the user's. */
static void
test_the_own_address(void **state)
{
	struct fixupcase c;
	struct buf others;

	(void)state;
	begin(&c, &others);
	assert_slice(identity_address(&c.grant, slice_of("")),
	    slice_of("alice@example.org"));
	assert_slice(identity_address(&c.grant, slice_of("office@example.org")),
	    slice_of("alice@example.org"));
	assert_slice(identity_address(&c.grant, slice_of("x@wild.example")),
	    slice_of("x@wild.example"));
	c.addresses.n = c.grant.address_count = 0;
	fixupcase_own(&c, "@wild.example");
	assert_slice(identity_address(&c.grant, slice_of("office@example.org")),
	    slice_of("office@example.org"));
	assert_int_equal(identity_address(&c.grant, slice_of("")).n, 0);
	end(&c, &others);
}

static void
test_a_refusal_names_all_kinds(void **state)
{
	struct buf b = buf_new(4096), others;
	struct fixupcase c;

	(void)state;
	begin(&c, &others);
	identity_add_names(&b, &c.grant);
	assert_slice(buf_slice(&b),
	    slice_of("alice@example.org, sales@example.net, any address at "
		     "wild.example, office@example.org"));
	assert_false(identity_is_nobody(&c.grant));
	fixupcase_own(&c, "x@y.z");
	fixupcase_own(&c, "z@y.z");
	buf_clear(&b);
	identity_add_names(&b, &c.grant);
	assert_slice(buf_slice(&b),
	    slice_of("alice@example.org, sales@example.net, any address at "
		     "wild.example, x@y.z, z@y.z and 1 more"));
	c.grant.address_count = 0;
	c.grant.addresses.n = 0;
	assert_false(identity_is_nobody(&c.grant));
	c.grant.delegated_count = 0;
	assert_true(identity_is_nobody(&c.grant));
	buf_free(&b);
	end(&c, &others);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reject_names_who_writes_for_others),
		cmocka_unit_test(
		    test_rewrite_does_the_same_where_nothing_is_foreign),
		cmocka_unit_test(test_rewrite_puts_the_user_in_place_of_others),
		cmocka_unit_test(test_log_adds_a_sender_and_takes_none_away),
		cmocka_unit_test(test_off_looks_at_nothing),
		cmocka_unit_test(test_who_has_no_own_address_gets_no_sender),
		cmocka_unit_test(test_the_own_address),
		cmocka_unit_test(test_a_refusal_names_all_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
