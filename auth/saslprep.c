/*
 * saslprep - one spelling for names and passwords (RFC 4013).
 *
 * The tables are GNU libidn's: they are Unicode's, and long.  It works in the
 * buffer it is given, so that is ours to wipe; its own copies are freed, and
 * freed memory is overwritten in this process (docs/architecture.md, 9).
 */

#include "saslprep.h"

#include <string.h>
#include <stringprep.h>

static size_t
prepare(
    struct slice in, const Stringprep_profile *profile, char *out, size_t size)
{
	/* No flag: unassigned code points may be queried for (RFC 3454, 7). */
	static const Stringprep_profile_flags query = 0;

	if (in.n < size && (in.n == 0 || memchr(in.p, '\0', in.n) == NULL)) {
		memcpy(out, in.p, in.n);
		out[in.n] = '\0';
		if (stringprep(out, size, query, profile) == STRINGPREP_OK)
			return strlen(out);
	}
	explicit_bzero(out, size);
	return 0;
}

size_t
saslprep(struct slice in, char *out, size_t size)
{
	return prepare(in, stringprep_saslprep, out, size);
}

size_t
saslprep_fold(struct slice in, char *out, size_t size)
{
	return prepare(in, stringprep_nameprep, out, size);
}
