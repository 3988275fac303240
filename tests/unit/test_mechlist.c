/* mechlist: names in, those that a session can use out. */

#include "cases.h"

#include "mechlist.h"

static void
assert_list(const char *list, uint32_t facts, const char *want)
{
	struct buf b = buf_new(256);

	mechlist_add(&b, list, facts);
	assert_slice(buf_slice(&b), slice_of(want));
	buf_free(&b);
}

static void
test_plus_is_for_who_can_bind(void **state)
{
	static const struct {
		const char *list, *without, *with;
	} rows[] = {
		{ "", "", "" },
		{ "PLAIN LOGIN", "PLAIN LOGIN", "PLAIN LOGIN" },
		{ "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN",
		    "SCRAM-SHA-256 PLAIN",
		    "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN" },
		{ "PLAIN scram-sha-1-plus", "PLAIN", "PLAIN scram-sha-1-plus" },
		{ "SCRAM-SHA-1-PLUS", "", "SCRAM-SHA-1-PLUS" },
		{ "A-PLUS B-PLUS C D-PLUS", "C", "A-PLUS B-PLUS C D-PLUS" },
		{ "PLUS A-PLU X-PLUSX", "PLUS A-PLU X-PLUSX",
		    "PLUS A-PLU X-PLUSX" },
		{ " A  B ", "A B", "A B" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		assert_list(rows[i].list, 0, rows[i].without);
		assert_list(rows[i].list, MECH_HAS_BINDING, rows[i].with);
		assert_list(rows[i].list, ~UINT32_C(0), rows[i].with);
	}
}

static void
test_external_is_for_who_has_a_certificate(void **state)
{
	static const char list[] = "EXTERNAL X-PLUS PLAIN";

	(void)state;
	assert_list(list, 0, "PLAIN");
	assert_list(list, MECH_HAS_CERTIFICATE, "EXTERNAL PLAIN");
	assert_list(list, MECH_HAS_BINDING, "X-PLUS PLAIN");
	assert_list(list, MECH_HAS_CERTIFICATE | MECH_HAS_BINDING, list);
	assert_list("EXTERNAL", 0, "");
	assert_false(mechlist_fits(slice_of("External"), MECH_HAS_BINDING));
	assert_true(mechlist_fits(slice_of("EXTERNALS"), 0));
	assert_true(mechlist_fits(slice_of("EXTERNA"), 0));
}

static void
test_a_name_fits_or_not(void **state)
{
	(void)state;
	assert_true(mechlist_fits(slice_of("PLAIN"), 0));
	assert_true(mechlist_fits(slice_of("-PLUS"), 0)); /* no mechanism */
	assert_true(mechlist_fits(slice_of(""), 0));
	assert_false(mechlist_fits(slice_of("x-plus"), 0));
	assert_true(mechlist_fits(slice_of("x-plus"), MECH_HAS_BINDING));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plus_is_for_who_can_bind),
		cmocka_unit_test(test_external_is_for_who_has_a_certificate),
		cmocka_unit_test(test_a_name_fits_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
