/*
 * scrammessage - what a SCRAM client says of channel binding (RFC 5802, 7).
 *
 * The flag in the first message and the c= of the final one must be those of
 * this connection, octet by octet.  libsasl2 takes a "y" for an answer though
 * we offer -PLUS, and octets behind the header that nobody asked for.
 */

#include "scrammessage.h"

#include "base64.h"
#include "limits.h"

static bool
begins_with(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* The octets up to and with the first comma from octet i on; 0: none. */
static size_t
through_comma(struct slice s, size_t i)
{
	struct slice rest = slice_from(s, i);
	const char *comma = rest.n == 0 ? NULL : memchr(rest.p, ',', rest.n);

	return comma == NULL ? 0 : (size_t)(comma - s.p) + 1;
}

/* gs2-cbind-flag: the first octet, and behind "p=" the type. */
static bool
is_flag_right(struct slice flag, const struct scram_binding *b)
{
	if (b->plus)
		return begins_with(flag, "p=") &&
		       slice_eq(slice_from(flag, 2), b->type);
	if (slice_eq(flag, slice_of("y"))) /* it saw no -PLUS: who hid it? */
		return !b->plus_offered;
	return slice_eq(flag, slice_of("n"));
}

bool
scrammessage_first(
    struct slice message, const struct scram_binding *b, struct buf *attribute)
{
	size_t flag = through_comma(message, 0);
	size_t header = flag == 0 ? 0 : through_comma(message, flag);
	struct slice other = { message.p + flag, header - flag };
	struct buf bound;

	if (header == 0 || memchr(message.p, '\0', message.n) != NULL ||
	    !is_flag_right((struct slice){ message.p, flag - 1 }, b))
		return false;
	if (!slice_eq(other, slice_of(",")) && !begins_with(other, "a="))
		return false;
	bound = buf_new(LIMIT_AUTH_LINE);
	buf_add(&bound, message.p, header);
	if (b->plus)
		buf_add(&bound, b->data.p, b->data.n);
	buf_str(attribute, "c=");
	base64_encode(buf_slice(&bound), attribute);
	buf_str(attribute, ",");
	buf_free(&bound);
	return buf_ok(attribute);
}

bool
scrammessage_final(struct slice message, struct slice attribute)
{
	return attribute.n > 0 && message.n >= attribute.n &&
	       memcmp(message.p, attribute.p, attribute.n) == 0 &&
	       memchr(message.p, '\0', message.n) == NULL;
}
