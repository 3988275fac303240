/*
 * times - points in time that a client names.  Pure: knows no clock.
 */

#include "times.h"

#include <ctype.h>
#include <string.h>

/* The number that s is, of at most max digits; -1: it is none. */
static int64_t
number(struct slice s, size_t max)
{
	int64_t v = 0;
	size_t i;

	if (s.n == 0 || s.n > max)
		return -1;
	for (i = 0; i < s.n; i++) {
		if (!isdigit((unsigned char)s.p[i]))
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

/* by-mode [by-trace]: "R", "N", "RT", "NT" */
static bool
parse_mode(struct slice s, struct times_by *by)
{
	by->trace = s.n == 2;
	if (s.n == 0 || s.n > 2 || (by->trace && (s.p[1] | 0x20) != 't'))
		return false;
	if ((s.p[0] | 0x20) == 'r')
		by->mode = BY_RETURN;
	else if ((s.p[0] | 0x20) == 'n')
		by->mode = BY_NOTIFY;
	else
		return false;
	return true;
}

bool
times_parse_by(struct slice s, struct times_by *by)
{
	const char *end = s.n == 0 ? NULL : memchr(s.p, ';', s.n);
	bool negative = s.n > 0 && s.p[0] == '-';
	struct slice time = s;

	*by = (struct times_by){ .mode = BY_UNSET };
	if (end == NULL)
		return false;
	time.n = (size_t)(end - s.p);
	if (time.n > 0 && (negative || s.p[0] == '+'))
		time = slice_from(time, 1);
	by->seconds = number(time, 9);
	if (by->seconds == -1)
		return false;
	if (negative)
		by->seconds = -by->seconds;
	return parse_mode(slice_from(s, (size_t)(end - s.p) + 1), by);
}

bool
times_parse_seconds(struct slice s, uint32_t *seconds)
{
	int64_t v = number(s, 9);

	*seconds = 0;
	if (v <= 0 || s.p[0] == '0')
		return false;
	*seconds = (uint32_t)v;
	return true;
}

/* -- dates ----------------------------------------------------------------- */

/* Digits of one field of a date, taken with what must stand behind them. */
static bool
take_field(struct slice *s, size_t digits, char end, int *v)
{
	if (s->n <= digits || toupper((unsigned char)s->p[digits]) != end)
		return false;
	*v = (int)number((struct slice){ s->p, digits }, digits);
	*s = slice_from(*s, digits + 1);
	return *v >= 0;
}

/* time-secfrac, which is dropped, and "Z" at the end of it all */
static bool
is_utc_end(struct slice s)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '.') {
		for (i = 1; i < s.n && isdigit((unsigned char)s.p[i]); i++)
			continue;
		if (i == 1)
			return false;
	}
	return i + 1 == s.n && (s.p[i] | 0x20) == 'z';
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool
is_date(const struct tm *t)
{
	/* 60: a leap second */
	return t->tm_year >= 1970 && t->tm_mon >= 1 && t->tm_mon <= 12 &&
	       t->tm_mday >= 1 &&
	       t->tm_mday <= days_of(t->tm_year, t->tm_mon) &&
	       t->tm_hour <= 23 && t->tm_min <= 59 && t->tm_sec <= 60;
}

bool
times_parse_date(struct slice s, time_t *when)
{
	struct tm t = { 0 };

	*when = 0;
	if (!take_field(&s, 4, '-', &t.tm_year) ||
	    !take_field(&s, 2, '-', &t.tm_mon) ||
	    !take_field(&s, 2, 'T', &t.tm_mday) ||
	    !take_field(&s, 2, ':', &t.tm_hour) ||
	    !take_field(&s, 2, ':', &t.tm_min) || s.n < 2)
		return false;
	t.tm_sec = (int)number((struct slice){ s.p, 2 }, 2);
	if (t.tm_sec < 0 || !is_utc_end(slice_from(s, 2)) || !is_date(&t))
		return false;
	t.tm_year -= 1900;
	t.tm_mon--;
	*when = timegm(&t);
	return true;
}
