/*
 * ledgerfile - a page that was written is read as it was; anything else is
 * refused whole.
 */

#include "cases.h"

#include <openssl/evp.h>

#include "compiler.h"
#include "ledgerfile.h"

#define T0      UINT64_C(1790000000)
#define SHA_LEN 32

static struct ledger *ledger;
static struct buf file;

/* Two users of one page, one with all there is to be known. */
static void
fill(struct ledger_page *page)
{
	struct account *a = ledger_page_add(page, "bob", T0);
	uint64_t i;

	for (i = 0; i < LIMIT_KNOWN_RECIPIENTS / 2 + 3; i++)
		account_know(a, i * 7919);
	for (i = 0; i < QUOTA_MEASURES; i++) {
		tally_advance(&a->spent[i], T0 + i);
		tally_add(&a->spent[i], 100 + i);
	}
	tally_advance(&a->tried, T0);
	tally_add(&a->tried, 11);
	tally_advance(&a->refused, T0);
	tally_add(&a->refused, 5);
	a->networks[0] = (struct account_network){ 0x20010db8, T0 };
	a->networks[1] = (struct account_network){ 0xc00002, T0 + 9 };
	a->network_n = 2;
	a->alarmed_s[GUARD_REFUSED] = T0 - 50;
	account_set_stop(&a->held, "refused", T0 + 3);
	a = ledger_page_add(page, "alice", T0 + 1);
	account_set_stop(&a->blocked, "stolen", T0 + 4);
}

static int
setup(void **state)
{
	(void)state;
	ledger = ledger_new(NULL, NULL);
	file = buf_new(LIMIT_PAGE_FILE);
	fill(&ledger->page[3]);
	ledgerfile_pack(&file, &ledger->page[3]);
	ledgerfile_seal(&file);
	assert_true(buf_ok(&file));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ledger_free(&ledger);
	buf_free(&file);
	return 0;
}

/* Make the checksum right again: whoever wrote it meant it so. */
static void
sign(struct buf *b)
{
	size_t n = b->n - SHA_LEN;

	assert_int_equal(EVP_Digest(b->p, n, (unsigned char *)b->p + n, NULL,
			     EVP_sha256(), NULL),
	    1);
}

static void
test_what_was_written_is_read(void **state)
{
	struct ledger *other = ledger_new(NULL, NULL);
	struct ledger_page *page = &other->page[3];
	struct buf again = buf_new(LIMIT_PAGE_FILE);
	const struct account *a;

	(void)state;
	assert_int_equal(
	    ledgerfile_read(buf_slice(&file), page), LEDGERFILE_OK);
	assert_int_equal(page->n, 2);
	assert_int_equal(page->known_n, LIMIT_KNOWN_RECIPIENTS / 2 + 3);
	assert_memory_equal(page->key, ledger->page[3].key, sizeof(page->key));
	a = TAILQ_FIRST(&page->ages);
	assert_string_equal(a->user, "bob");
	assert_true(known_has(&a->known, 7919));
	assert_false(known_has(&a->known, 7920));
	assert_int_equal(tally_sum(&a->spent[QUOTA_OCTETS], QUOTA_HOUR), 103);
	assert_string_equal(a->held.reason, "refused");
	assert_null(a->blocked.reason);
	a = TAILQ_NEXT(a, age);
	assert_string_equal(a->blocked.reason, "stolen");
	assert_int_equal(a->blocked.since_s, T0 + 4);
	/* one encoding, but for the order of hashes */
	ledgerfile_pack(&again, page);
	ledgerfile_seal(&again);
	assert_int_equal(again.n, file.n);
	buf_free(&again);
	ledger_free(&other);
}

static enum ledgerfile_status
read_into(unsigned number, struct slice s)
{
	struct ledger *other = ledger_new(NULL, NULL);
	enum ledgerfile_status status =
	    ledgerfile_read(s, &other->page[number]);

	if (status != LEDGERFILE_OK) {
		assert_int_equal(other->page[number].n, 0);
		assert_int_equal(other->page[number].known_n, 0);
	}
	ledger_free(&other);
	return status;
}

static void
test_cut_anywhere_it_is_refused(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n < file.n; n += n < 600 ? 1 : 997)
		assert_int_equal(
		    read_into(3, (struct slice){ file.p, n }), LEDGERFILE_BAD);
}

/* ... even with a checksum that is right. */
static void
test_cut_and_signed_it_is_refused(void **state)
{
	size_t n, head = sizeof("submitd-users\n") - 1 + 2;

	(void)state;
	for (n = head; n + SHA_LEN < file.n; n += n < 600 ? 1 : 997) {
		struct buf b = buf_new(LIMIT_PAGE_FILE);

		buf_add(&b, file.p, n + SHA_LEN);
		sign(&b);
		assert_int_equal(read_into(3, buf_slice(&b)), LEDGERFILE_BAD);
		buf_free(&b);
	}
}

static void
test_more_than_a_page_is_refused(void **state)
{
	struct buf b = buf_new(LIMIT_PAGE_FILE);

	(void)state;
	buf_add(&b, file.p, file.n - SHA_LEN);
	buf_add(&b, "x", 1);
	buf_add(&b, file.p, SHA_LEN);
	sign(&b);
	assert_int_equal(read_into(3, buf_slice(&b)), LEDGERFILE_BAD);
	buf_free(&b);
}

static void
test_a_flipped_bit_is_noticed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < file.n; i += i < 600 ? 1 : 997) {
		file.p[i] ^= 0x10;
		assert_int_equal(
		    read_into(3, buf_slice(&file)), LEDGERFILE_BAD);
		file.p[i] ^= 0x10;
	}
}

/* Any octet, and a checksum that is right: nothing worse than a refusal. */
static void
test_a_forged_file_does_no_harm(void **state)
{
	static const unsigned char octets[] = { 0x00, 0x01, 0x2d, 0x7f, 0xff };
	size_t i, k;
	char was;

	(void)state;
	for (i = 0; i < 900 && i < file.n - SHA_LEN; i++)
		for (k = 0; k < sizeof(octets); k++) {
			was = file.p[i];
			file.p[i] = (char)octets[k];
			sign(&file);
			(void)read_into(3, buf_slice(&file));
			file.p[i] = was;
		}
}

static void
test_another_page_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_into(4, buf_slice(&file)), LEDGERFILE_BAD);
}

static void
test_a_later_version_is_told_apart(void **state)
{
	(void)state;
	file.p[sizeof("submitd-users\n")] = 2;
	sign(&file);
	assert_int_equal(read_into(3, buf_slice(&file)), LEDGERFILE_NEWER);
}

static void
test_reasons_are_one_word(void **state)
{
	static const char *const bad[] = { "", "two words", "a=b", "q\"",
		"line\n", "\xc3\xa9",
		"12345678901234567890123456789012345678901234567890123456789"
		"012345" };
	size_t i;

	(void)state;
	assert_true(ledgerfile_is_token(slice_of("stolen-2026/11")));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(ledgerfile_is_token(slice_of(bad[i])));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_what_was_written_is_read),
		CASE(test_cut_anywhere_it_is_refused),
		CASE(test_cut_and_signed_it_is_refused),
		CASE(test_more_than_a_page_is_refused),
		CASE(test_a_flipped_bit_is_noticed),
		CASE(test_a_forged_file_does_no_harm),
		CASE(test_another_page_is_refused),
		CASE(test_a_later_version_is_told_apart),
		CASE(test_reasons_are_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
