/* newpassword - what is stored of a password is what a login needs. */

#include "cases.h"

#include <crypt.h>
#include <openssl/evp.h>

#include "base64.h"
#include "newpassword.h"
#include "scramclient.h"

/* RFC 5802, 5 and RFC 7677, 3: user "user", password "pencil". */
static const struct {
	const char *scheme;
	const char *salt;
	const char *stored;
} examples[] = {
	{ "SCRAM-SHA-1", "QSXCR+Q6sek8bf92",
	    "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
	    "D+CSWLOshSulAsxiupA+qs2/fTE=" },
	{ "SCRAM-SHA-256", "W22ZaJ0SNY7soEsUEjb6gQ==",
	    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=" },
};

static void
test_keys_are_those_of_the_standards(void **state)
{
	struct buf salt = buf_new(64), text = buf_new(1024);
	struct storedkey key;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(examples); i++) {
		buf_clear(&salt);
		buf_clear(&text);
		assert_int_equal(
		    base64_decode(slice_of(examples[i].salt), &salt), 0);
		assert_int_equal(
		    newpassword_key(examples[i].scheme, slice_of("pencil"),
			buf_slice(&salt), 4096, &key),
		    0);
		storedkey_print(&key, examples[i].scheme, &text);
		assert_slice(buf_slice(&text), slice_of(examples[i].stored));
	}
	assert_int_equal(newpassword_key("SCRAM-MD5", slice_of("pencil"),
			     slice_of("salt"), 4096, &key),
	    -1);
	buf_free(&salt);
	buf_free(&text);
}

static void
test_a_new_value_is_read_and_is_of_the_password(void **state)
{
	static const char *const schemes[] = { "SCRAM-SHA-1", "SCRAM-SHA-256",
		"SCRAM-SHA-512" };
	static const struct auth_config config = {
		.scram_iterations = 5000,
		.scram_salt = 20,
	};
	struct buf text = buf_new(1024), again = buf_new(1024);
	struct storedkey key, expected;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(schemes); i++) {
		buf_clear(&text);
		buf_clear(&again);
		assert_int_equal(newpassword_stored(&config, schemes[i],
				     slice_of("pencil"), &text),
		    0);
		assert_int_equal(
		    storedkey_parse(buf_slice(&text), schemes[i], &key),
		    STOREDKEY_GOOD);
		expected = scram_key(schemes[i], "pencil",
		    (struct slice){ (const char *)key.salt, key.salt_len },
		    key.iterations);
		assert_int_equal(key.iterations, 5000);
		assert_int_equal(key.salt_len, 20);
		assert_memory_equal(key.stored, expected.stored, key.hash_len);
		assert_memory_equal(key.server, expected.server, key.hash_len);
		assert_int_equal(newpassword_stored(&config, schemes[i],
				     slice_of("pencil"), &again),
		    0);
		assert_false(slice_eq(buf_slice(&text), buf_slice(&again)));
	}
	buf_free(&text);
	buf_free(&again);
}

static void
test_hashes_are_those_that_directories_check(void **state)
{
	struct slice password = slice_of("p\xc3\xa4ncil");
	struct buf text = buf_new(1024), octets = buf_new(256);
	struct crypt_data data = { .initialized = 0 };
	unsigned char digest[20];
	char both[64];

	(void)state;
	assert_int_equal(newpassword_hash(PASSWORD_CRYPT, password, &text), 0);
	buf_add(&text, "", 1);
	assert_memory_equal(text.p, "{CRYPT}$6$", 10);
	assert_string_equal(
	    crypt_rn(password.p, text.p + 7, &data, sizeof(data)), text.p + 7);

	buf_clear(&text);
	assert_int_equal(newpassword_hash(PASSWORD_SSHA, password, &text), 0);
	assert_memory_equal(text.p, "{SSHA}", 6);
	assert_int_equal(
	    base64_decode(slice_from(buf_slice(&text), 6), &octets), 0);
	assert_int_equal(octets.n, 36);
	memcpy(both, password.p, password.n);
	memcpy(both + password.n, octets.p + 20, 16);
	assert_int_equal(
	    EVP_Digest(both, password.n + 16, digest, NULL, EVP_sha1(), NULL),
	    1);
	assert_memory_equal(octets.p, digest, 20);

	buf_clear(&text);
	assert_int_equal(newpassword_hash(PASSWORD_CLEAR, password, &text), 0);
	assert_slice(buf_slice(&text), password);
	buf_free(&text);
	buf_free(&octets);
}

static void
test_what_crypt_cannot_take_is_no_hash(void **state)
{
	char password[513];
	struct buf text = buf_new(1024);

	(void)state;
	memset(password, 'a', 512);
	password[512] = '\0';
	assert_int_equal(newpassword_hash(PASSWORD_CRYPT,
			     (struct slice){ password, 512 }, &text),
	    -1);
	buf_free(&text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_those_of_the_standards),
		cmocka_unit_test(
		    test_a_new_value_is_read_and_is_of_the_password),
		cmocka_unit_test(test_hashes_are_those_that_directories_check),
		cmocka_unit_test(test_what_crypt_cannot_take_is_no_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
