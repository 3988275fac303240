/*
 * configdocs - docs/configuration.md says of every key what the table says.
 *
 * Reads the file as it lies in the source tree, from its root.  A key's row
 * has four cells: name, default, what is allowed, what it is.
 */

#include <string.h>

#include "cases.h"
#include "configkeys.h"
#include "configvalue.h"

#define DOCUMENT "docs/configuration.md"
#define CELLS    4

struct doc_row {
	char section[32];
	char cell[CELLS][512];
};

static struct doc_row rows[2 * CONFIG_KEYS_MAX];
static size_t rows_n;

/* "### `ldap`" or "### At the top"; false: some other heading. */
static bool
read_heading(const char *line, char section[32])
{
	if (strncmp(line, "### At the top", 14) == 0)
		section[0] = '\0';
	else if (sscanf(line, "### `%31[a-z_]`", section) != 1)
		return false;
	return true;
}

/* Cells stand between bars; a bar inside one has a backslash in front. */
static void
read_row(const char *line, struct doc_row *row)
{
	size_t cell = 0, n = 0;

	for (line++; *line != '\0' && cell < CELLS; line++) {
		char *out = row->cell[cell];

		if (line[0] == '\\' && line[1] == '|')
			line++;
		else if (line[0] == '|') {
			while (n > 0 && out[n - 1] == ' ')
				n--;
			out[n] = '\0';
			cell++;
			n = 0;
			continue;
		}
		if (n < sizeof(row->cell[0]) - 1 && (n > 0 || *line != ' '))
			out[n++] = *line;
	}
	assert_int_equal(cell, CELLS);
}

static int
read_document(void **state)
{
	char line[4096], section[32];
	bool inside = false;
	FILE *f = fopen(DOCUMENT, "r");

	(void)state;
	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#')
			inside = read_heading(line, section);
		if (!inside || strncmp(line, "| `", 3) != 0)
			continue;
		if (rows_n == ARRAY_LEN(rows))
			break;
		memcpy(rows[rows_n].section, section, sizeof(section));
		read_row(line, &rows[rows_n++]);
	}
	return fclose(f);
}

static const struct doc_row *
find_row(const struct config_key *key)
{
	const struct doc_row *found = NULL;
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "`%s`", key->name);
	for (i = 0; i < rows_n; i++) {
		if (strcmp(rows[i].section, key->section) != 0 ||
		    strcmp(rows[i].cell[0], name) != 0)
			continue;
		if (found != NULL)
			fail_msg("%s.%s stands twice", key->section, name);
		found = &rows[i];
	}
	if (found == NULL)
		fail_msg("%s.%s is not there", key->section, name);
	return found;
}

static void
test_every_key_is_there_and_none_is_invented(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < config_keys_n; i++)
		(void)find_row(&config_keys[i]);
	assert_int_equal(rows_n, config_keys_n);
}

static void
test_defaults_are_those_of_the_code(void **state)
{
	char want[128];
	size_t i;

	(void)state;
	for (i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		const char *cell = find_row(key)->cell[1];

		/* one that follows from other keys is told in words */
		if (!key->required && key->fallback == NULL) {
			if (cell[0] == '\0' || strcmp(cell, "required") == 0)
				fail_msg("%s: '%s'", key->name, cell);
			continue;
		}
		if (key->required)
			snprintf(want, sizeof(want), "required");
		else
			snprintf(want, sizeof(want), "`%s`", key->fallback);
		if (strcmp(cell, want) != 0)
			fail_msg("%s.%s: '%s' is '%s'", key->section, key->name,
			    cell, want);
	}
}

static void
show(const struct config_key *key, uint32_t value, char *out, size_t n)
{
	if (key->kind == KEY_COUNT)
		snprintf(out, n, "%u", value);
	else if (key->kind == KEY_SIZE)
		value_show_size(out, n, value);
	else
		value_show_duration(out, n,
		    (uint64_t)value * (key->kind == KEY_SECONDS ? 1000 : 1));
}

static void
test_ranges_are_those_of_the_code(void **state)
{
	char min[32], max[32], want[80];
	size_t i;

	(void)state;
	for (i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		const char *cell = find_row(key)->cell[2];

		if (key->kind < KEY_COUNT || key->kind > KEY_SECONDS)
			continue;
		show(key, key->min, min, sizeof(min));
		show(key, key->max, max, sizeof(max));
		snprintf(want, sizeof(want), "%s to %s", min, max);
		if (strcmp(cell, want) != 0)
			fail_msg("%s.%s: '%s' is '%s'", key->section, key->name,
			    cell, want);
	}
}

/* a|b|c is told as `a`, `b`, `c`. */
static void
test_choices_are_those_of_the_code(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < config_keys_n; i++) {
		const struct config_key *key = &config_keys[i];
		const char *p;
		char want[256] = "`";
		size_t n = 1;

		if (key->kind != KEY_CHOICE)
			continue;
		for (p = key->words; *p != '\0'; p++)
			n += (size_t)snprintf(want + n, sizeof(want) - n,
			    *p == '|' ? "`, `" : "%c", *p);
		snprintf(want + n, sizeof(want) - n, "`");
		assert_string_equal(find_row(key)->cell[2], want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_is_there_and_none_is_invented),
		cmocka_unit_test(test_defaults_are_those_of_the_code),
		cmocka_unit_test(test_ranges_are_those_of_the_code),
		cmocka_unit_test(test_choices_are_those_of_the_code),
	};

	return cmocka_run_group_tests(tests, read_document, NULL);
}
