/* base64 - one spelling for each value, and every other refused. */

#include "cases.h"

#include "base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
assert_decodes(struct slice text, struct slice want)
{
	struct buf b = buf_new(512);

	if (base64_decode(text, &b) != 0)
		fail_msg("'%s' refused", shown(text));
	assert_slice(buf_slice(&b), want);
	buf_free(&b);
}

static void
assert_encodes(struct slice data, struct slice want)
{
	struct buf b = buf_new(512);

	base64_encode(data, &b);
	assert_slice(buf_slice(&b), want);
	buf_free(&b);
}

static bool
decodes(struct slice text)
{
	struct buf b = buf_new(512);
	int r = base64_decode(text, &b);

	buf_free(&b);
	return r == 0;
}

/* clang-format off */
static const struct {
	struct slice data, text;
} vectors[] = {
	/* RFC 4648, 10 */
	{ S(""),	S("") },
	{ S("f"),	S("Zg==") },
	{ S("fo"),	S("Zm8=") },
	{ S("foo"),	S("Zm9v") },
	{ S("foob"),	S("Zm9vYg==") },
	{ S("fooba"),	S("Zm9vYmE=") },
	{ S("foobar"),	S("Zm9vYmFy") },
	/* RFC 4616, 4, and the ends of the alphabet */
	{ S("\0tim\0tanstaaftanstaaf"), S("AHRpbQB0YW5zdGFhZnRhbnN0YWFm") },
	{ S("\0\0\0"),	S("AAAA") },
	{ S("\xff\xff\xff"), S("////") },
	{ S("\xfb\xef\xbe"), S("++++") },
	{ S("\0"),	S("AA==") },
	{ S("\xff"),	S("/w==") },
};

static const struct slice refused[] = {
	S("="), S("=="), S("==="), S("===="), S("A==="), S("A=A="), S("=AAA"),
	S("Zg"), S("Zg="), S("Zg==="), S("Zg== "), S(" Zg=="), S("Zg=\n"),
	S("Zg==\r\n"), S("Zm\n9v"), S("Z g="), S("Zg==Zg=="), S("Zm8=Zm9v"),
	S("Zm9vZg=A"), S("Zm-v"), S("Zm_v"), S("Zm9\0"), S("Zm9\xc3"), S("*"),
	/* the same value as the ones above, spelt with unused bits set */
	S("Zh=="), S("Zm9="), S("AB=="), S("AAB="), S("/x=="),
};
/* clang-format on */

static void
test_the_standards_vectors_both_ways(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		assert_encodes(vectors[i].data, vectors[i].text);
		assert_decodes(vectors[i].text, vectors[i].data);
	}
}

static void
test_what_is_almost_base64_is_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(refused); i++)
		if (decodes(refused[i]))
			fail_msg("'%s' taken", shown(refused[i]));
}

static void
test_each_length_comes_back_the_same(void **state)
{
	struct buf text = buf_new(512);
	char data[300];
	size_t n;

	(void)state;
	for (n = 0; n <= sizeof(data); n++) {
		if (n > 0)
			data[n - 1] = (char)(n * 151 + n / 7);
		buf_clear(&text);
		base64_encode((struct slice){ data, n }, &text);
		assert_int_equal(text.n, (n + 2) / 3 * 4);
		assert_decodes(buf_slice(&text), (struct slice){ data, n });
	}
	buf_free(&text);
}

static void
test_only_whole_groups_are_taken(void **state)
{
	char text[301];
	size_t n;

	(void)state;
	memset(text, 'A', sizeof(text));
	for (n = 0; n < sizeof(text); n++)
		assert_int_equal(
		    decodes((struct slice){ text, n }), n % 4 == 0);
}

static void
test_padding_is_taken_at_the_very_end_only(void **state)
{
	char text[300];
	size_t n, at;

	(void)state;
	for (n = 4; n <= sizeof(text); n += 4)
		for (at = 0; at < n; at++) {
			memset(text, 'A', sizeof(text));
			text[at] = '=';
			assert_int_equal(
			    decodes((struct slice){ text, n }), at == n - 1);
			text[n - 1] = '=';
			assert_int_equal(
			    decodes((struct slice){ text, n }), at >= n - 2);
		}
}

static void
test_each_octet_outside_the_alphabet_is_refused(void **state)
{
	char text[8];
	unsigned c, at;
	bool ours;

	(void)state;
	for (c = 0; c < 256; c++)
		for (at = 0; at < sizeof(text) - 1; at++) {
			memset(text, 'A', sizeof(text));
			text[at] = (char)c;
			ours = memchr(alphabet, (int)c, 64) != NULL;
			assert_int_equal(
			    decodes((struct slice){ text, 8 }), ours);
		}
}

static void
test_unused_bits_must_be_zero(void **state)
{
	char text[4];
	unsigned v;

	(void)state;
	for (v = 0; v < 64; v++) {
		memcpy(text, "AA==", 4);
		text[1] = alphabet[v];
		assert_int_equal(
		    decodes((struct slice){ text, 4 }), v % 16 == 0);
		memcpy(text, "AAA=", 4);
		text[2] = alphabet[v];
		assert_int_equal(
		    decodes((struct slice){ text, 4 }), v % 4 == 0);
	}
}

static void
test_too_much_for_the_buffer_is_refused(void **state)
{
	struct buf b = buf_new(5);

	(void)state;
	assert_int_equal(base64_decode(slice_of("Zm9vYmE="), &b), 0);
	buf_clear(&b);
	assert_int_equal(base64_decode(slice_of("Zm9vYmFy"), &b), -1);
	buf_free(&b);
}

/* What is taken is the one spelling of what it stands for. */
static void
check_canonical(struct slice text)
{
	struct buf data = buf_new(512);

	if (base64_decode(text, &data) == 0)
		assert_encodes(buf_slice(&data), text);
	buf_free(&data);
}

static void
test_spoilt_text_is_canonical_or_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(vectors); i++) {
		truncated(vectors[i].text, check_canonical);
		mutated(vectors[i].text, check_canonical);
	}
	for (i = 0; i < ARRAY_LEN(refused); i++)
		mutated(refused[i], check_canonical);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_standards_vectors_both_ways),
		cmocka_unit_test(test_what_is_almost_base64_is_refused),
		cmocka_unit_test(test_each_length_comes_back_the_same),
		cmocka_unit_test(test_only_whole_groups_are_taken),
		cmocka_unit_test(test_padding_is_taken_at_the_very_end_only),
		cmocka_unit_test(
		    test_each_octet_outside_the_alphabet_is_refused),
		cmocka_unit_test(test_unused_bits_must_be_zero),
		cmocka_unit_test(test_too_much_for_the_buffer_is_refused),
		cmocka_unit_test(test_spoilt_text_is_canonical_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
