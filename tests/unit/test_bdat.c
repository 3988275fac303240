/* bdat - which octets are a chunk's, whatever the split. */

#include "cases.h"

#include "bdat.h"
#include "compiler.h"

/* clang-format off */
static const struct {
	struct slice	arg;
	enum bdat_status status;
	uint64_t	size;
	bool		last;
} cases[] = {
	{ S("0"),		BDAT_OK, 0, false },
	{ S("0 LAST"),		BDAT_OK, 0, true },
	{ S("86 LAST"),		BDAT_OK, 86, true },
	{ S("86 last"),		BDAT_OK, 86, true },
	{ S("86  LaSt"),	BDAT_OK, 86, true },
	{ S("0000086"),		BDAT_OK, 86, false },
	{ S("18446744073709551615"), BDAT_OK, UINT64_MAX, false },
	{ S("86 "),		BDAT_OK, 86, false },
	{ S("86 LST"),		BDAT_BAD_MARK, 86, false },
	{ S("86 LAST x"),	BDAT_BAD_MARK, 86, false },
	{ S("86 LAST LAST"),	BDAT_BAD_MARK, 86, false },
	{ S("86 5"),		BDAT_BAD_MARK, 86, false },
	{ S("86 \xff"),		BDAT_BAD_MARK, 86, false },
	{ S(""),		BDAT_BAD_SIZE, 0, false },
	{ S("LAST"),		BDAT_BAD_SIZE, 0, false },
	{ S("x"),		BDAT_BAD_SIZE, 0, false },
	{ S("-1"),		BDAT_BAD_SIZE, 0, false },
	{ S("+1"),		BDAT_BAD_SIZE, 0, false },
	{ S(" 1"),		BDAT_BAD_SIZE, 0, false },
	{ S("5x"),		BDAT_BAD_SIZE, 0, false },
	{ S("0x5"),		BDAT_BAD_SIZE, 0, false },
	{ S("5.0"),		BDAT_BAD_SIZE, 0, false },
	{ S("5LAST"),		BDAT_BAD_SIZE, 0, false },
	{ S("5\tLAST"),		BDAT_BAD_SIZE, 0, false },
	{ S("5\0"),		BDAT_BAD_SIZE, 0, false },
	{ S("\xb2"),		BDAT_BAD_SIZE, 0, false },
	{ S("18446744073709551616"), BDAT_BAD_SIZE, 0, false },
	{ S("99999999999999999999"), BDAT_BAD_SIZE, 0, false },
	{ S("184467440737095516150"), BDAT_BAD_SIZE, 0, false },
};
/* clang-format on */

static void
test_each_argument(void **state)
{
	enum bdat_status st;
	struct bdat b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		st = bdat_parse(cases[i].arg, &b);
		if (st != cases[i].status)
			fail_msg("'%s': got %d", shown(cases[i].arg), st);
		if (st == BDAT_BAD_SIZE)
			continue;
		assert_true(b.size == cases[i].size && b.left == b.size);
		assert_int_equal(b.last, cases[i].last);
	}
}

static void
survive(struct slice arg)
{
	enum bdat_status st;
	struct bdat b;

	st = bdat_parse(arg, &b);
	if (st == BDAT_BAD_SIZE)
		assert_int_equal(b.left, 0);
	else
		assert_true(isdigit((unsigned char)arg.p[0]));
	if (b.last)
		assert_int_equal(st, BDAT_OK);
}

static void
test_spoilt_arguments_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].arg, survive);
		mutated(cases[i].arg, survive);
	}
}

static void
test_any_split_takes_the_same(void **state)
{
	static const struct slice stream = S("0123456789QUIT\r\n");
	struct slice in, run;
	uint64_t size;
	size_t a, taken;
	struct bdat b;

	(void)state;
	for (size = 0; size <= stream.n; size++)
		for (a = 0; a <= stream.n; a++) {
			b = (struct bdat){ .size = size, .left = size };
			in = (struct slice){ stream.p, a };
			run = bdat_take(&b, &in);
			assert_ptr_equal(run.p, stream.p);
			taken = run.n;
			assert_int_equal(in.n, a - taken);
			in = slice_from(stream, taken);
			run = bdat_take(&b, &in);
			taken += run.n;
			assert_int_equal(taken, size);
			assert_int_equal(b.left, 0);
			assert_slice(in, slice_from(stream, size));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_argument),
		cmocka_unit_test(test_spoilt_arguments_do_no_harm),
		cmocka_unit_test(test_any_split_takes_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
