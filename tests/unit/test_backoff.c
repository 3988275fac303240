/* backoff - a dead role comes back soon, a dying one does not spin. */

#include "cases.h"

#include "backoff.h"
#include "compiler.h"

static void
test_first_death_is_answered_almost_at_once(void **state)
{
	struct backoff b = { 0 };

	(void)state;
	assert_int_equal(backoff_next(&b, 0), BACKOFF_FIRST_MS);
}

static void
test_wait_doubles_up_to_its_limit(void **state)
{
	static const uint32_t want[] = { 100, 200, 400, 800, 1600, 3200, 6400,
		12800, 25600, 30000, 30000, 30000 };
	struct backoff b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(want); i++)
		assert_int_equal(
		    backoff_next(&b, BACKOFF_HEALTH_MS - 1), want[i]);
}

static void
test_a_healthy_life_forgives_all_before_it(void **state)
{
	struct backoff b = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		(void)backoff_next(&b, 0);
	assert_int_equal(backoff_next(&b, BACKOFF_HEALTH_MS), BACKOFF_FIRST_MS);
	assert_int_equal(backoff_next(&b, 0), 2 * BACKOFF_FIRST_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_death_is_answered_almost_at_once),
		cmocka_unit_test(test_wait_doubles_up_to_its_limit),
		cmocka_unit_test(test_a_healthy_life_forgives_all_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
