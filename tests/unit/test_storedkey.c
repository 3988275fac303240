/* storedkey: values of a directory in, keys of SCRAM or nothing out. */

#include "cases.h"

#include "pack.h"
#include "scramclient.h"
#include "storedkey.h"

/* RFC 7677, 3: user "user", password "pencil". */
#define SALT   "W22ZaJ0SNY7soEsUEjb6gQ=="
#define STORED "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
#define SERVER "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define KEYS   STORED ":" SERVER

static const char scheme[] = "SCRAM-SHA-256";
static const char value[] = "SCRAM-SHA-256$4096:" SALT "$" KEYS;

static void
assert_is_the_example(const struct storedkey *k)
{
	struct buf b = buf_new(1024);

	storedkey_print(k, scheme, &b);
	assert_slice(buf_slice(&b), slice_of(value));
	buf_free(&b);
}

static void
test_the_example_of_rfc_7677_is_what_its_password_makes(void **state)
{
	struct buf salt = buf_new(64);
	struct storedkey k;

	(void)state;
	assert_int_equal(base64_decode(slice_of(SALT), &salt), 0);
	k = scram_key(scheme, "pencil", buf_slice(&salt), 4096);
	assert_is_the_example(&k);
	buf_free(&salt);
}

/* "doveadm -O pw -s SCRAM-SHA-256 -p pencil", of Dovecot 2.3.19. */
static void
test_what_dovecot_makes_is_of_the_password(void **state)
{
	static const char made[] =
	    "{SCRAM-SHA-256}4096,6gUOvcGS+RW/QlueUsjfiA==,"
	    "dcHIbJfeZqR6I7+k8727tq70i3dHLDRv5/1P86aObKE=,"
	    "XMu/ugmf5twedPep5lVc7YxRrg5SkKVQGZnbUu3Il+M=";
	struct storedkey k, expected;

	(void)state;
	assert_int_equal(
	    storedkey_parse(slice_of(made), scheme, &k), STOREDKEY_GOOD);
	expected = scram_key(scheme, "pencil",
	    (struct slice){ (const char *)k.salt, k.salt_len }, 4096);
	assert_memory_equal(&k, &expected, sizeof(k));
}

static void
test_both_spellings_are_read(void **state)
{
	static const char *const good[] = {
		value,
		"SCRAM-SHA-256 $ 4096:" SALT " $ " KEYS,
		"  SCRAM-SHA-256   $4096:" SALT "$   " KEYS "  ",
		"{SCRAM-SHA-256}4096," SALT "," STORED "," SERVER,
		"{scram-sha-256}4096," SALT "," STORED "," SERVER,
	};
	struct storedkey k;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(storedkey_parse(slice_of(good[i]), scheme, &k),
		    STOREDKEY_GOOD);
		assert_is_the_example(&k);
		assert_int_equal(
		    storedkey_parse(slice_of(good[i]), "SCRAM-SHA-1", &k),
		    STOREDKEY_OTHER);
	}
}

static void
test_each_hash_has_keys_of_its_length(void **state)
{
	static const char *const schemes[] = { "SCRAM-SHA-1", "SCRAM-SHA-256",
		"SCRAM-SHA-512" };
	struct buf b = buf_new(1024);
	struct storedkey k, again;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		buf_clear(&b);
		k = scram_key(schemes[i], "x", slice_of("0123456789"), 4096);
		storedkey_print(&k, schemes[i], &b);
		assert_int_equal(
		    storedkey_parse(buf_slice(&b), schemes[i], &again),
		    STOREDKEY_GOOD);
		assert_memory_equal(&k, &again, sizeof(k));
	}
	assert_int_equal(storedkey_hash_len("SCRAM-SHA-224"), 0);
	buf_free(&b);
}

/* Nothing of a key that is none is left behind. */
static enum storedkey_status
parsed(const char *text)
{
	static const struct storedkey none;
	enum storedkey_status status;
	struct storedkey k;

	memset(&k, 0x55, sizeof(k));
	status = storedkey_parse(slice_of(text), scheme, &k);
	if (status != STOREDKEY_GOOD)
		assert_memory_equal(&k, &none, sizeof(k));
	return status;
}

static void
test_other_schemes_are_not_bad_ones(void **state)
{
	static const char *const other[] = { "", " ", "$", "{", "{}", "secret",
		"{SSHA}W22ZaJ0SNY7soEsUEjb6gQ==", "{SCRAM-SHA-256",
		"SCRAM-SHA-1$4096:" SALT "$" KEYS,
		"scram-sha-256$4096:" SALT "$" KEYS, /* RFC 3112: upper case */
		"SCRAM-SHA-256-PLUS$4096:" SALT "$" KEYS,
		"XSCRAM-SHA-256$4096:" SALT "$" KEYS,
		"SCRAM-SHA-256\t$4096:" SALT "$" KEYS,
		"{SCRAM-SHA-1}4096," SALT "," STORED "," SERVER };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(other); i++)
		assert_int_equal(parsed(other[i]), STOREDKEY_OTHER);
}

static void
test_the_count_is_a_number_within_bounds(void **state)
{
	static const struct {
		const char *count;
		enum storedkey_status status;
	} rows[] = {
		{ "4096", STOREDKEY_GOOD },
		{ "10000000", STOREDKEY_GOOD },
		{ "4095", STOREDKEY_BAD },
		{ "10000001", STOREDKEY_BAD },
		{ "4294967295", STOREDKEY_BAD },
		{ "4294971392", STOREDKEY_BAD }, /* 4096 + 2^32 */
		{ "18446744073709555712", STOREDKEY_BAD },
		{ "0", STOREDKEY_BAD },
		{ "1", STOREDKEY_BAD },
		{ "", STOREDKEY_BAD },
		{ "04096", STOREDKEY_BAD },
		{ "-1", STOREDKEY_BAD },
		{ "+4096", STOREDKEY_BAD },
		{ "4096 ", STOREDKEY_BAD },
		{ "0x1000", STOREDKEY_BAD },
		{ "4e6", STOREDKEY_BAD },
	};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "SCRAM-SHA-256$%s:%s$%s",
		    rows[i].count, SALT, KEYS);
		assert_int_equal(parsed(text), rows[i].status);
		snprintf(text, sizeof(text), "{SCRAM-SHA-256}%s,%s,%s,%s",
		    rows[i].count, SALT, STORED, SERVER);
		assert_int_equal(parsed(text), rows[i].status);
	}
}

static void
test_what_is_malformed_is_no_key(void **state)
{
	static const char *const bad[] = {
		"SCRAM-SHA-256$",
		"SCRAM-SHA-256$$",
		"SCRAM-SHA-256$4096$" KEYS,
		"SCRAM-SHA-256$4096:" SALT,
		"SCRAM-SHA-256$4096:" SALT "$" STORED,
		"SCRAM-SHA-256$4096:" SALT "$" STORED ":",
		"SCRAM-SHA-256$4096:$" KEYS, /* no salt */
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ$" KEYS,
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gR==$" KEYS,
		"SCRAM-SHA-256$4096:W22Z aJ0SNY7soEsUEjb6gQ==$" KEYS,
		"SCRAM-SHA-256$4096:" SALT "$" SALT ":" SERVER,
		"SCRAM-SHA-256$4096:" SALT "$" STORED ":" SALT,
		"SCRAM-SHA-256$4096:" SALT "$" KEYS "=",
		"SCRAM-SHA-256$4096:" SALT "$" KEYS ":" SERVER,
		"SCRAM-SHA-256$4096:" SALT "$" KEYS "$" KEYS,
		"{SCRAM-SHA-256}",
		"{SCRAM-SHA-256}4096," SALT "," STORED,
		"{SCRAM-SHA-256}4096," SALT "," STORED "," SERVER ",",
		"{SCRAM-SHA-256} 4096," SALT "," STORED "," SERVER,
		"{SCRAM-SHA-256}4096:" SALT "$" KEYS,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parsed(bad[i]), STOREDKEY_BAD);
}

static void
test_salt_and_value_have_limits(void **state)
{
	static const size_t sizes[] = { 1, LIMIT_SCRAM_SALT,
		LIMIT_SCRAM_SALT + 1, 300 };
	char octets[300] = { 0 }, salt[512], text[2048];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		scram_base64((unsigned char *)octets, sizes[i], salt);
		snprintf(
		    text, sizeof(text), "SCRAM-SHA-256$4096:%s$%s", salt, KEYS);
		assert_int_equal(parsed(text), sizes[i] <= LIMIT_SCRAM_SALT
						   ? STOREDKEY_GOOD
						   : STOREDKEY_BAD);
	}
	snprintf(text, sizeof(text), "SCRAM-SHA-256$4096:%s$%*s%s", SALT, 1000,
	    "", KEYS);
	assert_int_equal(parsed(text), STOREDKEY_BAD);
}

/* Whatever happens to a value, what is taken comes back the same. */
static void
is_taken_as_it_is_printed(struct slice in)
{
	struct buf b = buf_new(1024);
	struct storedkey k, again;

	if (storedkey_parse(in, scheme, &k) == STOREDKEY_GOOD) {
		storedkey_print(&k, scheme, &b);
		assert_true(buf_ok(&b));
		assert_int_equal(storedkey_parse(buf_slice(&b), scheme, &again),
		    STOREDKEY_GOOD);
		assert_memory_equal(&k, &again, sizeof(k));
	}
	buf_free(&b);
}

static void
test_spoilt_values_harm_nobody(void **state)
{
	static const char dovecot[] =
	    "{SCRAM-SHA-256}4096," SALT "," STORED "," SERVER;
	struct storedkey k;
	size_t n;

	(void)state;
	truncated(slice_of(value), is_taken_as_it_is_printed);
	mutated(slice_of(value), is_taken_as_it_is_printed);
	truncated(slice_of(dovecot), is_taken_as_it_is_printed);
	mutated(slice_of(dovecot), is_taken_as_it_is_printed);
	for (n = 0; n < sizeof(value) - 1; n++)
		assert_int_not_equal(
		    storedkey_parse((struct slice){ value, n }, scheme, &k),
		    STOREDKEY_GOOD);
}

static enum storedkey_status
found(const char *const *values, size_t n, struct storedkey *k)
{
	enum storedkey_status status;
	struct buf b = buf_new(4096);
	size_t i;

	for (i = 0; i < n; i++)
		pack_bytes(&b, slice_of(values[i]));
	status = storedkey_find(buf_slice(&b), scheme, k);
	buf_free(&b);
	return status;
}

static void
test_the_first_good_value_of_the_scheme_counts(void **state)
{
	static const char *const values[] = { "SCRAM-SHA-1$1:x$y:z",
		"SCRAM-SHA-256$1:" SALT "$" KEYS, value,
		"SCRAM-SHA-256$5000:" SALT "$" KEYS };
	struct storedkey k;

	(void)state;
	assert_int_equal(found(values, 0, &k), STOREDKEY_OTHER);
	assert_int_equal(found(values, 1, &k), STOREDKEY_OTHER);
	assert_int_equal(found(values, 2, &k), STOREDKEY_BAD);
	assert_int_equal(found(values, 4, &k), STOREDKEY_GOOD);
	assert_is_the_example(&k);
	assert_int_equal(
	    storedkey_find((struct slice){ "\0\0\1\0", 4 }, scheme, &k),
	    STOREDKEY_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_the_example_of_rfc_7677_is_what_its_password_makes),
		cmocka_unit_test(test_what_dovecot_makes_is_of_the_password),
		cmocka_unit_test(test_both_spellings_are_read),
		cmocka_unit_test(test_each_hash_has_keys_of_its_length),
		cmocka_unit_test(test_other_schemes_are_not_bad_ones),
		cmocka_unit_test(test_the_count_is_a_number_within_bounds),
		cmocka_unit_test(test_what_is_malformed_is_no_key),
		cmocka_unit_test(test_salt_and_value_have_limits),
		cmocka_unit_test(test_spoilt_values_harm_nobody),
		cmocka_unit_test(
		    test_the_first_good_value_of_the_scheme_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
