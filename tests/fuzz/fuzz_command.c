/* command - a clean argument or none, and the verb whatever its case. */

#include "fuzz.h"

#include "command.h"

/* With the letters of the first word in the other case. */
static void
assert_case_blind(struct slice line, enum parse st, const struct command *cmd)
{
	char *p = fuzz_copy(line);
	struct command other;
	size_t i;

	for (i = 0; i < line.n && p[i] != ' '; i++)
		if (isalpha((unsigned char)p[i]))
			p[i] ^= 0x20;
	assert_int_equal(
	    command_parse((struct slice){ p, line.n }, &other), st);
	assert_int_equal(other.verb, cmd->verb);
	if (st == PARSE_OK)
		assert_int_equal(other.arg.n, cmd->arg.n);
	free(p);
}

/* A space more at the end changes nothing but for an unknown verb. */
static void
assert_trimmed(struct slice line, const struct command *cmd)
{
	char *p = malloc(line.n + 1);
	struct command other;

	if (line.n > 0)
		memcpy(p, line.p, line.n);
	p[line.n] = ' ';
	assert_int_equal(
	    command_parse((struct slice){ p, line.n + 1 }, &other), PARSE_OK);
	assert_int_equal(other.verb, cmd->verb);
	assert_slice(other.arg, cmd->arg);
	free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice line = { (const char *)data, size };
	struct command cmd;
	enum parse st = command_parse(line, &cmd);
	size_t i;

	assert_true(cmd.verb < VERB_COUNT);
	assert_int_equal(st == PARSE_UNKNOWN_VERB, cmd.verb == VERB_UNKNOWN);
	assert_true(is_inside(cmd.arg, line));
	assert_case_blind(line, st, &cmd);
	(void)command_is_http(line);
	if (st != PARSE_OK)
		return 0;
	for (i = 0; i < cmd.arg.n; i++)
		assert_false(
		    (unsigned char)cmd.arg.p[i] < 0x20 || cmd.arg.p[i] == 0x7f);
	if (cmd.arg.n > 0) {
		assert_true(cmd.arg.p[0] != ' ');
		assert_true(cmd.arg.p[cmd.arg.n - 1] != ' ');
	}
	assert_trimmed(line, &cmd);
	return 0;
}
