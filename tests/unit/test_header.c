/* header - Received fields are counted, and only they, and only up there. */

#include "cases.h"

#include "compiler.h"
#include "header.h"

/* clang-format off */
static const struct {
	struct slice	in;
	unsigned	received;
	bool		over;
} cases[] = {
	{ S(""),				0, false },
	{ S("Received: x\r\n"),			1, false },
	{ S("Received: x\r\n\r\n"),		1, true },
	{ S("Received: x\r\n\r\nReceived: y\r\n"), 1, true },
	{ S("rEcEiVeD: x\r\nRECEIVED: y\r\n"),	2, false },
	{ S("Received:\r\nReceived:\r\n\r\n"),	2, true },
	{ S("Received: Received: Received:\r\n"), 1, false },
	{ S("Received"),			0, false },
	{ S("Received\r\n: x\r\n"),		0, false },
	{ S("Received : x\r\n"),		0, false },
	{ S("Receive: x\r\n"),			0, false },
	{ S("Receivedd: x\r\n"),		0, false },
	{ S("Received-SPF: pass\r\n"),		0, false },
	{ S("X-Received: x\r\n"),		0, false },
	{ S(" Received: x\r\n"),		0, false },
	{ S("\tReceived: x\r\n"),		0, false },
	{ S("Subject: a\r\n Received: x\r\n"),	0, false },
	{ S("Subject: a\r\nReceived: x\r\n y\r\nTo: b\r\n"), 1, false },
	{ S("\r\n"),				0, true },
	{ S("\r\nReceived: x\r\n"),		0, true },
	{ S(" \r\nReceived: x\r\n"),		1, false },
	{ S("body without header\r\nReceived: x\r\n"), 1, false },
	{ S("\0eceived: x\r\nReceived\0: x\r\n"), 0, false },
	{ S("\xd2\xe5" "ceived: x\r\n"),	0, false },
};
/* clang-format on */

static void
assert_counted(const struct header *h, size_t i)
{
	if (h->received != cases[i].received || h->over != cases[i].over)
		fail_msg("'%s': %u, over %d", shown(cases[i].in), h->received,
		    h->over);
}

static void
test_each_case_at_every_split(void **state)
{
	struct header h;
	size_t i, cut;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++)
		for (cut = 0; cut <= cases[i].in.n; cut++) {
			h = (struct header){ .received = 0 };
			header_watch(&h, (struct slice){ cases[i].in.p, cut });
			header_watch(&h, slice_from(cases[i].in, cut));
			assert_counted(&h, i);
		}
}

static void
test_each_case_octet_by_octet(void **state)
{
	struct header h;
	size_t i, at;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		h = (struct header){ .received = 0 };
		for (at = 0; at < cases[i].in.n; at++)
			header_watch(
			    &h, (struct slice){ cases[i].in.p + at, 1 });
		assert_counted(&h, i);
	}
}

static void
watch(struct header *h, const char *text, unsigned times)
{
	while (times-- > 0)
		header_watch(h, slice_of(text));
}

static void
test_a_long_header_is_followed_to_its_end(void **state)
{
	struct header h = { .received = 0 };

	(void)state;
	watch(&h, "Received: x\r\n", 100);
	assert_int_equal(h.received, 100);
	watch(&h, "Subject: ", 1);
	watch(&h, "Received: ", 100000); /* one line of a megabyte */
	watch(&h, "\r\n", 1);
	watch(&h, " Received: x\r\n", 100000); /* and its continuations */
	watch(&h, "Received: x\r\n", 1);
	assert_int_equal(h.received, 101);
	assert_false(h.over);
}

static void
survive(struct slice in)
{
	struct header h = { .received = 0 };

	header_watch(&h, in);
	assert_true(h.received <= in.n / sizeof("received"));
}

static void
test_spoilt_headers_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		truncated(cases[i].in, survive);
		mutated(cases[i].in, survive);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_at_every_split),
		cmocka_unit_test(test_each_case_octet_by_octet),
		cmocka_unit_test(test_a_long_header_is_followed_to_its_end),
		cmocka_unit_test(test_spoilt_headers_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
