/*
 * quota - the numbers of one user, their names, and their way over the wire.
 *
 * Counts nothing: relay does.
 */

#include "quota.h"

#include <string.h>

/* The longest number that cannot overflow with any suffix. */
#define DIGITS_MAX 9

static const struct {
	const char *name;
	uint32_t seconds;
} windows[QUOTA_WINDOWS] = {
	[QUOTA_MINUTE] = { "minute", 60 },
	[QUOTA_HOUR] = { "hour", 3600 },
	[QUOTA_DAY] = { "day", 86400 },
};

/* clang-format off */
static const char *const names[QUOTA_MEASURES][QUOTA_WINDOWS] = {
	[QUOTA_MESSAGES] = { "messages_per_minute", "messages_per_hour",
	    "messages_per_day" },
	[QUOTA_RECIPIENTS] = { "recipients_per_minute", "recipients_per_hour",
	    "recipients_per_day" },
	[QUOTA_NEW_RECIPIENTS] = { "new_recipients_per_minute",
	    "new_recipients_per_hour", "new_recipients_per_day" },
	[QUOTA_OCTETS] = { "octets_per_minute", "octets_per_hour",
	    "octets_per_day" },
};
/* clang-format on */

uint32_t
quota_window_s(enum quota_window w)
{
	return windows[w].seconds;
}

const char *
quota_name(enum quota_measure m, enum quota_window w)
{
	return names[m][w];
}

/* The number a name stands for; NULL: none. */
static uint64_t *
find(struct quota *q, struct slice name)
{
	int m, w;

	if (slice_ieq(name, slice_of("sessions")))
		return &q->sessions;
	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++)
			if (slice_ieq(name, slice_of(names[m][w])))
				return &q->max[m][w];
	return NULL;
}

int
quota_number(struct slice s, uint64_t *out)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	size_t i, k;

	*out = 0;
	for (i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (i < DIGITS_MAX)
			*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	if (i == 0 || i > DIGITS_MAX || s.n - i > 1)
		return -1;
	if (i == s.n)
		return 0;
	if (s.p[i] == '\0' || (suffix = strchr(suffixes, s.p[i])) == NULL)
		return -1;
	for (k = 0; k <= (size_t)(suffix - suffixes); k++)
		*out *= 1024;
	return 0;
}

int
quota_set(struct quota *q, struct slice text)
{
	const char *equals = memchr(text.p, '=', text.n);
	uint64_t number, *field;
	struct slice name;

	if (equals == NULL)
		return -1;
	name = (struct slice){ text.p, (size_t)(equals - text.p) };
	field = find(q, name);
	if (field == NULL ||
	    quota_number(slice_from(text, name.n + 1), &number) == -1)
		return -1;
	*field = number;
	return 0;
}

void
quota_pack(struct buf *b, const struct quota *q)
{
	int m, w;

	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++)
			pack_u64(b, q->max[m][w]);
	pack_u64(b, q->sessions);
}

void
quota_unpack(struct unpack *u, struct quota *q)
{
	int m, w;

	for (m = 0; m < QUOTA_MEASURES; m++)
		for (w = 0; w < QUOTA_WINDOWS; w++)
			q->max[m][w] = unpack_u64(u);
	q->sessions = unpack_u64(u);
}
