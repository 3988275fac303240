/*
 * lru: entries are found by their keys, and the least used one makes room.
 */

#include "lru.h"

#include "cases.h"

#define MAX 8

struct thing {
	struct lru_entry lru;
	int value;
};

static int cleared;

static void
clear(void *arg)
{
	const struct thing *t = arg;

	cleared += t->value;
}

static struct lru *
table(void)
{
	cleared = 0;
	return lru_new(MAX, sizeof(struct thing), clear);
}

static struct thing *
take(struct lru *t, int key)
{
	return lru_take(t, (struct slice){ (const char *)&key, sizeof(key) });
}

static struct thing *
find(struct lru *t, int key)
{
	return lru_find(t, (struct slice){ (const char *)&key, sizeof(key) });
}

static void
test_what_was_put_in_is_found(void **state)
{
	struct lru *t = table();
	struct thing *one;
	int i;

	(void)state;
	assert_null(lru_oldest(t));
	assert_null(find(t, 1));
	one = take(t, 1);
	assert_int_equal(one->value, 0);
	for (i = 2; i <= MAX; i++)
		take(t, i)->value = i;
	assert_int_equal(lru_count(t), MAX);
	assert_ptr_equal(find(t, 1), one);
	assert_ptr_equal(take(t, 1), one);
	for (i = 2; i <= MAX; i++)
		assert_int_equal(find(t, i)->value, i);
	assert_null(find(t, MAX + 1));
	assert_null(lru_find(t, slice_of("")));
	lru_free(&t);
	assert_null(t);
	lru_free(&t);
}

static void
test_what_was_not_used_for_longest_makes_room(void **state)
{
	struct lru *t = table();
	int i;

	(void)state;
	for (i = 1; i <= MAX; i++)
		take(t, i)->value = i;
	assert_non_null(find(t, 1)); /* so 2 is the oldest */
	assert_int_equal(take(t, 100)->value, 0);
	assert_int_equal(cleared, 2);
	assert_int_equal(lru_count(t), MAX);
	assert_null(find(t, 2));
	assert_non_null(find(t, 1));
	for (i = 1000; i < 100000; i++)
		(void)take(t, i);
	assert_int_equal(lru_count(t), MAX);
	assert_int_equal(cleared, MAX * (MAX + 1) / 2);
	lru_free(&t);
}

static void
test_entries_are_walked_from_the_oldest(void **state)
{
	struct lru *t = table();
	const struct thing *p;
	int i;

	(void)state;
	for (i = 1; i <= 4; i++)
		take(t, i)->value = i;
	assert_non_null(find(t, 2));
	lru_drop(t, find(t, 3));
	assert_int_equal(cleared, 3);
	p = lru_oldest(t);
	assert_int_equal(p->value, 1);
	p = lru_younger(p);
	assert_int_equal(p->value, 4);
	p = lru_younger(p);
	assert_int_equal(p->value, 2);
	assert_null(lru_younger(p));
	lru_free(&t);
	assert_int_equal(cleared, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_put_in_is_found),
		cmocka_unit_test(test_what_was_not_used_for_longest_makes_room),
		cmocka_unit_test(test_entries_are_walked_from_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
