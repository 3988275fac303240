/* times - dates and spans that a client names. */

#include "cases.h"

#include "compiler.h"
#include "times.h"

/* clang-format off */
static const struct {
	struct slice	in;
	time_t		when;	/* 0: no date */
} dates[] = {
	{ S("2026-11-25T03:40:00Z"),	1795578000 },
	{ S("2026-11-25t03:40:00z"),	1795578000 },
	{ S("2026-11-25T03:40:00.5Z"),	1795578000 },
	{ S("2026-11-25T03:40:00.123456789Z"), 1795578000 },
	{ S("1970-01-01T00:00:01Z"),	1 },
	{ S("2000-02-29T00:00:00Z"),	951782400 },
	{ S("2024-02-29T00:00:00Z"),	1709164800 },
	{ S("2016-12-31T23:59:60Z"),	1483228800 },	/* a leap second */
	{ S("9999-12-31T23:59:59Z"),	253402300799 },
	{ S("2100-02-29T00:00:00Z"),	0 },
	{ S("2023-02-29T00:00:00Z"),	0 },
	{ S("2026-04-31T00:00:00Z"),	0 },
	{ S("2026-00-01T00:00:00Z"),	0 },
	{ S("2026-13-01T00:00:00Z"),	0 },
	{ S("2026-01-00T00:00:00Z"),	0 },
	{ S("2026-01-01T24:00:00Z"),	0 },
	{ S("2026-01-01T00:60:00Z"),	0 },
	{ S("2026-01-01T00:00:61Z"),	0 },
	{ S("1969-12-31T23:59:59Z"),	0 },
	{ S("2026-11-25T03:40:00"),	0 },
	{ S("2026-11-25T03:40:00+00:00"), 0 },
	{ S("2026-11-25T03:40:00+01:00"), 0 },
	{ S("2026-11-25T03:40:00.Z"),	0 },
	{ S("2026-11-25T03:40:00ZZ"),	0 },
	{ S("2026-11-25T03:40Z"),	0 },
	{ S("2026-11-25 03:40:00Z"),	0 },
	{ S("2026-1-25T03:40:00Z"),	0 },
	{ S("26-11-25T03:40:00Z"),	0 },
	{ S("-026-11-25T03:40:00Z"),	0 },
	{ S("2026-11-25"),		0 },
	{ S("2026-11-25T03:40:0\0Z"),	0 },
	{ S(""),			0 },
};

static const struct {
	struct slice	in;
	bool		fine;
	struct times_by	by;
} spans[] = {
	{ S("60;R"),	true,	{ BY_RETURN, false, 60 } },
	{ S("60;RT"),	true,	{ BY_RETURN, true, 60 } },
	{ S("+60;n"),	true,	{ BY_NOTIFY, false, 60 } },
	{ S("-60;nt"),	true,	{ BY_NOTIFY, true, -60 } },
	{ S("0;R"),	true,	{ BY_RETURN, false, 0 } },
	{ S("-999999999;N"), true, { BY_NOTIFY, false, -999999999 } },
	{ S("1000000000;N"), false, { 0 } },
	{ S("60;T"),	false,	{ 0 } },
	{ S("60;"),	false,	{ 0 } },
	{ S("60R"),	false,	{ 0 } },
	{ S("6 0;R"),	false,	{ 0 } },
	{ S("60;R;T"),	false,	{ 0 } },
	{ S("+-60;R"),	false,	{ 0 } },
	{ S("-;R"),	false,	{ 0 } },
	{ S(";"),	false,	{ 0 } },
	{ S(""),	false,	{ 0 } },
};

static const struct {
	struct slice	in;
	uint32_t	seconds;	/* 0: no such number */
} seconds[] = {
	{ S("1"),		1 },
	{ S("86400"),		86400 },
	{ S("999999999"),	999999999 },
	{ S("1000000000"),	0 },
	{ S("0"),		0 },
	{ S("01"),		0 },
	{ S("-1"),		0 },
	{ S("+1"),		0 },
	{ S("1h"),		0 },
	{ S(" 1"),		0 },
	{ S("1\0"),		0 },
	{ S(""),		0 },
};
/* clang-format on */

static void
test_each_date(void **state)
{
	time_t when;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(dates); i++)
		if (times_parse_date(dates[i].in, &when) !=
			(dates[i].when != 0) ||
		    when != dates[i].when)
			fail_msg("'%s': %ld", shown(dates[i].in), (long)when);
}

static void
test_each_span(void **state)
{
	struct times_by by;
	uint32_t n;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(spans); i++) {
		if (times_parse_by(spans[i].in, &by) != spans[i].fine)
			fail_msg("'%s'", shown(spans[i].in));
		if (!spans[i].fine)
			continue;
		assert_int_equal(by.mode, spans[i].by.mode);
		assert_int_equal(by.trace, spans[i].by.trace);
		assert_int_equal(by.seconds, spans[i].by.seconds);
	}
	for (i = 0; i < ARRAY_LEN(seconds); i++)
		if (times_parse_seconds(seconds[i].in, &n) !=
			(seconds[i].seconds != 0) ||
		    n != seconds[i].seconds)
			fail_msg("'%s': %u", shown(seconds[i].in), n);
}

static void
survive(struct slice in)
{
	struct times_by by;
	time_t when;
	uint32_t n;

	if (times_parse_date(in, &when))
		assert_in_range(when, 0, 253402300799);
	if (times_parse_seconds(in, &n))
		assert_in_range(n, 1, 999999999);
	if (times_parse_by(in, &by))
		assert_true(by.mode != BY_UNSET && by.seconds >= -999999999 &&
			    by.seconds <= 999999999);
}

static void
test_spoilt_times_do_no_harm(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(dates); i++) {
		truncated(dates[i].in, survive);
		mutated(dates[i].in, survive);
	}
	for (i = 0; i < ARRAY_LEN(spans); i++) {
		truncated(spans[i].in, survive);
		mutated(spans[i].in, survive);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_date),
		cmocka_unit_test(test_each_span),
		cmocka_unit_test(test_spoilt_times_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
