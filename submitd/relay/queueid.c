/*
 * queueid - make and read queue ids.
 *
 * The digits are RFC 4648's extended hex alphabet in lower case: it keeps the
 * order of the numbers, and no letter of it looks like a digit to a file system
 * that ignores case.  Called from the loop only.
 */

#include "queueid.h"

#include <sys/random.h>
#include <time.h>

#define RANDOM_BITS 12
#define DIGIT_BITS  5

static const char digits[] = "0123456789abcdefghijklmnopqrstuv";

uint64_t
queueid_new(void)
{
	static uint64_t last;
	struct timespec now;
	uint16_t random = 0;
	uint64_t id;

	clock_gettime(CLOCK_REALTIME, &now);
	/* Short of entropy, time alone still tells ids apart. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = 0;
	id = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	id = id << RANDOM_BITS | (random & ((1u << RANDOM_BITS) - 1));
	if (id <= last)
		id = last + 1;
	last = id;
	return id;
}

struct queueid_text
queueid_format(uint64_t id)
{
	struct queueid_text text;
	int i;

	for (i = QUEUEID_LEN - 1; i >= 0; i--) {
		text.s[i] = digits[id & ((1u << DIGIT_BITS) - 1)];
		id >>= DIGIT_BITS;
	}
	text.s[QUEUEID_LEN] = '\0';
	return text;
}

int
queueid_parse(struct slice text, uint64_t *id)
{
	const char *digit;
	uint64_t v = 0;
	size_t i;

	*id = 0;
	if (text.n != QUEUEID_LEN)
		return -1;
	for (i = 0; i < text.n; i++) {
		digit = text.p[i] == '\0' ? NULL : strchr(digits, text.p[i]);
		/* 13 digits hold 65 bits: the first must leave one out */
		if (digit == NULL || v >> (64 - DIGIT_BITS) != 0)
			return -1;
		v = v << DIGIT_BITS | (uint64_t)(digit - digits);
	}
	*id = v;
	return 0;
}

uint64_t
queueid_time_s(uint64_t id)
{
	return (id >> RANDOM_BITS) / 1000000;
}
