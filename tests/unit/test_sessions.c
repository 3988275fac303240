/* sessions - an answer finds the session that waits for it, or nothing. */

#include "cases.h"

#include "compiler.h"
#include "session.h"
#include "sessions.h"

enum { MAX = 64 };

static int
compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
test_ids_never_repeat(void **state)
{
	enum { ROUNDS = 20000 };
	struct sessions *t = sessions_new(MAX);
	uint64_t *ids = calloc(2 * ROUNDS, sizeof(*ids));
	struct session s = { .id = 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		ids[2 * i] = sessions_add(t, &s);
		ids[2 * i + 1] = sessions_request(t, ids[2 * i]);
		/* the same slot again and again, or none twice running */
		if (i >= MAX / 2)
			sessions_remove(t, ids[2 * (i - MAX / 2)]);
	}
	qsort(ids, 2 * ROUNDS, sizeof(*ids), compare_ids);
	assert_true(ids[0] != 0);
	for (i = 1; i < 2 * ROUNDS; i++)
		assert_true(ids[i] != ids[i - 1]);
	free(ids);
	sessions_free(&t);
}

static void
test_two_workers_count_from_different_places(void **state)
{
	struct sessions *a = sessions_new(1), *b = sessions_new(1);
	struct session s = { .id = 0 };

	(void)state;
	assert_true(sessions_add(a, &s) != sessions_add(b, &s));
	sessions_free(&a);
	sessions_free(&b);
}

static void
test_an_answer_finds_who_waits_for_it(void **state)
{
	struct sessions *t = sessions_new(MAX);
	struct session s[MAX];
	size_t i;

	(void)state;
	memset(s, 0, sizeof(s));
	for (i = 0; i < MAX; i++) {
		s[i].id = sessions_add(t, &s[i]);
		s[i].request = sessions_request(t, s[i].id);
	}
	for (i = 0; i < MAX; i++)
		assert_ptr_equal(sessions_waiting(t, s[i].request), &s[i]);
	sessions_free(&t);
}

static void
test_a_late_answer_finds_nothing(void **state)
{
	struct sessions *t = sessions_new(MAX);
	struct session a = { .id = 0 }, b = { .id = 0 };
	uint64_t first, second;

	(void)state;
	a.id = sessions_add(t, &a);
	first = a.request = sessions_request(t, a.id);
	a.request = 0; /* answered */
	assert_null(sessions_waiting(t, first));
	second = a.request = sessions_request(t, a.id);
	assert_null(sessions_waiting(t, first));
	assert_ptr_equal(sessions_waiting(t, second), &a);

	sessions_remove(t, a.id);
	assert_null(sessions_waiting(t, second));
	b.id = sessions_add(t, &b); /* in the slot that was a's */
	assert_null(sessions_waiting(t, second));
	b.request = sessions_request(t, b.id);
	assert_null(sessions_waiting(t, second));
	assert_ptr_equal(sessions_waiting(t, b.request), &b);
	sessions_free(&t);
}

static void
test_an_id_nobody_gave_finds_nothing(void **state)
{
	struct sessions *t = sessions_new(MAX);
	struct session s = { .id = 0 };
	uint64_t bit;

	(void)state;
	assert_null(sessions_waiting(t, 0));
	assert_null(sessions_waiting(t, UINT64_MAX));
	s.id = sessions_add(t, &s);
	assert_null(sessions_waiting(t, 0)); /* though s.request is 0 */
	assert_null(sessions_waiting(t, s.id));
	s.request = sessions_request(t, s.id);
	assert_null(sessions_waiting(t, s.id));
	for (bit = 1; bit != 0; bit <<= 1)
		assert_null(sessions_waiting(t, s.request ^ bit));
	sessions_free(&t);
}

static void
test_a_full_table_takes_no_more_until_one_leaves(void **state)
{
	struct sessions *t = sessions_new(MAX);
	struct session s = { .id = 0 };
	uint64_t id[MAX];
	unsigned round;
	uint32_t i;

	(void)state;
	for (i = 0; i < MAX; i++) {
		assert_int_equal(sessions_count(t), i);
		assert_true((id[i] = sessions_add(t, &s)) != 0);
	}
	for (round = 0; round < 1000; round++) {
		i = round * 7 % MAX;
		assert_true(sessions_add(t, &s) == 0);
		assert_int_equal(sessions_count(t), MAX);
		sessions_remove(t, id[i]);
		assert_int_equal(sessions_count(t), MAX - 1);
		assert_true((id[i] = sessions_add(t, &s)) != 0);
	}
	for (i = 0; i < MAX; i++)
		sessions_remove(t, id[i]);
	assert_int_equal(sessions_count(t), 0);
	sessions_free(&t);
	assert_null(t);
	sessions_free(&t);
}

static struct sessions *table;
static unsigned visits;

static void
visit_and_end(struct session *s)
{
	s->commands++;
	if (++visits % 2 == 0)
		sessions_remove(table, s->id);
}

static void
test_each_is_visited_once_though_some_end(void **state)
{
	struct session s[MAX];
	size_t i;

	(void)state;
	memset(s, 0, sizeof(s));
	table = sessions_new(MAX);
	for (i = 0; i < MAX; i++)
		s[i].id = sessions_add(table, &s[i]);
	sessions_each(table, visit_and_end);
	for (i = 0; i < MAX; i++)
		assert_int_equal(s[i].commands, 1);
	assert_int_equal(visits, MAX);
	assert_int_equal(sessions_count(table), MAX / 2);
	sessions_free(&table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_never_repeat),
		cmocka_unit_test(test_two_workers_count_from_different_places),
		cmocka_unit_test(test_an_answer_finds_who_waits_for_it),
		cmocka_unit_test(test_a_late_answer_finds_nothing),
		cmocka_unit_test(test_an_id_nobody_gave_finds_nothing),
		cmocka_unit_test(
		    test_a_full_table_takes_no_more_until_one_leaves),
		cmocka_unit_test(test_each_is_visited_once_though_some_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
