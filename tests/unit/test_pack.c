/* pack - octets out, the same values in, and nothing from broken input. */

#include "cases.h"

#include "pack.h"

static struct buf
sample(void)
{
	struct buf b = buf_new(1000);

	pack_u8(&b, 0xfe);
	pack_u16(&b, 0x0102);
	pack_u32(&b, 0x03040506);
	pack_u64(&b, 0x0708090a0b0c0d0eULL);
	pack_bytes(&b, slice_of("text"));
	pack_bytes(&b, slice_of(NULL));
	return b;
}

static bool
read_sample(struct slice s)
{
	struct unpack u = unpack_begin(s);
	bool same = unpack_u8(&u) == 0xfe;

	same = unpack_u16(&u) == 0x0102 && same;
	same = unpack_u32(&u) == 0x03040506 && same;
	same = unpack_u64(&u) == 0x0708090a0b0c0d0eULL && same;
	same = slice_eq(unpack_bytes(&u), slice_of("text")) && same;
	same = unpack_bytes(&u).n == 0 && same;
	return unpack_end(&u) && same;
}

static void
test_integers_are_big_endian_and_strings_counted(void **state)
{
	static const char wire[] = "\xfe\x01\x02\x03\x04\x05\x06"
				   "\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
				   "\0\0\0\4text\0\0\0\0";
	struct buf b = sample();

	(void)state;
	assert_int_equal(b.n, sizeof(wire) - 1);
	assert_memory_equal(b.p, wire, b.n);
	buf_free(&b);
}

static void
test_what_was_packed_is_read_back(void **state)
{
	struct buf b = sample();

	(void)state;
	assert_true(read_sample(buf_slice(&b)));
	buf_free(&b);
}

static void
test_every_truncation_is_noticed(void **state)
{
	struct buf b = sample();
	size_t n;

	(void)state;
	for (n = 0; n < b.n; n++)
		assert_false(read_sample((struct slice){ b.p, n }));
	buf_free(&b);
}

static void
test_trailing_octets_are_noticed(void **state)
{
	struct buf b = sample();

	(void)state;
	pack_u8(&b, 0);
	assert_false(read_sample(buf_slice(&b)));
	buf_free(&b);
}

static void
test_a_length_beyond_the_end_yields_nothing_from_then_on(void **state)
{
	static const char wire[] = "\xff\xff\xff\xff\1\2\3\4\5\6\7\x08";
	struct unpack u =
	    unpack_begin((struct slice){ wire, sizeof(wire) - 1 });

	(void)state;
	assert_int_equal(unpack_bytes(&u).n, 0);
	assert_int_equal(unpack_u8(&u), 0);
	assert_int_equal(unpack_u64(&u), 0);
	assert_false(unpack_end(&u));
}

static void
test_a_list_is_exactly_its_elements(void **state)
{
	struct buf b = buf_new(100);
	size_t n;

	(void)state;
	assert_true(pack_is_list(buf_slice(&b), 0));
	pack_bytes(&b, slice_of("a"));
	pack_bytes(&b, slice_of(""));
	assert_true(pack_is_list(buf_slice(&b), 2));
	assert_false(pack_is_list(buf_slice(&b), 1));
	assert_false(pack_is_list(buf_slice(&b), 3));
	assert_false(pack_is_list(buf_slice(&b), UINT32_MAX));
	for (n = 0; n < b.n; n++)
		assert_false(pack_is_list((struct slice){ b.p, n }, 2));
	buf_free(&b);
}

/* Read as the sample is; what does not end right must not look right. */
static void
stays_inside(struct slice in)
{
	struct unpack u = unpack_begin(in);
	struct slice a, b;

	(void)unpack_u8(&u);
	(void)unpack_u16(&u);
	(void)unpack_u32(&u);
	(void)unpack_u64(&u);
	a = unpack_bytes(&u);
	b = unpack_bytes(&u);
	assert_true(is_inside(a, in) && is_inside(b, in));
	if (unpack_end(&u))
		assert_int_equal(15 + 8 + a.n + b.n, in.n);
	if (pack_is_list(in, 2)) {
		u = unpack_begin(in);
		a = unpack_bytes(&u);
		b = unpack_bytes(&u);
		assert_int_equal(a.n + b.n + 8, in.n);
	}
}

static void
test_spoilt_octets_are_read_inside_their_bounds(void **state)
{
	struct buf b = sample();

	(void)state;
	truncated(buf_slice(&b), stays_inside);
	mutated(buf_slice(&b), stays_inside);
	buf_clear(&b);
	pack_bytes(&b, slice_of("one"));
	pack_bytes(&b, slice_of(""));
	truncated(buf_slice(&b), stays_inside);
	mutated(buf_slice(&b), stays_inside);
	buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_integers_are_big_endian_and_strings_counted),
		cmocka_unit_test(test_what_was_packed_is_read_back),
		cmocka_unit_test(test_every_truncation_is_noticed),
		cmocka_unit_test(test_trailing_octets_are_noticed),
		cmocka_unit_test(
		    test_a_length_beyond_the_end_yields_nothing_from_then_on),
		cmocka_unit_test(test_a_list_is_exactly_its_elements),
		cmocka_unit_test(
		    test_spoilt_octets_are_read_inside_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
