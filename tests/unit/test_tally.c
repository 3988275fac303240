/*
 * tally - whatever is added when, the sum is never less than what the window
 * held, nor more than the window and one part before it held.
 */

#include "cases.h"

#include <stdlib.h>

#include "compiler.h"
#include "tally.h"

#define T0     UINT64_C(1790000000)
#define EVENTS 4000

static const struct {
	enum quota_window window;
	uint32_t part_s;
} windows[] = {
	{ QUOTA_MINUTE, 10 },
	{ QUOTA_HOUR, 300 },
	{ QUOTA_DAY, 3600 },
};

static struct {
	uint64_t at_s;
	uint64_t n;
} events[EVENTS];

/* What was added in the s seconds that end with now. */
static uint64_t
true_sum(size_t count, uint64_t now_s, uint64_t s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (events[i].at_s + s > now_s)
			sum += events[i].n;
	return sum;
}

static void
assert_sums(const struct tally *t, size_t count, uint64_t now_s)
{
	uint64_t sum, least, most, window_s;
	size_t w;

	for (w = 0; w < ARRAY_LEN(windows); w++) {
		window_s = quota_window_s(windows[w].window);
		sum = tally_sum(t, windows[w].window);
		least = true_sum(count, now_s, window_s);
		most = true_sum(count, now_s, window_s + windows[w].part_s);
		if (sum < least || sum > most)
			fail_msg("window %zu, %zu events: %ju is not from %ju "
				 "to %ju",
			    w, count, (uintmax_t)sum, (uintmax_t)least,
			    (uintmax_t)most);
	}
}

/* Steps of seconds, minutes and hours. */
static void
test_sums_are_those_of_the_window(void **state)
{
	static const unsigned steps[] = { 3, 60, 900, 20000 };
	struct tally t = { 0 };
	uint64_t now_s = T0;
	size_t i;

	(void)state;
	srand(1);
	for (i = 0; i < EVENTS; i++) {
		now_s +=
		    (unsigned)rand() % steps[i / (EVENTS / ARRAY_LEN(steps))];
		tally_advance(&t, now_s);
		events[i].at_s = now_s;
		events[i].n = (unsigned)rand() % 5;
		tally_add(&t, events[i].n);
		assert_sums(&t, i + 1, now_s);
	}
}

static void
test_what_has_been_falls_when_it_was_said(void **state)
{
	struct tally t = { 0 }, later;
	uint64_t falls;
	size_t w, i;

	(void)state;
	for (i = 0; i < 50; i++) {
		tally_advance(&t, T0 + i * 137);
		tally_add(&t, i % 3);
	}
	for (w = 0; w < ARRAY_LEN(windows); w++) {
		uint64_t sum = tally_sum(&t, windows[w].window), at_most;

		assert_int_equal(
		    tally_falls_s(&t, windows[w].window, sum), t.at_s);
		for (at_most = 0; at_most < sum; at_most++) {
			falls = tally_falls_s(&t, windows[w].window, at_most);
			later = t;
			tally_advance(&later, falls - 1);
			assert_true(
			    tally_sum(&later, windows[w].window) > at_most);
			tally_advance(&later, falls);
			assert_true(
			    tally_sum(&later, windows[w].window) <= at_most);
		}
	}
}

/* By as much as a clock that runs too fast is: time stands still. */
static void
test_a_clock_that_is_set_back_a_little_forgets_nothing(void **state)
{
	struct tally t = { 0 };

	(void)state;
	tally_advance(&t, T0);
	tally_add(&t, 5);
	tally_advance(&t, T0 - 10);
	tally_add(&t, 2);
	assert_int_equal(tally_sum(&t, QUOTA_MINUTE), 7);
	assert_int_equal(t.at_s, T0);
}

/* All that was in a window is as if of now: it leaves it, and in its time. */
static void
test_a_clock_that_is_set_back_by_hours_goes_on(void **state)
{
	static const uint64_t back[] = { 11, 60, 3600, 86400 };
	struct tally t;
	uint64_t now_s;
	size_t i, w;

	(void)state;
	for (i = 0; i < ARRAY_LEN(back); i++) {
		t = (struct tally){ 0 };
		tally_advance(&t, T0 - 2000);
		tally_add(&t, 3);
		tally_advance(&t, T0);
		tally_add(&t, 5);
		now_s = T0 - back[i];
		tally_advance(&t, now_s);
		assert_int_equal(t.at_s, now_s);
		assert_int_equal(tally_sum(&t, QUOTA_MINUTE), 5);
		assert_int_equal(tally_sum(&t, QUOTA_HOUR), 8);
		assert_int_equal(tally_sum(&t, QUOTA_DAY), 8);
		for (w = 0; w < ARRAY_LEN(windows); w++) {
			uint32_t s = quota_window_s(windows[w].window);

			tally_advance(&t, now_s + s - 1);
			assert_int_equal(
			    tally_sum(&t, windows[w].window), w == 0 ? 5 : 8);
			tally_advance(&t, now_s + s + windows[w].part_s);
			assert_int_equal(tally_sum(&t, windows[w].window), 0);
		}
	}
}

/* ... but one that was years ahead must not count for years. */
static void
test_a_clock_that_was_far_ahead_begins_anew(void **state)
{
	struct tally t = { 0 };

	(void)state;
	tally_advance(&t, T0 + 1000000);
	tally_add(&t, 5);
	tally_advance(&t, T0);
	assert_int_equal(tally_sum(&t, QUOTA_DAY), 0);
	assert_int_equal(t.at_s, T0);
}

static void
test_numbers_do_not_overflow(void **state)
{
	struct tally t = { 0 };
	int i;

	(void)state;
	tally_advance(&t, T0);
	for (i = 0; i < 100; i++) {
		tally_advance(&t, T0 + (uint64_t)i * 3600);
		tally_add(&t, UINT64_MAX / 64);
		tally_add(&t, UINT64_MAX / 64);
		tally_add(&t, UINT64_MAX / 3);
		assert_true(tally_sum(&t, QUOTA_DAY) > (uint64_t)i);
	}
	assert_int_equal(
	    tally_sum(&t, QUOTA_DAY), UINT64_MAX / TALLY_SLOTS * 25);
}

static void
test_recent_is_the_end_of_the_window(void **state)
{
	struct tally t = { 0 };
	uint64_t begin = T0 / 300 * 300;

	(void)state;
	tally_advance(&t, begin);
	tally_add(&t, 1);
	tally_advance(&t, begin + 300);
	tally_add(&t, 10);
	tally_advance(&t, begin + 600);
	tally_add(&t, 100);
	assert_int_equal(tally_recent(&t, QUOTA_HOUR, 1), 100);
	assert_int_equal(tally_recent(&t, QUOTA_HOUR, 2), 110);
	assert_int_equal(tally_recent(&t, QUOTA_HOUR, 3), 111);
	tally_advance(&t, begin + 900);
	assert_int_equal(tally_recent(&t, QUOTA_HOUR, 3), 110);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_are_those_of_the_window),
		cmocka_unit_test(test_what_has_been_falls_when_it_was_said),
		cmocka_unit_test(
		    test_a_clock_that_is_set_back_a_little_forgets_nothing),
		cmocka_unit_test(
		    test_a_clock_that_is_set_back_by_hours_goes_on),
		cmocka_unit_test(test_a_clock_that_was_far_ahead_begins_anew),
		cmocka_unit_test(test_numbers_do_not_overflow),
		cmocka_unit_test(test_recent_is_the_end_of_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
