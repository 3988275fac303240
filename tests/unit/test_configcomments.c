/* Comments in the configuration do not move the line of a mistake. */

#include "configrig.h"

/* libConfuse by itself counts a line with a comment up to three times. */
static void
test_comments_do_not_move_the_line(void **state)
{
	static const char *const rows[] = { "# one", "// one", "/* one */",
		"log { } # one", "help_url = \"https://h/#x\" // one",
		"log { level = /* in a value */ info }" };
	char text[128], place[96];
	size_t i;

	(void)state;
	snprintf(place, sizeof(place), "%s:6: workers = \"0\"", rig.file);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		const char *said;
		int r;

		snprintf(text, sizeof(text), "%s\nworkers = 0", rows[i]);
		said = load(5, text, &r);
		configfile_free(&rig.settings);
		assert_int_equal(r, -1);
		if (strstr(said, place) == NULL)
			fail_msg("'%s': '%s'", rows[i], said);
	}
}

static void
test_comment_without_end_is_refused(void **state)
{
	int r;

	(void)state;
	assert_non_null(
	    strstr(load(5, "/* one", &r), "conf:5: a comment that never ends"));
	assert_int_equal(r, -1);
	configfile_free(&rig.settings);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments_do_not_move_the_line),
		cmocka_unit_test(test_comment_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, make_rig, remove_rig);
}
