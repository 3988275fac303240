/* split - each recipient goes once, and no transaction holds too many. */

#include "cases.h"

#include "compiler.h"
#include "split.h"

#define MAX 8

/* clang-format off */
static const struct {
	struct split_room	 room;
	const char		*to[MAX];
	const char		*picked;	/* one digit each */
} rows[] = {
	{ { 0, 0 }, { "a@x", "b@y", "c@z" },		"111" },
	{ { 1, 0 }, { "a@x", "b@x", "c@x" },		"100" },
	{ { 2, 0 }, { "a@x", "b@x", "c@x" },		"110" },
	{ { 3, 0 }, { "a@x", "b@x", "c@x" },		"111" },
	{ { 0, 1 }, { "a@x", "b@y", "c@x", "d@y" },	"1010" },
	{ { 0, 2 }, { "a@x", "b@y", "c@z", "d@X", "e@Y" }, "11011" },
	{ { 2, 1 }, { "a@x", "b@y", "c@x", "d@x" },	"1010" },
	{ { 3, 9 }, { "a@x", "b@y", "c@z", "d@x" },	"1110" },
	/* the domain is behind the last @ */
	{ { 0, 1 }, { "\"a@y\"@x", "b@y", "c@x" },	"101" },
	{ { 0, 1 }, { "a@xx", "b@x", "c@xx" },		"101" },
	{ { 0, 1 }, { "postmaster", "b@x", "root" },	"101" },
	{ { 1, 1 }, { "a@x" },				"1" },
	{ { 1, 1 }, { NULL },				"" },
};
/* clang-format on */

static size_t
fill(struct smtpclient_recipient *to, const char *const names[])
{
	size_t n;

	for (n = 0; n < MAX && names[n] != NULL; n++)
		to[n] = (struct smtpclient_recipient){ names[n], 0, "" };
	return n;
}

static void
test_those_that_fit_are_picked(void **state)
{
	struct smtpclient_recipient to[MAX];
	bool pick[MAX];
	size_t i, k, n, count;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("row %zu\n", i);
		n = fill(to, rows[i].to);
		memset(pick, true, sizeof(pick));
		count = split_pick(to, n, rows[i].room, pick);
		for (k = 0; k < n; k++) {
			assert_int_equal(pick[k], rows[i].picked[k] == '1');
			count -= pick[k];
		}
		assert_int_equal(count, 0);
	}
}

static void
test_domains_are_counted_once_whatever_their_case(void **state)
{
	static const char *const names[MAX] = { "a@x", "b@X", "c@y", "d@x",
		"\"q@z\"@Y" };
	struct smtpclient_recipient to[MAX];
	size_t n = fill(to, names);

	(void)state;
	assert_int_equal(split_domains(to, n), 2);
	assert_int_equal(split_domains(to, 1), 1);
	assert_int_equal(split_domains(to, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_those_that_fit_are_picked),
		cmocka_unit_test(
		    test_domains_are_counted_once_whatever_their_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
