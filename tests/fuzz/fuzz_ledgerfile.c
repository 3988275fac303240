/* ledgerfile - a page whose checksum is right, whoever wrote it. */

#include "fuzz.h"

#include <openssl/evp.h>

#include "ledgerfile.h"
#include "limits.h"

#define PAGE    3
#define SHA_LEN 32

static void
assert_account(struct account *a)
{
	uint64_t now_s = 1790000000;

	assert_in_range(strlen(a->user), 1, LIMIT_USER);
	assert_in_range(a->network_n, 0, LIMIT_ACCOUNT_NETWORKS);
	assert_in_range(known_count(&a->known), 0, LIMIT_KNOWN_RECIPIENTS);
	if (a->blocked.reason != NULL)
		assert_true(ledgerfile_is_token(slice_of(a->blocked.reason)));
	if (a->held.reason != NULL)
		assert_true(ledgerfile_is_token(slice_of(a->held.reason)));
	assert_true(tally_falls_s(&a->spent[QUOTA_OCTETS], QUOTA_DAY, 0) >=
		    a->spent[QUOTA_OCTETS].at_s);
	account_advance(a, now_s);
	(void)tally_sum(&a->spent[QUOTA_OCTETS], QUOTA_DAY);
}

/* What was read is written, and read again as the same. */
static void
assert_again(const struct ledger_page *page)
{
	struct ledger *other = ledger_new(NULL, NULL);
	struct buf b = buf_new(LIMIT_PAGE_FILE);

	ledgerfile_pack(&b, page);
	ledgerfile_seal(&b);
	assert_true(buf_ok(&b));
	assert_int_equal(
	    ledgerfile_read(buf_slice(&b), &other->page[PAGE]), LEDGERFILE_OK);
	assert_int_equal(other->page[PAGE].n, page->n);
	assert_int_equal(other->page[PAGE].known_n, page->known_n);
	buf_free(&b);
	ledger_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger *l = ledger_new(NULL, NULL);
	struct ledger_page *page = &l->page[PAGE];
	struct buf file = buf_new(size + SHA_LEN);
	unsigned char sum[SHA_LEN];
	struct account *a;

	buf_add(&file, data, size);
	EVP_Digest(data, size, sum, NULL, EVP_sha256(), NULL);
	buf_add(&file, sum, sizeof(sum));
	if (ledgerfile_read(buf_slice(&file), page) == LEDGERFILE_OK) {
		TAILQ_FOREACH (a, &page->ages, age)
			assert_account(a);
		assert_again(page);
	} else {
		assert_int_equal(page->n, 0);
	}
	buf_free(&file);
	ledger_free(&l);
	return 0;
}
