/* quota - what an entry in the directory may say, and the way to relay. */

#include "cases.h"

#include "quota.h"

static void
test_a_number_is_set_by_its_name(void **state)
{
	static const struct {
		const char *text;
		uint64_t number; /* of messages_per_day */
	} rows[] = {
		{ "messages_per_day=5000", 5000 },
		{ "Messages_Per_Day=5000", 5000 },
		{ "messages_per_day=0", 0 },
		{ "messages_per_day=4K", 4096 },
		{ "messages_per_day=2G", UINT64_C(2) << 30 },
		{ "messages_per_day=999999999G", UINT64_C(999999999) << 30 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct quota q = { .sessions = 7 };

		q.max[QUOTA_MESSAGES][QUOTA_DAY] = 1;
		assert_int_equal(quota_set(&q, slice_of(rows[i].text)), 0);
		assert_int_equal(
		    q.max[QUOTA_MESSAGES][QUOTA_DAY], rows[i].number);
		assert_int_equal(q.sessions, 7);
	}
}

static void
test_anything_else_changes_nothing(void **state)
{
	static const char *const rows[] = { "", "=", "messages_per_day",
		"messages_per_day=", "messages_per_day=-1",
		"messages_per_day= 1", "messages_per_day=1 ",
		"messages_per_day=1KK", "messages_per_day=1T",
		"messages_per_day=K", "messages_per_day=1000000000",
		"messages=5", "messages_per_year=5", "5=messages_per_day",
		"messages_per_day =5" };
	static const struct quota none;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct quota q = { 0 };

		assert_int_equal(quota_set(&q, slice_of(rows[i])), -1);
		assert_memory_equal(&q, &none, sizeof(q));
	}
	assert_int_equal(quota_set(&(struct quota){ 0 },
			     (struct slice){ "sessions=1\0", 11 }),
	    -1);
}

static void
test_every_number_survives_the_wire(void **state)
{
	struct buf wire = buf_new(1000), text = buf_new(100);
	struct quota in = { 0 }, out;
	struct unpack u;
	unsigned n = 1;
	int m, w;

	(void)state;
	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++) {
			buf_clear(&text);
			buf_printf(&text, "%s=%uG",
			    quota_name(
				(enum quota_measure)m, (enum quota_window)w),
			    n++);
			assert_int_equal(quota_set(&in, buf_slice(&text)), 0);
		}
	assert_int_equal(quota_set(&in, slice_of("sessions=13")), 0);
	quota_pack(&wire, &in);
	u = unpack_begin(buf_slice(&wire));
	quota_unpack(&u, &out);
	assert_true(unpack_end(&u));
	assert_memory_equal(&in, &out, sizeof(in));
	buf_free(&wire);
	buf_free(&text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_number_is_set_by_its_name),
		cmocka_unit_test(test_anything_else_changes_nothing),
		cmocka_unit_test(test_every_number_survives_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
