/* parameters - of MAIL and RCPT: known ones, once, with values in range. */

#include "fuzz.h"

#include "parameters.h"

/* Spaces between the words do not matter. */
static void
assert_blind_to_spaces(struct slice rest, enum parameters_status st,
    const struct mail_parameters *want)
{
	char *p = malloc(2 * rest.n + 2);
	struct mail_parameters mp;
	size_t i, n = 0;

	p[n++] = ' ';
	for (i = 0; i < rest.n; i++) {
		if (rest.p[i] == ' ')
			p[n++] = ' ';
		p[n++] = rest.p[i];
	}
	p[n++] = ' ';
	assert_int_equal(
	    parameters_parse_mail((struct slice){ p, n }, &mp), st);
	if (st == PARAMETERS_OK)
		assert_memory_equal(&mp, want, sizeof(mp));
	free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	struct mail_parameters mp;
	enum parameters_status st;

	memset(&mp, 0, sizeof(mp));
	st = parameters_parse_mail(rest, &mp);
	if (st == PARAMETERS_OK) {
		assert_true(mp.has_size || mp.size == 0);
		assert_true(mp.body <= BODY_BINARYMIME);
		assert_true(mp.has_body || mp.body == BODY_7BIT);
	}
	assert_blind_to_spaces(rest, st, &mp);
	(void)!parameters_parse_rcpt(rest);
	return 0;
}
