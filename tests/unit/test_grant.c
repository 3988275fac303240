/* grant - only what was sealed opens, and only where it belongs. */

#include "cases.h"

#include "grant.h"
#include "limits.h"
#include "pack.h"

#define SESSION  0x0123456789abcdefULL
#define INSTANCE 7
#define EXPIRES  1000

static const struct slice key = { "0123456789abcdef0123456789abcdef", 32 };
static struct buf addresses;
static struct buf sealed;

static struct grant
sample(void)
{
	return (struct grant){
		.session = SESSION,
		.instance = INSTANCE,
		.expires_ms = EXPIRES,
		.user = slice_of("alice"),
		.client_address = slice_of("192.0.2.1"),
		.address_count = 2,
		.addresses = buf_slice(&addresses),
	};
}

static int
setup(void **state)
{
	struct grant g;

	(void)state;
	addresses = buf_new(1000);
	sealed = buf_new(LIMIT_GRANT);
	pack_bytes(&addresses, slice_of("alice@example.net"));
	pack_bytes(&addresses, slice_of("Sales@example.net"));
	g = sample();
	return grant_seal(key, &g, &sealed);
}

static int
teardown(void **state)
{
	(void)state;
	buf_free(&addresses);
	buf_free(&sealed);
	return 0;
}

static enum grant_verdict
judge(struct slice s, uint64_t now_ms)
{
	struct grant g;
	enum grant_verdict v =
	    grant_open(key, s, INSTANCE, SESSION, now_ms, &g);

	/* Nothing is to be had from a grant that is not valid. */
	if (v != GRANT_VALID) {
		assert_int_equal(g.user.n, 0);
		assert_int_equal(g.address_count, 0);
		assert_false(grant_allows(&g, slice_of("alice@example.net")));
	}
	return v;
}

static void
test_what_was_sealed_opens(void **state)
{
	struct grant g;

	(void)state;
	assert_int_equal(grant_open(key, buf_slice(&sealed), INSTANCE, SESSION,
			     EXPIRES - 1, &g),
	    GRANT_VALID);
	assert_true(g.session == SESSION);
	assert_int_equal(g.instance, INSTANCE);
	assert_int_equal(g.expires_ms, EXPIRES);
	assert_true(slice_eq(g.user, slice_of("alice")));
	assert_true(slice_eq(g.client_address, slice_of("192.0.2.1")));
	assert_int_equal(g.address_count, 2);
	assert_true(slice_eq(g.addresses, buf_slice(&addresses)));
}

/* Of a domain, and of somebody they write for. */
static void
test_domains_and_delegated_mailboxes_are_allowed(void **state)
{
	static const struct {
		const char *mailbox;
		bool owned, allowed;
	} rows[] = {
		{ "any.one@example.com", true, true },
		{ "any.one@Example.COM", true, true },
		{ "\"a@b\"@example.com", true, true },
		{ "@example.com", false, false },
		{ "any.one@sub.example.com", false, false },
		{ "any.one@notexample.com", false, false },
		{ "boss@example.net", false, true },
		{ "x@example.net", false, false },
		{ "any.one@example.org", false, true },
		{ "example.com", false, false },
		{ "", false, false },
	};
	struct buf own = buf_new(100), other = buf_new(100);
	struct grant g = { .address_count = 1, .delegated_count = 2 };
	size_t i;

	(void)state;
	pack_bytes(&own, slice_of("@example.com"));
	pack_bytes(&other, slice_of("boss@example.net"));
	pack_bytes(&other, slice_of("@example.org"));
	g.addresses = buf_slice(&own);
	g.delegated = buf_slice(&other);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice mailbox = slice_of(rows[i].mailbox);

		assert_int_equal(grant_owns(&g, mailbox), rows[i].owned);
		assert_int_equal(grant_allows(&g, mailbox), rows[i].allowed);
	}
	buf_free(&own);
	buf_free(&other);
}

static void
test_every_changed_bit_is_a_forgery(void **state)
{
	size_t i;
	int bit;

	(void)state;
	for (i = 0; i < sealed.n; i++)
		for (bit = 0; bit < 8; bit++) {
			sealed.p[i] = (char)(sealed.p[i] ^ (1 << bit));
			assert_int_equal(
			    judge(buf_slice(&sealed), 0), GRANT_FORGED);
			sealed.p[i] = (char)(sealed.p[i] ^ (1 << bit));
		}
	assert_int_equal(judge(buf_slice(&sealed), 0), GRANT_VALID);
}

static void
test_every_truncation_is_a_forgery(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n < sealed.n; n++) {
		/* Of its own size, so that a sanitizer sees a read beyond. */
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, sealed.p, n);
		assert_int_equal(
		    judge((struct slice){ copy, n }, 0), GRANT_FORGED);
		free(copy);
	}
	assert_int_equal(judge((struct slice){ NULL, 0 }, 0), GRANT_FORGED);
}

static void
test_an_octet_more_is_a_forgery(void **state)
{
	struct buf longer = buf_new(LIMIT_GRANT);

	(void)state;
	buf_add(&longer, sealed.p, sealed.n);
	buf_add(&longer, "", 1);
	assert_int_equal(judge(buf_slice(&longer), 0), GRANT_FORGED);
	buf_free(&longer);
}

static void
test_another_key_does_not_open_it(void **state)
{
	static const struct slice others[] = {
		{ "0123456789abcdef0123456789abcdeX", 32 },
		{ "0123456789abcdef0123456789abcde", 31 },
		{ NULL, 0 },
	};
	struct grant g;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(grant_open(others[i], buf_slice(&sealed),
				     INSTANCE, SESSION, 0, &g),
		    GRANT_FORGED);
}

static void
test_nothing_is_sealed_without_a_key(void **state)
{
	struct buf out = buf_new(LIMIT_GRANT);
	struct grant g = sample();

	(void)state;
	assert_int_equal(grant_seal((struct slice){ NULL, 0 }, &g, &out), -1);
	assert_int_equal(out.n, 0);
	buf_free(&out);
}

static void
test_a_grant_ends_when_it_expires(void **state)
{
	(void)state;
	assert_int_equal(judge(buf_slice(&sealed), EXPIRES - 1), GRANT_VALID);
	assert_int_equal(judge(buf_slice(&sealed), EXPIRES), GRANT_EXPIRED);
	assert_int_equal(judge(buf_slice(&sealed), UINT64_MAX), GRANT_EXPIRED);
}

static void
test_a_grant_of_another_session_or_process_is_refused(void **state)
{
	struct grant g;

	(void)state;
	assert_int_equal(
	    grant_open(key, buf_slice(&sealed), INSTANCE, SESSION + 1, 0, &g),
	    GRANT_OTHER_SESSION);
	assert_int_equal(
	    grant_open(key, buf_slice(&sealed), INSTANCE + 1, SESSION, 0, &g),
	    GRANT_OTHER_SESSION);
	assert_int_equal(g.user.n, 0);
}

static void
test_only_the_addresses_granted_are_allowed(void **state)
{
	static const struct {
		const char *mailbox;
		bool allowed;
	} cases[] = {
		{ "alice@example.net", true },
		{ "ALICE@Example.NET", true },
		{ "sales@example.net", true },
		{ "alice@example.ne", false },
		{ "alice@example.net.", false },
		{ "lice@example.net", false },
		{ "bob@example.net", false },
		{ "", false },
	};
	struct grant g;
	size_t i;

	(void)state;
	assert_int_equal(grant_read(buf_slice(&sealed), &g), 0);
	for (i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(grant_allows(&g, slice_of(cases[i].mailbox)),
		    cases[i].allowed);
}

static void
test_the_empty_sender_is_never_among_the_addresses(void **state)
{
	struct buf b = buf_new(100);
	struct grant g = sample();

	(void)state;
	pack_bytes(&b, slice_of(""));
	g.address_count = 1;
	g.addresses = buf_slice(&b);
	assert_false(grant_allows(&g, slice_of("")));
	buf_free(&b);
}

/* Right under the key, but not a grant: auth must be able to trust itself. */
static void
test_a_count_that_does_not_match_is_no_grant(void **state)
{
	static const uint32_t counts[] = { 0, 1, 3, UINT32_MAX };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(counts); i++) {
		struct buf out = buf_new(LIMIT_GRANT);
		struct grant g = sample();

		g.address_count = counts[i];
		assert_int_equal(grant_seal(key, &g, &out), 0);
		assert_int_equal(grant_read(buf_slice(&out), &g), -1);
		assert_int_equal(judge(buf_slice(&out), 0), GRANT_FORGED);
		buf_free(&out);
	}
}

static void
test_a_grant_without_a_user_is_none(void **state)
{
	struct buf out = buf_new(LIMIT_GRANT);
	struct grant g = sample();

	(void)state;
	g.user = slice_of("");
	assert_int_equal(grant_seal(key, &g, &out), 0);
	assert_int_equal(judge(buf_slice(&out), 0), GRANT_FORGED);
	buf_free(&out);
}

static void
test_too_large_a_grant_is_not_sealed(void **state)
{
	static char many[LIMIT_GRANT];
	struct buf out = buf_new(2 * LIMIT_GRANT);
	struct grant g = sample();

	(void)state;
	g.addresses = (struct slice){ many, sizeof(many) };
	assert_int_equal(grant_seal(key, &g, &out), -1);
	assert_int_equal(out.n, 0);
	buf_free(&out);
}

/* The keyless half: what is read is what packing makes, and no other. */
static void
reads_canonically(struct slice in)
{
	struct buf again = buf_new(LIMIT_GRANT);
	struct grant g;

	if (grant_read(in, &g) == 0) {
		assert_true(is_inside(g.addresses, in) && g.user.n > 0);
		grant_pack(&again, &g);
		buf_add(&again, in.p + in.n - GRANT_MAC_LEN, GRANT_MAC_LEN);
		assert_slice(buf_slice(&again), in);
	} else {
		assert_int_equal(g.user.n + g.address_count, 0);
	}
	buf_free(&again);
}

static void
test_a_spoilt_grant_is_read_as_it_stands_or_not_at_all(void **state)
{
	(void)state;
	truncated(buf_slice(&sealed), reads_canonically);
	mutated(buf_slice(&sealed), reads_canonically);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_sealed_opens),
		cmocka_unit_test(
		    test_domains_and_delegated_mailboxes_are_allowed),
		cmocka_unit_test(test_every_changed_bit_is_a_forgery),
		cmocka_unit_test(test_every_truncation_is_a_forgery),
		cmocka_unit_test(test_an_octet_more_is_a_forgery),
		cmocka_unit_test(test_another_key_does_not_open_it),
		cmocka_unit_test(test_nothing_is_sealed_without_a_key),
		cmocka_unit_test(test_a_grant_ends_when_it_expires),
		cmocka_unit_test(
		    test_a_grant_of_another_session_or_process_is_refused),
		cmocka_unit_test(test_only_the_addresses_granted_are_allowed),
		cmocka_unit_test(
		    test_the_empty_sender_is_never_among_the_addresses),
		cmocka_unit_test(test_a_count_that_does_not_match_is_no_grant),
		cmocka_unit_test(test_a_grant_without_a_user_is_none),
		cmocka_unit_test(test_too_large_a_grant_is_not_sealed),
		cmocka_unit_test(
		    test_a_spoilt_grant_is_read_as_it_stands_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
